"""What stands on screen: text, parts by class, attributes, and the marks of drawings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def walk(tree: Any) -> Iterator[Any]:
    """Go through every component of a tree."""
    if isinstance(tree, (list, tuple)):
        for part in tree:
            yield from walk(part)
    elif hasattr(tree, "_type"):
        yield tree
        yield from walk(getattr(tree, "children", None))


def text_of(tree: Any) -> str:
    """Give all text in order, that of drawings included, with single blanks."""
    return re.sub(" +", " ", " ".join(_texts(tree))).strip()


def _texts(tree: Any) -> Iterator[str]:
    if isinstance(tree, (list, tuple)):
        for part in tree:
            yield from _texts(part)
    elif hasattr(tree, "_type"):
        if tree._type == "Svg":
            yield from (
                text for node in nodes(tree) for text in node["in"] if isinstance(text, str)
            )
        yield from _texts(getattr(tree, "children", None))
    elif tree is not None:
        yield str(tree)


def by_class(tree: Any, name: str) -> list[Any]:
    """Give the components of a class."""
    return [c for c in walk(tree) if name in str(getattr(c, "className", "") or "").split()]


def with_data(tree: Any, **wanted: str) -> list[Any]:
    """Give the components with these `data-` attributes."""
    names = {f"data-{key.replace('_', '-')}": value for key, value in wanted.items()}
    return [c for c in walk(tree) if all(getattr(c, key, None) == v for key, v in names.items())]


def drawings(tree: Any) -> list[Any]:
    """Give every drawing."""
    return [c for c in walk(tree) if c._type == "Svg"]


def nodes(drawn: Any) -> Iterator[dict[str, Any]]:
    """Go through every element of a drawing."""
    waiting = [drawn.drawing]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, dict):
            yield node
            waiting = [*node["in"], *waiting]


def marks(drawn: Any, tag: str, name: str = "") -> list[dict[str, Any]]:
    """Give the attributes of the elements of a tag, of a class where one is named."""
    return [
        node["is"]
        for node in nodes(drawn)
        if node["tag"] == tag and (not name or name in node["is"].get("className", "").split())
    ]

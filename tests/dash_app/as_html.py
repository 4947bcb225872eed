"""Component trees as the HTML that Dash makes of them, for tests in a browser without Dash."""

from __future__ import annotations

from html import escape
from html.parser import HTMLParser
from typing import Any

NAMES = {
    "className": "class", "htmlFor": "for", "tabIndex": "tabindex", "inputMode": "inputmode",
    "autoComplete": "autocomplete", "spellCheck": "spellcheck", "maxLength": "maxlength",
}  # fmt: skip
EMPTY = {"input", "br", "img"}
FLAGS = {"hidden", "multiple", "disabled", "checked"}


def as_html(tree: Any) -> str:
    """Return the HTML of components, lists of them and plain texts."""
    if tree is None:
        return ""
    if isinstance(tree, (list, tuple)):
        return "".join(as_html(part) for part in tree)
    if not hasattr(tree, "to_plotly_json"):
        return escape(str(tree))
    plain = tree.to_plotly_json()
    tag, props = plain["type"].lower(), dict(plain["props"])
    inside = as_html(props.pop("children", None))
    if tag == "svg":
        return "<svg></svg>"
    given = "".join(_attribute(name, value) for name, value in props.items())
    return f"<{tag}{given}>" + ("" if tag in EMPTY else f"{inside}</{tag}>")


def _attribute(name: str, value: Any) -> str:
    if name in FLAGS:
        return f" {name}" if value else ""
    return "" if value is None else f' {NAMES.get(name, name)}="{escape(str(value))}"'


def controls(html: str) -> list[dict[str, str]]:
    """Return the attributes of everything that can be pressed (`data-work`)."""
    found: list[dict[str, str]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            given = {name: value or "" for name, value in attrs}
            if "data-work" in given:
                found.append({"tag": tag, **given})

    Reader().feed(html)
    return found

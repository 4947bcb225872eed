"""Drawings as trees of plain values, shown by `native.Svg`: charts that tests can read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash_app.components.native import Svg

if TYPE_CHECKING:
    from collections.abc import Sequence

Node = dict[str, Any] | str


def node(tag: str, *inside: Node, **attributes: Any) -> Node:
    """
    Return one element of a drawing; names as React spells them, `data_x` becomes `data-x`.

    >>> node("rect", x=1, className="bar", data_id="a")
    {'tag': 'rect', 'is': {'x': 1, 'className': 'bar', 'data-id': 'a'}, 'in': []}
    """
    spelled = {
        name.replace("_", "-") if name.startswith(("data_", "aria_")) else name: value
        for name, value in attributes.items()
        if value is not None
    }
    return {"tag": tag, "is": spelled, "in": list(inside)}


def drawing(
    inside: Sequence[Node],
    *,
    width: float,
    height: float,
    label: str,
    id: str = "",  # noqa: A002 - as in HTML
    class_name: str = "chart",
) -> Svg:
    """Return a picture that says in `label` what it shows; what is told beside it may be brief."""
    root = node("svg", *inside, viewBox=f"0 0 {width:g} {height:g}")
    names = {"aria-label": label}
    return Svg(
        **({"id": id} if id else {}), className=class_name, drawing=root, role="img", **names
    )

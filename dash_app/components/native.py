"""Two components that Dash's HTML lacks; `assets/page_native.js` draws them, without any style."""

# ruff: noqa: RUF012 - Dash reads these lists from the class

from __future__ import annotations

from typing import Any

from dash.development.base_component import Component


class _Native(Component):
    _namespace = "dash_app"
    _base_nodes: list[str] = ["children"]
    _children_props: list[str] = []
    _valid_wildcard_attributes: list[str] = ["data-", "aria-"]
    available_wildcard_properties: list[str] = ["data-", "aria-"]
    _prop_names: list[str] = ["id"]

    def __init__(self, **props: Any) -> None:
        self.available_properties = self._prop_names
        super().__init__(**props)  # type: ignore[no-untyped-call]


class Store(_Native):
    """Holds `data` in the browser and draws nothing."""

    _type = "Store"
    _prop_names: list[str] = ["id", "data"]


class Input(_Native):
    """
    A plain `<input>`. `value` and `checked` are what it starts with.

    The page script listens to its events; the component itself never calls back.
    """

    _type = "Input"
    _prop_names: list[str] = [
        "id", "className", "type", "name", "value", "checked", "min", "max", "step", "disabled",
        "placeholder", "autoComplete", "spellCheck", "role", "title", "maxLength", "inputMode",
    ]  # fmt: skip


class Static(_Native):
    """
    Draws a tree of components as one: what it holds is not known to Dash, and cheap to redraw.

    Dash keeps watch over every component it draws, which makes a thousand of them take seconds.
    Nothing in `content` can be the target of a callback; scripts find it by `data-` attributes.
    """

    _type = "Static"
    _prop_names: list[str] = ["id", "className", "content"]


class Svg(_Native):
    """
    A drawing: `drawing` is a tree of `{"tag", "is", "in"}` made by `dash_app.components.svg`.

    It has no style of its own; classes give it colours, so that themes and print work.
    """

    _type = "Svg"
    _prop_names: list[str] = ["id", "className", "drawing", "role"]

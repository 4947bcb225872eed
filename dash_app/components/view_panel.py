"""What the map can show of results: views by topic, the legend of the one that is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import html

from dash_app import views
from dash_app.components.native import Input
from dash_app.components.sides import chip, letter, name_of
from dash_app.components.value_legend import legend_of
from dash_app.components.values import attrs, badge, icon
from dash_app.workspace.privacy import allowed_view

if TYPE_CHECKING:
    from dash_app.i18n import Translator
    from dash_app.views import View
    from dash_app.workspace.work import Work


def view_panel(t: Translator, work: Work, view: View | None, mode: str) -> list[Any]:
    """
    Return the panel of the modes "energy" and "mobility": legend, then all views of the mode.

    `view` is what the map shows, None for the plain city.
    """
    parts = [_shown(t, work, view)] if view is not None else []
    return [*parts, _choice(t, work, view, (mode,))]


def comparison_left(
    t: Translator, work: Work, view: View | None, *, split: str = "none"
) -> list[Any]:
    """Return the left panel of a comparison: how both sides are laid out, legend, views."""
    parts = [_layout(t, work, split)]
    if view is not None:
        parts.append(_shown(t, work, view))
    return [*parts, _choice(t, work, view, ("energy", "mobility"))]


def side_names(t: Translator, work: Work) -> list[Any]:
    """Return the names on both sides of the divider, and the button that swaps them."""
    before, after = work.pair
    if before is after:
        return []
    return [
        html.P([chip(side), html.Span(name_of(t, side))], className=f"side-name side-is-{place}")
        for place, side in (("left", before), ("right", after))
    ]


# ---- how both sides are laid out ----------------------------------------------------------------


def _layout(t: Translator, work: Work, split: str) -> html.Section:
    before, after = work.pair
    now = "diff" if work.shown == "diff" and split == "none" else split
    there = work.a is not None or work.b is not None
    choices = (
        ("swipe", t.text("Swipe")),
        ("twin", t.text("Side by side")),
        ("diff", t.text("Difference")),
    )
    buttons = [
        html.Button(
            words,
            type="button",
            disabled=not there,
            **attrs(data_work="split", data_split=key, aria_pressed=str(now == key).lower()),
        )
        for key, words in choices
    ]
    parts: list[Any] = [
        html.H2(t.text("Comparison"), className="panel-title"),
        html.Div(
            buttons,
            className="segments view-split",
            role="group",
            **attrs(aria_label=t.text("How both sides are shown")),
        ),
    ]
    if not there:
        parts.append(html.P(t.text("Choose a scenario as A or B first."), className="quiet"))
    elif before is not after:
        sides: list[Any] = [
            chip(before),
            name_of(t, before),
            icon("ahead"),
            chip(after),
            name_of(t, after),
        ]
        parts.append(html.P(sides, className="compare-names"))
    return html.Section(parts, className="panel-section view-layout")


# ---- what is shown ------------------------------------------------------------------------------


def _shown(t: Translator, work: Work, view: View) -> html.Section:
    head = html.Div(
        [
            html.H2(views.label_of(view, t), className="panel-title"),
            badge(t, "estimated"),
        ],
        className="panel-head view-head",
    )
    parts: list[Any] = [head]
    where = t.text("{side} · {year}", side=_side(t, work), year=str(work.year))
    if view.hourly:
        hour = t.text("all day") if work.hour is None else t.time(work.hour * 60)
        where = f"{where} · {hour}"
    parts.append(html.P(where, className="quiet"))
    parts += legend_of(t, work, view)
    if work.shown != "diff" and len(work.sides) > 1:
        parts.append(html.P(t.text("All sides have the same scale."), className="quiet"))
    if view.help:
        parts.append(html.P(t.text(view.help), className="value-help"))
    return html.Section(parts, className="panel-section", **attrs(data_view=view.name))


def _side(t: Translator, work: Work) -> str:
    before, after = work.pair
    if work.shown == "diff" and before is not after:
        return f"{letter(t, after)} \u2212 {letter(t, before)}"
    return letter(t, after)


# ---- the list -----------------------------------------------------------------------------------


def _choice(t: Translator, work: Work, view: View | None, groups: tuple[str, ...]) -> html.Section:
    found = [
        one
        for one in views.VIEWS.values()
        if one.group in groups and allowed_view(one, work.viewer)
    ]
    topics = [topic for topic in views.TOPICS if any(one.topic == topic for one in found)]
    items = [_topic(t, topic, [v for v in found if v.topic == topic], view) for topic in topics]
    title = html.H2(t.text("What the map shows"), className="panel-title")
    plain = _option(t, None, view)
    return html.Section(
        [
            title,
            html.Div([plain, *items], className="view-list", role="radiogroup",
                     **attrs(aria_label=t.text("What the map shows"))),
        ],
        className="panel-section",
    )  # fmt: skip


def _topic(t: Translator, topic: str, found: list[View], view: View | None) -> html.Details:
    is_open = view is not None and view.topic == topic
    summary = html.Summary(
        [icon("after"), html.Span(t.text(views.TOPICS[topic])),
         html.Span(t.number(len(found)), className="quiet")]
    )  # fmt: skip
    rows = html.Ul([html.Li(_option(t, one, view)) for one in found])
    return html.Details([summary, rows], open=is_open, className="explain-fold view-topic")


def _option(t: Translator, one: View | None, view: View | None) -> html.Label:
    name = one.name if one else ""
    words = views.label_of(one, t) if one else t.text("The plain town")
    on = name == (view.name if view else "")
    tick = Input(
        type="radio", name="view-of-results", className="view-radio", checked=on, value=name,
        **attrs(data_work="value", data_value=name),
    )  # fmt: skip
    return html.Label([tick, html.Span(words)], className="view-option" + (" is-on" if on else ""))

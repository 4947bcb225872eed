"""How the feeds are: connected or not, what came last, what was refused and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import html

from dash_app.components.sensors.words import age_words, reason_words
from dash_app.components.values import attrs, icon

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dash_app.i18n import Translator
    from dash_app.sensing.board import Board, Feed, Wanted

STATES = {
    "connected": ("ok", "connected"),
    "starting": ("old", "starting"),
    "waiting": ("old", "cannot be reached, is tried again"),
    "failed": ("alert", "somebody must mend it"),
    "stopped": ("silent", "stopped"),
    "": ("few", "never heard of"),
}
"""Sign and words of the state of a source."""


def side_choice(t: Translator, board: Board, wanted: Wanted) -> html.Section:
    """Return the switch between sensors and sources; for planners."""
    troubled = sum(feed.state in {"failed", "waiting"} for feed in board.feeds)
    words = t.text("Sources ({count} not connected)", count=troubled) if troubled else t.text(
        "Sources"
    )  # fmt: skip
    buttons = [
        html.Button(
            text, type="button",
            **attrs(data_work="sense", data_sense="side", data_to=key,
                    aria_pressed=str(wanted.side == key).lower()),
        )
        for key, text in (("list", t.text("Sensors")), ("feeds", words))
    ]  # fmt: skip
    group = html.Div(
        buttons, className="segments view-split", role="group",
        **attrs(aria_label=t.text("Sensors or sources")),
    )  # fmt: skip
    return html.Section(group, className="panel-section sense-sides")


def feed_list(t: Translator, board: Board) -> list[Any]:
    """Return the sources, those in trouble first."""
    if not board.feeds:
        words = t.text("No source has reported yet. Start the worker: twin sensors run.")
        return [html.Section(html.P(words, className="sense-empty"), className="panel-section")]
    order = {"failed": 0, "waiting": 1, "stopped": 2, "starting": 3}
    feeds = sorted(board.feeds, key=lambda feed: (order.get(feed.state, 4), feed.name))
    return [_feed(t, feed, board.present or board.now) for feed in feeds]


def _feed(t: Translator, feed: Feed, now: int) -> html.Section:
    sign, words = STATES.get(feed.state, STATES[""])
    facts: list[Any] = [
        html.Div([html.Dt(t.text("Last message")), html.Dd(_ago(t, feed.last, now))]),
        html.Div([html.Dt(t.text("Sensors")), html.Dd(t.number(feed.streams))]),
    ]
    if feed.since is not None:
        facts.insert(0, html.Div([html.Dt(t.text("In this state since")),
                                  html.Dd(_ago(t, feed.since, now))]))  # fmt: skip
    parts: list[Any] = [
        html.H2(feed.name, className="panel-title"),
        html.P(
            [icon(f"sense-{sign}"), html.Span(t.text(words))], className=f"sense-mark is-{sign}"
        ),
    ]
    if feed.why:
        parts.append(html.P(feed.why, className="sense-why"))
    parts.append(html.Dl(facts, className="sense-facts"))
    parts += _refused(t, feed.refused, now)
    return html.Section(parts, className="panel-section sense-feed", **attrs(data_feed=feed.name))


def _ago(t: Translator, at: int | None, now: int) -> str:
    return age_words(t, (now - at) / 1000) if at is not None else "–"


def _refused(
    t: Translator, refused: Sequence[tuple[str, int, int | None, str]], now: int
) -> list[Any]:
    """Return by reason what was not taken, how often, and what to do."""
    if not refused:
        return [html.P(t.text("Nothing was refused."), className="quiet")]
    total = sum(count for _, count, _, _ in refused)
    rows = []
    for reason, count, last, detail in sorted(refused, key=lambda row: -row[1]):
        what, todo = reason_words(t, reason)
        parts = [
            html.Strong(t.text("{count} x {what}", count=count, what=what)),
            html.Span(_ago(t, last, now), className="quiet"),
            html.Span(todo, className="sense-todo"),
        ]
        if detail:
            parts.append(html.Code(detail[:300], className="sense-detail"))
        rows.append(html.Li(parts))
    head = t.plural("{count} value was refused", "{count} values were refused", total)
    summary = html.Summary([icon("after"), html.Span(head)])
    fold = html.Details([summary, html.Ul(rows, className="sense-refused")],
                        className="explain-fold")  # fmt: skip
    return [fold]

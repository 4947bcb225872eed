"""What every comparison of measurement and model has: a verdict, numbers, what was left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import html

from dash_app.components.values import attrs, icon

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dash_app.i18n import Translator
    from dash_app.sensing.board import Board
    from twin.sentences import Sentence

LEVELS = {
    "good": ("ok", "The model fits"),
    "poor": ("odd", "The model does not fit well"),
    "unknown": ("few", "Too little was measured to judge"),
}
"""Sign and words of a verdict."""

MOST_LEFT_OUT = 8


def verdict_card(  # noqa: PLR0913 - parts of a card
    t: Translator, title: str, level: str, sentences: Sequence[str],
    numbers: Sequence[tuple[str, str]] = (), more: Sequence[Any] = (), *, level_words: str = "",
) -> html.Section:  # fmt: skip
    """
    Return the head of a comparison.

    `numbers` are labels and figures, `more` stands below them: buttons, notes. `level_words` say
    the verdict where it is another than that of a model.
    """
    sign, words = LEVELS[level]
    facts = [html.Div([html.Dt(label), html.Dd(value)]) for label, value in numbers]
    return html.Section(
        [
            html.H3(title, className="chart-title"),
            html.P(
                [icon(f"sense-{sign}"), html.Span(level_words or t.text(words))],
                className=f"sense-mark is-{sign} fit-level",
                **attrs(data_level=level),
            ),
            *(html.P(text, className="fit-said") for text in sentences if text),
            *([html.Dl(facts, className="sense-facts")] if facts else []),
            *more,
        ],
        className="fit-card",
    )


def played_again(t: Translator, board: Board) -> list[html.P]:
    """Return that recorded days are compared as well: what is called measured may not be it."""
    if not any(one.replayed for one in board.sensors):
        return []
    words = t.text(
        "Values played again from a recording are compared like measured ones; whether they were "
        "measured, their source says."
    )
    return [html.P([icon("sense-replayed"), html.Span(words)], className="sense-mark fit-played")]


def left_out(t: Translator, sentences: Sequence[Sentence]) -> list[Any]:
    """Return what could not be compared, and why; folded away."""
    if not sentences:
        return []
    told = [html.Li(t.sentence(one)) for one in sentences[:MOST_LEFT_OUT]]
    if len(sentences) > MOST_LEFT_OUT:
        told.append(html.Li(t.text("and {count} more", count=len(sentences) - MOST_LEFT_OUT)))
    head = t.plural("{count} thing is left out", "{count} things are left out", len(sentences))
    summary = html.Summary([icon("after"), html.Span(head)])
    return [html.Details([summary, html.Ul(told, className="fit-left-out")],
                         className="explain-fold")]  # fmt: skip


def waiting(t: Translator, url: str) -> html.P:
    """Return what stands there while a comparison is made; the script fetches it by `url`."""
    words = t.text("Measurement and model are being compared. The result appears here.")
    return html.P(words, className="chart-empty quiet", role="status",
                  **attrs(data_fit_url=url))  # fmt: skip


def nothing(t: Translator, words: str, todo: str) -> html.Div:
    """Return why there is nothing to compare, and what to do."""
    return html.Div(
        [html.P(words, className="sense-empty"), html.P(todo, className="quiet")],
        className="fit-nothing",
        role="status",
    )

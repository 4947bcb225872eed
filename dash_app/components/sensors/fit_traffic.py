"""Traffic counted and modelled: verdict, scatter, counters, the matrix fitted to the counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from dash import html

from dash_app.components.amounts import figure
from dash_app.components.charts.lines import Line, closed, hours_axis, lines_chart
from dash_app.components.sensors.fit_parts import left_out, nothing, verdict_card
from dash_app.components.sensors.scatter import scatter
from dash_app.components.values import attrs, icon

if TYPE_CHECKING:
    from dash_app.i18n import Translator
    from dash_app.sensing.adjusting import Progress
    from dash_app.sensing.fits import Traffic
    from dash_app.sensing.fits_traffic import LoadRanks, TrafficFit

DEVIATION = "count_deviation"
"""What the map is asked to show: how far the model is from the counts."""
MOST_ROWS = 200


def traffic_parts(
    t: Translator, made: Traffic, *, run: tuple[str, int], planner: bool, progress: Progress,
    on_map: bool,
) -> list[Any]:  # fmt: skip
    """Return the comparison; `run` is hash and year of the baseline the matrix belongs to."""
    parts: list[Any] = []
    if made.counted is not None and len(made.counted.fit.hours):
        card, points, table = _counted(t, made.counted, on_map=on_map)
        matrix = [adjust_card(t, made.counted, run, progress)] if planner else []
        parts += [card, points, *matrix, table]
    elif made.counted is not None:
        words = t.text("Counters are connected, but none of their hours can be compared yet.")
        todo = t.text("They need a place on a street, and a whole hour of a weekday.")
        parts += [nothing(t, words, todo), *left_out(t, made.counted.left_out)]
    if made.loads is not None:
        parts.append(_loads(t, made.loads))
    if not parts:
        words = t.text("No counter of vehicles is connected.")
        todo = t.text("A source with the property vehicles is compared here hour by hour.")
        return [nothing(t, words, todo)]
    return parts


def _counted(t: Translator, counted: TrafficFit, *, on_map: bool) -> list[Any]:
    fit = counted.fit
    days = fit.counters["days"]
    numbers = [
        (t.text("GEH below 5"), f"{figure(t, fit.good_percent)}\u202f%"),
        (t.text("Hours compared"), t.number(len(fit.hours))),
        (t.text("Counters"), t.number(len(fit.counters))),
        (t.text("Weekdays counted"), _span(t, float(days.min()), float(days.max()))),
        (t.text("Model above count, by hour"), _signed(t, fit.by_hour.nmbe, "%")),
        (t.text("Variance explained, R²"), figure(t, fit.by_hour.r2)),
    ]
    more = [
        html.Button(
            [icon("layers"), html.Span(t.text("Deviation on the map"))], type="button",
            className="button-small",
            **attrs(data_work="value", data_value="none" if on_map else DEVIATION,
                    aria_pressed=str(on_map).lower()),
        ),
        *left_out(t, counted.left_out),
    ]  # fmt: skip
    sentences = [t.sentence(fit.verdict.said), _tendency(t, counted)]
    card = verdict_card(t, t.text("Counts and model"), fit.verdict.level, sentences, numbers, more)
    return [card, scatter(t, counted), _table(t, counted)]


def _tendency(t: Translator, counted: TrafficFit) -> str:
    """Return in a sentence whether the model drives too much or too little."""
    bias = counted.fit.by_day.bias / max(counted.fit.by_day.mean_observed, 1e-9)
    if not np.isfinite(bias) or abs(bias) < 0.05:
        return t.text("On the whole the model carries as much traffic as was counted.")
    part = f"{figure(t, 100 * abs(bias))}\u202f%"
    if bias > 0:
        return t.text("On the whole the model carries {part} more traffic than was counted.",
                      part=part)  # fmt: skip
    return t.text("On the whole the model carries {part} less traffic than was counted.", part=part)


def _span(t: Translator, low: float, high: float) -> str:
    if low == high:
        return figure(t, low)
    return t.text("{low} to {high}", low=figure(t, low), high=figure(t, high))


def _signed(t: Translator, value: float, unit: str) -> str:
    text = figure(t, value)
    return f"{'+' if value > 0 else ''}{text}\u202f{unit}" if text != "–" else text


def _table(t: Translator, counted: TrafficFit) -> html.Figure:
    """Return the counters, those that differ most first."""
    rows = counted.fit.counters.sort_values("geh_mean", ascending=False)[:MOST_ROWS]
    heads = (t.text("Counter"), t.text("Street"), t.text("Counted a weekday"), t.text("Modelled"),
             t.text("Deviation"), t.text("GEH, mean"), t.text("GEH below 5"))  # fmt: skip
    head = html.Tr([html.Th(words, scope="col", className="is-number" if n > 1 else "")
                    for n, words in enumerate(heads)])  # fmt: skip
    body = [_counter(t, counted, int(str(number)), row) for number, row in rows.iterrows()]
    title = t.text("Counters")
    table = html.Table(
        [html.Caption(title, className="only-spoken"), html.Thead(head), html.Tbody(body)],
        className="explain-table",
    )
    scroll = html.Div(table, className="chart-scroll", tabIndex=0, role="region",
                      **attrs(aria_label=title))  # fmt: skip
    caption = html.Figcaption(html.Span(title, className="chart-title"))
    return html.Figure([caption, scroll], className="chart-figure is-wide fit-counters")


def _counter(t: Translator, counted: TrafficFit, number: int, row: Any) -> html.Tr:
    name = html.Button(
        counted.names.get(number) or t.text("Sensor {number}", number=number), type="button",
        className="row-key", **attrs(data_pick=f"sensors:{number}"),
    )  # fmt: skip
    cells = (figure(t, row["counted_day"]), figure(t, row["modelled_day"]),
             _signed(t, row["deviation_percent"], "%"), figure(t, row["geh_mean"]),
             f"{figure(t, row['good_percent'])}\u202f%")  # fmt: skip
    link = attrs(data_mark="", data_table="streets", data_id=str(row["street"]))
    return html.Tr(
        [
            html.Th(name, scope="row"),
            html.Td(counted.streets.get(number) or "–"),
            *(html.Td(text, className="is-number") for text in cells),
        ],
        **link,
    )


def hours_chart(t: Translator, counted: TrafficFit, number: int) -> html.Figure | None:
    """Return counted and modelled vehicles of one counter by hour; None where not compared."""
    rows = counted.fit.hours[counted.fit.hours["counter"] == number]
    if not len(rows):
        return None
    each = rows.set_index("hour").reindex(range(24))
    lines = [
        Line(t.text("modelled"), "c-modelled", closed(each["modelled"]), area=True),
        Line(t.text("counted, mean of weekdays"), "c-measured", closed(each["counted"])),
    ]
    one = counted.fit.counters.loc[number].to_dict()
    says = t.text(
        "Vehicles by hour on a weekday: counted {counted}, modelled {modelled}, mean GEH {geh}.",
        counted=figure(t, one["counted_day"]), modelled=figure(t, one["modelled_day"]),
        geh=figure(t, one["geh_mean"]),
    )  # fmt: skip
    return lines_chart(t, t.text("Counted and modelled by hour"), hours_axis(t), lines,
                       unit="vehicles/h", says=says, name="counted-hours")  # fmt: skip


def _loads(t: Translator, loads: LoadRanks) -> html.Section:
    fit = loads.fit
    known = fit.segments[["observed", "modelled"]].notna().all(axis=1)
    numbers = [
        (t.text("Rank correlation"), figure(t, fit.rank)),
        (t.text("Course of the day, correlation"), figure(t, fit.shape)),
        (t.text("Segments"), t.number(int(known.sum()))),
        (t.text("Hours compared"), t.number(loads.hours)),
    ]
    level = "unknown" if not np.isfinite(fit.rank) else "good" if fit.rank >= GOOD_RANK else "poor"
    return verdict_card(t, t.text("Relative loads and model"), level, [t.sentence(fit.said)],
                        numbers, left_out(t, loads.left_out))  # fmt: skip


GOOD_RANK = 0.6
"""Rank correlation from which the order of streets is called the same (own rule)."""

# ---- the matrix ---------------------------------------------------------------------------------


def adjust_card(
    t: Translator, counted: TrafficFit, run: tuple[str, int], progress: Progress
) -> html.Section:
    """Return the button that fits the matrix to the counts, how far it is, what came of it."""
    address = f"/api/fits/traffic/{run[0]}/{run[1]}"
    parts: list[Any] = [html.H3(t.text("Trip matrix"), className="chart-title")]
    if progress.state == "running":
        parts += _running(t, progress)
    elif progress.state == "done" and progress.result is not None:
        parts += _adjusted(t, progress, address)
    else:
        parts += _offer(t, counted, progress)
    return html.Section(
        parts, className="fit-card fit-adjust",
        **attrs(data_adjust=address, data_state=progress.state),
    )  # fmt: skip


def _offer(t: Translator, counted: TrafficFit, progress: Progress) -> list[Any]:
    count = len(counted.counts)
    words = t.text(
        "The vehicles between traffic zones are changed so that the flows of today meet {count} "
        "counted directions, each pair of zones only as far as an assumption allows.",
        count=count,
    )
    parts: list[Any] = [html.P(words, className="quiet")]
    if progress.state == "failed" and progress.problem is not None:
        parts.append(html.P(t.error(progress.problem), className="fit-problem", role="alert"))
    if progress.state == "stopped":
        parts.append(html.P(t.text("It was stopped; nothing has changed."), role="status"))
    button = html.Button(t.text("Adjust the trip matrix"), type="button", className="button-main",
                         disabled=not count, **attrs(data_work="fit-adjust"))  # fmt: skip
    return [*parts, button]


def _running(t: Translator, progress: Progress) -> list[Any]:
    words = t.text("The matrix is being adjusted to {count} counts. You can go on working.",
                   count=progress.counts)  # fmt: skip
    bar = html.Progress(
        max="1", value=f"{progress.share:.2f}", className="fit-progress",
        **attrs(aria_label=t.text("Part that is done"), data_fill="share"),
    )  # fmt: skip
    stop = html.Button(t.text("Stop"), type="button", className="button-small",
                       **attrs(data_work="fit-stop"))  # fmt: skip
    return [html.P(words, role="status"), bar, stop]


def _adjusted(t: Translator, progress: Progress, address: str) -> list[Any]:
    """Return before and after, what it means, and how the matrix is taken further."""
    assert progress.result is not None
    told = progress.result.summary
    rows = (
        (t.text("Variance explained, R²"), figure(t, told["r2_before"]),
         figure(t, told["r2_after"])),
        (t.text("GEH below 5"), f"{figure(t, told['share_before'])}\u202f%",
         f"{figure(t, told['share_after'])}\u202f%"),
        (t.text("Car trips a weekday"), figure(t, told["total_before"]),
         figure(t, told["total_after"])),
    )  # fmt: skip
    body = [
        html.Tr([html.Th(name, scope="row"),
                 *(html.Td(text, className="is-number") for text in (before, after))])
        for name, before, after in rows
    ]  # fmt: skip
    heads = [
        html.Td(""), *(html.Th(words, scope="col", className="is-number")
                       for words in (t.text("before"), t.text("after")))
    ]  # fmt: skip
    table = html.Table(
        [html.Caption(t.text("On {count} counted directions", count=len(progress.result.table)),
                      className="quiet"), html.Thead(html.Tr(heads)), html.Tbody(body)],
        className="explain-table",
    )  # fmt: skip
    change = t.text(
        "Car trips change by {change} % in all; {bound} % of them are at the bound the assumption "
        "sets.",
        change=_signed(t, told["change_percent"], "").strip(),
        bound=figure(t, 100 * told["at_bound"]),
    )  # fmt: skip
    further = t.text(
        "Scenarios on this page go on with the matrix of the model. To take the adjusted one "
        "further, download it and run: twin run CITY SCENARIO --matrix matrix.omx; or let every "
        "run fit itself: --counts counts.csv."
    )
    links = [
        html.A([icon("down"), html.Span(words)], href=f"{address}/{path}", className="sense-link",
               download="")
        for words, path in (
            (t.text("Matrix as OMX"), "adjusted/matrix.omx"),
            (t.text("Matrix as CSV"), "adjusted/matrix.csv"),
            (t.text("Counts as CSV"), "counts.csv"),
        )
    ]  # fmt: skip
    return [table, html.P(change, className="fit-said", role="status"),
            html.P(links, className="fit-links"), html.P(further, className="quiet")]  # fmt: skip

"""The mode "sensors": what its regions show; drawn by `workspace.draw` like those of the others."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from dash import html

from dash_app.components.sensors.day_bar import day_bar
from dash_app.components.sensors.feeds import feed_list, side_choice
from dash_app.components.sensors.fit_climate import climate_parts
from dash_app.components.sensors.fit_energy import energy_parts
from dash_app.components.sensors.fit_parts import played_again, waiting
from dash_app.components.sensors.fit_traffic import DEVIATION, hours_chart, traffic_parts
from dash_app.components.sensors.inspector import Near, Picked, nothing_here, sensor_panel
from dash_app.components.sensors.listing import sensor_list
from dash_app.components.sensors.map_legend import deviation_legend, deviation_scales
from dash_app.components.sensors.table import sensor_table
from dash_app.components.sensors.time_axis import axis_of
from dash_app.components.values import attrs
from dash_app.sensing.adjusting import Progress
from dash_app.sensing.board import Board, Wanted, wanted_of
from dash_app.sensing.boards import beside, board_of, ms_of, sensor_of, series_of
from dash_app.sensing.fits import KINDS, Scene, Traffic, chosen
from dash_app.sensing.fits_climate import ClimateFit
from dash_app.sensing.fits_energy import EnergyFit
from dash_app.sensing.fits_traffic import deviation
from dash_app.sensing.moments import moment_of
from dash_app.sensing.places import places_of
from twin.errors import StoreError

if TYPE_CHECKING:
    from dash_app.api.context import Context
    from dash_app.i18n import Translator
    from dash_app.sensing.board import Sensor
    from dash_app.sensing.fits import Comparison, Kind
    from dash_app.workspace.work import Side, Work

Asked = dict[str, Any]

NEAR = (("street", "streets", "Street"), ("block", "blocks", "Baublock"),
        ("district", "districts", "District"))  # fmt: skip
TABS = {
    "traffic": "Traffic",
    "climate": "Climate",
    "energy": "Energy",
    "table": "All sensors",
}


def left(desk: Context, t: Translator, work: Work, asked: Asked) -> list[Any]:
    """Return the list of sensors, or the sources."""
    wanted = wanted_of(asked.get("sensors"))
    board = _board(desk, t, work, asked)
    if board.problem or not (board.sensors or board.feeds):
        return sensor_list(t, board, wanted)
    parts: list[Any] = []
    if work.theme == DEVIATION:
        parts.append(deviation_legend(t))
    if work.viewer.may_edit:
        parts.append(side_choice(t, board, wanted))
        if wanted.side == "feeds":
            return [*parts, *feed_list(t, board)]
    few = desk.settings.privacy.min_count
    return [*parts, *sensor_list(t, board, wanted, picked=picked_number(asked), fewest=few)]


def right(desk: Context, t: Translator, work: Work, asked: Asked) -> list[Any]:
    """Return the panel of the picked sensor; nothing where something else is picked."""
    number = picked_number(asked)
    if number is None:
        return []
    at = _moment(asked)
    try:
        found = sensor_of(desk.sensing, work.viewer, number, at=at)
        if found is None:
            return nothing_here(t)
        return sensor_panel(t, _picked(desk, t, work, asked, found[0]), wanted_of(
            asked.get("sensors")))  # fmt: skip
    except StoreError as error:
        return [html.P(t.error(error), className="inspector-empty", role="alert")]


def bottom(desk: Context, t: Translator, work: Work, asked: Asked) -> list[Any]:
    """Return measurement and model, or all sensors as a table."""
    wanted = wanted_of(asked.get("sensors"))
    board = _board(desk, t, work, asked)
    if board.problem or not board.sensors:
        return []
    if wanted.tab == "table":
        few = desk.settings.privacy.min_count
        parts: list[Any] = list(
            sensor_table(t, board, wanted, picked=picked_number(asked), fewest=few)
        )
    else:
        kind: Kind = next(kind for kind in KINDS if kind == wanted.tab)
        charts = html.Div(_compared(desk, t, work, kind), className="charts fit-charts")
        parts = [*played_again(t, board), charts]
    title = html.H2(t.text("Measurement and model"), className="panel-title")
    head = html.Div([title, _tabs(t, wanted), _side_words(t, work, wanted)], className="fit-head")
    return [html.Section([head, *parts], className="fit")]


def bar(desk: Context, t: Translator, work: Work) -> list[Any]:
    """Return the bar of the day, where there is something to play."""
    try:
        return day_bar(t) if desk.sensing.any(work.viewer) else []
    except StoreError:
        return []


def map_of(desk: Context, t: Translator, work: Work) -> dict[str, Any]:
    """Return what the map draws of the comparison: how far flows are from the counts."""
    if work.theme != DEVIATION:
        return {}
    side = work.pair[1]
    scene = _scene(desk, work, side)
    made = desk.fits.peek("traffic", scene) if scene else None
    year = _year(work, side)
    if scene is None or not isinstance(made, Traffic) or made.counted is None:
        return {}
    scales = deviation_scales(deviation(made.counted, work.city))
    spec = {
        "url": f"/api/fits/traffic/{side.hash}/{year}/column?v={scene.sensed.marker()}",
        "table": "streets", "column": DEVIATION, "kind": scales["light"].kind,
        "breaks": list(scales["light"].breaks),
        **{theme: {"colours": list(scale.colours), "nodata": scale.nodata}
           for theme, scale in scales.items()},
    }  # fmt: skip
    words = {"label": t.text("Model against count"), "unit": "%", "away": t.text("withheld")}
    shown = {work.shown: spec, side.key: spec}
    return {"maps": shown, "flow": False, "height": False, "value": words}


def picked_number(asked: Asked) -> int | None:
    """Return the number of the picked sensor, None where something else is picked."""
    pick = asked.get("pick")
    if not isinstance(pick, dict) or pick.get("table") != "sensors":
        return None
    key = str(pick.get("id"))
    return int(key) if key.isdecimal() and len(key) < 10 else None


# ---- parts --------------------------------------------------------------------------------------


def _moment(asked: Asked) -> datetime | None:
    text = asked.get("moment")
    if not isinstance(text, str) or not text:
        return None
    try:
        return moment_of(text)
    except ValueError:
        return None


def _board(desk: Context, t: Translator, work: Work, asked: Asked) -> Board:
    try:
        return board_of(t, desk.sensing, work.viewer, at=_moment(asked))
    except StoreError as error:
        return Board(problem=t.error(error))


def _picked(desk: Context, t: Translator, work: Work, asked: Asked, one: Sensor) -> Picked:
    wanted = wanted_of(asked.get("sensors"))
    at, number = _moment(asked), one.number
    now = at or desk.sensing.now()
    axis = axis_of(t, wanted.span, ms_of(now), wanted.back)
    if one.at is not None and one.at < axis_of(t, wanted.span, ms_of(now)).since:
        axis = axis_of(t, wanted.span, one.at, wanted.back)  # the last that was ever told
    ends = axis.since, axis.until
    since, until = (
        datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for ms in ends
    )
    return Picked(
        one,
        series_of(desk.sensing, work.viewer, number, wanted.span, ends),
        axis,
        near=_near(t, work, one),
        beside=beside(desk.sensing, work.viewer, number, at=at),
        csv=f"/api/observations?sensor={number}&since={since}&until={until}&format=csv"
        f"&lang={t.lang}",
        inside=work.viewer.may_edit,
        fewest=desk.settings.privacy.min_count,
        charts=_hours(desk, t, work, number),
    )


def _near(t: Translator, work: Work, one: Sensor) -> tuple[Near, ...]:
    """Return the street, the Baublock and the district a sensor belongs to."""
    row = places_of({one.number: one.stream}, work.city).loc[one.number].to_dict()
    found = []
    for name, table, label in NEAR:
        key = str(row[name])
        if not key:
            continue
        row_ = work.city.tables[table].loc[key]
        names = [row_.get(column) for column in ("name", "ref")] if table != "blocks" else [key]
        words = next((n for n in names if isinstance(n, str) and n), t.text("without name"))
        found.append(Near(label, table, key, words))
    return tuple(found)


def _hours(desk: Context, t: Translator, work: Work, number: int) -> tuple[Any, ...]:
    """Return the hours of a counter beside those of the model, where they are at hand."""
    scene = _scene(desk, work, work.pair[1])
    made = desk.fits.peek("traffic", scene) if scene else None
    if not isinstance(made, Traffic) or made.counted is None:
        return ()
    chart = hours_chart(t, made.counted, number)
    return (html.Section(chart, className="explain-section"),) if chart is not None else ()


def _year(work: Work, side: Side) -> int:
    """Return the year that is compared: what is measured is today, the first stage of the base."""
    return side.scenario.stages[0] if side.key == "base" else work.year


def _scene(desk: Context, work: Work, side: Side) -> Scene | None:
    year = side.year(_year(work, side))
    if year is None:
        return None
    return Scene(desk.sensing, desk.city, desk.settings, work.viewer, side.hash, year)


def _tabs(t: Translator, wanted: Wanted) -> html.Div:
    buttons = [
        html.Button(t.text(words, context="sensors"), type="button",
                    **attrs(data_work="sense", data_sense="tab", data_to=key,
                            aria_pressed=str(wanted.tab == key).lower()))
        for key, words in TABS.items()
    ]  # fmt: skip
    return html.Div(buttons, className="segments", role="group",
                    **attrs(aria_label=t.text("What is compared")))  # fmt: skip


def _side_words(t: Translator, work: Work, wanted: Wanted) -> html.Span:
    """Return which run is compared: measured is today, so a scenario differs for a reason."""
    if wanted.tab == "table":
        return html.Span("")
    side = work.pair[1]
    if side.key == "base":
        words = t.text("today as modelled, {year}", year=str(_year(work, side)))
    else:
        words = t.text("{name}, {year}: a scenario differs from today on purpose",
                       name=side.scenario.name, year=str(work.year))  # fmt: skip
    return html.Span(words, className="quiet")


def _compared(desk: Context, t: Translator, work: Work, kind: Kind) -> list[Any]:
    if not chosen(kind, desk.sensing.streams(work.viewer)):
        return _none(t, kind)
    side = work.pair[1]
    scene = _scene(desk, work, side)
    if scene is None and side.results is None:
        words = t.text("The model is being computed. The comparison follows.")
        return [html.P(words, className="chart-empty quiet", role="status")]
    made = desk.fits.peek(kind, scene) if scene else None
    if made is None:
        return [waiting(t, f"/api/fits/{kind}/{side.hash}/{_year(work, side)}")]
    return _parts(desk, t, work, made)


def _parts(desk: Context, t: Translator, work: Work, made: Comparison) -> list[Any]:
    if isinstance(made, ClimateFit):
        return climate_parts(t, made)
    if isinstance(made, EnergyFit):
        return energy_parts(t, made)
    run = work.base.hash, _year(work, work.base)
    progress = desk.adjusting.progress(f"{run[0]}/{run[1]}")
    return traffic_parts(
        t, made, run=run, planner=work.viewer.may_edit, progress=progress,
        on_map=work.theme == DEVIATION,
    )  # fmt: skip


def _none(t: Translator, kind: Kind) -> list[Any]:
    """Return what to do where no sensor is of a kind that can be compared."""
    if kind == "traffic":
        return traffic_parts(t, Traffic(None, None), run=("", 0), planner=False,
                             progress=Progress(), on_map=False)  # fmt: skip
    if kind == "climate":
        return climate_parts(t, ClimateFit((), None))
    return energy_parts(t, EnergyFit((), ()))

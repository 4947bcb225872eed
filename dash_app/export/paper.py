"""Maps on paper: the town in plan, a view of results, legend, scale bar, north, sources, hash."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.path import Path

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from dash_app.i18n import Translator
    from dash_app.map.colours import Scale
    from twin.city import City

SIZES: dict[str, tuple[float, float]] = {
    "A4": (297.0, 210.0), "A3": (420.0, 297.0), "A2": (594.0, 420.0), "A1": (841.0, 594.0),
    "A0": (1189.0, 841.0),
}  # fmt: skip
"""Sheets of ISO 216 lying, in mm."""

MM = 25.4
INK, QUIET, LAND = "#1C2429", "#485259", "#F3F0EA"
GROUND: dict[str, str] = {
    "forest": "#CADDBD", "park": "#D9E6C9", "meadow": "#E4EBD6", "grass": "#E4EBD6",
    "farmland": "#F1EDDD", "residential": "#EEE9E1", "industrial": "#ECE7E3",
}  # fmt: skip
WATER, ROAD, CASING, HOUSE, EDGE = "#BCD8E6", "#FFFFFF", "#D5CDC2", "#E4DDD2", "#C9BFB1"
SCALES = (500, 1_000, 2_000, 2_500, 5_000, 7_500, 10_000, 12_500, 15_000, 20_000, 25_000, 30_000,
          40_000, 50_000, 75_000, 100_000, 150_000, 200_000, 250_000, 500_000, 1_000_000)  # fmt: skip
FLOW_MM = 3.2
"""Width of a street that carries `FLOW_FULL` vehicles, on A4; larger sheets in proportion."""
FLOW_FULL = 31_000.0


@dataclass(frozen=True, eq=False)
class Sheet:
    """What is drawn: the town, values by row of a table, and what the margins say."""

    city: City
    title: str
    subtitle: str
    values: pd.Series[Any] | None = None  # index: ids of `table`
    withheld: pd.Series[bool] | None = None
    table: str = ""
    scale: Scale | None = None
    legend: str = ""  # heading with the unit
    words: tuple[str, ...] = ()  # of a category, in the order of the scale's colours
    flow: bool = False
    scenario_hash: str = ""
    bounds: tuple[float, float, float, float] | None = None  # in the CRS of the city
    size: str = "A4"
    portrait: bool = False


def draw(t: Translator, sheet: Sheet, *, form: str, dpi: int = 200) -> bytes:
    """Return the sheet as "pdf" or "png"; the same input gives the same picture."""
    width, height = SIZES[sheet.size]
    if sheet.portrait:
        width, height = height, width
    figure = Figure(figsize=(width / MM, height / MM), facecolor="white")
    FigureCanvasAgg(figure)
    factor = min(width, height) / 210.0
    frame = _map_frame(width, height, factor)
    axes = figure.add_axes((frame[0] / width, frame[1] / height,
                            frame[2] / width, frame[3] / height))  # fmt: skip
    number = _fit(axes, sheet, (frame[2], frame[3]))
    _town(axes, sheet, factor)
    if sheet.values is not None and sheet.scale is not None:
        _values(axes, sheet, factor)
    _margins(t, figure, sheet, (width, height, factor, number))
    out = BytesIO()
    if form == "pdf":
        about = {"Title": sheet.title, "Creator": "Troisdorf Twin", "CreationDate": None}
        figure.savefig(out, format="pdf", dpi=dpi, metadata=about)
    else:
        figure.savefig(out, format="png", dpi=dpi, metadata={"Title": sheet.title})
    return out.getvalue()


def plain(sheet: Sheet, width_px: int, height_px: int) -> bytes:
    """Return the map alone as PNG, for a browser that cannot draw it itself."""
    figure = Figure(figsize=(width_px / 100, height_px / 100), facecolor=LAND)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    _fit(axes, sheet, (width_px / 4, height_px / 4))
    _town(axes, sheet, 0.6)
    if sheet.values is not None and sheet.scale is not None:
        _values(axes, sheet, 0.6)
    out = BytesIO()
    figure.savefig(out, format="png", dpi=100)
    return out.getvalue()


def _map_frame(width: float, height: float, factor: float) -> tuple[float, float, float, float]:
    """Return left, bottom, width and height of the map on the sheet [mm]."""
    edge = 8 * factor
    side = 58 * factor
    return edge, edge + 12 * factor, width - 2 * edge - side, height - 2 * edge - 26 * factor


def printed_scale(extent_m: tuple[float, float], frame_mm: tuple[float, float]) -> int:
    """
    Return the number of the round scale, 1 : number, at which an extent fits into a frame.

    >>> printed_scale((2_000.0, 1_000.0), (200.0, 150.0))
    10000
    """
    needed = max(1000 * metres / mm for metres, mm in zip(extent_m, frame_mm, strict=True))
    return next((one for one in SCALES if one >= needed), SCALES[-1])


def _fit(axes: Axes, sheet: Sheet, frame_mm: tuple[float, float]) -> int:
    """Show the bounds at a round scale; return its number."""
    west, south, east, north = sheet.bounds or _bounds(sheet.city)
    number = printed_scale((max(east - west, 1.0), max(north - south, 1.0)), frame_mm)
    half_x, half_y = (mm * number / 2000 for mm in frame_mm)
    x, y = (west + east) / 2, (south + north) / 2
    axes.set_xlim(x - half_x, x + half_x)
    axes.set_ylim(y - half_y, y + half_y)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_facecolor(LAND)
    for spine in axes.spines.values():
        spine.set_color(EDGE)
    return number


def _bounds(city: City) -> tuple[float, float, float, float]:
    table = city.buildings if len(city.buildings) else city.streets
    xy = np.asarray(table.geometry.bounds, float)
    low = np.quantile(xy[:, :2], 0.01, axis=0)
    high = np.quantile(xy[:, 2:], 0.99, axis=0)
    pad = 0.03 * (high - low) + 20
    return (*(low - pad).tolist(), *(high + pad).tolist())


def _town(axes: Axes, sheet: Sheet, factor: float) -> None:
    """Draw land use, water, streets and buildings; as a picture in the PDF: they are many."""
    city = sheet.city
    kinds = city.landuse["class"].astype(str).to_numpy()
    for kind in dict.fromkeys(kinds):
        _fill(axes, city.landuse[kinds == kind], GROUND.get(kind, "#EEE9E1"), order=1)
    _fill(axes, city.water, WATER, order=2)
    streets = city.streets
    wide = streets["allow_car"].to_numpy(bool)
    _lines(axes, streets[~wide], "#E2D9CB", 0.25 * factor, order=3)
    _lines(axes, streets[wide], CASING, 1.5 * factor, order=4)
    _lines(axes, streets[wide], ROAD, 1.0 * factor, order=5)
    _fill(axes, city.buildings, HOUSE, order=6, edge=EDGE, width=0.12 * factor)


def _fill(
    axes: Axes, table: gpd.GeoDataFrame, colour: Any, *, order: int, edge: str = "none",
    width: float = 0.0, solid: bool = False,
) -> None:  # fmt: skip
    shapes = table.geometry.to_numpy()
    flat = np.isin(shapely.get_type_id(shapes), (3, 6))
    if not flat.any():
        return
    colours = (
        colour if isinstance(colour, str) else [c for c, f in zip(colour, flat, strict=True) if f]
    )
    axes.add_collection(
        PathCollection(
            [_path(shape) for shape in shapes[flat]], facecolors=colours, edgecolors=edge,
            linewidths=width, zorder=order, rasterized=not solid,
        ),
        autolim=False,
    )  # fmt: skip


def _path(shape: Any) -> Path:
    rings = [
        np.asarray(ring.coords)[:, :2]
        for part in shapely.get_parts(shape)
        for ring in (part.exterior, *part.interiors)
    ]
    return Path.make_compound_path(*(Path(ring, closed=True) for ring in rings))


def _lines(
    axes: Axes, table: gpd.GeoDataFrame, colour: Any, width: Any, *, order: int, solid: bool = False
) -> None:
    if not len(table):
        return
    parts = [np.asarray(line.coords)[:, :2] for line in table.geometry]
    axes.add_collection(
        LineCollection(parts, colors=colour, linewidths=width, zorder=order, capstyle="round",
                       rasterized=not solid),
        autolim=False,
    )  # fmt: skip


def _values(axes: Axes, sheet: Sheet, factor: float) -> None:
    """Draw the rows in the colours of their values; hatched where withheld."""
    assert sheet.values is not None
    assert sheet.scale is not None
    table = sheet.city.tables[sheet.table]
    values = sheet.values.reindex(table.index)
    colours, known = colours_of(values, sheet.scale)
    rows = table[known]
    if sheet.flow:
        size = np.abs(values[known].to_numpy(float))
        widths = (0.2 + FLOW_MM * (size / FLOW_FULL) ** 0.72) * factor * 72 / MM
        _lines(axes, rows, "white", widths + 1.2 * factor, order=8, solid=True)
        _lines(axes, rows, colours, widths, order=9, solid=True)
    elif shapely.get_dimensions(table.geometry.iloc[0]) == 1:
        _lines(axes, rows, colours, 1.4 * factor, order=9, solid=True)
    elif shapely.get_dimensions(table.geometry.iloc[0]) == 0:
        xy = shapely.get_coordinates(rows.geometry.to_numpy())
        axes.scatter(xy[:, 0], xy[:, 1], s=14 * factor**2, c=colours, edgecolors=INK,
                     linewidths=0.3 * factor, zorder=9)  # fmt: skip
    else:
        faint = [f"{colour}C8" for colour in colours] if sheet.table != "buildings" else colours
        _fill(axes, rows, faint, order=7, edge="white", width=0.3 * factor, solid=True)
    if sheet.withheld is not None and bool(sheet.withheld.any()):
        away = table[sheet.withheld.reindex(table.index, fill_value=False).to_numpy(bool)]
        for shape in away.geometry[shapely.get_dimensions(away.geometry.to_numpy()) == 2]:
            axes.add_collection(
                PathCollection([_path(shape)], facecolors="#E4E1DC", edgecolors="#8B857B",
                               hatch="////", linewidths=0.2, zorder=7),
                autolim=False,
            )  # fmt: skip


def colours_of(values: pd.Series[Any], scale: Scale) -> tuple[list[str], NDArray[np.bool_]]:
    """Return the colour of each row that has a value, and which have one."""
    known = values.notna().to_numpy(bool)
    some = values[known]
    if scale.kind == "category":
        places = {str(word): place for place, word in enumerate(scale.breaks)}
        return [scale.colours[places.get(str(v), -1)] for v in some], known
    classes = np.searchsorted(np.asarray(scale.breaks, float), some.to_numpy(float), side="right")
    return [scale.colours[min(int(n), len(scale.colours) - 1)] for n in classes], known


def _margins(
    t: Translator, figure: Figure, sheet: Sheet, measures: tuple[float, float, float, int]
) -> None:
    width, height, factor, number = measures
    page = figure.add_axes((0, 0, 1, 1))
    page.set_xlim(0, width)
    page.set_ylim(0, height)
    page.axis("off")
    point = factor

    def write(x: float, y: float, text: str, size: float, **more: Any) -> None:
        page.text(x, y, text, fontsize=size * point, color=more.pop("color", INK), **more)

    edge = 8 * factor
    write(edge, height - edge - 6 * factor, sheet.title, 15, fontweight="bold")
    write(edge, height - edge - 12 * factor, sheet.subtitle, 9, color=QUIET)
    left = width - edge - 52 * factor
    top = _legend(t, page, sheet, (left, height - edge - 22 * factor, factor), write)
    _scale_bar(
        t, page, (left, min(top - 14 * factor, height - 120 * factor), factor, number), write
    )
    _north(page, left + 44 * factor, edge + 40 * factor, factor)
    told = [
        t.text("Scenario {hash}", hash=sheet.scenario_hash[:12]) if sheet.scenario_hash else "",
        t.text("City {hash}", hash=sheet.city.hash[:12]),
        t.text("Data: {date}", date=t.date(sheet.city.info.data_date))
        if sheet.city.info.data_date else "",
        t.text("Printed {date}", date=t.date(date.today())),
    ]  # fmt: skip
    for place, line in enumerate(filter(None, told)):
        write(left, edge + (24 - 4.2 * place) * factor, line, 7, color=QUIET)
    lines = dict.fromkeys(s.attribution for s in sheet.city.info.sources if s.attribution)
    text = " · ".join(t.text(line) for line in lines)
    write(edge, edge + 6 * factor, _wrapped(text, int(1.05 * (width - 76 * factor) / (1.15 * factor))),
          6.5, color=QUIET, va="top")  # fmt: skip


def _wrapped(text: str, most: int) -> str:
    lines, line = [], ""
    for word in text.split(" "):
        if len(line) + len(word) > most and line:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
    return "\n".join([*lines, line])


def _legend(
    t: Translator, page: Axes, sheet: Sheet, place: tuple[float, float, float], write: Any
) -> float:
    """Draw classes with their limits; return how far down it reaches [mm]."""
    x, y, factor = place
    if sheet.scale is None:
        return y
    write(x, y, _wrapped(sheet.legend, 34), 9, fontweight="bold", va="top")
    y -= (6 + 4 * _wrapped(sheet.legend, 34).count("\n")) * factor
    for colour, word in zip(sheet.scale.colours, sheet.words, strict=False):
        y -= 5.2 * factor
        page.add_patch(
            Rectangle(
                (x, y), 8 * factor, 4 * factor, facecolor=colour, edgecolor=EDGE, linewidth=0.3
            )
        )
        write(x + 10 * factor, y + 0.9 * factor, word, 7.5)
    if sheet.withheld is not None and bool(sheet.withheld.any()):
        y -= 6 * factor
        page.add_patch(
            Rectangle((x, y), 8 * factor, 4 * factor, facecolor="#E4E1DC", edgecolor="#8B857B",
                      hatch="////", linewidth=0.3)
        )  # fmt: skip
        write(x + 10 * factor, y + 0.9 * factor, t.text("withheld: few addresses"), 7.5)
    return y


def _scale_bar(
    t: Translator, page: Axes, place: tuple[float, float, float, int], write: Any
) -> None:
    """Draw a bar of a round length and the printed scale."""
    x, y, factor, number = place
    metres = bar_length(number, 40 * factor)
    long = 1000 * metres / number
    for part in range(4):
        colour = INK if part % 2 == 0 else "white"
        page.add_patch(
            Rectangle((x + part * long / 4, y), long / 4, 1.6 * factor, facecolor=colour,
                      edgecolor=INK, linewidth=0.4, gid="scale-bar")
        )  # fmt: skip
    end = t.number(metres / 1000, "km") if metres >= 1000 else t.number(metres, "m")
    write(x, y + 2.6 * factor, "0", 7)
    write(x + long, y + 2.6 * factor, end, 7, ha="center")
    write(x, y - 4.5 * factor, f"1 : {t.number(number)}", 8)


def bar_length(number: int, most_mm: float) -> float:
    """
    Return the longest round length [m] that fits on so much paper at a scale.

    >>> bar_length(10_000, 40)
    200.0
    """
    most = most_mm * number / 1000
    power = 10.0 ** np.floor(np.log10(most))
    return float(max(n * power for n in (1, 2, 4, 5) if n * power <= most and n != 4))


def _north(page: Axes, x: float, y: float, factor: float) -> None:
    page.annotate(
        "N", xy=(x, y + 9 * factor), xytext=(x, y), ha="center", va="center",
        fontsize=9 * factor, color=INK,
        arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 0.8 * factor},
    )  # fmt: skip

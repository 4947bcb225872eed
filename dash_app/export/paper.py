"""Maps on paper: the town in plan, a view of results, legend, scale bar, north, sources, hash."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.figure import Figure
from matplotlib.path import Path

from dash_app.export.margins import EDGE, INK, MM, draw_margins
from dash_app.export.sizes import DPI, paper_mm

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from dash_app.i18n import Translator
    from dash_app.map.colours import Scale
    from twin.city import City

LAND = "#F3F0EA"
GROUND: dict[str, str] = {
    "forest": "#CADDBD", "park": "#D9E6C9", "meadow": "#E4EBD6", "grass": "#E4EBD6",
    "farmland": "#F1EDDD", "residential": "#EEE9E1", "industrial": "#ECE7E3",
}  # fmt: skip
WATER, ROAD, CASING, HOUSE = "#BCD8E6", "#FFFFFF", "#D5CDC2", "#E4DDD2"
SHADE = "#2B252022"
AREAS = ("blocks", "districts", "zones", "cells")
STREET_M = 7.0
"""Width of a usual street."""
SCALES = (
    500, 1_000, 2_000, 2_500, 5_000, 7_500, 10_000, 12_500, 15_000, 20_000, 25_000, 30_000, 40_000,
    50_000, 75_000, 100_000, 150_000, 200_000, 250_000, 500_000, 1_000_000,
)  # fmt: skip
"""Round scales, 1 : n, that a map is printed at."""
FLOW_MM = 2.6
"""Width of the street that carries most, on A4; larger sheets in proportion."""


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


def draw(t: Translator, sheet: Sheet, *, form: str, dpi: int | None = None) -> bytes:
    """
    Return the sheet as "pdf" or "png"; the same input gives the same picture on the same day.

    `dpi` rules the PNG and what is a picture in the PDF; large sheets, read from afar, get fewer.
    """
    return _saved(drawn(t, sheet), sheet, form, dpi or DPI[sheet.size])


def drawn(t: Translator, sheet: Sheet) -> Figure:
    """Return the sheet as a figure."""
    width, height = paper_mm(sheet.size, portrait=sheet.portrait)
    figure = Figure(figsize=(width / MM, height / MM), facecolor="white")
    FigureCanvasAgg(figure)
    factor = min(width, height) / 210.0
    left, bottom, wide, high = _map_frame(width, height, factor)
    axes = figure.add_axes((left / width, bottom / height, wide / width, high / height))
    number = _fit(axes, sheet, (wide, high))
    _town(axes, sheet, number)
    _values(axes, sheet, factor)
    draw_margins(t, figure, sheet, (width, height, factor, number))
    return figure


def _saved(figure: Figure, sheet: Sheet, form: str, dpi: int) -> bytes:
    out = BytesIO()
    about: dict[str, Any] = {"Title": sheet.title}
    if form == "pdf":
        about |= {"Creator": "Troisdorf Twin", "CreationDate": None}
    figure.savefig(out, format=form, dpi=dpi, metadata=about)
    return out.getvalue()


def plain(sheet: Sheet, width_px: int, height_px: int) -> bytes:
    """Return the map alone as PNG, for a browser that cannot draw it itself."""
    figure = Figure(figsize=(width_px / 100, height_px / 100), facecolor=LAND)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    number = _fit(axes, sheet, (width_px / 4, height_px / 4))
    _town(axes, sheet, number)
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


def _town(axes: Axes, sheet: Sheet, number: int) -> None:
    """
    Draw land use, water, streets and buildings; as a picture in the PDF: they are many.

    Streets are as wide as they are at the scale 1 : `number`. Values of areas lie beneath them, and
    buildings are but a shade then.
    """
    city = sheet.city
    landuse = _inside(axes, city.landuse)
    kinds = landuse["class"].astype(str).to_numpy()
    for kind in dict.fromkeys(kinds):
        _fill(axes, landuse[kinds == kind], GROUND.get(kind, "#EEE9E1"), zorder=1)
    _fill(axes, _inside(axes, city.water), WATER, zorder=2)
    streets = _inside(axes, city.streets)
    drivable = streets["allow_car"].to_numpy(bool)
    beneath = sheet.values is not None and sheet.table in AREAS
    wide = float(np.clip(1000 * STREET_M / number * 72 / MM, 0.07 if beneath else 0.2, 6.0))
    _lines(axes, streets[~drivable], "#E2D9CB", 0.3 * wide, zorder=3)
    _lines(axes, streets[drivable], CASING, 1.4 * wide, zorder=4)
    _lines(axes, streets[drivable], ROAD, wide, zorder=5)
    if beneath:
        _fill(axes, _inside(axes, city.buildings), SHADE, zorder=6)
    else:
        style = {"edgecolors": EDGE, "linewidths": min(0.12 * wide, 0.4)}
        _fill(axes, _inside(axes, city.buildings), HOUSE, zorder=6, **style)


def _inside(axes: Axes, table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the rows that touch the map."""
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    box = shapely.bounds(table.geometry.to_numpy()).reshape(-1, 4)
    touch = (box[:, 0] <= east) & (box[:, 2] >= west) & (box[:, 1] <= north) & (box[:, 3] >= south)
    return table[touch]


def _fill(axes: Axes, table: gpd.GeoDataFrame, colour: Any, **style: Any) -> None:
    """Fill areas with one colour, or each with its own; a picture unless `rasterized` is False."""
    shapes = table.geometry.to_numpy()
    flat = shapely.get_dimensions(shapes) == 2
    if not flat.any():
        return
    colours = colour if isinstance(colour, str) else list(np.asarray(colour, object)[flat])
    style = {"edgecolors": "none", "linewidths": 0.0, "rasterized": True, **style}
    paths = [_path(shape) for shape in shapes[flat]]
    axes.add_collection(PathCollection(paths, facecolors=colours, **style), autolim=False)


def _path(shape: Any) -> Path:
    rings = [
        np.asarray(ring.coords)[:, :2]
        for part in shapely.get_parts(shape)
        for ring in (part.exterior, *part.interiors)
    ]
    return Path.make_compound_path(*(Path(ring, closed=True) for ring in rings))


def _lines(axes: Axes, table: gpd.GeoDataFrame, colour: Any, width: Any, **style: Any) -> None:
    """Draw lines of one colour and width [points], or each of its own."""
    parts, row = shapely.get_parts(table.geometry.to_numpy(), return_index=True)
    if not len(parts):
        return
    each: dict[str, Any] = {
        name: value if isinstance(value, str | float) else [value[n] for n in row]
        for name, value in (("colors", colour), ("linewidths", width))
    }
    lines = [np.asarray(line.coords)[:, :2] for line in parts]
    style = {"capstyle": "round", "rasterized": True, **style}
    axes.add_collection(LineCollection(lines, **each, **style), autolim=False)


def _values(axes: Axes, sheet: Sheet, factor: float) -> None:
    """Draw the rows in the colours of their values; hatched where withheld."""
    if sheet.values is None or sheet.scale is None:
        return
    table = _inside(axes, sheet.city.tables[sheet.table])
    values = sheet.values.reindex(table.index)
    colours, known = colours_of(values, sheet.scale)
    rows, kind = table[known], _dimension(table)
    if sheet.flow:
        size = np.abs(values[known].to_numpy(float))
        most = max(abs(sheet.scale.low or 0.0), abs(sheet.scale.high or 0.0)) or 1.0
        widths = (0.2 + FLOW_MM * (size / most) ** 0.72) * factor * 72 / MM
        order = np.argsort(size, kind="stable")  # what carries much lies above
        rows, colours, widths = rows.iloc[order], [colours[n] for n in order], widths[order]
        moved = rows[size[order] > 0]
        _lines(axes, moved, "white", widths[size[order] > 0] + 0.6 * factor, zorder=8)
        _lines(axes, rows, colours, widths, zorder=9, rasterized=False)
    elif kind == 1:
        _lines(axes, rows, colours, 1.4 * factor, zorder=9, rasterized=False)
    elif kind == 0:
        xy = shapely.get_coordinates(rows.geometry.to_numpy())
        axes.scatter(xy[:, 0], xy[:, 1], s=14 * factor**2, c=colours, edgecolors=INK,
                     linewidths=0.3 * factor, zorder=9)  # fmt: skip
    else:
        single = sheet.table == "buildings"
        seen = colours if single else [f"{colour}C8" for colour in colours]
        style = {"edgecolors": "white", "linewidths": (0.05 if single else 0.3) * factor}
        _fill(axes, rows, seen, zorder=7 if single else 2.5, rasterized=False, **style)
    if sheet.withheld is not None:
        away = sheet.withheld.reindex(table.index, fill_value=False).to_numpy(bool)
        style = {"edgecolors": "#8B857B", "linewidths": 0.2, "hatch": "////"}
        _fill(axes, table[away], "#E4E1DC", zorder=2.6, rasterized=False, **style)


def _dimension(table: gpd.GeoDataFrame) -> int:
    """Return 0 for places, 1 for lines, 2 for areas."""
    return int(shapely.get_dimensions(table.geometry.to_numpy()).max(initial=0))


def colours_of(values: pd.Series[Any], scale: Scale) -> tuple[list[str], NDArray[np.bool_]]:
    """Return the colour of each row that has a value, and which have one."""
    known = values.notna().to_numpy(bool)
    some = values[known]
    if scale.kind == "category":
        places = {str(word): place for place, word in enumerate(scale.breaks)}
        return [scale.colours[places.get(str(v), -1)] for v in some], known
    classes = np.searchsorted(np.asarray(scale.breaks, float), some.to_numpy(float), side="right")
    return [scale.colours[min(int(n), len(scale.colours) - 1)] for n in classes], known

"""Plots of mobility: how people travel, traffic and its greenhouse gas, what changes on streets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure

from layers.results_mobility import street_map

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from dash_app.i18n import Translator
    from twin.simulate.results import Results

    Floats = NDArray[np.float64]
    Table = Mapping[str, dict[str, dict[int, float]]]  # value, low, high by indicator and year

INK = "#1C2429"
MODES_SHOWN = {
    "mode_walk": ("On foot", "#3F7A4C", "white"),
    "mode_bike": ("By bicycle", "#D9B11E", INK),
    "mode_transit": ("By public transport", "#2A759B", "white"),
    "mode_car": ("By car", "#7A6A5E", "white"),
}
"""Label, colour of the bar and of the number in it."""

STILL = "#CFCBC5"
MORE_AND_LESS = LinearSegmentedColormap.from_list(
    "change", ["#0B3C6F", "#2E7FA8", "#8DB6CF", STILL, "#E5A98A", "#C2522D", "#7A1414"]
)
"""Red for more traffic, blue for less: also told apart by people who see no green."""

CHANGED = 1.0
"""Vehicles a weekday below which nothing changed on any street."""
WIDEST = 5.0
"""Width of the line with most traffic [points]."""
LEAST_EXTENT_M = 2000.0


def mode_shares(words: Translator, whole: Table) -> Figure | None:
    """Return the shares of modes in the trips of residents by year, as bars in parts."""
    values = {name: _by_year(whole, name) for name in MODES_SHOWN}
    if not any(np.isfinite(column).any() for column in values.values()):
        return None
    figure, (axes,) = _figure(1)
    _title(axes, words.text("Trips of residents by mode"), words.text("% of trips"))
    years = _years(whole)
    base = np.zeros(len(years))
    for name, (label, colour, ink) in MODES_SHOWN.items():
        share = np.nan_to_num(values[name])
        axes.bar(years, share, bottom=base, label=words.text(label), color=colour, width=0.62)
        for place, (start, part) in enumerate(zip(base, share, strict=True)):
            if part >= 4:
                shown = words.number(round(float(part), 1))
                axes.text(place, start + part / 2, shown, ha="center", va="center",
                          color=ink, fontsize=9)  # fmt: skip
        base = base + share
    axes.set_ylim(0, 100)
    figure.legend(loc="outside lower left", ncols=4, frameon=False, fontsize=9)
    return figure


def traffic(words: Translator, whole: Table) -> Figure | None:
    """Return kilometres driven in the town and their greenhouse gas by year, side by side."""
    km, gas = _by_year(whole, "traffic_km"), _by_year(whole, "emissions_traffic") / 1000
    if not np.isfinite(km).any():
        return None
    figure, (left, right) = _figure(2)
    title = words.text("Traffic on the streets of the town")
    _title(left, title, words.text("1,000 vehicle-km a weekday"))
    _title(right, words.text("Greenhouse gas of traffic"), words.text("1,000 t CO2e/a"))
    left.bar(_years(whole), np.nan_to_num(km), color="#7A6A5E", width=0.62)
    right.bar(_years(whole), np.nan_to_num(gas), color="#0B5F6B", width=0.62)
    if "low" in whole:
        for axes, name, factor in ((left, "traffic_km", 1.0), (right, "emissions_traffic", 1e-3)):
            low, high = (_by_year(whole, name, end) * factor for end in ("low", "high"))
            axes.vlines(np.arange(len(low)), low, high, color=INK, lw=1.2)
    return figure


def traffic_change(words: Translator, results: Results) -> Figure | None:
    """
    Return a map of the change of traffic against today in the last year, of both directions.

    Without figure where the scenario changes no street by a vehicle.
    """
    lines = both_directions(street_map(results.last))
    if not len(lines) or not (lines["change_day"].abs() >= CHANGED).any():
        return None
    limit = _round_limit(lines["change_day"].abs())
    extent = _extent(lines[lines["change_day"].abs() >= limit / 20])
    wide, high = extent[2:] - extent[:2]
    figure = Figure(figsize=(7.2, 1.0 + float(np.clip(6.0 * high / wide, 3.0, 7.0))),
                    layout="constrained")  # fmt: skip
    axes = figure.subplots()
    year = str(results.last.year)
    title = words.text("Change of traffic against today, {year}", year=year)
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold")
    _draw_streets(figure, axes, lines, limit, words)
    _frame(axes, extent)
    _scale_bar(axes, words)
    about = words.text(
        "Streets that change by less than {count} vehicles are grey; width by traffic.",
        count=words.number(limit / 20),
    )
    figure.supxlabel(about, x=0.01, ha="left", fontsize=9, color="#485259")
    return figure


def both_directions(streets: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """
    Return streets open to vehicles now or today, one line for both directions.

    Columns `flow` (the more of now and today, vehicles a weekday) and `change_day`.
    """
    if "change_day" not in streets:
        return streets
    back = streets["reverse_id"].astype(object).where(streets["reverse_id"].isin(streets.index))
    own = pd.Series(streets.index.astype(object), streets.index)
    key = own.where(back.isna() | (own <= back), back)
    now = (streets["car_day"] + streets["truck_day"]).fillna(0.0)
    sums = pd.DataFrame(
        {"now": now, "today": streets["today_day"], "change_day": streets["change_day"]}
    ).fillna(0.0).groupby(key.to_numpy()).sum()  # fmt: skip
    shapes = streets.loc[sums.index, ["geometry"]]
    lines: gpd.GeoDataFrame = shapes.assign(
        flow=sums[["now", "today"]].max(axis=1), change_day=sums["change_day"]
    )
    return lines[lines["flow"] > 0]


def _draw_streets(
    figure: Figure, axes: Axes, lines: gpd.GeoDataFrame, limit: float, words: Translator
) -> None:
    """Draw what stays grey and thin, above it what changes; the largest changes come last."""
    ordered = lines.sort_values("change_day", key=abs, kind="stable")
    change = ordered["change_day"].to_numpy(float)
    wide = 0.3 + WIDEST * np.sqrt(ordered["flow"].to_numpy(float) / ordered["flow"].max())
    still = np.abs(change) < limit / 20
    shapes = [shapely.get_coordinates(line) for line in ordered.geometry]
    quiet = LineCollection(
        [shapes[place] for place in np.flatnonzero(still)], linewidths=wide[still] * 0.5,
        colors=STILL, capstyle="round", rasterized=True,
    )  # fmt: skip
    moved = LineCollection(
        [shapes[place] for place in np.flatnonzero(~still)], linewidths=wide[~still],
        cmap=MORE_AND_LESS, norm=Normalize(-limit, limit), capstyle="round", rasterized=True,
    )  # fmt: skip
    moved.set_array(change[~still])
    axes.add_collection(quiet)
    axes.add_collection(moved)
    bar = figure.colorbar(moved, ax=axes, shrink=0.6, aspect=28, pad=0.01, extend="both",
                          format=lambda value, _: words.number(float(value)))  # fmt: skip
    bar.set_label(words.text("vehicles a weekday, both directions"), fontsize=9)
    bar.outline.set_visible(False)


def _round_limit(change: pd.Series[float]) -> float:
    """
    Return a round number near the highest changes, without the few beyond them.

    >>> _round_limit(pd.Series([0.2, 90.0, 1840.0])), _round_limit(pd.Series([4.0]))
    (2000.0, 5.0)
    """
    high = float(np.quantile(change[change >= CHANGED], 0.98))
    step = 10.0 ** np.floor(np.log10(high))
    return float(next(part * step for part in (1, 2, 3, 5, 10) if part * step >= high))


def _extent(changed: gpd.GeoDataFrame) -> Floats:
    """Return where most of the streets that change are, with some of the town around."""
    points = shapely.get_coordinates(changed.geometry.to_numpy())
    low, high = np.quantile(points, [0.03, 0.97], axis=0)
    half = np.maximum((high - low) * 0.6, LEAST_EXTENT_M / 2)
    return np.concatenate([(low + high) / 2 - half, (low + high) / 2 + half])


def _frame(axes: Axes, extent: Floats) -> None:
    """Show an extent as maps do: equal in both directions, without axes."""
    axes.set_xlim(extent[0], extent[2])
    axes.set_ylim(extent[1], extent[3])
    axes.set_aspect("equal")
    axes.grid(visible=False)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def _scale_bar(axes: Axes, words: Translator) -> None:
    """Draw a length of the map in its lower left corner."""
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    length = next(m for m in (5000, 2000, 1000, 500, 200) if m <= (right - left) / 4)
    start, level = left + (right - left) * 0.02, low + (high - low) * 0.02
    axes.plot([start, start + length], [level, level], color=INK, lw=2, solid_capstyle="butt")
    km = words.number(length / 1000, "km")
    axes.text(start, level + (high - low) * 0.012, km, fontsize=9, va="bottom")


def _by_year(whole: Table, name: str, column: str = "value") -> Floats:
    return np.array(list(whole[column][name].values()), float)


def _years(whole: Table) -> list[str]:
    return [str(year) for year in whole["value"]["emissions"]]


def _figure(columns: int) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(7.2, 3.8), layout="constrained")
    axes = figure.subplots(1, columns, squeeze=False)[0]
    return figure, list(axes)


def _title(axes: Axes, title: str, unit: str) -> None:
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold")
    axes.set_ylabel(unit)
    axes.grid(visible=False, axis="x")

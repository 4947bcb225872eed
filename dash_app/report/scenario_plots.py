"""Plots of a scenario: carriers, greenhouse gas, money, load over the year, mobility."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any, cast

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from dash_app.report.mobility_plots import mode_shares, traffic, traffic_change
from twin.indicators import INDICATORS, by_year

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes

    from dash_app.i18n import Translator
    from twin.simulate.results import Results

    Table = Mapping[str, dict[str, dict[int, float]]]  # value, low, high by indicator and year

INK, QUIET, LINE = "#1C2429", "#485259", "#E5E0D8"
CARRIER_COLOURS = {
    "heat_gas": "#B9873A", "heat_oil": "#6B5B4E", "heat_coal": "#3E3A37",
    "heat_green_gas": "#DDBB7C", "heat_green_oil": "#A89685", "heat_biomass": "#4F8A5B",
    "heat_district_heat": "#A8476A", "heat_electricity": "#2E7FA8", "heat_ambient_heat": "#94C9CB",
}  # fmt: skip
MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
WRITTEN_BY = {"svg": ("Date", "Creator", "Format", "Type"), "png": ("Software",)}
"""What matplotlib would write into a file: the time, and addresses of other hosts."""

STYLE = {
    "font.size": 10, "text.color": INK, "axes.labelcolor": QUIET, "axes.edgecolor": LINE,
    "xtick.color": QUIET, "ytick.color": QUIET, "axes.spines.top": False,
    "axes.spines.right": False, "axes.grid": True, "grid.color": LINE, "axes.axisbelow": True,
    "svg.hashsalt": "troisdorf-twin", "svg.fonttype": "path", "figure.facecolor": "white",
}  # fmt: skip


def scenario_plots(
    words: Translator, results: Results, indicators: pd.DataFrame
) -> dict[str, Figure]:
    """
    Return the plots by name; those of mobility only where there is something to see.

    Parameters
    ----------
    indicators
        Table of `indicator_table`; with `low` and `high` the range is drawn.
    """
    columns = [name for name in ("value", "low", "high") if name in indicators]
    whole = {name: by_year(indicators, name) for name in columns}
    with mpl.rc_context(cast("Any", STYLE)):
        moved = {
            "modes": mode_shares(words, whole),
            "traffic": traffic(words, whole),
            "traffic_change": traffic_change(words, results),
        }
        return {
            "final_energy": _carriers(words, whole),
            "emissions": _emissions(words, whole),
            "costs": _costs(words, whole),
            "load": _load(words, results),
            "months": _months(words, results),
            **{name: figure for name, figure in moved.items() if figure is not None},
        }


def as_svg(figure: Figure) -> str:
    """Return a figure as SVG text without date, the same bytes each time."""
    return _drawn(figure, "svg").decode().split("<!DOCTYPE", 1)[-1].split(">", 1)[-1]


def as_png(figure: Figure) -> bytes:
    """Return a figure as PNG for papers and slides, 200 dots an inch."""
    return _drawn(figure, "png")


def _drawn(figure: Figure, kind: str) -> bytes:
    buffer = BytesIO()
    metadata = dict.fromkeys(WRITTEN_BY[kind])
    with mpl.rc_context(cast("Any", STYLE)):
        figure.savefig(buffer, format=kind, dpi=200, metadata=metadata)
    return buffer.getvalue()


def _axes(title: str, unit: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(7.2, 3.8), layout="constrained")
    axes = figure.subplots()
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold")
    axes.set_ylabel(unit)
    axes.grid(visible=False, axis="x")
    return figure, axes


def _by_year(whole: Table, name: str, column: str = "value") -> np.ndarray:
    found: np.ndarray = np.nan_to_num(np.array(list(whole[column][name].values())))
    return found


def _years(whole: Table) -> list[int]:
    return list(whole["value"]["emissions"])


def _stack(
    axes: Axes, years: list[str], parts: Mapping[str, tuple[np.ndarray, str | None]]
) -> None:
    base = np.zeros(len(years))
    for label, (values, colour) in parts.items():
        axes.bar(years, values, bottom=base, label=label, color=colour, width=0.62)
        base = base + values


def _carriers(words: Translator, whole: Table) -> Figure:
    figure, axes = _axes(words.text("Final energy for heat by carrier"), "GWh/a")
    parts = {}
    for name, colour in CARRIER_COLOURS.items():
        values = _by_year(whole, name) / 1000
        if values.max(initial=0) > 0:
            parts[words.text(INDICATORS[name].label)] = (values, colour)
    _stack(axes, [str(year) for year in _years(whole)], parts)
    _legend(figure, axes)
    return figure


def _emissions(words: Translator, whole: Table) -> Figure:
    figure, axes = _axes(words.text("Greenhouse gas"), words.text("1,000 t CO2e/a"))
    values = _by_year(whole, "emissions") / 1000
    label = words.text("All energy of buildings")
    axes.plot(_years(whole), values, color="#0B5F6B", marker="o", label=label)
    if "low" in whole:
        low, high = (_by_year(whole, "emissions", end) / 1000 for end in ("low", "high"))
        label = words.text("Range of the assumptions")
        axes.fill_between(_years(whole), low, high, color="#0B5F6B", alpha=0.18, lw=0, label=label)
    heat = _by_year(whole, "emissions_heat") / 1000
    axes.plot(_years(whole), heat, color="#9C4A10", marker="s", label=words.text("Heat alone"))
    axes.set_ylim(bottom=0)
    axes.set_xticks(_years(whole))
    _legend(figure, axes)
    return figure


def _costs(words: Translator, whole: Table) -> Figure:
    figure, axes = _axes(words.text("Annual costs"), words.text("million EUR/a"))
    energy = _by_year(whole, "energy_cost")
    rest = _by_year(whole, "annual_cost") - energy
    years = [str(year) for year in _years(whole)]
    parts = {
        words.text("Energy"): (energy, "#2E7FA8"),
        words.text("Investment as annuity, and upkeep"): (rest, "#B4B7B8"),
    }
    _stack(axes, years, parts)
    _legend(figure, axes)
    return figure


def _load(words: Translator, results: Results) -> Figure:
    figure, axes = _axes(words.text("Load over the year, highest hours first"), "MW")
    ends = {min(results.years): "--", max(results.years): "-"}
    lines = {"heat_w": ("Heat", "#A8476A"), "import_w": ("Grid load", "#2E7FA8")}
    for year, dashes in ends.items():
        for column, (label, colour) in lines.items():
            ordered = np.sort(results.years[year].hourly[column].to_numpy())[::-1] / 1e6
            axes.plot(ordered, dashes, color=colour, label=f"{words.text(label)} {year}")
    axes.set_xlabel(words.text("Hours of the year"))
    axes.set_xlim(0, 8760)
    _legend(figure, axes)
    return figure


def _months(words: Translator, results: Results) -> Figure:
    year = results.last.year
    title = words.text("Heat and electricity by month, {year}", year=str(year))
    figure, axes = _axes(title, "GWh")
    hourly = results.last.hourly
    months = np.repeat(np.arange(12), 24 * np.array(MONTH_DAYS))
    lines = {
        "heat_w": ("Heat", "#A8476A"),
        "electricity_w": ("Electricity demand", "#2E7FA8"),
        "pv_w": ("Solar power", "#D9B11E"),
    }
    for place, (column, (label, colour)) in enumerate(lines.items()):
        sums = np.bincount(months, hourly[column].to_numpy()) / 1e9
        axes.bar(np.arange(1, 13) + (place - 1) * 0.27, sums, 0.27, color=colour,
                 label=words.text(label))  # fmt: skip
    axes.set_xticks(range(1, 13))
    axes.set_xlabel(words.text("Month"))
    _legend(figure, axes)
    return figure


def _legend(figure: Figure, axes: Axes) -> None:
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower left", ncols=3,
                  frameon=False, fontsize=9)  # fmt: skip

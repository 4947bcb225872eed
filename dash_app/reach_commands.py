"""What `twin reach`, `twin trip` and `twin access` do."""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pyproj import Transformer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from layers.city_store import open_city
from layers.web import disk_errors
from twin.assumptions import assumptions
from twin.classes import FACILITIES
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from dash_app.i18n import Translator
    from twin.city import City
    from twin.mobility.accessibility import Options

    Floats = NDArray[np.float64]

MODES = ("walk", "bike", "transit", "car")
LAND = (".gpkg", ".geojson")
TABLES = (".gpkg", ".csv")
WGS84 = "EPSG:4326"


def reach_command(
    words: Translator, folder: Path, origin: str, *, mode: str, minutes: str, out: Path | None
) -> None:
    """Print who and what is reached from a place within some minutes; write the areas."""
    limits = read_minutes(minutes)
    if mode not in MODES:
        template = "There is no mode called {mode}."
        raise SourceError(template, hint="Known are {modes}.", mode=mode, modes=", ".join(MODES))
    check_out(out, LAND)
    city = open_city(folder)
    at = place_in(city, origin)

    from dash_app.reach_town import Town, areas_of  # noqa: PLC0415 - loads numba

    town = Town(city, assumptions())
    areas, counts = areas_of(town, at, mode, limits)
    _print_reached(words, areas, counts, mode)
    if out:
        write_layers(words, out, {"reach": areas.assign(mode=mode)})


def trip_command(
    words: Translator, folder: Path, ends: tuple[str, str], *, at: str, out: Path | None
) -> None:
    """Print what each mode offers for one trip; write the ways."""
    departure = read_time(at)
    check_out(out, LAND)
    city = open_city(folder)
    a, b = (place_in(city, text) for text in ends)

    from dash_app.reach_town import Town, trip_in  # noqa: PLC0415 - loads numba

    options = trip_in(Town(city, assumptions()), a, b, departure)
    _print_trip(words, options)
    if out:
        write_layers(words, out, {"trip": options.legs()})


def access_command(words: Translator, folder: Path, out: Path | None) -> None:
    """Print how near daily life is by district; write the minutes of every building."""
    check_out(out, TABLES)
    city = open_city(folder)

    from dash_app.reach_town import Town, access_in  # noqa: PLC0415 - loads numba

    town = Town(city, assumptions())
    found = access_in(town)
    _print_access(words, city, found.by_group)
    if out:
        write_layers(words, out, {"buildings": found.buildings, "cells": found.cells})


def read_minutes(text: str) -> list[float]:
    """
    Return minutes given with commas, rising, each once.

    >>> read_minutes("15, 5,10")
    [5.0, 10.0, 15.0]
    """
    try:
        values = sorted({float(part) for part in text.split(",") if part.strip()})
    except ValueError:
        values = []
    if not values or not all(0 < value <= 120 for value in values):
        template = "{text} are no minutes."
        hint = "Give numbers above 0 and up to 120 with commas, e.g. 5,10,15."
        raise SourceError(template, hint=hint, text=text or '""')
    return values


def read_time(text: str) -> int:
    """
    Return a time of day in seconds.

    >>> read_time("8:05")
    29100
    """
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text.strip())
    if not found:
        template = "{text} is no time of day."
        raise SourceError(template, hint="Write it like 08:00.", text=text or '""')
    return int(found[1]) * 3600 + int(found[2]) * 60


def read_place(text: str) -> tuple[float, float]:
    """
    Return longitude and latitude.

    >>> read_place("7.15,50.81")
    (7.15, 50.81)
    """
    parts = re.split(r"[,; ]+", text.strip())
    try:
        lon, lat = (float(part) for part in parts)
    except ValueError:
        lon = lat = float("nan")
    if not (abs(lon) <= 180 and abs(lat) <= 90):
        template = "{text} is no place."
        hint = "Give longitude and latitude in degrees, e.g. 7.15,50.81."
        raise SourceError(template, hint=hint, text=text or '""')
    return lon, lat


def place_in(city: City, text: str) -> Floats:
    """Return a place [m] in the CRS of the city; `SourceError` where it lies outside."""
    lon, lat = read_place(text)
    if not len(city.streets):
        template = "{city} has no streets."
        raise SourceError(template, hint="Build it from sources with streets.", city=city.name)
    x, y = Transformer.from_crs(WGS84, city.crs, always_xy=True).transform(lon, lat)
    west, south, east, north = city.streets.total_bounds
    if not (west <= x <= east and south <= y <= north):
        back = Transformer.from_crs(city.crs, WGS84, always_xy=True)
        low, high = back.transform(west, south), back.transform(east, north)
        template = "{text} lies outside {city}."
        hint = "Longitude comes first; the city reaches from {low} to {high}."
        corners = {"low": _degrees(low), "high": _degrees(high)}
        raise SourceError(template, hint=hint, text=text, city=city.name, **corners)
    return np.array([x, y])


def _degrees(at: tuple[float, float]) -> str:
    return f"{at[0]:.4f},{at[1]:.4f}"


def check_out(out: Path | None, endings: Sequence[str]) -> None:
    """Refuse a file that cannot be written as asked, before anything slow happens."""
    if out is None:
        return
    if out.suffix.lower() not in endings:
        template = "{path} has an ending that is not known."
        hint = "Known are {endings}."
        raise SourceError(template, hint=hint, path=out, endings=", ".join(endings))
    if out.exists():
        template = "{path} exists already."
        raise SourceError(template, hint="Choose another name or remove it.", path=out)


def write_layers(words: Translator, out: Path, layers: dict[str, gpd.GeoDataFrame]) -> None:
    """Write tables to one file, whole or not at all; GeoJSON in degrees, CSV the first only."""
    with _whole(out) as part:
        if out.suffix.lower() == ".csv":
            first = next(iter(layers.values()))
            pd.DataFrame(first.drop(columns="geometry")).to_csv(part, float_format="%.2f")
        elif out.suffix.lower() == ".geojson":
            for layer in layers.values():
                layer.to_crs(WGS84).to_file(part, driver="GeoJSON")
        else:
            for name, layer in layers.items():
                layer.to_file(part, driver="GPKG", layer=name)
    line = words.text("Written to {path}.", path=str(out))
    _console().print(line, highlight=False, markup=False)


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """Give a file to write that takes the place of `path` at the end, or never."""
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as stage:
            part = Path(stage) / path.name
            yield part
            os.replace(part, path)  # noqa: PTH105 - Path.replace says the same


def _print_reached(
    words: Translator, areas: gpd.GeoDataFrame, counts: pd.DataFrame, mode: str
) -> None:
    title = words.text("Reached: {mode}", mode=words.word(mode, "trip_mode"))
    table = Table(title=title, title_justify="left")
    table.add_column(words.text("Minutes"), justify="right")
    for name in counts:
        label = (
            words.text("Residents") if name == "residents" else words.word(str(name), "facility")
        )
        table.add_column(escape(label), justify="right")
    table.add_column(words.text("Area (ha)"), justify="right")
    for row, (_, count) in enumerate(counts.iterrows()):
        area = words.number(float(areas["area_m2"].iloc[row]) / 1e4)
        cells = [words.number(float(round(value))) for value in count]
        table.add_row(words.number(float(areas["minutes"].iloc[row])), *cells, area)
    _console().print(table)
    if mode == "car":
        _note(words, "Cars drive as on empty streets; traffic is part of `twin run`.")


def _print_trip(words: Translator, options: Options) -> None:
    table = Table(title=words.text("One trip"), title_justify="left")
    table.add_column("")
    for label in ("Minutes", "Kilometres", "EUR", "g CO2e", "High stress (%)", "Changes"):
        table.add_column(words.text(label), justify="right")
    for mode, row in options.table().iterrows():
        name = words.word(str(mode), "trip_mode")
        if not np.isfinite(row["minutes"]):
            table.add_row(name, words.text("no way"))
            continue
        figures = [row["minutes"], row["km"], row["cost_eur"], row["co2e_g"]]
        figures += [100 * row["stress_share"], row["transfers"]]
        table.add_row(name, *(words.number(float(value)) for value in figures))
    _console().print(table)
    if "transit" not in options.by_mode:
        _note(words, "The city has no timetable: public transport is left out.")
    _note(words, "Cars drive as on empty streets; traffic is part of `twin run`.")


def _print_access(words: Translator, city: City, by_group: pd.DataFrame) -> None:
    title = words.text("Reached within 15 minutes on foot, % of residents")
    table = Table(title=title, title_justify="left")
    table.add_column("")
    table.add_column(words.text("Residents"), justify="right")
    kinds = [kind for kind in FACILITIES if f"share_{kind}" in by_group]
    for kind in kinds:
        table.add_column(words.word(kind, "facility"), justify="right")
    table.add_column(words.text("All"), justify="right")
    names = city.districts["name"]
    for (by, group), row in _areas(by_group):
        label = city.name if by == "city" else str(names.get(group, group))
        shares = [*(row[f"share_{kind}"] for kind in kinds), row["all_kinds"]]
        cells = (words.number(float(np.round(100 * share))) for share in shares)
        people = words.number(float(round(row["residents"])))
        table.add_row(escape(label), people, *cells, end_section=by == "city")
    _console().print(table)


def _areas(by_group: pd.DataFrame) -> Iterator[tuple[tuple[str, str], pd.Series[float]]]:
    """Yield the rows of the city and its districts."""
    places = by_group.index.get_level_values("by").isin(["city", "district"])
    for name, row in by_group[places].iterrows():
        by, group = name if isinstance(name, tuple) else ("", name)
        yield (str(by), str(group)), row


def _note(words: Translator, sentence: str) -> None:
    _console().print(words.text(sentence), style="yellow", highlight=False, markup=False)


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=160)

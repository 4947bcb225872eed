"""Writes the recording of a demo and the `sensors.toml` that plays it."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict
from datetime import date, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from layers.sensors.demo.days import demo_week
from layers.sensors.demo.places import SOURCE, demo_streams
from layers.web import disk_errors

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from layers.sensors.records import Datastream
    from twin.city import City

EDITION = 2  # of places and curves; a recording of another one is written anew
ZONE = ZoneInfo("Europe/Berlin")
HOURLY = ("air_temperature", "global_radiation")
DAYS_BEFORE = 8  # so that counters have a whole week

SETTINGS = """# Feeds of the demo: a week that was never measured, played again on today's clock.
[retention]
raw_days = 0

[health]
on = false

[[source]]
name = "demo"
kind = "replay"
file = "week.parquet"
days_before = {days}
attribution = "Erfunden für die Vorführung, nie gemessen"

[[source]]
name = "demo-year"
kind = "replay"
file = "year.parquet"
shift = "none"
speed = "max"
attribution = "Erfunden für die Vorführung, nie gemessen"
"""


def write_demo(city: City, folder: Path, *, today: date) -> Path:
    """
    Return the `sensors.toml` of a city's demo below a folder, written where it is not there yet.

    There is one recording for each city and week of the year, always the same.

    Raises
    ------
    SourceError
        The folder cannot be written.
    """
    monday = _monday(today)
    target = folder / f"{city.hash[:16]}-{EDITION}-{monday}"
    settings = target / "sensors.toml"
    if settings.exists():
        return settings
    part = folder / f".{target.name}.{os.getpid()}"
    with disk_errors(part):
        part.mkdir(parents=True, exist_ok=True)
        try:
            streams = demo_streams(city)
            _write(part, "week", demo_week(city, streams, monday), streams)
            yearly = tuple(stream for stream in streams if stream.property in HOURLY)
            _write(part, "year", _year(city, yearly, today), yearly, name="{}, Stundenwerte")
            (part / "sensors.toml").write_text(SETTINGS.format(days=DAYS_BEFORE), "utf-8")
            for older in folder.glob(f"{city.hash[:16]}-*"):
                shutil.rmtree(older, ignore_errors=True)
            part.rename(target)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return settings


def _monday(today: date) -> date:
    """Return the Monday of the last whole week in which no clock was changed."""
    monday = today - timedelta(days=today.weekday() + 7)
    ends = [pd.Timestamp(monday + timedelta(days=days), tz=ZONE).utcoffset() for days in (0, 7)]
    return monday if ends[0] == ends[1] else monday - timedelta(days=7)


def _write(
    folder: Path, kind: str, table: pd.DataFrame, streams: Iterable[Datastream], name: str = "{}"
) -> None:
    table.assign(stream=table["stream"].str.removeprefix(f"{SOURCE}/")).to_parquet(
        folder / f"{kind}.parquet", index=False
    )
    told = []
    for stream in streams:
        known = {key: value for key, value in asdict(stream).items() if value not in (None, "")}
        known |= {"stream": known.pop("key").removeprefix(f"{SOURCE}/")}
        known["name"] = name.format(stream.name)
        if kind == "year":
            del known["interval_s"]  # it ends with yesterday and is not overdue for that
        del known["source"], known["replayed"]
        told.append(known)
    text = json.dumps(told, ensure_ascii=False, indent=1)
    (folder / f"{kind}.streams.json").write_text(text, "utf-8")


def _year(city: City, streams: Iterable[Datastream], today: date) -> pd.DataFrame:
    """Return hours from January to yesterday: the weather year of the city, a little warmer."""
    hours = pd.date_range(f"{today.year}-01-01", today, freq="h", tz="UTC", inclusive="left")
    weather = city.tables["weather"]
    dice = np.random.default_rng(today.year)
    rows = np.arange(len(hours)) % len(weather)
    days = np.repeat(dice.normal(0.6, 1.8, len(hours) // 24 + 1), 24)[: len(hours)]
    tables = []
    for stream in streams:
        if stream.property == "air_temperature":
            value = weather["temperature_c"].to_numpy(float)[rows] + days + stream.extra["warmer"]
        else:
            value = weather["ghi_wm2"].to_numpy(float)[rows] * dice.uniform(0.8, 1.2, len(hours))
        shown = hours.strftime("%Y-%m-%dT%H:%M:%SZ")
        tables.append(pd.DataFrame({"stream": stream.key, "time": shown, "value": value.round(1)}))
    return pd.concat(tables, ignore_index=True)

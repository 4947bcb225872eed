"""Trips that run every so many minutes: each of them becomes a trip of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from layers.transit.notes import noted
from layers.transit.times import SOURCES, seconds

if TYPE_CHECKING:
    from twin.provenance import Finding

SHORTEST_HEADWAY_S = 10.0
"""No vehicle follows another closer; a smaller number is a fault of units or worse."""
Array = np.ndarray[Any, Any]


def clean_frequencies(raw: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    """
    Return `trip`, `start_s`, `end_s`, `headway_s` [s], `exact` and the number of `runs`.

    `raw` is the table as text with `trip`, the row of the trip or -1. A run starts at `start_s`
    and every `headway_s` thereafter, before `end_s`.
    """
    start, end = seconds(raw["start_time"]), seconds(raw["end_time"])
    headway = pd.to_numeric(raw["headway_secs"], errors="coerce")
    known = raw["trip"] >= 0
    good = known & (start < end) & (headway >= SHORTEST_HEADWAY_S)
    runs = np.ceil((end - start) / headway.where(good, np.inf))
    out = pd.DataFrame(
        {
            "trip": raw["trip"],
            "start_s": start,
            "end_s": end,
            "headway_s": headway,
            "exact": raw["exact_times"] == "1",
            "runs": runs,
        }
    )[good]
    message = "{count} frequencies belong to trips that the feed does not have; left out."
    found = noted("frequency_trip_unknown", "trips", raw["trip_id"][~known], message)
    message = "{count} of {total} frequencies have no usable times or headway; left out."
    bad = raw["trip_id"][known & ~good]
    found += noted("frequency_bad", "trips", bad, message, total=len(raw))
    out = out.sort_values(["trip", "start_s", "headway_s"], kind="stable")
    return out.astype({"runs": "int64"}).reset_index(drop=True), found


def expand(
    trips: pd.DataFrame, times: pd.DataFrame, every: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, list[Finding]]:
    """
    Return trips and stop times with every run of a frequency as a trip of its own.

    The run that starts at 07:10:00 is called `id@25800`. Its stop times are those of the trip,
    moved; where the headway only is promised (`exact_times` 0), they are `estimated:headway`.
    `times` is sorted by trip and has no gaps.
    """
    if every.empty:
        return trips, times, []
    row = np.repeat(np.arange(len(every)), every["runs"])
    step = np.arange(len(row)) - np.repeat(np.cumsum(every["runs"]) - every["runs"], every["runs"])
    runs = every.iloc[row].reset_index(drop=True)
    runs["begin"] = runs["start_s"] + step.to_numpy() * runs["headway_s"]
    again = runs.duplicated(["trip", "begin"])
    base = trips["trip_id"].to_numpy(dtype=object)
    message = "{count} runs of overlapping frequencies start at the same time; one each counts."
    found = noted("frequency_twice", "trips", base[runs["trip"][again]], message)
    runs = runs[~again].reset_index(drop=True)
    templates = np.zeros(len(trips), dtype=bool)
    templates[runs["trip"]] = True
    fresh = trips.iloc[runs["trip"]].reset_index(drop=True)
    fresh["trip_id"] = fresh["trip_id"] + "@" + runs["begin"].astype("int64").astype("str")
    moved = _moved(times, runs, first=len(trips))
    every_trip = pd.concat([trips, fresh], ignore_index=True)
    kept = np.append(~templates, np.ones(len(fresh), dtype=bool))
    renumbered = np.cumsum(kept) - 1
    out = pd.concat([times[~templates[times["trip"].to_numpy()]], moved], ignore_index=True)
    out["trip"] = renumbered[out["trip"].to_numpy()]
    return every_trip[kept].reset_index(drop=True), out, found


def _moved(times: pd.DataFrame, runs: pd.DataFrame, *, first: int) -> pd.DataFrame:
    """Return the stop times of all runs; the first run is trip number `first`."""
    trip = times["trip"].to_numpy()
    start = np.searchsorted(trip, runs["trip"], side="left")
    count = np.searchsorted(trip, runs["trip"], side="right") - start
    run = np.repeat(np.arange(len(runs)), count)
    place = np.arange(len(run)) - np.repeat(np.cumsum(count) - count, count) + start[run]
    out: pd.DataFrame = times.iloc[place].reset_index(drop=True)
    begin = runs["begin"].to_numpy()[run]
    shift = begin - times["departure_s"].to_numpy()[start[run]]
    loose = ~runs["exact"].to_numpy(dtype=bool)[run]
    return out.assign(
        trip=first + run,
        arrival_s=np.maximum(out["arrival_s"] + shift, 0.0),
        departure_s=out["departure_s"] + shift,
        told=out["told"].where(~loose, SOURCES.index("estimated:headway")),
    )

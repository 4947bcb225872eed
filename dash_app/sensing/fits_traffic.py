"""Counted vehicles against the assigned flows of a run: the comparison as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dash_app.sensing.places import places_of as stream_places
from dash_app.views.rows import of_streets, street_mean
from layers.sensors.quality import DOUBTFUL
from layers.traffic_counts import place_counts
from twin.mobility.demand import hour_shares
from twin.observed.congestion import CongestionFit, compare_congestion, hourly_load
from twin.observed.count_days import CountProfile, count_profile, full_hours
from twin.observed.counts import (
    CountFit,
    adjustment_table,
    compare_counts,
    counted_hours,
    hourly_flows,
)
from twin.observed.segments import match_segments, of_segments
from twin.sentences import Sentence, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dash_app.sensing.seen import Seen
    from twin.city import City
    from twin.simulate.results import YearResults

VEHICLES = "vehicles"
LOADS = "traffic_load"
DAYS = 28
"""Days back from the newest count that are compared: four of each day of the week."""


@dataclass(frozen=True, eq=False)
class TrafficFit:
    """
    What counters say of the flows of one run.

    `fit` has counters by number; `names` by number; `counts` are the counted directions as the
    adjustment of the matrix takes them. `since`, `until`: first and last counted hour.
    """

    fit: CountFit
    names: Mapping[int, str]
    streets: Mapping[int, str]  # name of the street
    counts: pd.DataFrame
    profiles: Mapping[Any, CountProfile]
    since: pd.Timestamp | None
    until: pd.Timestamp | None
    left_out: tuple[Sentence, ...]  # with those of `fit`


def counters_of(streams: Mapping[int, Seen]) -> dict[int, Seen]:
    """Return the counters of vehicles among datastreams."""
    return {
        number: one
        for number, one in streams.items()
        if one.stream.property == VEHICLES and one.stream.statistic == "count"
    }


def traffic_fit(
    streams: Mapping[int, Seen], hours: pd.DataFrame, year: YearResults, city: City
) -> TrafficFit:
    """
    Return how the flows of a run fit what was counted on weekdays.

    Parameters
    ----------
    streams
        Counters by number, those the viewer may see.
    hours
        Their hours as the store gives them: `number`, `at` (begin, UTC), `mean`, `sum`, `n`,
        `flags`.
    """
    profiles, left_out = _profiles(streams, hours)
    places, reverse, lost = places_of(streams, city)
    fit = compare_counts(counted_hours(profiles, places), flows_of(year, city), reverse=reverse)
    names = {number: one.stream.name for number, one in streams.items()}
    called = city.streets["name"]
    streets = {
        int(str(number)): str(called.get(street) or "")
        for number, street in fit.counters["street"].items()
    }
    return TrafficFit(
        fit, names, streets, adjustment_table(profiles, places, reverse=reverse), profiles,
        hours["at"].min() if len(hours) else None, hours["at"].max() if len(hours) else None,
        (*left_out, *lost, *fit.left_out),
    )  # fmt: skip


def _profiles(
    streams: Mapping[int, Seen], hours: pd.DataFrame
) -> tuple[dict[Any, CountProfile], tuple[Sentence, ...]]:
    """Return the average days of each counter, and whose hours say nothing."""
    found: dict[Any, CountProfile] = {}
    left_out = []
    for number, table in hours.groupby("number"):
        one = streams[int(str(number))].stream
        own = table.set_index("at").sort_index()
        if one.interval_s is not None and one.interval_s > 3_600:
            left_out.append(
                say("{name} reports less than once an hour and cannot be compared.", name=one.name)
            )
            continue
        counted = full_hours(own, one.interval_s)
        doubtful = pd.Series((own["flags"].to_numpy(np.int64) & DOUBTFUL) != 0, own.index)
        found[int(str(number))] = count_profile(counted, doubtful=doubtful)
    silent = sorted(streams[number].stream.name for number in set(streams) - set(found))
    if len(silent) > len(left_out):
        count = len(silent) - len(left_out)
        left_out.append(say("{count} counters have no hour in this time.", count=count))
    return found, tuple(left_out)


def places_of(
    streams: Mapping[int, Seen], city: City
) -> tuple[pd.DataFrame, pd.Series, tuple[Sentence, ...]]:
    """
    Return on which street each counter stands: `street`, `both` by number; and the other sides.

    A street that the source names counts, then its place, within 50 m, as `twin run --counts` finds
    it. Also returned: by street the one of the other direction, of carriageways besides.
    """
    streets = city.streets
    reverse = streets["reverse_id"].dropna().astype(object)
    rows = [_row_of(one, streets.index) for one in streams.values()]
    wanted = pd.DataFrame(rows, index=pd.Index(list(streams), name="count"))
    if not len(wanted) or not len(streets):
        return pd.DataFrame({"street": [], "both": []}), reverse, ()
    placed = place_counts(wanted, streets, latest_only=False).table
    grouped = placed.groupby("count")["street"]
    places = pd.DataFrame({"street": grouped.first(), "both": grouped.size() > 1})
    pairs = placed[placed["count"].map(places["both"])].groupby("count")["street"].agg(list)
    sides = {str(a): str(b) for a, b in pairs} | {str(b): str(a) for a, b in pairs}
    other = pd.concat([reverse[~reverse.index.isin(list(sides))], pd.Series(sides, dtype=object)])
    places = _with_segments(places, streams, city)
    lost = [streams[n].stream.name for n in streams if n not in places.index]
    said = (
        (say("{count} counters are on no street of the town: {names}", count=len(lost),
             names=", ".join(sorted(lost)[:5])),)
        if lost else ()
    )  # fmt: skip
    return places, other, said


def _with_segments(places: pd.DataFrame, streams: Mapping[int, Seen], city: City) -> pd.DataFrame:
    """Add the counters that stand nowhere, but for a segment along a street."""
    lost = [n for n in streams if n not in places.index]
    along = {n: streams[n].stream for n in lost if streams[n].stream.line}
    if not along:
        return places
    found = stream_places(along, city)
    return pd.concat([places, found.loc[found["street"] != "", ["street", "both"]]])


def _row_of(one: Seen, known: pd.Index) -> dict[str, object]:
    """Return a counter as a line of a table of counts."""
    stream = one.stream
    is_id = stream.street in known
    return {
        "street": stream.street if is_id else "",
        "road": "" if is_id else stream.street,
        "lon": np.nan if stream.lon is None else stream.lon,
        "lat": np.nan if stream.lat is None else stream.lat,
        "direction": stream.direction,
        "vehicles_day": 1.0,
        "spelt": "1",
    }


def flows_of(year: YearResults, city: City) -> pd.DataFrame:
    """Return modelled vehicles an hour by street of the baseline; empty without traffic."""
    traffic = year.answers["traffic"]
    if traffic is None:
        return pd.DataFrame(columns=range(24), dtype=float)
    each = {
        name: street_mean(year, city, of_streets(year, traffic, name)) for name in ("car", "truck")
    }
    table = pd.DataFrame(each, city.streets.index).dropna(how="all").fillna(0.0)
    table = table[city.streets["allow_car"].reindex(table.index).to_numpy(bool)]
    return hourly_flows(table, hour_shares(year.answers.given))


@dataclass(frozen=True, eq=False)
class LoadRanks:
    """
    Relative loads of streets (no vehicles) against modelled loads: whether the order is the same.

    `fit` has segments by number of their datastream.
    """

    fit: CongestionFit
    names: Mapping[int, str]
    hours: int  # pairs of segment and hour
    left_out: tuple[Sentence, ...]


def load_ranks(
    streams: Mapping[int, Seen], hours: pd.DataFrame, year: YearResults, city: City
) -> LoadRanks:
    """Return how far relative and modelled loads agree in their order, hour by hour of weekdays."""
    told = {
        int(str(number)): count_profile(table.set_index("at")["mean"].astype(float))
        for number, table in _believed(hours).groupby("number")
    }
    observed = pd.DataFrame({n: one.hours["weekday"] for n, one in told.items()}).T
    modelled = _segment_loads(streams, year, city)
    found = compare_congestion(observed, modelled)
    lost = len(streams) - len(found.segments)
    said = (say("{count} segments are on no street with modelled traffic.", count=lost),)
    names = {n: one.stream.name for n, one in streams.items()}
    return LoadRanks(found, names, int(found.hours["segments"].sum()), said if lost else ())


def _segment_loads(streams: Mapping[int, Seen], year: YearResults, city: City) -> pd.DataFrame:
    """Return modelled load over capacity by datastream and hour, along its segment or street."""
    traffic = year.answers["traffic"]
    if traffic is None or not len(city.streets):
        return pd.DataFrame(columns=range(24), dtype=float)
    names = ("car", "truck", "car_peak", "truck_peak", "load")
    each = {name: street_mean(year, city, of_streets(year, traffic, name)) for name in names}
    table = pd.DataFrame(each, city.streets.index).dropna(how="all")
    loads = hourly_load(table, hour_shares(year.answers.given))
    lines = {str(n): one.stream.line for n, one in streams.items() if one.stream.line}
    matches = match_segments(lines, city.streets, skip_wrong=True)
    along = of_segments(matches, loads)
    along.index = along.index.astype(int)
    rest = {n: one.stream for n, one in streams.items() if n not in along.index}
    if not rest:
        return along
    streets = stream_places(rest, city)["street"]
    streets = streets[streets.isin(loads.index)]
    return pd.concat([along, loads.loc[streets].set_axis(streets.index)])


def _believed(hours: pd.DataFrame) -> pd.DataFrame:
    """Return the hours whose values are not doubted."""
    found: pd.DataFrame = hours[(hours["flags"].to_numpy(np.int64) & DOUBTFUL) == 0]
    return found


def deviation(fit: TrafficFit, city: City) -> pd.Series:
    """Return by street by how much the model is above the count [%]; missing where not counted."""
    found: pd.Series = fit.fit.streets["deviation_percent"].reindex(city.streets.index)
    return found.astype(float)

"""Clock times to seconds, and stop times in order: sorted, repaired, gaps filled."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from layers.transit.notes import noted

if TYPE_CHECKING:
    from twin.provenance import Finding

DAY_S = 86_400.0
SOURCES = ("tagged", "estimated:interpolated", "estimated:headway")
"""Where times come from; tables of millions of rows hold the place in here."""
NIGHT_S = 64_800.0  # who falls back further than 18 h has passed midnight
CLOCK = r"^(?P<h>\d{1,3}):(?P<m>[0-5]?\d)(?::(?P<s>[0-5]?\d)(?:\.\d+)?)?$"
LATEST_S = 400_000.0  # what the schema allows: four days and a half
Array = np.ndarray[Any, Any]


def seconds(times: pd.Series[Any]) -> pd.Series[Any]:
    """
    Return clock times as seconds after midnight, NaN where they are no times.

    Hours may have one digit and pass 24. Only distinct texts are parsed, which a timetable has
    few of.

    >>> import pandas as pd
    >>> seconds(pd.Series(["7:05:09", "25:00:00", "07:05", "noon"])).tolist()
    [25509.0, 90000.0, 25500.0, nan]
    """
    whole = pa.array(times, pa.string(), from_pandas=True)
    whole = whole.combine_chunks() if isinstance(whole, pa.ChunkedArray) else whole
    texts = whole.dictionary_encode()
    parts = pc.extract_regex(texts.dictionary, CLOCK)
    h, m, s = (pc.struct_field(parts, name) for name in "hms")
    s = pc.if_else(pc.equal(s, ""), "0", s)
    h, m, s = (pc.cast(part, pa.float64()).to_numpy(zero_copy_only=False) for part in (h, m, s))
    value = h * 3600 + m * 60 + s
    value = np.append(np.where(value <= LATEST_S, value, np.nan), np.nan)
    codes = texts.indices.fill_null(len(value) - 1).to_numpy(zero_copy_only=False)
    return pd.Series(value[codes], index=times.index)


def order_stop_times(raw: pd.DataFrame, ids: Array) -> tuple[pd.DataFrame, list[Finding]]:
    """
    Return stop times by trip and sequence, each place of a trip once, times never backwards.

    `raw` has trip (a number, the place of its id in `ids`), sequence, arrival_s, departure_s [s]
    and more columns that are kept. A fall back over midnight gets 24 hours more; other times
    that fall back are taken as missing, the fewest possible. Every repair is counted.
    """
    trip = raw["trip"].to_numpy()
    usable = raw["sequence"].notna().to_numpy()
    message = "{count} of {total} stop times have no usable place in their trip; left out."
    found = noted("sequence_bad", "stop_times", ids[trip[~usable]], message, total=len(raw))
    order = np.lexsort((raw["sequence"].to_numpy()[usable], trip[usable]))
    out = raw.iloc[np.flatnonzero(usable)[order]]
    again = out.duplicated(["trip", "sequence"]).to_numpy()
    message = "{count} stop times claim a place in their trip that is taken; left out."
    found += noted("sequence_twice", "stop_times", ids[out["trip"][again]], message)
    out = out[~again].reset_index(drop=True)
    trip = out["trip"].to_numpy()
    out, dwell = _with_both_times(out)
    message = "{count} departures before the arrival at the same stop; set to the arrival."
    found += noted("dwell_negative", "stop_times", ids[trip[dwell]], message)
    out, over = _past_midnight(out)
    message = "{count} trips fall back over midnight; their later times got 24 hours more."
    found += noted("midnight", "stop_times", ids[over], message)
    out, wrong = _never_backwards(out)
    message = "{count} stop times run backwards; replaced by times in between."
    return out, [*found, *noted("backwards", "stop_times", ids[trip[wrong]], message)]


def fill_gaps(
    times: pd.DataFrame, along_m: Array, ids: Array
) -> tuple[pd.DataFrame, list[Finding]]:
    """
    Return stop times without gaps: missing ones in between along the distance `along_m` [m].

    `along_m` never falls within a trip. What a trip misses at its start or end cannot be known:
    those stop times are left out. `told` is the place of the source of each time in `SOURCES`.
    """
    trip = times["trip"].to_numpy()
    arrival = times["arrival_s"].to_numpy(copy=True)
    departure = times["departure_s"].to_numpy(copy=True)
    known = ~np.isnan(arrival)
    before, after = _neighbours(known, trip)
    gap = ~known & (before >= 0) & (after >= 0)
    a, b, here = before[gap], after[gap], np.flatnonzero(gap)
    away = along_m[b] - along_m[a]
    share = np.where(
        away > 0, (along_m[here] - along_m[a]) / np.where(away > 0, away, 1), (here - a) / (b - a)
    )
    arrival[gap] = departure[gap] = np.round(departure[a] + share * (arrival[b] - departure[a]))
    lost = ~known & ~gap
    told = np.where(gap, SOURCES.index("estimated:interpolated"), 0).astype(np.int8)
    out = times.assign(arrival_s=arrival, departure_s=departure, told=told)[~lost]
    message = "{count} stop times at the start or end of a trip have no time; left out."
    seen = noted("time_missing_at_end", "stop_times", ids[trip[lost]], message)
    message = "{count} of {total} stop times are not given; interpolated along the way."
    names = ids[trip[gap]]
    filled = noted(
        "time_interpolated", "stop_times", names, message, total=len(times), severity="info"
    )
    return out.reset_index(drop=True), [*seen, *filled]


def _with_both_times(times: pd.DataFrame) -> tuple[pd.DataFrame, Array]:
    arrival = times["arrival_s"].fillna(times["departure_s"])
    departure = times["departure_s"].fillna(times["arrival_s"])
    # 23:59 to 00:01 at one stop is a night, not a fault: `_past_midnight` mends it
    dwell = (departure < arrival) & (arrival - departure <= NIGHT_S)
    departure = departure.mask(dwell, arrival)
    return times.assign(arrival_s=arrival, departure_s=departure), dwell.to_numpy()


def _past_midnight(times: pd.DataFrame) -> tuple[pd.DataFrame, Array]:
    """Add a day from where a trip falls back by more than 18 hours; name the trips it met."""
    flat = times[["arrival_s", "departure_s"]].to_numpy().ravel()
    known = np.flatnonzero(~np.isnan(flat))
    trip = times["trip"].to_numpy()[known // 2]
    value = flat[known]
    drop = np.zeros(len(value), dtype=np.int64)
    drop[1:] = (trip[1:] == trip[:-1]) & (value[:-1] - value[1:] > NIGHT_S)
    # an absurdly late time is followed by a fall too: a feed that counts past 24 h needs no help
    drop[1:] &= value[:-1] <= DAY_S
    met = np.unique(trip[drop > 0])
    if not len(met):
        return times, met
    total = np.cumsum(drop)
    start = np.flatnonzero(np.append(True, trip[1:] != trip[:-1]))
    before = np.repeat(total[start] - drop[start], np.diff(np.append(start, len(trip))))
    flat[known] = value + (total - before) * DAY_S
    shifted = flat.reshape(-1, 2)
    return times.assign(arrival_s=shifted[:, 0], departure_s=shifted[:, 1]), met


def _never_backwards(times: pd.DataFrame) -> tuple[pd.DataFrame, Array]:
    """Take the fewest times as missing that leave every trip without a step back in time."""
    arrival, departure = times["arrival_s"].to_numpy(), times["departure_s"].to_numpy()
    wrong = (arrival > LATEST_S) | (departure > LATEST_S)
    known = np.flatnonzero(~np.isnan(arrival) & ~wrong)
    trip = times["trip"].to_numpy()[known]
    back = (trip[1:] == trip[:-1]) & (arrival[known[1:]] < departure[known[:-1]])
    for number in np.unique(trip[1:][back]):  # few: only trips with a fault
        rows = known[slice(*np.searchsorted(trip, [number, number + 1]))]
        wrong[np.delete(rows, _longest_chain(arrival[rows], departure[rows]))] = True
    gone = {name: times[name].mask(wrong) for name in ("arrival_s", "departure_s")}
    return times.assign(**gone), wrong


def _longest_chain(arrival: Array, departure: Array) -> list[int]:
    """
    Return the longest run of stops, not necessarily neighbours, whose times never fall.

    Patience sorting over the departures; a stop follows one that left before it was reached.

    >>> import numpy as np
    >>> t = np.array([0.0, 600.0, 60.0, 120.0])
    >>> _longest_chain(t, t)
    [0, 2, 3]
    """
    tails: list[float] = []
    ends: list[int] = []
    previous: list[int] = []
    for i, (reached, left) in enumerate(zip(arrival.tolist(), departure.tolist(), strict=True)):
        place = bisect_right(tails, reached)
        previous.append(ends[place - 1] if place else -1)
        if place == len(tails):
            tails.append(left)
            ends.append(i)
        elif left < tails[place]:
            tails[place], ends[place] = left, i
    chain = []
    at = ends[-1]
    while at >= 0:
        chain.append(at)
        at = previous[at]
    return chain[::-1]


def _neighbours(known: Array, trip: Array) -> tuple[Array, Array]:
    """Return the places of the nearest known times before and after within the trip, else -1."""
    place = np.arange(len(known))
    before = np.maximum.accumulate(np.where(known, place, -1))
    after = np.minimum.accumulate(np.where(known, place, len(known))[::-1])[::-1]
    before = np.where((before >= 0) & (trip[before] == trip), before, -1)
    inside = np.minimum(after, len(known) - 1)
    after = np.where((after < len(known)) & (trip[inside] == trip), inside, -1)
    return before, after

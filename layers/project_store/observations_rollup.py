"""
Hours and days from values.

What stands for an hour depends on how the values stand in time (`Statistic`):

- `count`: the sum; a value belongs to the hour its interval begins in, `mean` is that of a value.
- `mean`: the mean of the values whose intervals begin in the hour.
- `value`: the mean over time, each value held until the next one; the last one before the hour is
  held into it for at most two hours, else the first one of the hour stands from its begin.
- `meter`: what went through, in `sum`, `mean`, `low` and `high`. Between two readings it is spread
  evenly, so that a reading some seconds before or after the full hour does no harm. Over more than
  25 hours it is not: it is counted where the gap ends, with the flag GAP. A meter that stands lower
  than before was exchanged or started anew: what went through then is unknown, counted as 0 and
  flagged as JUMP, never negative.

Values with flags are counted as well; the flags of an hour say so, and whoever compares decides.
A day lasts from midnight to midnight local time, 23 to 25 hours: `mean` is that of its hours (of
`count`: of its values), `low` and `high` are the lowest and highest of its hours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from layers.project_store.observations_sql import utc
from layers.sensors.records import Flag

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

HOUR_MS = 3_600_000
HOLD_MS = 2 * HOUR_MS
"""How long a value stands for what comes after it."""

SPAN_MS = 25 * HOUR_MS
"""Over how long what a meter counted is spread evenly."""

COUNT, MEAN, VALUE, METER = range(4)
KINDS = {"count": COUNT, "mean": MEAN, "value": VALUE, "meter": METER}
COLUMNS = ("mean", "low", "high", "sum", "n", "flags")


@dataclass(frozen=True)
class Values:
    """Values of streams as columns, by stream and time; `kind` of `KINDS`."""

    stream: Ints
    at: Ints  # ms
    value: Floats
    flags: Ints
    kind: Ints

    def only(self, chosen: NDArray[Any]) -> Values:
        """Return some of the values."""
        columns = (self.stream, self.at, self.value, self.flags, self.kind)
        return Values(*(column[chosen] for column in columns))


def hours_of(values: Values) -> pd.DataFrame:
    """
    Return hours (UTC) by stream and begin in ms; columns mean, low, high, sum, n, flags.

    The first and last hour of each stream are only right with the values around them.
    """
    is_meter = values.kind == METER
    parts = [_plain_hours(values.only(~is_meter)), _meter_hours(values.only(is_meter))]
    filled = [part for part in parts if len(part)]
    if len(filled) != 1:
        return pd.concat(filled).sort_index() if filled else parts[0]
    return filled[0]


def days_of(hours: pd.DataFrame, kinds: dict[int, int], zone: str) -> pd.DataFrame:
    """Return local days by stream and begin (midnight local time, as ms UTC) from their hours."""
    stream = hours.index.get_level_values("stream").to_numpy()
    day = midnights(hours.index.get_level_values("at").to_numpy(), zone)
    grouped = hours.groupby([pd.Index(stream, name="stream"), pd.Index(day, name="at")])
    table = grouped.agg(
        mean=("mean", "mean"), low=("low", "min"), high=("high", "max"), sum=("sum", "sum"),
        n=("n", "sum"),
    )  # fmt: skip
    kind = _kinds(table.index.get_level_values("stream"), kinds)
    per_value = table["sum"] / table["n"].where(table["n"] > 0, 1)
    table["mean"] = table["mean"].where(kind != COUNT, per_value)
    table["flags"] = _flags_of_days(hours, stream, day)
    return table


def midnights(ms: Ints, zone: str) -> Ints:
    """
    Return the begin of the local day of each moment, all in ms UTC.

    >>> moments = np.array([1_774_738_800_000, 1_774_828_799_999, 1_774_821_600_000])
    >>> (midnights(moments, "Europe/Berlin") - 1_774_738_800_000) // HOUR_MS
    array([ 0, 23, 23])
    """
    local = utc(ms).tz_convert(zone).tz_localize(None).normalize()
    days, place = np.unique(local.to_numpy(), return_inverse=True)
    return _begins(pd.DatetimeIndex(days), zone)[place]


def next_midnights(ms: Ints, zone: str) -> Ints:
    """Return the end of the local day that begins at each moment, in ms UTC."""
    local = utc(ms).tz_convert(zone).tz_localize(None).normalize() + pd.Timedelta(days=1)
    return _begins(local, zone)


def _begins(days: pd.DatetimeIndex, zone: str) -> Ints:
    """Return when local days begin; where midnight is skipped, right after."""
    is_first = np.ones(len(days), dtype=bool)
    aware = days.tz_localize(zone, ambiguous=is_first, nonexistent="shift_forward")
    return aware.tz_convert("UTC").tz_localize(None).to_numpy("datetime64[ms]").astype(np.int64)


def _kinds(streams: Any, kinds: dict[int, int]) -> Ints:
    return np.array([kinds[int(number)] for number in streams], dtype=np.int64)


def _flags_of_days(hours: pd.DataFrame, stream: Ints, day: Ints) -> Ints:
    order = np.lexsort((day, stream))
    starts = _starts(stream[order], day[order])
    return np.bitwise_or.reduceat(hours["flags"].to_numpy(np.int64)[order], starts)


def _starts(*columns: Ints) -> Ints:
    """Return where a new group begins in columns that are ordered."""
    differs = np.zeros(max(len(columns[0]) - 1, 0), dtype=bool)
    for column in columns:
        differs |= np.diff(column) != 0
    return np.flatnonzero(np.append(len(columns[0]) > 0, differs))


def _plain_hours(values: Values) -> pd.DataFrame:
    hour = values.at // HOUR_MS * HOUR_MS
    starts = _starts(values.stream, hour)
    if not len(starts):
        return _table(values.stream, hour, dict.fromkeys(COLUMNS, hour))
    total = np.add.reduceat(values.value, starts)
    n = np.diff(np.append(starts, len(hour)))
    low = np.minimum.reduceat(values.value, starts)
    high = np.maximum.reduceat(values.value, starts)
    over_time, before = _over_time(values, hour, starts)
    is_value = values.kind[starts] == VALUE
    low = np.where(is_value, np.minimum(low, before), low)
    high = np.where(is_value, np.maximum(high, before), high)
    mean = np.clip(np.where(is_value, over_time, total / n), low, high)
    flags = np.bitwise_or.reduceat(values.flags, starts)
    columns = {"mean": mean, "low": low, "high": high, "sum": total, "n": n, "flags": flags}
    return _table(values.stream[starts], hour[starts], columns)


def _over_time(values: Values, hour: Ints, starts: Ints) -> tuple[Floats, Floats]:
    """Return the mean over each hour with values held, and what stood at its begin."""
    at = values.at
    follows = np.append(at[1:], 0)
    is_last = np.append(np.diff(values.stream) != 0, True)
    until = np.where(is_last, hour + HOUR_MS, np.minimum(follows, hour + HOUR_MS))
    held = np.add.reduceat(values.value * (until - at), starts)
    earlier = np.maximum(starts - 1, 0)
    is_near = (values.stream[earlier] == values.stream[starts]) & (starts > 0)
    is_near &= at[starts] - at[earlier] <= HOLD_MS
    lead = at[starts] - hour[starts]
    own = values.value[starts]
    before = np.where(is_near & (lead > 0), values.value[earlier], own)
    return (held + before * lead) / HOUR_MS, before


def _meter_hours(values: Values) -> pd.DataFrame:
    hour = values.at // HOUR_MS * HOUR_MS
    if not len(hour):
        return _table(values.stream, hour, dict.fromkeys(COLUMNS, hour))
    pair = np.flatnonzero(np.diff(values.stream) == 0)
    gap = np.diff(values.at)[pair]
    through = np.diff(values.value)[pair]
    flags = np.where(through < 0, Flag.JUMP, 0) | np.where(gap > SPAN_MS, Flag.GAP, 0)
    through = np.maximum(through, 0.0)
    is_long = gap > SPAN_MS
    spread, cell, amount = _spread(values, pair[~is_long], through[~is_long])
    ends = pair + 1
    none = np.zeros(len(cell), dtype=np.int64)
    stream = np.concatenate([values.stream, values.stream[ends], values.stream[spread]])
    at = np.concatenate([hour, hour[ends], cell])
    order = np.lexsort((at, stream))
    starts = _starts(stream[order], at[order])
    whole = np.where(is_long, through, 0.0)
    amounts = np.concatenate([np.zeros(len(hour)), whole, amount])
    total = np.add.reduceat(amounts[order], starts)
    counted = np.concatenate([np.ones(len(hour), dtype=np.int64), 0 * ends, none])
    marked = np.concatenate([values.flags, flags, none])
    columns = {
        "mean": total, "low": total, "high": total, "sum": total,
        "n": np.add.reduceat(counted[order], starts),
        "flags": np.bitwise_or.reduceat(marked[order], starts),
    }  # fmt: skip
    return _table(stream[order][starts], at[order][starts], columns)


def _spread(values: Values, pair: Ints, through: Floats) -> tuple[Ints, Ints, Floats]:
    """Spread what went through between readings over the hours between: reading, hour, amount."""
    at = values.at
    since, until = at[pair], at[pair + 1]
    first = since // HOUR_MS
    cells = (until - 1) // HOUR_MS - first + 1
    place = np.repeat(np.arange(len(pair)), cells)
    step = np.arange(len(place)) - np.repeat(np.cumsum(cells) - cells, cells)
    cell = (first[place] + step) * HOUR_MS
    part = np.minimum(cell + HOUR_MS, until[place]) - np.maximum(cell, since[place])
    return pair[place], cell, through[place] * part / (until - since)[place]


def _table(stream: Ints, at: Ints, columns: dict[str, Any]) -> pd.DataFrame:
    index = pd.MultiIndex.from_arrays([stream, at], names=["stream", "at"])
    kinds = {"n": np.int64, "flags": np.int64}
    made = {name: np.asarray(column, kinds.get(name, float)) for name, column in columns.items()}
    return pd.DataFrame(made, index=index, columns=list(COLUMNS))

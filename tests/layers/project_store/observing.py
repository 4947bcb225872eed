"""Streams and readings for tests, and a slow and plain second opinion on hours and days."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from layers.sensors.records import Datastream, Delivery, Flag, Reading

HOUR = 3_600_000
MINUTE = 60_000
BERLIN = ZoneInfo("Europe/Berlin")
NOON = int(datetime(2026, 6, 1, 12, tzinfo=UTC).timestamp() * 1000)


def stream_of(source: str, statistic: str = "mean", name: str = "a", **more) -> Datastream:
    values = {
        "key": f"{source}/{name}/{statistic}", "source": source, "name": name,
        "property": "noise", "unit": "dB", "statistic": statistic, **more,
    }  # fmt: skip
    return Datastream(**values)


def readings_of(stream: Datastream, pairs, flags: int = 0) -> tuple[Reading, ...]:
    return tuple(Reading(stream.key, at, value, flags) for at, value in pairs)


def delivery_of(stream: Datastream, pairs=(), **more) -> Delivery:
    return Delivery(stream.source, readings_of(stream, pairs), (stream,), **more)


def plain_hours(statistic: str, readings: dict[int, tuple[float, int]]) -> dict[int, dict]:
    """
    Hours from {time: (value, flags)} as the words of `observations_rollup` say, one by one.

    Written minute by minute and reading by reading, without an array.
    """
    times = sorted(readings)
    if statistic == "meter":
        return _meter(times, readings)
    hours = defaultdict(list)
    for at in times:
        hours[at // HOUR * HOUR].append(at)
    found = {}
    for hour, inside in hours.items():
        values = [readings[at][0] for at in inside]
        low, high, mean = min(values), max(values), sum(values) / len(values)
        if statistic == "value":
            place = bisect_left(times, hour)
            before = values[0]
            if inside[0] > hour and place and inside[0] - times[place - 1] <= 2 * HOUR:
                before = readings[times[place - 1]][0]
                low, high = min(low, before), max(high, before)
            ends = [*inside[1:], hour + HOUR]
            held = sum(v * (e - a) for v, a, e in zip(values, inside, ends, strict=True))
            mean = (held + before * (inside[0] - hour)) / HOUR
        found[hour] = {
            "mean": mean, "low": low, "high": high, "sum": sum(values), "n": len(values),
            "flags": _either(readings[at][1] for at in inside),
        }  # fmt: skip
    return found


def _meter(times, readings):
    amounts, counts, flags = defaultdict(float), defaultdict(int), defaultdict(int)
    for at in times:
        amounts[at // HOUR * HOUR] += 0.0
        counts[at // HOUR * HOUR] += 1
        flags[at // HOUR * HOUR] |= readings[at][1]
    for at, after in pairwise(times):
        through = readings[after][0] - readings[at][0]
        end = after // HOUR * HOUR
        if through < 0:
            through = 0.0
            flags[end] |= Flag.JUMP
        if after - at > 25 * HOUR:
            amounts[end] += through
            flags[end] |= Flag.GAP
            continue
        hour = at // HOUR * HOUR
        while hour < after:
            part = min(hour + HOUR, after) - max(hour, at)
            amounts[hour] += through * part / (after - at)
            hour += HOUR
    return {
        hour: {
            "mean": amount, "low": amount, "high": amount, "sum": amount, "n": counts[hour],
            "flags": int(flags[hour]),
        }
        for hour, amount in amounts.items()
    }  # fmt: skip


def plain_days(statistic: str, hours: dict[int, dict], zone: ZoneInfo = BERLIN) -> dict[int, dict]:
    """Local days by their midnight."""
    days = defaultdict(list)
    for hour in sorted(hours):
        days[midnight(hour, zone)].append(hours[hour])
    found = {}
    for day, rows in days.items():
        n, total = sum(row["n"] for row in rows), sum(row["sum"] for row in rows)
        mean = sum(row["mean"] for row in rows) / len(rows)
        found[day] = {
            "mean": total / n if statistic == "count" else mean,
            "low": min(row["low"] for row in rows), "high": max(row["high"] for row in rows),
            "sum": total, "n": n, "flags": _either(row["flags"] for row in rows),
        }  # fmt: skip
    return found


def midnight(ms: int, zone: ZoneInfo = BERLIN) -> int:
    local = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)).astimezone(zone)
    begin = datetime(local.year, local.month, local.day, tzinfo=zone)
    return int(begin.timestamp() * 1000)


def as_rows(table) -> dict[int, dict]:
    """A table by time as {ms: row}."""
    moments = table.index.tz_localize(None).to_numpy("datetime64[ms]").astype("int64")
    return dict(zip(moments.tolist(), table.to_dict("records"), strict=True))


def assert_same(found: dict[int, dict], wanted: dict[int, dict]) -> None:
    assert sorted(found) == sorted(wanted)
    for moment, row in wanted.items():
        for name, value in row.items():
            tolerance = 1e-9 * max(1.0, abs(value))
            assert abs(found[moment][name] - value) <= tolerance, (moment, name, found[moment], row)


def _either(flags) -> int:
    found = 0
    for one in flags:
        found |= one
    return int(found)

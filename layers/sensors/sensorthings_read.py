"""Observations as SensorThings servers write them, and the readings they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from layers.sensors.records import Reading, Refusal
from layers.sensors.values import RefusedError, clean, milliseconds, number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from layers.sensors.sensorthings_config import SensorThingsConfig
    from layers.sensors.sensorthings_things import Part, Wanted

SELECTED = "phenomenonTime,result,resultTime"
DECIMALS = 9


class Row(NamedTuple):
    """An observation as it is written."""

    phenomenon: Any
    result: Any
    result_time: Any = None


class Timed(NamedTuple):
    """An observation with its times in milliseconds; None where they are not told."""

    row: Row
    begin: int | None
    end: int | None
    told: int | None  # when its result was there
    fault: RefusedError | None = None


def rows_of(values: Iterable[Any]) -> Iterator[Row]:
    """
    Give the observations of a page, plain or as data arrays.

    >>> list(rows_of([{"phenomenonTime": "2026-01-01", "result": 3}]))
    [Row(phenomenon='2026-01-01', result=3, result_time=None)]
    >>> list(rows_of([{"components": ["result", "phenomenonTime"], "dataArray": [[3, "2026"]]}]))
    [Row(phenomenon='2026', result=3, result_time=None)]
    """
    for value in values:
        if not isinstance(value, dict):
            yield Row(None, value)
        elif isinstance(value.get("dataArray"), list):
            yield from _array(value)
        else:
            time = value.get("phenomenonTime")
            yield Row(time, value.get("result"), value.get("resultTime"))


def _array(value: dict[str, Any]) -> Iterator[Row]:
    names = value.get("components")
    columns = {str(name): n for n, name in enumerate(names if isinstance(names, list) else ())}
    places = [columns.get(n, -1) for n in ("phenomenonTime", "result", "resultTime")]
    for line in value["dataArray"]:
        if isinstance(line, list):
            yield Row(*(line[at] if 0 <= at < len(line) else None for at in places))


def timed(row: Row, config: SensorThingsConfig, now_ms: int) -> Timed:
    """Return an observation with its times; of an interval begin and end."""
    told = _moment(row.result_time, config.zone)
    given = row.phenomenon if row.phenomenon is not None else row.result_time
    try:
        begin = milliseconds(given, config.zone, now=now_ms)
    except RefusedError as error:
        return Timed(row, None, None, told, error)
    end = None
    if isinstance(given, str) and "/" in given:
        end = _moment(given.rpartition("/")[2].strip(), config.zone)
    return Timed(row, begin, end if end is not None and end > begin else None, told)


def _moment(value: Any, zone: str) -> int | None:
    if value is None:
        return None
    try:
        return milliseconds(value, zone)
    except RefusedError:
        return None


def readings_of(
    wanted: Wanted, given: Iterable[Timed], source: str
) -> tuple[list[Reading], list[Refusal]]:
    """Return the readings of observations; each component of a MultiDatastream is its own."""
    readings: list[Reading] = []
    refused: list[Refusal] = []
    for one in given:
        if one.fault is not None or one.begin is None:
            reason = one.fault.reason if one.fault is not None else "no_time"
            refused.append(Refusal(source, reason, _detail(wanted, one.row.phenomenon)))
            continue
        for part, result in _results(wanted, one.row.result):
            try:
                reading = Reading(part.stream.key, one.begin, _value(part, result))
            except RefusedError as error:
                refused.append(Refusal(source, error.reason, _detail(wanted, error.detail)))
            else:
                readings.append(reading)
    return readings, refused


def _results(wanted: Wanted, result: Any) -> Iterator[tuple[Part, Any]]:
    """Give the parts of a result with what they are of."""
    parts = wanted.parts
    if not wanted.is_multi:
        results = [result]
    elif isinstance(result, dict):  # by the names of the properties, at some servers
        results = list(result.values())
    else:
        results = result if isinstance(result, list) else [result]
    for number_of, part in enumerate(parts):
        if part is not None:
            yield part, results[number_of] if number_of < len(results) else None


def _value(part: Part, result: Any) -> float:
    if result is None or result == "":
        raise RefusedError("no_value", f"{part.stream.name}: -")
    if part.categories and isinstance(result, str):
        words = {word.casefold(): value for word, value in part.categories.items()}
        if result.strip().casefold() in words:
            return words[result.strip().casefold()]
    found = number(result, booleans=True)
    if (part.factor, part.offset) == (1.0, 0.0):
        return found
    return round(found * part.factor + part.offset, DECIMALS)


def _detail(wanted: Wanted, what: object) -> str:
    return clean(f"{wanted.path}: {what}", 300)

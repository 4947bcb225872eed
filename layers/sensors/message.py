"""Reading one message by a mapping: the fast path for what comes one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from layers.sensors.mapping import MOST_TOLD, Found, Limits, Value, key_part, private_part
from layers.sensors.paths import NOTHING, STAR, Step, get, path_of, walk
from layers.sensors.place_table import Placed, point, shape
from layers.sensors.properties import PROPERTIES
from layers.sensors.records import Datastream, Flag, Reading, Refusal, key_of
from layers.sensors.units import unit_code
from layers.sensors.values import RefusedError, clean, is_twice, milliseconds, number
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from layers.sensors.mapping import Mapping, Scalar

NOWHERE = Placed()
MOST_KNOWN = 20_000
DECIMALS = 9
NEAR_MS = 3 * 3_600_000
Chosen = tuple[Step, ...]


class Device(NamedTuple):
    """What a record says of where it comes from."""

    parts: tuple[str, ...]
    number: str
    placed: Placed


class _Record:
    """One record with what came beside it; only so that five things are passed as one."""

    def __init__(self, mapping: Mapping, record: Any, context: dict[str, Any], source: str) -> None:
        self.mapping = mapping
        self.record = record
        self.context = context
        self.source = source
        self.times: dict[Chosen, int] = {}
        self.devices: dict[Chosen, Device] = {}

    def get(self, path: str, chosen: Chosen = ()) -> Any:
        """Return what stands there; a key that is spelt just like the path comes first."""
        if isinstance(self.record, dict) and path in self.record:
            return self.record[path]
        return get(self.record, path_of(path), chosen, self.context)

    def text(self, path: str, chosen: Chosen = ()) -> str:
        """Return a short text; empty where there is none."""
        found = self.get(path, chosen) if path else NOTHING
        if found is NOTHING or found is None or isinstance(found, (dict, list)):
            return ""
        if isinstance(found, float) and found.is_integer():
            found = int(found)
        return clean(found)

    def walk(self, path: str) -> Iterator[tuple[Chosen, Any]]:
        """Yield what a path with `*` leads to."""
        if isinstance(self.record, dict) and path in self.record:
            yield (), self.record[path]
            return
        yield from walk(self.record, path_of(path), self.context)


def read_message(
    mapping: Mapping,
    message: Any,
    *,
    source: str,
    received: int,
    context: dict[str, Any] | None = None,
    rows: str = "",
) -> Found:
    """
    Return streams, readings and refusals of one message; see `Mapping.read`.

    `rows` are its records where the mapping does not say so.
    """
    beside = {"root": message, **(context or {})}
    streams: dict[str, Datastream] = {}
    readings: list[Reading] = []
    refused: list[Refusal] = []
    for key, item in _records(mapping.rows or rows, message, beside):
        record = _Record(mapping, item, beside if key is None else {**beside, "key": key}, source)
        before = len(readings) + len(refused)
        absent = _read_record(record, received, streams, readings, refused)
        if before == len(readings) + len(refused) and not absent:
            paths = ", ".join(value.path for value in mapping.values)
            refused.append(Refusal(source, "no_value", clean(f"nothing at {paths}", 300)))
    return Found(tuple(streams.values()), tuple(readings), tuple(refused))


def _records(rows: str, message: Any, context: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    """Yield each record with the name or number under which it stands, none for the message."""
    if not rows:
        yield None, message
        return
    path = path_of(rows)
    found = False
    for chosen, item in walk(message, path, context):
        found = True
        if isinstance(item, list) and STAR not in path:
            yield from enumerate(item)
        else:
            yield (chosen[-1] if chosen else 0), item
    if not found:
        yield None, NOTHING


def _read_record(
    record: _Record,
    received: int,
    streams: dict[str, Datastream],
    readings: list[Reading],
    refused: list[Refusal],
) -> int:
    """Read all values of a record; return how many say in so many words that there is none."""
    absent = 0
    for value in record.mapping.values:
        for chosen, given in record.walk(value.path):
            if is_none(record.mapping, given):
                absent += 1
                continue
            if not all(meets(record.get(p, chosen), w) for p, w in value.when.items()):
                absent += 1
                continue
            try:
                stream, reading = _read_value(record, value, chosen, given, received)
            except RefusedError as error:
                is_told = len(refused) < MOST_TOLD
                detail = clean(f"{value.path}: {error.detail}", 300) if is_told else ""
                refused.append(Refusal(record.source, error.reason, detail))
            else:
                streams[stream.key] = stream
                readings.append(reading)
    return absent


def _read_value(
    record: _Record, value: Value, chosen: Chosen, given: Any, received: int
) -> tuple[Datastream, Reading]:
    read = number(
        given,
        decimal=value.decimal or record.mapping.decimal,
        booleans=value.booleans,
        words=value.categories,
    )
    factor, offset = factors(value, record.text(value.unit_path, chosen))
    if (factor, offset) != (1.0, 0.0):
        read = round(read * factor + offset, DECIMALS)  # without the dust of the conversion
    at = record.times.get(chosen)
    if at is None:
        at = record.times[chosen] = _time(record, chosen, received)
    stream = _stream(record, value, chosen)
    flags = Flag.SUSPECT if is_suspect(record, chosen) else Flag.NONE
    return stream, Reading(stream.key, at, read, int(flags), received)


def is_suspect(record: _Record, chosen: Chosen) -> bool:
    """Return whether the source says itself that a value is doubtful."""
    told = record.mapping.suspect
    return bool(told) and any(meets(record.get(path, chosen), one) for path, one in told.items())


def factors(value: Value, unit: str) -> tuple[float, float]:
    """Return what leads to the unit of the stream; `unit` is what the message says, if it does."""
    if not unit:
        return value.own_factors
    try:
        return value.converted(unit_code(unit))
    except SourceError as error:
        raise RefusedError("unit", f"{value.property} in {unit}") from error


def _time(record: _Record, chosen: Chosen, received: int) -> int:
    time = record.mapping.time
    if not time.path:
        return received - time.shift_ms
    given = record.get(time.path, chosen)
    if given is NOTHING or given is None:
        raise RefusedError("no_time", f"nothing at {time.path}")
    if time.clock:
        given = f"{given} {record.text(time.clock, chosen)}"
    at = milliseconds(given, time.zone, time.form, now=received, since=time.since)
    if abs(received - at) < NEAR_MS and is_twice(given, time.zone, time.form):
        later = milliseconds(given, time.zone, time.form, fold=1, now=received, since=time.since)
        at = later if later <= received + 300_000 else at
    return at - time.shift_ms


def _stream(record: _Record, value: Value, chosen: Chosen) -> Datastream:
    mapping = record.mapping
    device = record.devices.get(chosen)
    if device is None:
        device = record.devices[chosen] = _device(record, chosen)
    memo = (record.source, value.property, value.series, device)
    stream = mapping.known.get(memo)
    if stream is None:
        if len(mapping.known) > MOST_KNOWN:
            mapping.known.clear()
        stream = mapping.known[memo] = make_stream(mapping, value, device, source=record.source)
    return stream


def _device(record: _Record, chosen: Chosen) -> Device:
    mapping = record.mapping
    parts = tuple(record.text(path, chosen) for path in mapping.stream)
    number = record.text(mapping.device, chosen)
    if not any(parts) and not number and (mapping.stream or mapping.device):
        raise RefusedError("unknown_stream", "the message does not say which device it is of")
    placed = locate(
        mapping,
        parts,
        lambda path: record.text(path, chosen),
        lambda path: record.get(path, chosen),
    )
    told: dict[str, Any] = {
        field: text
        for field in ("name", "street", "direction")
        if (text := record.text(getattr(mapping, field), chosen))
    }
    return Device(parts, number, placed._replace(**told) if told else placed)


def locate(
    mapping: Mapping, parts: tuple[str, ...], text: Callable[[str], str], cell: Callable[[str], Any]
) -> Placed:
    """
    Return where a device stands: what the message says goes before tables and fixed places.

    `text` and `cell` give what stands at a path.
    """
    where = mapping.location
    placed = NOWHERE
    if mapping.places is not None:
        key = text(mapping.places.of) if mapping.places.of else parts[0]
        placed = mapping.located().by_key.get(key, NOWHERE)
    if where.at is not None:
        placed = placed._replace(lon=where.at[0], lat=where.at[1])
    if where.lon:
        lon, lat = point(text(where.lon), text(where.lat), where.crs)
        if lon is not None:
            placed = placed._replace(lon=lon, lat=lat)
    if where.geometry:
        lon, lat, line = shape(cell(where.geometry), where.crs)
        if lon is not None:
            placed = placed._replace(lon=lon, lat=lat, line=line)
    if where.needed and placed.lon is None:
        raise RefusedError("no_location", f"nothing at {where.lon or where.geometry or 'places'}")
    return placed


def make_stream(mapping: Mapping, value: Value, device: Device, *, source: str) -> Datastream:
    """Return the datastream of a value of a device."""
    known = PROPERTIES.get(value.property)
    placed = device.placed
    shown = [key_part(part) for part in device.parts]
    if not any(device.parts) and device.number:
        shown = [private_part(device.number)]
    last = [value.property, value.series] if value.series else [value.property]
    name = placed.name or " ".join(part for part in device.parts if part) or source
    extra = value.name or value.series
    limited = mapping.places is None or mapping.places.limits_of in {"", value.property}
    limits = {n: getattr(placed, n) for n in ("low", "high", "alert_below", "alert_above")}
    return Datastream(
        key=key_of(source, *shown, *last),
        source=source,
        name=f"{name}, {extra}" if extra else name,
        property=value.property,
        unit=value.wanted_unit,
        statistic=value.statistic or (known.statistic if known else "value"),
        lon=placed.lon,
        lat=placed.lat,
        height_m=placed.height_m,
        interval_s=value.interval_s or mapping.interval_s or mapping.time.interval_s,
        people=bool(known and known.people) if value.people is None else value.people,
        street=placed.street,
        direction=placed.direction,
        line=placed.line,
        device=device.number,
        **(limits if limited else {}),
    )


def is_none(mapping: Mapping, given: Any) -> bool:
    """Return whether a value is one of the spellings of none."""
    if given is None:
        return True
    texts, numbers = mapping.nones
    if isinstance(given, str):
        return given.strip() in texts
    return isinstance(given, (int, float)) and not isinstance(given, bool) and given in numbers


def meets(given: Any, wanted: Scalar | tuple[Scalar, ...] | Limits) -> bool:
    """Return whether a condition holds; what is not there meets only a `not`."""
    there = given is not NOTHING and given is not None
    if isinstance(wanted, Limits):
        return _within(given, wanted, there=there)
    if not there:
        return False
    return any(same(given, one) for one in (wanted if isinstance(wanted, tuple) else (wanted,)))


def _within(given: Any, wanted: Limits, *, there: bool) -> bool:
    if any(there and same(given, one) for one in wanted.other):
        return False
    if wanted.above is None and wanted.below is None:
        return True
    try:
        amount = number(given)
    except RefusedError:
        return False
    above = wanted.above is None or amount > wanted.above
    return above and (wanted.below is None or amount < wanted.below)


def same(given: Any, wanted: Scalar) -> bool:
    """
    Return whether a source means what the configuration says: 1, "1" and 1.0 are the same.

    >>> same("1", 1), same(True, True), same("ok", "ok"), same("0", True)
    (True, True, True, False)
    """
    if isinstance(wanted, bool):
        return str(given).strip().lower() in (
            {"true", "1", "1.0"} if wanted else {"false", "0", "0.0"}
        )
    if isinstance(wanted, (int, float)):
        try:
            return number(given, booleans=True) == wanted
        except RefusedError:
            return False
    return str(given).strip() == wanted.strip()

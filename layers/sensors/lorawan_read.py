"""
What LoRaWAN devices say as readings: which value is which property, and what a device is called.

Keys and names do not hold the number of a device: it stands there as a short hash (salted where
the configuration has a salt), or under the short name of the configuration.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, NamedTuple

from layers.sensors.lorawan_fields import (
    Leaf,
    meaning,
    number_of,
    number_with_unit,
    unit_by_size,
)
from layers.sensors.mapping import Found
from layers.sensors.properties import PROPERTIES
from layers.sensors.records import Datastream, Reading, Refusal, key_of
from layers.sensors.units import conversion
from layers.sensors.values import RefusedError, clean, number
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from layers.sensors.common import Place
    from layers.sensors.lorawan import Uplink
    from layers.sensors.mqtt_config import Device, FieldOf, MqttConfig
    from layers.sensors.records import Statistic

SENT_AGAIN_MS = 600_000  # a frame is sent again within minutes, a counter starts anew later
MOST_UNREAD = 100
MOST_DETAIL = 300
MOST_NAMED = 8  # names of values in a sentence


class _Value(NamedTuple):
    """A value with its meaning, in the unit of its stream."""

    observed: str
    unit: str
    part: str
    value: float
    path: str
    told: FieldOf | None

    @property
    def statistic(self) -> Statistic:
        """How it stands in time."""
        usual = PROPERTIES[self.observed].statistic if self.observed in PROPERTIES else "value"
        return (self.told.statistic if self.told else None) or usual

    @property
    def lasted_ms(self) -> int:
        """How long before the uplink it began: a device reports an interval at its end."""
        interval_s = self.told.interval_s if self.told else None
        is_interval = self.statistic in ("count", "mean")
        return round(interval_s * 1000) if interval_s and is_interval else 0


@dataclass(frozen=True)
class DeviceSays:
    """What the configuration, together, says of one device."""

    short: str
    name: str
    lon: float | None = None
    lat: float | None = None
    height_m: float | None = None
    street: str = ""
    direction: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    only_fields: bool = False
    is_listed: bool = False
    is_public: bool = True

    def part_of(self, path: str) -> str:
        """Return what tells a configured value from others of the same property."""
        told = self.fields[path]
        same = [
            other for other in self.fields.values() if other and other.property == told.property
        ]
        return told.series or (path.replace(".", "-") if len(same) > 1 else "")


class LorawanReader:
    """
    Turns uplinks into readings; remembers the last frame of each device.

    The network sends a frame twice where the device did (its answer was lost): the second keeps
    the time of the first, so that the store finds it the same.
    """

    def __init__(self, config: MqttConfig, *, salt: str = "") -> None:
        self._config = config
        self._salt = salt
        self._says: OrderedDict[tuple[str, ...], DeviceSays] = OrderedDict()
        self._frames: OrderedDict[str, tuple[tuple[str, ...], int]] = OrderedDict()
        self._streams: OrderedDict[tuple[Any, ...], Datastream] = OrderedDict()
        self.unread: set[str] = set()

    def read(self, uplink: Uplink, *, received: int) -> Found:
        """Return streams, readings and refusals of an uplink; times in milliseconds UTC."""
        says = self._device(uplink)
        if self._config.listed_only and not says.is_listed:
            raise RefusedError("unknown_stream", f"{uplink.called or uplink.device} is not listed")
        at = self._time(uplink)
        values, refused = self._values(uplink, says, at)
        if not values and not refused and (reason := _nothing(uplink)):
            refused.append(Refusal(self._config.name, "no_value", clean(reason, MOST_DETAIL)))
        streams = tuple(self._stream(uplink, says, value) for _, value in values)
        readings = tuple(
            Reading(stream.key, when, value.value, uplink.flags, received)
            for stream, (when, value) in zip(streams, values, strict=True)
        )
        return Found(streams, readings, tuple(refused))

    def _time(self, uplink: Uplink) -> int:
        if not uplink.frame:
            return uplink.at
        frame, before = self._frames.get(uplink.identity, ((), 0))
        if frame == uplink.frame and abs(uplink.at - before) <= SENT_AGAIN_MS:
            return before
        now = (uplink.frame, uplink.at)
        _remember(self._frames, uplink.identity, now, self._config.most_streams)
        return uplink.at

    def _device(self, uplink: Uplink) -> DeviceSays:
        names = (uplink.identity, *uplink.names, *uplink.kinds)
        if names not in self._says:
            found = device_says(uplink, self._config, self._salt)
            _remember(self._says, names, found, self._config.most_streams)
        return self._says[names]

    def _values(
        self, uplink: Uplink, says: DeviceSays, at: int
    ) -> tuple[list[tuple[int, _Value]], list[Refusal]]:
        """Return values with their times; what two names of a message tell is taken once."""
        found: dict[tuple[str, str, int], tuple[int, _Value]] = {}
        refused: list[Refusal] = []
        for when, leaf, extra in _told(uplink, at):
            try:
                value = _value(leaf, says, extra)
            except RefusedError as error:
                detail = clean(f"{leaf.path}: {error.detail}", MOST_DETAIL)
                refused.append(Refusal(self._config.name, error.reason, detail))
                continue
            if value is not None:
                begin = when - value.lasted_ms
                found.setdefault((value.observed, value.part, begin), (begin, value))
            elif leaf.path not in says.fields and len(self.unread) < MOST_UNREAD:
                self.unread.add(clean(leaf.path))
        return list(found.values()), refused

    def _stream(self, uplink: Uplink, says: DeviceSays, value: _Value) -> Datastream:
        """Return the datastream of a value; the same object again while nothing changes."""
        key = (uplink.device, says.short, value.observed, value.part, value.unit, uplink.place)
        if key not in self._streams:
            made = self._made(uplink, says, value)
            _remember(self._streams, key, made, self._config.most_streams)
        return self._streams[key]

    def _made(self, uplink: Uplink, says: DeviceSays, value: _Value) -> Datastream:
        known, told = PROPERTIES.get(value.observed), value.told
        lon, lat = (says.lon, says.lat) if says.lon is not None else uplink.place or (None, None)
        end = (told.name if told else "") or value.part
        parts = f"{value.observed}-{value.part}" if value.part else value.observed
        return Datastream(
            key=key_of(self._config.name, says.short, parts),
            source=self._config.name,
            name=f"{says.name} {end}".strip(),
            property=value.observed,
            unit=value.unit,
            statistic=value.statistic,
            lon=lon,
            lat=lat,
            height_m=says.height_m,
            interval_s=told.interval_s if told else None,
            people=bool(known and known.people) if not told or told.people is None else told.people,
            public=self._config.public and says.is_public,
            street=says.street,
            direction=says.direction,
            device=uplink.device,
            extra={"field": clean(value.path), "model": uplink.model},
        )


def _told(uplink: Uplink, at: int) -> Iterable[tuple[int, Leaf, str]]:
    """Yield time, value and depth: of the decoder first, then what the network has made of it."""
    yield from ((at, leaf, "") for leaf in uplink.values)
    for when, parts in uplink.normal:
        depth = next((_depth(leaf.value) for leaf in parts if leaf.path == "soil.depth"), "")
        same = at if when == uplink.at else when
        yield from ((same, leaf, depth if leaf.path.startswith("soil") else "") for leaf in parts)
    if uplink.level is not None:
        yield uplink.level[0], Leaf("battery_level", uplink.level[1], "%"), ""


def _depth(value: Any) -> str:
    """Return a depth in soil as a part of a name, empty where it is none."""
    try:
        return f"{number_of(value)[0]:g}cm"
    except RefusedError:
        return ""


def _nothing(uplink: Uplink) -> str:
    """Return why an uplink has no values, nothing where it needs none."""
    if not uplink.carries_values or (not uplink.frame and not uplink.values):
        return ""
    if not uplink.is_decoded:
        return f"{uplink.called}: nothing is decoded; set a payload formatter at the network"
    names = ", ".join(leaf.path for leaf in uplink.values[:MOST_NAMED])
    return f"{uplink.model or uplink.called}: no known value among {names}; name it under fields"


def _value(leaf: Leaf, says: DeviceSays, extra: str) -> _Value | None:
    told = says.fields.get(leaf.path)
    if told is False or (told is None and says.only_fields):
        return None
    if told is None:
        return _usual(leaf, says, extra)
    text, written = number_with_unit(leaf.value)
    value = number(
        text, decimal=told.decimal, booleans=told.booleans, words=told.categories or None
    )
    is_plain = told.factor == 1.0 and told.offset == 0.0
    unit = (written or leaf.unit) if is_plain else ""
    value = _converted(value * told.factor + told.offset, unit or told.given_unit, told.wanted_unit)
    return _Value(told.property, told.wanted_unit, says.part_of(leaf.path), value, leaf.path, told)


def _usual(leaf: Leaf, says: DeviceSays, extra: str) -> _Value | None:
    """Return what a well-known name means, where the configuration has nothing of its kind."""
    known = meaning(leaf.path)
    if known is None or isinstance(leaf.value, bool):
        return None
    value, written = number_of(leaf.value)
    name, unit = known.property, written or leaf.unit or known.unit
    if not unit:
        name, unit = unit_by_size(name, value)
    if any(told and told.property == name for told in says.fields.values()):
        return None
    ours = PROPERTIES.get(name)
    wanted = ours.unit if ours else known.unit or "%"
    value = _converted(value, unit, wanted)
    return _Value(name, wanted, known.part or extra, value, leaf.path, None)


def _converted(value: float, given: str, wanted: str) -> float:
    if given == wanted:
        return value
    try:
        factor, offset = conversion(given, wanted)
    except SourceError as error:
        raise RefusedError("unit", str(error)) from error
    return float(f"{factor * value + offset:.12g}")  # 3.054 V, not 3.0540000000000003


def device_says(uplink: Uplink, config: MqttConfig, salt: str) -> DeviceSays:
    """Return what the entries that fit a device say together; the first holds."""
    entries = [device for device in config.devices if fits(device, uplink)]
    place = _first_place(uplink, entries, config.at)
    digest = short_of(uplink, config.name, salt)
    short = next((_own(d.short, d, uplink, f"-{digest}") for d in entries if d.short), digest)
    own = uplink.called if config.device_names else ""
    named = next((_own(d.name, d, uplink, f" {digest[:4]}") for d in entries if d.name), "")
    fields: dict[str, Any] = {}
    for device in entries:
        fields = {**device.fields, **fields}
    return DeviceSays(
        short=short,
        name=named or place.pop("name", "") or own or f"{uplink.model or 'LoRaWAN'} {digest[:4]}",
        **{name: said for name, said in place.items() if name != "name"},
        fields=fields,
        only_fields=any(device.only_fields for device in entries),
        is_public=all(device.public for device in entries),
        is_listed=bool(entries) or bool(set(uplink.names) & set(config.at)),
    )


def _own(given: str, device: Device, uplink: Uplink, end: str) -> str:
    """Return a name of the configuration, with an end where its entry is for many devices."""
    is_alone = device.device.lower() in (name.lower() for name in uplink.names)
    return given if is_alone else f"{given}{end}"


def _first_place(
    uplink: Uplink, entries: list[Device], places: Mapping[str, Place]
) -> dict[str, Any]:
    """Return what is said first: entries, then `at` under any of the names, then `at` of all."""
    by_name = {name.lower(): place for name, place in places.items()}
    said = [by_name[name.lower()] for name in (*uplink.names, "*") if name.lower() in by_name]
    found: dict[str, Any] = {}
    for one in (*entries, *said):
        told = {
            name: getattr(one, name)
            for name in ("lon", "lat", "height_m", "name", "street", "direction")
        }
        found = {**{k: v for k, v in told.items() if v not in (None, "")}, **found}
    return found


def fits(device: Device, uplink: Uplink) -> bool:
    """Return whether an entry is about a device: by id, EUI, name or kind, or a pattern of one."""
    pattern = device.device.lower()
    return any(
        name.lower() == pattern or fnmatchcase(name.lower(), pattern)
        for name in (*uplink.names, *uplink.kinds)
    )


def short_of(uplink: Uplink, source: str, salt: str) -> str:
    """Return a short name that says nothing of the device, the same over restarts."""
    text = f"{source}\0{uplink.identity}".encode()
    return hashlib.blake2s(text, key=salt.encode()[:32], digest_size=5).hexdigest()


def _remember(memory: OrderedDict[Any, Any], key: Any, value: Any, most: int) -> None:
    """Keep a value, the oldest make room."""
    memory[key] = value
    memory.move_to_end(key)
    if len(memory) > most:
        memory.popitem(last=False)

"""
Messages of LoRaWAN networks: The Things Stack 3 and ChirpStack 4 (and the JSON of ChirpStack 3).

Only translation, no connection: a message becomes an `Uplink`, the same for both networks. Places
of gateways are never taken for the place of a device.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from layers.sensors.lorawan_fields import MOST_VALUES, Leaf, leaves, number_of
from layers.sensors.records import Flag
from layers.sensors.values import RefusedError, clean, milliseconds

if TYPE_CHECKING:
    from collections.abc import Mapping

Network = Literal["ttn", "chirpstack"]

CLOCK_MS = 300_000  # a clock that is wrong by more is told
NOT_UPLINK = (
    "join_accept", "downlink_ack", "downlink_nack", "downlink_sent", "downlink_failed",
    "downlink_queued", "downlink_queue_invalidated", "service_data",
)  # fmt: skip
OWN_CLOCKS = ("systimestamp", "timestamp", "unixtime", "devicetime", "datetime", "time")
NORMAL_UNITS = {"soil.ec": "dS/m", "battery": "V"}  # what The Things Stack fixed for its own names


class Uplink(NamedTuple):
    """What a network says that a device has said."""

    device: str  # number of the device; private
    identity: str  # no other device at this network has it; private
    names: tuple[str, ...]  # what it alone is called; private
    kinds: tuple[str, ...]  # what others like it are called too: model, profile, application
    called: str  # what its owner calls it; may tell about people
    model: str  # kind of device
    at: int  # receipt by the network, milliseconds since 1970 UTC
    has_time: bool = True  # else `at` is when the message came here
    flags: int = 0
    place: tuple[float, float] | None = None  # lon, lat of the device
    values: tuple[Leaf, ...] = ()  # of the decoder
    normal: tuple[tuple[int, tuple[Leaf, ...]], ...] = ()  # normalised, each with its time
    frame: tuple[str, ...] = ()  # the same for a frame that was sent again
    level: tuple[int, float] | None = None  # of the battery: since when, percent
    is_decoded: bool = True
    carries_values: bool = True  # else only place or battery


def network_of(message: Any) -> Network | None:
    """
    Return whose message it is.

    >>> network_of({"end_device_ids": {}}), network_of({"deviceInfo": {}}), network_of([1])
    ('ttn', 'chirpstack', None)
    """
    if not isinstance(message, dict):
        return None
    if isinstance(message.get("end_device_ids"), dict):
        return "ttn"
    marks = ("deviceInfo", "devEui", "devEUI", "gatewayId")
    return "chirpstack" if any(mark in message for mark in marks) else None


def read_uplink(network: Network, message: Any, *, topic: str, received: int) -> Uplink | None:
    """
    Return what a message of a network carries; None where it is none of a device's values.

    Raises
    ------
    RefusedError
        It is no message of this network, or its time cannot be read.
    """
    if not isinstance(message, dict) or network_of(message) != network:
        raise RefusedError("unknown_format", f"no message of {network}")
    read = _ttn if network == "ttn" else _chirpstack
    return read(message, topic, received)


def _ttn(message: Mapping[str, Any], topic: str, received: int) -> Uplink | None:
    del topic
    if any(kind in message for kind in NOT_UPLINK):
        return None
    body = _part(message, "uplink_message") or _part(message, "uplink_normalized")
    solved = _part(message, "location_solved")
    if not body and not solved:
        raise RefusedError("unknown_format", "neither uplink nor another message of the network")
    at, has_time = _time((body, "received_at"), (message, "received_at"), received=received)
    ids, versions = _part(message, "end_device_ids"), _part(body, "version_ids")
    application = _text(_part(ids, "application_ids"), "application_id")
    device, eui = _text(ids, "device_id"), _text(ids, "dev_eui")
    if not device and not eui:
        raise RefusedError("unknown_format", "the message names no device")
    model = " ".join(filter(None, (_text(versions, "brand_id"), _text(versions, "model_id"))))
    decoded = body.get("decoded_payload")
    values = _leaves(decoded)
    flags = Flag.SUSPECT if message.get("simulated") is True else Flag.NONE
    frame = (_text(body, "session_key_id"), str(body.get("f_cnt", 0)), _text(body, "frm_payload"))
    normal = _normal(body.get("normalized_payload"), at)
    return Uplink(
        device=device or eui,
        identity=f"{application}/{device or eui}",
        names=_names(device, eui, f"{application}/{device}"),
        kinds=_names(model, application),
        called=device,
        model=model,
        at=at,
        has_time=has_time,
        flags=int(flags) | _skew(values, at),
        place=_place_of_ttn(body, solved),
        values=values,
        normal=normal,
        frame=frame if frame[2] else (),
        level=_level_of_ttn(body),
        is_decoded=isinstance(decoded, dict) or bool(normal),
        carries_values=bool(body),
    )


def _level_of_ttn(body: Mapping[str, Any]) -> tuple[int, float] | None:
    level = _part(body, "last_battery_percentage")
    try:
        value, _ = number_of(level.get("value"))
        return milliseconds(level["received_at"]), value
    except (KeyError, RefusedError):
        return None  # a battery nobody asked for is no reason to refuse the values


def _place_of_ttn(body: Mapping[str, Any], solved: Mapping[str, Any]) -> tuple[float, float] | None:
    """Return the place of the device: as registered by people, else as it says itself."""
    places = _part(body, "locations")
    known = [name for name in ("user", "frm-payload") if name in places]
    for name in [*known, *sorted(set(places) - set(known))]:
        if (found := _place(_part(places, name))) is not None:
            return found
    return _place(_part(solved, "location")) or _place(_part(body, "decoded_payload"))


def _normal(payload: Any, at: int) -> tuple[tuple[int, tuple[Leaf, ...]], ...]:
    """Return the normalised measurements; one with a time of its own stands at that time."""
    found = []
    for one in payload if isinstance(payload, list) else [payload]:
        if not isinstance(one, dict):
            continue
        own = one.get("time")
        parts = tuple(
            leaf._replace(unit=NORMAL_UNITS.get(leaf.path, leaf.unit))
            for leaf in _leaves({k: v for k, v in one.items() if k != "time"})
        )
        try:
            found.append((milliseconds(own) if own else at, parts))
        except RefusedError:
            found.append((at, parts))
    return tuple(found)


def _chirpstack(message: Mapping[str, Any], topic: str, received: int) -> Uplink | None:
    kind = _event(message, topic)
    if kind not in ("up", "status", "location"):
        return None
    info = _part(message, "deviceInfo")
    eui = _text(info, "devEui") or _eui_of_3(_text(message, "devEUI"))
    if not eui:
        raise RefusedError("unknown_format", "the message names no device")
    called = _text(info, "deviceName") or _text(message, "deviceName")
    profile = _text(info, "deviceProfileName") or _text(message, "deviceProfileName")
    at, has_time, clock = _time_of_chirpstack(message, received)
    decoded = _decoded_of_chirpstack(message)
    values = _leaves(decoded) if kind == "up" else ()
    frame = (_text(message, "devAddr"), str(message.get("fCnt", 0)), _text(message, "data"))
    tags = _part(info, "tags") or _part(message, "tags")
    own = _part(message, "location") if kind == "location" else decoded
    return Uplink(
        device=eui,
        identity=eui,
        names=_names(eui, called),
        kinds=_names(profile, _text(info, "applicationName") or _text(message, "applicationName")),
        called=called,
        model=profile,
        at=at,
        has_time=has_time,
        flags=clock | _skew(values, at),
        place=_place(tags) or _place(own),
        values=values,
        frame=frame if kind == "up" and frame[2] else (),
        level=_level_of_chirpstack(message, at) if kind == "status" else None,
        is_decoded=bool(decoded),
        carries_values=kind == "up",
    )


def _event(message: Mapping[str, Any], topic: str) -> str:
    """Return the kind of a ChirpStack event: by its topic, else by what is in it."""
    told = re.search(r"/(?:event|rx)/?(\w*)$", f"/{topic}")
    if told and told[1]:
        return told[1]
    if re.search(r"/(command|gateway|state)/", f"/{topic}"):
        return "command"
    if "batteryLevel" in message or "batteryLevelUnavailable" in message:
        return "status"
    if "fCntDown" in message or "acknowledged" in message or "level" in message:
        return "ack"
    if (
        "object" in message
        or "objectJSON" in message
        or ("fPort" in message and "rxInfo" in message)
    ):
        return "up"
    return "location" if isinstance(message.get("location"), dict) else "other"


def _time_of_chirpstack(message: Mapping[str, Any], received: int) -> tuple[int, bool, int]:
    """
    Return the time, whether it is told, and flags.

    `time` is the gateway's where it has a clock; where that is far from the server's, the
    server's counts.
    """
    infos = message.get("rxInfo")
    first = infos[0] if isinstance(infos, list) and infos and isinstance(infos[0], dict) else {}
    at, has_time = _time(
        (message, "time"), (first, "time"), (message, "publishedAt"), received=received
    )
    try:
        server = milliseconds(first["nsTime"])
    except (KeyError, RefusedError):
        return at, has_time, 0
    if abs(server - at) > CLOCK_MS:
        return server, True, int(Flag.SKEW)
    return at, has_time, 0


def _level_of_chirpstack(message: Mapping[str, Any], at: int) -> tuple[int, float] | None:
    if message.get("batteryLevelUnavailable") is True or message.get("externalPowerSource") is True:
        return None
    try:
        return at, number_of(message.get("batteryLevel"))[0]
    except RefusedError:
        return None


def _decoded_of_chirpstack(message: Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(message.get("object"), dict):
        return _part(message, "object")
    text = message.get("objectJSON")
    if not isinstance(text, str) or not text:
        return {}
    try:
        found = json.loads(text[:1_000_000])
    except (ValueError, RecursionError) as error:
        raise RefusedError("not_json", "objectJSON cannot be read") from error
    return found if isinstance(found, dict) else {}


def _eui_of_3(text: str) -> str:
    """Return a DevEUI of ChirpStack 3, which writes it as base64."""
    if re.fullmatch(r"[0-9a-fA-F]{16}", text):
        return text.lower()
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return ""
    return raw.hex() if len(raw) == 8 else ""


def _time(*given: tuple[Mapping[str, Any], str], received: int) -> tuple[int, bool]:
    """Return the first time that is told, else when the message came in."""
    for part, name in given:
        if part.get(name) not in (None, ""):
            return milliseconds(part[name], now=received), True
    return received, False


def _skew(values: tuple[Leaf, ...], at: int) -> int:
    """Return the flag of a device whose own clock is far from the network's."""
    for leaf in values:
        if leaf.path.lower() not in OWN_CLOCKS:
            continue
        try:
            own = milliseconds(leaf.value)
        except RefusedError:
            return 0 if _is_empty(leaf.value) else int(Flag.SKEW)
        return int(Flag.SKEW) if abs(own - at) > CLOCK_MS else 0
    return 0


def _is_empty(value: Any) -> bool:
    return value in (None, "", 0) or isinstance(value, bool)


def _place(part: Mapping[str, Any]) -> tuple[float, float] | None:
    """
    Return the degrees that stand somewhere under one of the usual names.

    >>> _place({"lat": "50.81", "lon": 7.15}), _place({"latitude": 0, "longitude": 0})
    ((7.15, 50.81), None)
    >>> _place({"location": "50.81, 7.15"})
    (7.15, 50.81)
    """
    by_name = {str(name).lower(): value for name, value in part.items()}
    for inner in ("location", "gps", "position"):
        nested = by_name.get(inner)
        if isinstance(nested, dict) and (found := _place(nested)) is not None:
            return found
        if isinstance(nested, str) and nested.count(",") == 1:
            by_name |= dict(zip(("lat", "lon"), nested.split(","), strict=True))
    lat = next((by_name[name] for name in ("latitude", "lat") if name in by_name), None)
    lon = next((by_name[n] for n in ("longitude", "lon", "lng", "long") if n in by_name), None)
    if lon is None or lat is None:
        return None
    try:
        degrees = number_of(lon)[0], number_of(lat)[0]
    except RefusedError:
        return None
    is_somewhere = -180 <= degrees[0] <= 180 and -90 <= degrees[1] <= 90
    return degrees if is_somewhere and any(abs(value) > 1e-3 for value in degrees) else None


def _leaves(payload: Any) -> tuple[Leaf, ...]:
    if not isinstance(payload, dict):
        return ()
    found = tuple(islice(leaves(payload), MOST_VALUES + 1))
    if len(found) > MOST_VALUES:
        raise RefusedError("too_large", f"more than {MOST_VALUES} values")
    return found


def _part(message: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = message.get(name)
    return found if isinstance(found, dict) else {}


def _text(part: Mapping[str, Any], name: str) -> str:
    found = part.get(name)
    return clean(found) if isinstance(found, str) else ""


def _names(*names: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))

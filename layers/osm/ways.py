"""Road ways with all that their links need: `_f` in the direction of the line, `_b` against."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from layers.osm.access import MODES, MOTOR, access, direction, unreadable
from layers.osm.cycling import cycle_facility
from layers.osm.findings import finding
from layers.osm.tags import among, between, has_tag, parse_each, parse_number, table, tag
from twin.classes import STREET_CLASSES

if TYPE_CHECKING:
    from layers.osm.raw import RawOsm
    from twin.provenance import Finding

MAX_LANES = 16
MPH = 1.609344
_SPEED = re.compile(r"^(?:[a-z]{2}:)?(?:zone:?)?\s*(\d+(?:[.,]\d+)?)\s*(km/?h|kph|mph)?$", re.I)

COMMON = ("class", "is_ramp", "is_roundabout", "name", "ref", "surface", "is_bridge", "is_tunnel",
          "level")  # fmt: skip
DIRECTED = ("speed_kmh", "speed_source", "lanes", "lanes_source", "car_access", "cycle_facility",
            *(f"allow_{mode}" for mode in MODES))  # fmt: skip


def road_ways(raw: RawOsm, built_up: np.ndarray[Any, Any]) -> tuple[pd.DataFrame, list[Finding]]:
    """
    Return one row for each way of `roads`, with the columns of a link in both directions.

    `built_up` (bool, one a row of `roads(raw)`) decides between urban and rural speed limits.
    """
    ways = roads(raw)
    kind = street_class(ways)
    allow = access(ways, kind)
    one_way = direction(ways, kind)
    speed, speed_findings = _speeds(ways, kind, built_up)
    lanes, lane_findings = _lanes(ways, kind, one_way, allow)
    words = pd.DataFrame(
        {
            "class": kind,
            "is_ramp": tag(ways, "highway").str.endswith("_link").to_numpy(dtype=bool),
            "is_roundabout": has_tag(ways, "junction", ["roundabout", "circular"]),
            "name": tag(ways, "name"),
            "ref": tag(ways, "ref"),
            "surface": tag(ways, "surface"),
            "zone30": _is_zone(ways),
        }
    )
    facility = pd.DataFrame(cycle_facility(ways, kind, one_way, allow), index=ways.index)
    out = pd.concat([words, _levels(ways), allow, speed, lanes, facility], axis=1)
    out[["refs", "geometry"]] = ways[["refs", "geometry"]]
    return out, [*speed_findings, *lane_findings, *_way_findings(raw, ways)]


def roads(raw: RawOsm) -> pd.DataFrame:
    """Return the lines that are roads or paths in use, of any class."""
    value = tag(raw.lines, "highway").str.strip().str.lower()
    return raw.lines[value.notna() & ~value.isin(table()["streets"]["left_out"])]


def street_class(ways: pd.DataFrame) -> pd.Series[Any]:
    """Return the class of each way; an unknown word makes it unclassified."""
    value = tag(ways, "highway").str.strip().str.lower().str.removesuffix("_link")
    value = value.replace(table()["streets"]["same_as"])
    return value.where(value.isin(STREET_CLASSES), "unclassified")


def _levels(ways: pd.DataFrame) -> pd.DataFrame:
    """Return bridge, tunnel and level; a bridge without layer lies one up, a tunnel one down."""
    data = table()["streets"]
    bridge = tag(ways, "bridge").notna() & ~has_tag(ways, "bridge", data["no"])
    tunnel = tag(ways, "tunnel").notna() & ~has_tag(ways, "tunnel", data["no"])
    tunnel &= ~has_tag(ways, "tunnel", data["not_a_tunnel"])
    level = parse_each(tag(ways, "layer"), parse_number).round()
    level = between(level, -10, 10).fillna(bridge.astype(float) - tunnel.astype(float))
    return pd.DataFrame({"is_bridge": bridge, "is_tunnel": tunnel, "level": level})


# ------------------------------------------------------------------------------- speed


def parse_speed(text: str) -> float:
    """
    Return a speed limit in km/h; NaN where the text says none.

    >>> [parse_speed(t) for t in ("50", "DE:urban", "DE:zone:30", "DE:zone30", "walk", "none")]
    [50.0, 50.0, 30.0, 30.0, 7.0, 130.0]
    >>> round(parse_speed("50 mph"), 1), parse_speed("999"), parse_speed("30;50"), parse_speed("x")
    (80.5, nan, nan, nan)
    """
    data = table()["streets"]
    text = text.strip()
    if text in data["maxspeed"]:
        return float(data["maxspeed"][text])
    country, _, rest = text.partition(":")
    if len(country) == 2 and rest.lower() == "urban":
        return float(data["maxspeed"]["urban"])
    match = _SPEED.match(text)
    if not match:
        return float("nan")
    speed = float(match[1].replace(",", ".")) * (MPH if (match[2] or "").lower() == "mph" else 1)
    limits = data["maxspeed_open"]
    return speed if limits["low"] <= speed <= limits["high"] else float("nan")


def _is_zone(ways: pd.DataFrame) -> pd.Series[bool]:
    """Tell which ways lie in a zone of 30 km/h or less, where no street has priority."""
    zone = tag(ways, "zone:maxspeed").str.contains(r"^(?:de:)?(?:10|20|30)$", case=False)
    for key in ("maxspeed", *table()["streets"]["maxspeed_open"]["zone_keys"]):
        zone |= tag(ways, key).str.contains(r"zone.?(?:10|20|30)", case=False)
    return zone.fillna(value=False).astype("bool")


def _speeds(
    ways: pd.DataFrame, kind: pd.Series[Any], built_up: np.ndarray[Any, Any]
) -> tuple[pd.DataFrame, list[Finding]]:
    """Return speed and its source in both directions: tagged, else by zone, else by law."""
    data = table()["streets"]
    zone = pd.Series(np.nan, index=ways.index)
    for key in data["maxspeed_open"]["zone_keys"]:
        zone = zone.fillna(parse_each(tag(ways, key), parse_speed))
    urban = kind.map({name: rule["speed_urban"] for name, rule in data["class"].items()})
    rural = kind.map({name: rule["speed_rural"] for name, rule in data["class"].items()})
    by_law = urban.where(built_up, rural).astype("float64")
    law_source = np.where(
        urban == rural, "estimated:class", np.where(built_up, "estimated:urban", "estimated:rural")
    )
    out: dict[str, pd.Series[Any]] = {}
    absurd: list[str] = []
    count = 0
    for side in ("forward", "backward"):
        text = tag(ways, f"maxspeed:{side}").fillna(tag(ways, "maxspeed"))
        said = parse_each(text, parse_speed)
        open_word = text.str.lower().isin(data["maxspeed_open"]["words"])
        if side == "forward":
            absurd += list(text[text.notna() & said.isna() & ~open_word])
            count += int(text.notna().sum())
        source = np.where(said.notna(), "tagged", np.where(zone.notna(), "tagged:zone", law_source))
        out[f"speed_kmh_{side[0]}"] = said.fillna(zone).fillna(by_law).round(1)
        out[f"speed_source_{side[0]}"] = pd.Series(source, ways.index, dtype="str")
    message = "{count} of {total} speed limits cannot be read or cannot be true; the law's count."
    seen = finding("speed_unreadable", "streets", absurd, message, total=count, column="speed_kmh")
    return pd.DataFrame(out), seen


# ------------------------------------------------------------------------------- lanes


def _lanes(
    ways: pd.DataFrame, kind: pd.Series[Any], one_way: np.ndarray[Any, Any], allow: pd.DataFrame
) -> tuple[pd.DataFrame, list[Finding]]:
    """Return lanes in each direction: tagged by direction, half of those tagged, by class."""
    text = tag(ways, "lanes")
    total = between(parse_each(text, parse_number), 1, MAX_LANES)
    absurd = list(text[text.notna() & total.isna()])
    side = {
        letter: between(parse_each(tag(ways, f"lanes:{name}"), parse_number), 0, 12)
        for letter, name in (("f", "forward"), ("b", "backward"))
    }
    rules = table()["streets"]["class"]
    usual = kind.map({name: rule["lanes"] for name, rule in rules.items()}).astype("float64")
    out: dict[str, pd.Series[Any]] = {}
    for letter, other, sign in (("f", "b", 1), ("b", "f", -1)):
        rest = (total - side[other]).where(lambda s: s >= 1)
        half = (total / 2).clip(lower=1)
        with_flow = total.where(one_way == sign)
        both = half.where(one_way == 0)
        lanes = side[letter].fillna(with_flow).fillna(rest.where(one_way == 0)).fillna(both)
        odd = side[letter].isna() & rest.isna() & both.notna() & (total > 1) & (total % 2 != 0)
        source = np.where(
            lanes.isna(), "estimated:class", np.where(odd, "estimated:half", "tagged")
        )
        vehicles = allow[[f"allow_{mode}_{letter}" for mode in (*MOTOR, "bike")]].any(axis=1)
        motor = allow[[f"allow_{mode}_{letter}" for mode in MOTOR]].any(axis=1)
        against = (one_way == -sign) & ~motor
        lanes = lanes.fillna(usual).clip(0, 12).mask(against | ~vehicles, 0.0)
        out[f"lanes_{letter}"] = lanes
        out[f"lanes_source_{letter}"] = pd.Series(source, ways.index, dtype="str")
    message = "{count} of {total} lane counts cannot be read or cannot be true."
    seen = finding(
        "lanes_unreadable",
        "streets",
        absurd,
        message,
        total=int(text.notna().sum()),
        column="lanes",
    )
    return pd.DataFrame(out), seen


# ------------------------------------------------------------------------------- findings


def _way_findings(raw: RawOsm, ways: pd.DataFrame) -> list[Finding]:
    value = tag(raw.lines, "highway")
    out = raw.lines.index[value.notna().to_numpy() & ~among(raw.lines.index, ways.index)]
    word = tag(ways, "highway").str.strip().str.lower().str.removesuffix("_link")
    known = [*STREET_CLASSES, *table()["streets"]["same_as"]]
    timed = pd.Series(data=False, index=ways.index)
    for key in ("access", "vehicle", "motor_vehicle", "maxspeed", "oneway", "bicycle", "hgv"):
        timed |= tag(ways, f"{key}:conditional").notna()
    return [
        *finding(
            "way_left_out", "streets", list(out),
            "{count} ways are planned, under construction or platforms and are no streets.",
            severity="info",
        ),
        *finding(
            "class_unknown", "streets", word[~word.isin(known)],
            "{count} ways are of a kind nobody knows and count as unclassified.", column="class",
        ),
        *finding(
            "access_unknown", "streets", unreadable(ways),
            "{count} access values are unknown and have no effect.", severity="info",
        ),
        *finding(
            "timed", "streets", list(ways.index[timed]),
            "{count} ways have rules for some hours or vehicles only; the general rule counts.",
            severity="info",
        ),
        *finding(
            "reversible", "streets",
            list(ways.index[has_tag(ways, "oneway", ["reversible", "alternating"])]),
            "{count} one-way streets change their direction; they count as open both ways.",
            severity="info",
        ),
    ]  # fmt: skip

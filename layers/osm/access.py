"""Who may use a way in which direction: access tags from general to special, one-way rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from layers.osm.tags import has_tag, map_each, table, tag

if TYPE_CHECKING:
    from collections.abc import Sequence

MODES = ("car", "truck", "bus", "bike", "walk")
MOTOR = ("car", "truck", "bus")
SIDES = ("forward", "backward")

Mask = np.ndarray[Any, np.dtype[np.bool_]]


def access(ways: pd.DataFrame, kind: pd.Series[Any]) -> pd.DataFrame:
    """
    Return `allow_<mode>_<f|b>` and `car_access_<f|b>` for ways of class `kind`.

    The most special key wins (motorcar over motor_vehicle over vehicle over access). A mere
    access=* closes a way to a mode or opens it again; it does not open a footway to cars.
    """
    out: dict[str, Any] = {}
    rules = table()["streets"]["class"]
    for side in SIDES:
        for mode in MODES:
            usual = kind.map({name: mode in rule["modes"] for name, rule in rules.items()})
            allowed = usual.to_numpy(dtype=bool) & ~_barred_by_road_type(ways, mode)
            allowed, access_kind = _walk_up(ways, mode, side, allowed, kind)
            out[f"allow_{mode}_{side[0]}"] = allowed
            if mode == "car":
                out[f"car_access_{side[0]}"] = access_kind
    frame = pd.DataFrame(out, index=ways.index)
    return frame.assign(**_one_way(ways, kind, frame))


def _barred_by_road_type(ways: pd.DataFrame, mode: str) -> Mask:
    """Motor roads keep out bicycles and people on foot (StVO § 18), areas keep out vehicles."""
    if mode in MOTOR:
        return has_tag(ways, "area", ["yes"])
    return has_tag(ways, "motorroad", ["yes"])


def _walk_up(
    ways: pd.DataFrame, mode: str, side: str, allowed: Mask, kind: pd.Series[Any]
) -> tuple[Mask, np.ndarray[Any, Any]]:
    """Apply the access keys of a mode from the most general to the most special."""
    data = table()["streets"]
    usual = {name: rule.get("access", "no") for name, rule in data["class"].items()}
    closed_kind = kind.map(usual).to_numpy(dtype=object)
    access_kind = np.where(allowed, "public", closed_kind).astype(object)
    group = "motor" if mode in MOTOR else mode
    for key in reversed(data["access_keys"][mode]):
        plain = tag(ways, key)
        word = map_each(tag(ways, f"{key}:{side}").fillna(plain), access_word)
        said = word.notna().to_numpy(dtype=bool)
        opens = word.map({w: group in m["open"] for w, m in data["access_values"].items()})
        lets_in = np.where(said, opens.to_numpy(dtype=object), False).astype(bool)
        named = word.map({w: m["kind"] for w, m in data["access_values"].items()})
        if key == "access":
            usable = allowed | (closed_kind != "no")
            lets_in &= allowed
            said_kind = np.where(usable, named.to_numpy(dtype=object), "no")
        else:
            said_kind = named.to_numpy(dtype=object)
        allowed = np.where(said, lets_in, allowed)
        access_kind = np.where(said, said_kind, access_kind)
    return allowed, access_kind


def access_word(text: str) -> str | float:
    """
    Return the first word of an access value that the table knows, NaN where there is none.

    >>> access_word("destination;foo"), access_word("perhaps")
    ('destination', nan)
    """
    known = table()["streets"]["access_values"]
    words = [text.strip().lower(), *(word.strip().lower() for word in text.split(";"))]
    return next((word for word in words if word in known), float("nan"))


def unreadable(ways: pd.DataFrame) -> list[str]:
    """Return access values that no rule knows."""
    keys = sorted({k for keys in table()["streets"]["access_keys"].values() for k in keys})
    seen: list[str] = []
    for key in keys:
        text = tag(ways, key).dropna()
        seen += [f"{key}={value}" for value in text[map_each(text, access_word).isna()]]
    return seen


# ------------------------------------------------------------------------------- one way


def direction(ways: pd.DataFrame, kind: pd.Series[Any]) -> np.ndarray[Any, Any]:
    """Return 1 where vehicles may go with the line only, -1 against it only, 0 both ways."""
    data = table()["streets"]["oneway"]
    implied = kind.isin(data["implied_by_class"]).to_numpy(dtype=bool)
    implied = implied | has_tag(ways, "junction", data["implied_by_junction"])
    implied &= ~has_tag(ways, "oneway", data["both"])
    forward = has_tag(ways, "oneway", data["forward"]) | implied
    backward = has_tag(ways, "oneway", data["backward"])
    return np.where(backward, -1, np.where(forward, 1, 0))


def _one_way(ways: pd.DataFrame, kind: pd.Series[Any], allow: pd.DataFrame) -> dict[str, Any]:
    """Return the allow columns with the closed direction of one-way streets taken away."""
    way = direction(ways, kind)
    free = {
        "bike": _bike_both_ways(ways),
        "bus": _bus_both_ways(ways),
        "walk": ~has_tag(ways, "oneway:foot", ["yes"]),
    }
    only = {"bike": has_tag(ways, "oneway:bicycle", ["yes", "1"])}
    nobody = np.zeros(len(ways), dtype=bool)
    out: dict[str, Any] = {}
    for mode in MODES:
        exempt = free.get(mode, nobody)
        closed = {"f": (way == -1) & ~exempt, "b": (way == 1) & ~exempt}
        closed["b"] |= only.get(mode, nobody) & (way != -1)
        for side in "fb":
            name = f"allow_{mode}_{side}"
            out[name] = allow[name].to_numpy() & ~closed[side]
    return out


def _bike_both_ways(ways: pd.DataFrame) -> Mask:
    """Tell where bicycles may ride against the one-way street."""
    no = table()["streets"]["no"]
    free = has_tag(ways, "oneway:bicycle", no)
    free |= has_tag(ways, "bicycle:backward", ["yes", "designated", "permissive"])
    for side in ("", ":left", ":right", ":both"):
        value = tag(ways, f"cycleway{side}")
        free |= value.str.startswith("opposite").fillna(value=False).to_numpy(dtype=bool)
        if side:
            free |= has_tag(ways, f"cycleway{side}:oneway", [*no, "-1"])
    return np.asarray(free & ~has_tag(ways, "oneway:bicycle", ["yes", "1"]))


def _bus_both_ways(ways: pd.DataFrame) -> Mask:
    """Tell where buses may drive against the one-way street."""
    no: Sequence[str] = table()["streets"]["no"]
    free = has_tag(ways, "oneway:bus", no) | has_tag(ways, "oneway:psv", no)
    for key in ("busway", "busway:left", "busway:right"):
        free |= has_tag(ways, key, ["opposite_lane", "opposite"])
    for key in ("bus:backward", "psv:backward"):
        free |= has_tag(ways, key, ["yes", "designated"])
    return np.asarray(free)

"""Cycle facilities by side of the street, resolved to the direction of travel (right-hand)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from layers.osm.tags import choose, has_tag, table, tag

Words = np.ndarray[Any, Any]


def cycle_facility(
    ways: pd.DataFrame, kind: pd.Series[Any], one_way: Words, allow: pd.DataFrame
) -> dict[str, Words]:
    """
    Return `cycle_facility_f` and `cycle_facility_b`: what a rider meets with and against the line.

    Right-hand traffic: with the line one rides at its right side. On a one-way street a facility
    at the left side serves the same direction, unless it is tagged for the opposite one.
    """
    right, left = _side(ways, "right"), _side(ways, "left")
    no = [*table()["streets"]["no"], "-1"]
    left_both, right_both = _two_way(ways, "left", no), _two_way(ways, "right", no)
    same = np.array([value != "contraflow" for value in left], dtype=bool) & ~left_both
    forward = _first(right, choose((one_way == 1) & same | left_both, left, None))
    backward = _first(left, choose((one_way == -1) | right_both, right, None))
    contraflow = choose(one_way != 0, "contraflow", None)
    against = _first(choose(left_both, left, None), contraflow)
    forward = choose(forward == "contraflow", None, forward)
    backward = choose(one_way == 1, against, backward)
    swapped = _first(choose(right_both, right, None), contraflow)
    forward = choose(one_way == -1, swapped, forward)
    backward = choose((one_way == -1) & (backward == "contraflow"), None, backward)
    way = _whole_way(ways, kind)
    out = {}
    for letter, value in (("f", forward), ("b", backward)):
        rides = allow[f"allow_bike_{letter}"].to_numpy(dtype=bool)
        beside = np.isin(value.astype(object), ["separate_track", "sidewalk_allowed"])
        found = _first(way, value)
        # where nobody may ride there is none, but for the track beside that one has to take
        found = choose(rides | beside, found, None)
        out[f"cycle_facility_{letter}"] = _first(found, np.full(len(ways), "none", dtype=object))
    return out


def _first(*columns: Words) -> Words:
    """Return for each row the first value that is there."""
    out = columns[0].astype(object)
    for column in columns[1:]:
        out = choose(pd.isna(out), column, out)
    return out


def _two_way(ways: pd.DataFrame, side: str, no: list[str]) -> Words:
    both = has_tag(ways, "cycleway:both:oneway", no)
    return np.asarray(both | has_tag(ways, f"cycleway:{side}:oneway", no))


def _side(ways: pd.DataFrame, side: str) -> Words:
    """Return the facility at one side of the street, None where there is none."""
    data = table()["streets"]
    value = tag(ways, f"cycleway:{side}").fillna(tag(ways, "cycleway:both"))
    value = value.fillna(tag(ways, "cycleway")).str.strip().str.lower()
    found = value.map(data["cycleway"])
    kind = tag(ways, f"cycleway:{side}:lane").fillna(tag(ways, "cycleway:both:lane"))
    kind = kind.fillna(tag(ways, "cycleway:lane")).str.strip().str.lower()
    finer = kind.map(data["cycleway_lane"]).where(found == "lane")
    found = finer.fillna(found)
    guard = tag(ways, f"cycleway:{side}:separation")
    guard = guard.fillna(tag(ways, "cycleway:both:separation")).str.lower()
    protected = guard.isin(data["cycleway_protection"]["words"]) & found.isin(["lane"])
    found = found.mask(protected, "protected_lane")
    return (
        found.fillna(_sidewalk(ways, side))
        .astype(object)
        .where(lambda s: s.notna(), None)
        .to_numpy()
    )


def _sidewalk(ways: pd.DataFrame, side: str) -> pd.Series[Any]:
    """Return what a sidewalk with tags for bicycles is."""
    value = tag(ways, f"sidewalk:{side}:bicycle").fillna(tag(ways, "sidewalk:both:bicycle"))
    value = value.fillna(tag(ways, "sidewalk:bicycle"))
    split = tag(ways, f"sidewalk:{side}:segregated").fillna(tag(ways, "sidewalk:both:segregated"))
    words = {"yes": "sidewalk_allowed", "designated": "shared_path", "official": "shared_path"}
    found = value.map(words)
    return found.mask((found == "shared_path") & (split == "yes"), "segregated_path")


def _whole_way(ways: pd.DataFrame, kind: pd.Series[Any]) -> Words:
    """Return the facility that the way itself is: path, cycle track, cycle street."""
    yes = table()["streets"]["yes"]
    designated = has_tag(ways, "bicycle", ["designated", "official"])
    on_foot = has_tag(ways, "foot", [*yes, "permissive"])
    split = has_tag(ways, "segregated", ["yes"])
    is_cycleway = kind.eq("cycleway").to_numpy(dtype=bool)
    is_path = kind.isin(["path", "footway", "pedestrian"]).to_numpy(dtype=bool)
    is_walk = kind.isin(["footway", "pedestrian"]).to_numpy(dtype=bool)
    with_feet = (is_cycleway & on_foot) | (is_path & designated)
    said_not_split = is_cycleway & has_tag(ways, "segregated", ["no"])
    street = has_tag(ways, "bicycle_road", yes) | has_tag(ways, "cyclestreet", yes)
    found = np.select(
        [
            street,
            (is_cycleway | (is_path & designated)) & split,
            with_feet | said_not_split,
            is_cycleway,
            is_walk & has_tag(ways, "bicycle", ["yes", "permissive"]),
        ],
        ["cycle_street", "segregated_path", "shared_path", "separate_track", "sidewalk_allowed"],
        default="",
    )
    return choose(found == "", None, found)

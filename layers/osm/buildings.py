"""Buildings and their parts, with what is tagged about them and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from layers.osm.findings import finding
from layers.osm.geometry import points_in, valid_polygons
from layers.osm.tags import (
    between,
    classify,
    first_tag,
    parse_direction,
    parse_each,
    parse_length,
    parse_number,
    parse_year,
    table,
    tag,
)
from twin.assumptions import assumed_by_class

if TYPE_CHECKING:
    from collections.abc import Callable

    from layers.osm.raw import RawOsm
    from twin.provenance import Finding

COVERED_BY_PARTS = 0.5
"""From this share of an outline on, its parts stand for its volume (Simple 3D Buildings)."""

RANGES: dict[str, tuple[tuple[str, ...], Callable[[str], float], float, float]] = {
    "height_m": (("height", "building:height", "est_height"), parse_length, 0.5, 500),
    "min_height_m": (("min_height", "building:min_height"), parse_length, 0, 499),
    "min_level": (("building:min_level", "min_level"), parse_number, 0, 149),
    "storeys": (("building:levels", "levels"), parse_number, 0, 150),
    "roof_height_m": (("roof:height", "building:roof:height"), parse_length, 0, 100),
    "roof_direction_deg": (("roof:direction",), parse_direction, 0, 360),
    "year_built": (
        ("start_date", "year_of_construction", "construction_date", "building:year_built"),
        parse_year,
        500,
        2100,
    ),
    "dwellings": (("building:flats", "building:units"), parse_number, 0, 5000),
}
"""Column: tag keys in order of trust, how to read them, lowest and highest value accepted."""


def buildings(raw: RawOsm) -> tuple[pd.DataFrame, list[Finding]]:
    """Return buildings and parts; parts name the outline they lie in."""
    no = table()["building"]["not_a_building"]
    whole = tag(raw.areas, "building")
    part = tag(raw.areas, "building:part")
    is_whole = (whole.notna() & ~whole.str.lower().isin(no)).to_numpy(dtype=bool)
    is_part = (part.notna() & ~part.str.lower().isin(no)).to_numpy(dtype=bool) & ~is_whole
    chosen = raw.areas[is_whole | is_part].assign(is_part=is_part[is_whole | is_part])
    areas, repaired, given_up = valid_polygons(chosen)
    areas, doubled = _once(areas)
    words = _words(areas)
    tagged, absurd = _numbers(areas, words["use"])
    tied, orphans = _parts(areas, raw.relations)
    out = pd.concat([words, tagged, tied], axis=1)
    out["footprint_m2"] = shapely.area(areas["geometry"].to_numpy(dtype=object)).round(2)
    out["geometry"] = areas["geometry"]
    total = len(chosen)
    return _with_use_of_outline(out), [
        *absurd,
        *finding(
            "building_repaired", "buildings", repaired,
            "{count} of {total} building outlines cross themselves and were repaired.",
            severity="info", total=total,
        ),
        *finding(
            "building_empty", "buildings", given_up,
            "{count} of {total} building outlines enclose nothing and are left out.", total=total,
        ),
        *finding(
            "building_twice", "buildings", doubled,
            "{count} of {total} buildings are drawn twice at the same place; one stays.",
            total=total,
        ),
        *finding(
            "part_alone", "buildings", orphans,
            "{count} building parts lie in no building; they stand for themselves.",
            severity="info",
        ),
    ]  # fmt: skip


def _once(areas: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Drop all but the first (lowest key) of outlines that are the same shape."""
    shapes = shapely.normalize(areas["geometry"].to_numpy(dtype=object))
    same = pd.DataFrame({"shape": shapely.to_wkb(shapes), "part": areas["is_part"].to_numpy()})
    again = same.duplicated().to_numpy()
    return areas[~again], list(areas.index[again])


def _numbers(areas: pd.DataFrame, use: pd.Series[Any]) -> tuple[pd.DataFrame, list[Finding]]:
    """Return every number tagged in its range; absurd and unreadable ones are counted."""
    out: dict[str, pd.Series[Any]] = {}
    findings: list[Finding] = []
    for column, (keys, parse, low, high) in RANGES.items():
        text = first_tag(areas, keys)
        value = between(parse_each(text, parse), low, high)
        absurd = text.notna() & value.isna()
        findings += finding(
            f"{column}_unreadable", "buildings", text[absurd],
            "{count} of {total} tagged values are absurd or cannot be read and are left out.",
            total=int(text.notna().sum()), column=column,
        )  # fmt: skip
        out[column] = value
    frame = pd.DataFrame(out, index=areas.index)
    storey = assumed_by_class("storey_height")
    lifted = frame.pop("min_level") * use.map(storey).astype(float).fillna(storey["apartments"])
    frame["min_height_m"] = frame["min_height_m"].fillna(lifted).fillna(0.0).clip(upper=499)
    frame["storeys"] = np.floor(frame["storeys"])
    upside_down = frame["height_m"] <= frame["min_height_m"]
    findings += finding(
        "upside_down", "buildings", list(frame.index[upside_down]),
        "{count} buildings have their underside above their top; their height is left out.",
        column="height_m",
    )  # fmt: skip
    frame["height_m"] = frame["height_m"].mask(upside_down)
    for column, source in (
        ("height_m", "tagged:height"),
        ("storeys", "tagged"),
        ("roof_height_m", "tagged"),
        ("year_built", "tagged"),
        ("dwellings", "tagged"),
    ):
        name = column.removesuffix("_m") + "_source"
        frame[name] = pd.Series(source, areas.index, dtype="str").where(frame[column].notna())
    return frame, findings


def _words(areas: pd.DataFrame) -> pd.DataFrame:
    """Return names, use, roof shape and address."""
    data = table()["building"]
    main = tag(areas, "building").where(~areas["is_part"], tag(areas, "building:part"))
    generic = main.str.lower().isin(data["generic"])
    by_value = classify(areas, data["use"])["class"].mask(areas["is_part"])
    by_poi = classify(areas, data["use_by_poi"])["class"]
    use = by_value.fillna(by_poi).mask(by_value.isna() & by_poi.isna() & ~generic, "other")
    use = use.mask(areas["is_part"] & by_poi.isna(), np.nan)
    roof = {value: name for name, values in data["roof"].items() for value in values}
    shape = first_tag(areas, ("roof:shape", "building:roof:shape")).str.strip().str.lower()
    roof_type = shape.map(roof).mask(shape.notna() & ~shape.isin(list(roof)), "other")
    return pd.DataFrame(
        {
            "name": tag(areas, "name"),
            "use": use.fillna("unknown"),
            "use_source": pd.Series("tagged", areas.index, dtype="str").where(
                use.notna(), "unknown"
            ),
            "roof_type": roof_type,
            "roof_type_source": pd.Series("tagged", areas.index, dtype="str").where(
                roof_type.notna()
            ),
            "street": first_tag(areas, ("addr:street", "addr:place")),
            "housenumber": tag(areas, "addr:housenumber"),
            "postcode": tag(areas, "addr:postcode"),
            "locality": first_tag(areas, ("addr:city", "addr:hamlet", "addr:suburb")),
        }
    )


def _parts(areas: pd.DataFrame, relations: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Return `part_of` and `has_parts`, and the parts that lie in no outline."""
    keys = areas.index.to_numpy(dtype=object)
    shapes = areas["geometry"].to_numpy(dtype=object)
    is_part = areas["is_part"].to_numpy(dtype=bool)
    parts, outlines = np.flatnonzero(is_part), np.flatnonzero(~is_part)
    inside = points_in(shapely.point_on_surface(shapes[parts]), shapes[outlines])
    part_of = np.full(len(areas), None, dtype=object)
    found = inside >= 0
    part_of[parts[found]] = keys[outlines[inside[found]]]
    said = _outlines_by_relation(relations)
    told = [said.get(key) for key in keys[parts]]
    known = np.array([key in areas.index for key in told], dtype=bool)
    part_of[parts[known]] = np.array(told, dtype=object)[known]
    covered = pd.Series(shapely.area(shapes)).groupby(part_of).sum()
    own = pd.Series(shapely.area(shapes), index=keys)
    share = covered / own.reindex(covered.index)
    full = share.index[share >= COVERED_BY_PARTS]
    tied = pd.DataFrame(
        {
            "part_of": pd.Series(part_of, areas.index, dtype="str"),
            "has_parts": areas.index.isin(full),
        },
        index=areas.index,
    )
    return tied, list(keys[parts[pd.isna(part_of[parts])]])


def _outlines_by_relation(relations: pd.DataFrame) -> dict[str, str]:
    """Return part key -> outline key as relations of type "building" say."""
    out: dict[str, str] = {}
    for tags, members in zip(relations["tags"], relations["members"], strict=True):
        if tags.get("type") == "building":
            outline = [f"osm:{kind}{ref}" for kind, ref, role in members if role == "outline"]
            if len(outline) == 1:
                out |= {f"osm:{k}{ref}": outline[0] for k, ref, role in members if role == "part"}
    return out


def _with_use_of_outline(out: pd.DataFrame) -> pd.DataFrame:
    """Give parts without a use of their own the use of their outline."""
    bare = out["part_of"].notna() & (out["use"] == "unknown")
    donor = out["part_of"].where(bare)
    use = donor.map(out["use"])
    source = donor.map(out["use_source"])
    return out.assign(
        use=out["use"].mask(bare, use), use_source=out["use_source"].mask(bare, source)
    )

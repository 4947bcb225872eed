"""Land use, water, railways and trees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from layers.osm.findings import finding
from layers.osm.geometry import valid_polygons
from layers.osm.tags import (
    between,
    classify,
    first_tag,
    has_tag,
    parse_each,
    parse_length,
    table,
    tag,
)

if TYPE_CHECKING:
    from layers.osm.raw import RawOsm
    from twin.provenance import Finding

NO = ("no", "false", "0")
TREE_SPACING_M = 10.0  # between trees of a row; avenues in Germany stand 8 to 12 m apart (practice)


def landuse(raw: RawOsm) -> tuple[pd.DataFrame, list[Finding]]:
    """Return land use areas, whatever key they come from (landuse, natural, leisure, amenity)."""
    kind = classify(raw.areas, table()["landuse"])
    is_building = tag(raw.areas, "building").notna() | tag(raw.areas, "building:part").notna()
    is_water = classify(raw.areas, table()["water"]["area"])["class"].notna()
    chosen = kind["class"].notna() & ~is_building & ~is_water
    areas, repaired, given_up = valid_polygons(raw.areas[chosen])
    out = pd.DataFrame(
        {
            "name": tag(areas, "name"),
            "class": kind["class"].reindex(areas.index),
            "area_m2": shapely.area(areas["geometry"].to_numpy(dtype=object)).round(1),
            "geometry": areas["geometry"],
        }
    )
    return out, _ring_findings("landuse", repaired, given_up, int(chosen.sum()))


def water(raw: RawOsm) -> tuple[pd.DataFrame, list[Finding]]:
    """Return water areas and lines; the coastline is no area of water and stays out."""
    rules = table()["water"]
    kind = classify(raw.areas, rules["area"])
    chosen = kind["class"].notna() & tag(raw.areas, "building").isna()
    areas, repaired, given_up = valid_polygons(raw.areas[chosen])
    lines = raw.lines.drop(index=raw.areas.index[chosen], errors="ignore")
    flow = classify(lines, rules["line"])
    lines = lines[flow["class"].notna()]
    both = pd.concat([areas, lines[["tags", "geometry"]]])
    width = parse_each(first_tag(lines, ("width", "est_width")), parse_length)
    width = between(width, 0.1, 3000)
    usual = flow["class"].reindex(lines.index).map(rules["width_m"]).astype("float64")
    out = pd.DataFrame(
        {
            "name": tag(both, "name"),
            "class": pd.concat([kind["class"], flow["class"]])
            .loc[lambda s: ~s.index.duplicated()]
            .reindex(both.index),
            "width_m": width.fillna(usual).reindex(both.index),
            "width_source": _either(width.notna(), "tagged", "estimated:class").reindex(both.index),
            "is_tunnel": tag(both, "tunnel").notna() & ~has_tag(both, "tunnel", NO),
            "geometry": both["geometry"],
        }
    )
    return out, _ring_findings("water", repaired, given_up, int(chosen.sum()))


def railways(raw: RawOsm) -> tuple[pd.DataFrame, list[Finding]]:
    """Return tracks; platforms and stations are no tracks."""
    kind = classify(raw.lines, table()["railway"])
    lines = raw.lines[kind["class"].notna()]
    service = tag(lines, "service")
    out = pd.DataFrame(
        {
            "name": first_tag(lines, ("name", "ref")) if len(lines) else None,
            "class": kind["class"].reindex(lines.index),
            "is_service": service.notna(),
            "is_bridge": tag(lines, "bridge").notna() & ~has_tag(lines, "bridge", NO),
            "is_tunnel": tag(lines, "tunnel").notna() & ~has_tag(lines, "tunnel", NO),
            "electrified": tag(lines, "electrified"),
            "geometry": lines["geometry"],
        },
        index=lines.index,
    )
    return out, []


def trees(raw: RawOsm) -> tuple[pd.DataFrame, list[Finding]]:
    """Return single trees, and trees set at even distances along tree rows."""
    single = raw.nodes[has_tag(raw.nodes, "natural", ["tree"])].assign(position_source="tagged")
    rows = raw.lines[has_tag(raw.lines, "natural", ["tree_row"])]
    both = pd.concat([single, _trees_of_rows(rows)])
    height = parse_each(first_tag(both, ("height", "est_height")), parse_length)
    crown = parse_each(tag(both, "diameter_crown"), parse_length)
    absurd = height.notna() & between(height, 0.5, 130).isna()
    height, crown = between(height, 0.5, 130), between(crown, 0.3, 60)
    leaf = tag(both, "leaf_type").fillna(tag(both, "type").map(_OLD_LEAF_TYPES))
    out = pd.DataFrame(
        {
            "leaf": leaf.where(leaf.isin(["broadleaved", "needleleaved"]), "unknown"),
            "height_m": height,
            "height_source": _either(height.notna(), "tagged", None),
            "crown_m": crown,
            "crown_source": _either(crown.notna(), "tagged", None),
            "position_source": both["position_source"],
            "species": first_tag(both, ("species:de", "species", "genus:de", "genus", "taxon")),
            "geometry": both["geometry"],
        }
    )
    message = "{count} tree heights cannot be true and are left out."
    return out, finding("tree_height", "trees", list(out.index[absurd]), message)


_OLD_LEAF_TYPES = {
    "broad_leaved": "broadleaved",
    "broad_leafed": "broadleaved",
    "conifer": "needleleaved",
    "coniferous": "needleleaved",
}


def _trees_of_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one point for every tree of a row, keyed `osm:w1:0`, `osm:w1:1` and so on."""
    shapes = rows["geometry"].to_numpy(dtype=object)
    count = (shapely.length(shapes) // TREE_SPACING_M).astype(int) + 1
    which = np.repeat(np.arange(len(rows)), count)
    running = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
    points = shapely.line_interpolate_point(shapes[which], running * TREE_SPACING_M)
    xy = shapely.get_coordinates(points).round(3)
    names = rows.index.to_numpy(dtype=object)[which]
    return pd.DataFrame(
        {
            "tags": rows["tags"].to_numpy(dtype=object)[which],
            "geometry": shapely.points(xy),
            "position_source": "estimated:tree_row",
        },
        index=[f"{name}:{n}" for name, n in zip(names, running, strict=True)],
    )


def _either(mask: pd.Series[Any], yes: str | None, no: str | None) -> pd.Series[Any]:
    """Return a text column with one of two values."""
    values = np.where(mask, np.array(yes, dtype=object), np.array(no, dtype=object))
    return pd.Series(values, index=mask.index, dtype="str")


def _ring_findings(
    name: str, repaired: list[str], given_up: list[str], total: int
) -> list[Finding]:
    mended = "{count} of {total} areas cross themselves and were repaired."
    lost = "{count} of {total} areas enclose nothing and are left out."
    return [
        *finding("area_repaired", name, repaired, mended, severity="info", total=total),
        *finding("area_empty", name, given_up, lost, total=total),
    ]

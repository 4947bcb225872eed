"""Districts: administrative areas and drawn suburbs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from layers.osm.findings import finding
from layers.osm.geometry import valid_polygons
from layers.osm.places import _people
from layers.osm.tags import among, between, first_tag, has_tag, parse_each, parse_number, tag

if TYPE_CHECKING:
    from layers.osm.raw import RawOsm
    from twin.provenance import Finding

LOWEST, HIGHEST = 6, 11
"""Administrative levels: 6 Kreis, 8 Gemeinde, 9 to 11 parts of it."""

LEVEL_OF_PLACE = {"borough": 9.0, "suburb": 10.0, "quarter": 11.0, "neighbourhood": 11.0}


def districts(raw: RawOsm) -> tuple[pd.DataFrame, list[Finding]]:
    """Return administrative areas of level 6 to 11, and areas of place=suburb and smaller."""
    level = between(parse_each(tag(raw.areas, "admin_level"), parse_number), LOWEST, HIGHEST)
    level = level.where(has_tag(raw.areas, "boundary", ["administrative"]))
    level = level.fillna(tag(raw.areas, "place").map(LEVEL_OF_PLACE))
    name = first_tag(raw.areas, ("name", "name:de"))
    chosen = (level.notna() & name.notna()).to_numpy(dtype=bool)
    areas, _, _ = valid_polygons(raw.areas[chosen])
    people = between(parse_each(tag(areas, "population"), _people), 0, 1e8)
    out = pd.DataFrame(
        {
            "name": name.reindex(areas.index),
            "level": level.reindex(areas.index),
            "area_m2": shapely.area(areas["geometry"].to_numpy(dtype=object)).round(1),
            "boundary_source": "tagged",
            "residents": people,
            "residents_source": pd.Series("tagged", areas.index, dtype="str").where(people.notna()),
            "geometry": areas["geometry"],
        }
    )
    twice = out.assign(
        key=shapely.to_wkb(shapely.normalize(out["geometry"].to_numpy(dtype=object)))
    )
    out = out[~twice.duplicated(["name", "key"]).to_numpy()]
    return out, _incomplete(raw, areas.index)


def _incomplete(raw: RawOsm, complete: pd.Index) -> list[Finding]:
    """Count administrative areas whose border the extract holds only in part."""
    relations = raw.relations
    level = parse_each(tag(relations, "admin_level"), parse_number)
    meant = has_tag(relations, "boundary", ["administrative"]) & level.between(LOWEST, HIGHEST)
    lost = relations.index[np.asarray(meant) & ~among(relations.index, complete)]
    names = tag(relations, "name").reindex(lost).fillna("?")
    message = "{count} administrative areas lie in the extract only in part and are left out."
    return finding("district_incomplete", "districts", list(names), message, severity="info")

"""Areas of several rings: tags from the outer ring in old style, no outline drawn twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from layers.osm.tags import Tags, table

if TYPE_CHECKING:
    from collections.abc import Iterable


def settle(areas: pd.DataFrame, relations: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """
    Return areas where each thing stands once, and the keys of outer rings that were dropped.

    Before 2017 the tags of a multipolygon stood on its outer ring, so relations without tags of
    their own take those. An outer ring with the same tags as its relation is the same thing
    without its courtyards and is dropped.
    """
    keys = frozenset(table()["read"]["area_keys"])
    tags_of: dict[str, Tags] = dict(zip(areas.index, areas["tags"], strict=True))
    changed: dict[str, Tags] = {}
    dropped: list[str] = []
    for key, members in _multipolygons(relations):
        if key not in tags_of:
            continue  # not closed, so the ring is all there is
        rings = [f"osm:w{ref}" for kind, ref, role in members if kind == "w" and role != "inner"]
        rings = [ring for ring in rings if ring in tags_of]
        own = tags_of[key]
        if keys.isdisjoint(own) and rings:
            own = changed[key] = {**tags_of[rings[0]], **own}
        dropped += [ring for ring in rings if _same_thing(own, tags_of[ring], keys)]
    tags = [changed.get(key, old) for key, old in tags_of.items()]
    out = areas.assign(tags=pd.Series(tags, index=areas.index, dtype=object))
    return out.drop(index=list(dict.fromkeys(dropped))), sorted(set(dropped))


def _multipolygons(
    relations: pd.DataFrame,
) -> Iterable[tuple[str, list[tuple[str, int, str]]]]:
    for key, tags, members in zip(
        relations.index, relations["tags"], relations["members"], strict=True
    ):
        if tags.get("type") == "multipolygon":
            yield key, members


def _same_thing(one: Tags, two: Tags, keys: frozenset[str]) -> bool:
    """Tell whether both are a building, or share the value of a key that makes an area."""
    if "building" in one and "building" in two:
        return True
    return any(one.get(key) == two[key] for key in keys & two.keys() if key != "source")

"""The same building in several sources: matched, merged by a written order of trust, reported."""

from __future__ import annotations

from layers.matching.buildings import Matched, match_buildings
from layers.matching.follow import follow_envelopes, follow_points, follow_roofs, renamed
from layers.matching.tables import Merged, merge_table

__all__ = [
    "Matched", "Merged", "follow_envelopes", "follow_points", "follow_roofs", "match_buildings",
    "merge_table", "renamed",
]  # fmt: skip

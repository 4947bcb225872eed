"""The same building in several sources: matched, merged by a written order of trust, reported."""

from __future__ import annotations

from layers.matching.buildings import Matched, match_buildings

__all__ = ["Matched", "match_buildings"]

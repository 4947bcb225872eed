"""The catalogues of ALKIS: building functions, roof shapes, actual use of land, identifiers."""

from __future__ import annotations

from layers.alkis.catalogue import building_use, land_class, plain_id, roof_type

__all__ = ["building_use", "land_class", "plain_id", "roof_type"]

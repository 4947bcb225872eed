"""Archetypes of the German stock: the TABULA typology and how our classes map to it."""

from twin.energy.archetypes.classes import Archetypes, archetypes, bucket_of
from twin.energy.archetypes.typology import STATES, typology

__all__ = ["STATES", "Archetypes", "archetypes", "bucket_of", "typology"]

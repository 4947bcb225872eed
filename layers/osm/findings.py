"""Counted entries of this adapter for the quality report."""

from __future__ import annotations

from functools import partial

from layers.noticed import noticed

finding = partial(noticed, prefix="osm_")
"""See `layers.noticed`."""

"""Runs the models in order: city, scenario and assumptions in, results out; nobody else does."""

from __future__ import annotations

from twin.simulate.observed import Observed
from twin.simulate.results import Results, YearResults
from twin.simulate.run import simulate, zone_ids

__all__ = ["Observed", "Results", "YearResults", "simulate", "zone_ids"]

"""Runs the models in order: city, scenario and assumptions in, results out; nobody else does."""

from __future__ import annotations

from twin.simulate.observed import Observed
from twin.simulate.results import Results, YearResults
from twin.simulate.run import simulate, zone_ids
from twin.simulate.stage import Cancelled

__all__ = ["Cancelled", "Observed", "Results", "YearResults", "simulate", "zone_ids"]

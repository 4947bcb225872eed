"""Indicators: what a scenario means in single figures, each able to say where it comes from."""

from __future__ import annotations

from twin.indicators.catalogue import INDICATORS
from twin.indicators.definition import LEVELS, WHOLE, Indicator, Level
from twin.indicators.evaluate import by_year, indicator_table
from twin.indicators.explain import Explanation, explain
from twin.indicators.lacking import lacking

__all__ = [
    "INDICATORS", "LEVELS", "WHOLE", "Explanation", "Indicator", "Level", "by_year", "explain",
    "indicator_table", "lacking",
]  # fmt: skip

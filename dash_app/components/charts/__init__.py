"""Charts: pure functions from tables to drawings with axes, words and a table of the same."""

from __future__ import annotations

from dash_app.components.charts.panels import energy_charts, mobility_charts

__all__ = ["energy_charts", "mobility_charts"]

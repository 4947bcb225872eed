"""The quality report of a city: figures for machines, one HTML page for people."""

from __future__ import annotations

from layers.quality_report.figures import quality_report
from layers.quality_report.page import report_html

__all__ = ["quality_report", "report_html"]

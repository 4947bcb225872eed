"""What a measure applies to: named, drawn, asked for by attributes, or a share of these."""

from __future__ import annotations

from twin.selection.columns import COLUMNS, column_values, roof_potential
from twin.selection.model import Area, Condition, Part, Selector, Share
from twin.selection.resolve import lots, preview, problems, ranked, select, selected_rows
from twin.selection.words import SelectionError, describe, parse_selector, selector_line

__all__ = [
    "COLUMNS", "Area", "Condition", "Part", "SelectionError", "Selector", "Share", "column_values",
    "describe", "lots", "parse_selector", "preview", "problems", "ranked", "roof_potential",
    "select", "selected_rows", "selector_line",
]  # fmt: skip

"""What a measure applies to: named, drawn, asked for by attributes, or a share of these."""

from __future__ import annotations

from twin.selection.columns import COLUMNS, column_values, roof_potential
from twin.selection.drawn import Around, Line, Spot
from twin.selection.model import Area, Condition, Part, Selector, Share
from twin.selection.resolve import lots, preview, problems, ranked, select, selected_rows
from twin.selection.street_words import describe_streets, parse_street_selector, street_line
from twin.selection.streets import StreetSelector, select_streets, selected_streets
from twin.selection.words import SelectionError, describe, parse_selector, selector_line

__all__ = [
    "COLUMNS", "Area", "Around", "Condition", "Line", "Part", "SelectionError", "Selector", "Share",
    "Spot", "StreetSelector", "column_values", "describe", "describe_streets", "lots",
    "parse_selector", "parse_street_selector", "preview", "problems", "ranked", "roof_potential",
    "select", "select_streets", "selected_rows", "selected_streets", "selector_line", "street_line",
]  # fmt: skip

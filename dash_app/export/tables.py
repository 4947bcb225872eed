"""Indicators as tables to take along: CSV for every program, XLSX with what explains it."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xlsxwriter  # type: ignore[import-untyped]

from twin.indicators import INDICATORS, WHOLE

if TYPE_CHECKING:
    from dash_app.i18n import Translator
    from twin.city import City

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a cell must not begin with in a program that reads a CSV: it would be computed."""

VALUES = ("before", "after", "change", "percent", "low", "high")


@dataclass(frozen=True)
class Origin:
    """What the second sheet says: scenario, what it is compared with, year."""

    name: str
    hash: str
    other_name: str
    other_hash: str
    year: int


def readable(t: Translator, table: pd.DataFrame, city: City) -> pd.DataFrame:
    """
    Return changed indicators as people read them: one row each, numbers in full.

    Parameters
    ----------
    table
        Of `twin.compare.difference` as the viewer may see it, with `withheld`, for one year; `low`
        and `high` (range of the change) where known.
    """
    index = table.index
    names = index.get_level_values("indicator")
    levels = index.get_level_values("level")
    areas = index.get_level_values("area").to_numpy(object)
    words = {"city": t.text("City"), "district": t.table("districts"), "block": t.table("blocks")}
    numbers = {
        label: table[name].to_numpy(float) if name in table else np.full(len(table), np.nan)
        for name, label in zip(VALUES, _value_labels(t), strict=True)
    }
    away = table["withheld"].to_numpy(bool)
    return pd.DataFrame(
        {
            t.text("Indicator"): [t.text(INDICATORS[name].label) for name in names],
            t.text("Key"): list(names),
            t.text("Level"): [words.get(level, level) for level in levels],
            t.text("Key of the area"): ["" if area == WHOLE else str(area) for area in areas],
            t.text("Name"): _names(city, levels.to_numpy(object), areas),
            t.text("Unit"): [t.unit(unit) for unit in table["unit"]],
            **numbers,
            t.text("Withheld"): [t.text("few addresses") if one else "" for one in away],
        }
    )


def _value_labels(t: Translator) -> tuple[str, ...]:
    return (
        t.text("Before"), t.text("After"), t.text("Difference"), t.text("Difference in %"),
        t.text("Difference, low"), t.text("Difference, high"),
    )  # fmt: skip


def _names(city: City, levels: Any, areas: Any) -> list[str]:
    """Return what people call the areas."""
    known = city.districts["name"].to_dict() if "name" in city.districts else {}
    found = []
    for level, area in zip(levels, areas, strict=True):
        name = city.name if area == WHOLE else known.get(area) if level == "district" else None
        found.append(str(name) if isinstance(name, str) else "")
    return found


def as_csv(t: Translator, table: pd.DataFrame) -> bytes:
    """Return a table as spreadsheets of this language read it: UTF-8 with a mark."""
    german = t.lang == "de"
    out = StringIO()
    writer = csv.writer(out, delimiter=";" if german else ",", lineterminator="\r\n")
    writer.writerow([_plain(name) for name in table.columns])
    for row in table.itertuples(index=False):
        writer.writerow([_cell(value, comma=german) for value in row])
    return out.getvalue().encode("utf-8-sig")


def _cell(value: Any, *, comma: bool) -> str:
    if isinstance(value, float | np.floating):
        text = "" if not np.isfinite(value) else repr(float(value))
        return text.replace(".", ",") if comma else text
    return _plain(str(value))


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text


def as_xlsx(t: Translator, table: pd.DataFrame, city: City, origin: Origin) -> bytes:
    """Return a workbook: the table, and a sheet that says what it is and where it is from."""
    out = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        number = book.add_format({"num_format": "#,##0.0##"})
        sheet = book.add_worksheet(t.text("Indicators"))
        for column, name in enumerate(table.columns):
            sheet.write_string(0, column, name, bold)
            _write_column(sheet, column, table[name], number)
        sheet.freeze_panes(1, 1)
        sheet.set_column(0, 0, 42)
        sheet.set_column(1, len(table.columns) - 1, 16)
        sheet.autofilter(0, 0, max(len(table), 1), len(table.columns) - 1)
        about = book.add_worksheet(t.text("Explanation"))
        about.set_column(0, 0, 34)
        about.set_column(1, 1, 110)
        for row, (name, text) in enumerate(about_rows(t, city, origin)):
            about.write_string(row, 0, name, bold)
            about.write_string(row, 1, text[:32_000])
    return out.getvalue()


def _write_column(sheet: Any, column: int, values: pd.Series[Any], number: Any) -> None:
    for row, value in enumerate(values, start=1):
        if not isinstance(value, float | np.floating):
            sheet.write_string(row, column, str(value))
        elif np.isfinite(value):
            sheet.write_number(row, column, float(value), number)


def about_rows(t: Translator, city: City, origin: Origin) -> list[tuple[str, str]]:
    """Return what explains the figures: which scenarios, hashes, formulas, sources."""
    date = city.info.data_date
    rows = [
        (t.text("City"), city.name),
        (t.text("After"), origin.name),
        (t.text("Before"), origin.other_name),
        (t.text("Year"), str(origin.year)),
        (t.text("Hash of the scenario"), origin.hash),
        (t.text("Hash of what it is compared with"), origin.other_hash),
        (t.text("Hash of the city"), city.hash),
        (t.text("Data of the city from"), t.date(date) if date else ""),
        (t.text("Difference, low"), t.text("How low and how high the difference may be, "
                                           "as far as the assumptions are uncertain; known for "
                                           "the whole city only.")),
        (t.text("Withheld"), t.text("Too few addresses share the value.")),
        ("", ""),
    ]  # fmt: skip
    if city.info.model_town:
        text = t.text("This town is generated from published figures. No building is real.")
        rows.insert(1, (t.text("Model town, no survey"), text))
    rows += [(t.text(one.label), t.text(one.formula)) for one in INDICATORS.values()]
    rows.append(("", ""))
    for source in city.info.sources:
        parts = (t.text(source.attribution), source.licence, source.url, source.date)
        rows.append((t.text(source.title), " · ".join(part for part in parts if part)))
    return rows

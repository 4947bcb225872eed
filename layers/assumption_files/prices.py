"""A local price table: what energy costs here, by name and year."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import pandas as pd

from layers.assumption_files.imported import (
    Found,
    Imported,
    changes_for,
    skipped,
    years,
    years_of,
)
from layers.assumption_files.text_table import numbers
from layers.assumption_files.units import UnitError
from twin.errors import SchemaError, SourceError

if TYPE_CHECKING:
    from pathlib import Path

    from layers.assumption_files.imported import Change
    from twin.assumptions import Assumptions

REFERENCE_YEAR = 2025


@cache
def mapping() -> dict[str, str]:
    """Return which assumption each spelling of a carrier means."""
    text = files("layers.assumption_files").joinpath("prices.toml").read_text("utf-8")
    names: dict[str, list[str]] = tomllib.loads(text)["names"]
    return {_plain(spelt): name for name, all_spelt in names.items() for spelt in all_spelt}


def import_prices(raw: pd.DataFrame, path: Path, given: Assumptions) -> Imported:
    """
    Return what a price table changes; `raw` has the columns of `formats.toml`.

    Raises
    ------
    SchemaError
        Values that are no numbers and units that cannot be converted, each with its line.
    SourceError
        No name in the table is known here.
    """
    names = raw["name"].map(lambda spelt: _assumption(spelt, given))
    style = raw.attrs.get("style", "point")
    rows = pd.DataFrame(
        {
            "name": names,
            "year": numbers(raw.get("year", pd.Series("", raw.index)), otherwise="point"),
            "unit": raw["unit"],
            "source": raw.get("source", pd.Series("", raw.index)),
            **{key: numbers(raw[key], otherwise=style) for key in _numeric(raw)},
        }
    )[names.notna()]
    _refuse_no_numbers(raw, rows, path)
    changes, faults = _all_changes(rows, path, given)
    if faults:
        template = "{path} holds units that cannot be used:"
        raise SchemaError(template, faults=faults, path=path)
    if not changes:
        template = "{path} names nothing that is known here, e.g. {examples}."
        hint = "Use names as `twin assumptions list` shows them, e.g. balance.co2_price."
        examples = ", ".join(sorted(set(raw["name"]))[:5])
        raise SourceError(template, hint=hint, path=path, examples=examples)
    unknown = skipped("{count} rows name nothing that is known here.", raw["name"][names.isna()])
    return Imported("prices", path.name, tuple(changes), tuple(unknown), rows=len(raw))


def _numeric(raw: pd.DataFrame) -> list[str]:
    return [key for key in ("value", "low", "high") if key in raw]


def _refuse_no_numbers(raw: pd.DataFrame, rows: pd.DataFrame, path: Path) -> None:
    faults = [
        f"{int(place) + 2}: {raw.loc[place, 'name']}: {raw.loc[place, 'value']!r}"
        for place in rows.index[rows["value"].isna()]
    ]
    if faults:
        template = "{path} holds prices that are no numbers (line: name: value):"
        raise SchemaError(template, faults=faults, path=path)


def _all_changes(
    rows: pd.DataFrame, path: Path, given: Assumptions
) -> tuple[list[Change], list[str]]:
    changes, faults = [], []
    for (name, unit), group in rows.groupby(["name", "unit"], sort=False):
        try:
            changes += changes_for(str(name), _found(group, str(unit), path), given)
        except UnitError as error:
            faults.append(f"{name}: {error}")
    return changes, faults


def _found(rows: pd.DataFrame, unit: str, path: Path) -> Found:
    """Return the values by year; a price without a year holds for the reference year."""
    given = rows.assign(year=rows["year"].fillna(REFERENCE_YEAR).astype(int))
    low = given["low"].fillna(given["value"]) if "low" in given else given["value"]
    high = given["high"].fillna(given["value"]) if "high" in given else given["value"]
    source = ", ".join(dict.fromkeys(filter(None, (*rows["source"], path.name))))
    by_year = given.assign(low=low, high=high).groupby("year")
    middle = by_year["value"].median()
    return Found(
        middle=years(middle),
        low=years(by_year["low"].min().clip(upper=middle)),
        high=years(by_year["high"].max().clip(lower=middle)),
        unit=unit,
        source=f"Local price table: {source}",
        reference_year=REFERENCE_YEAR,
        status="user",
        ranged="low" in given or "high" in given,
    )


def _assumption(spelt: str, given: Assumptions) -> str | None:
    name = mapping().get(_plain(spelt), spelt)
    return name if name in given or years_of(name, given) else None


def _plain(name: str) -> str:
    return re.sub(r"[\s_\-]+", "", name).casefold()

"""An HBEFA export: emission factors by vehicle category, traffic situation and pollutant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from layers.assumption_files.imported import Imported, Skipped, skipped
from layers.assumption_files.text_table import numbers
from layers.assumption_files.units import factor
from twin.errors import SourceError

if TYPE_CHECKING:
    from pathlib import Path

UNIT = "g/km"
NUMBERS = ("year", "factor", "speed_kmh")
OFFICE = "HBEFA (INFRAS)"


def import_emission_factors(raw: pd.DataFrame, path: Path) -> Imported:
    """
    Return the export as a table with our column names; values in g/km unless it says otherwise.

    One row is one factor; what names a row (category, situation, gradient …) stays as HBEFA
    spells it. Rows without a number, as HBEFA has them for missing combinations, are counted.

    Raises
    ------
    SourceError
        No row has a factor, or two rows give the same combination different factors.
    """
    table = raw.assign(
        **{key: numbers(raw[key], otherwise="point") for key in NUMBERS if key in raw}
    )
    if "factor_unit" in raw:
        spelt = raw["factor_unit"].where(raw["factor_unit"] != "", UNIT)
        scale = {unit: factor(unit, UNIT) for unit in spelt.unique()}
        table = table.assign(factor=table["factor"] * spelt.map(scale)).drop(columns="factor_unit")
    missing = table["factor"].isna()
    lost = skipped("{count} values are no numbers.", raw["factor"][missing])
    table = table[~missing]
    if table.empty:
        template = "{path} holds no emission factor that is a number."
        raise SourceError(template, hint="Export it again as CSV.", path=path)
    table, doubles = _without_doubles(table, path)
    source = f"{OFFICE}, {path.name}"
    return Imported(
        "emission_factors", source, (), (*lost, *doubles),
        table=table.assign(source=source).reset_index(drop=True), unit=UNIT, rows=len(raw),
    )  # fmt: skip


def _without_doubles(table: pd.DataFrame, path: Path) -> tuple[pd.DataFrame, list[Skipped]]:
    keys = [name for name in table.columns if name not in {"factor", "speed_kmh"}]
    again = table.duplicated([*keys, "factor"])
    once = table[~again]
    if (clash := once.duplicated(keys, keep=False)).any():
        template = "{path} gives {count} combinations more than one factor, e.g. {example}."
        hint = "Export one fleet and one kind of factor at a time."
        first = once.loc[clash, keys].iloc[0]
        raise SourceError(
            template, hint=hint, path=path, count=int(once[clash].groupby(keys).ngroups),
            example=", ".join(map(str, first)),
        )  # fmt: skip
    doubles = table.loc[again, "vehicle_category"]
    return once, skipped("{count} rows stand there twice and count once.", doubles)


def read_emission_factors(path: Path) -> pd.DataFrame:
    """Return an imported table: categories as text, `factor` in g/km."""
    types = {"vehicle_category": str, "component": str, "factor": float}
    try:
        return pd.read_csv(path, dtype=types)
    except (OSError, ValueError, pd.errors.ParserError) as error:
        template = "{path} cannot be read as emission factors ({reason})."
        hint = "Import the export again with `twin assumptions import`."
        raise SourceError(template, hint=hint, path=path, reason=error) from error

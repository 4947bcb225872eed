"""Telling the kinds of files apart, and writing what comes out."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from layers.assumption_files.catalogue import import_catalogue
from layers.assumption_files.emission_table import import_emission_factors
from layers.assumption_files.heat_use import GEO, import_heat_use, label_of, read_heat_file
from layers.assumption_files.prices import import_prices
from layers.assumption_files.text_table import column_names, read_text_table, renamed
from layers.assumption_files.toml_file import write_assumption_file, write_whole
from twin.assumptions import assumptions
from twin.errors import SourceError

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from layers.assumption_files.imported import Imported
    from twin.assumptions import Assumptions
    from twin.city import City


@cache
def formats() -> dict[str, Any]:
    """Return columns and spellings of every kind of file."""
    text = files("layers.assumption_files").joinpath("formats.toml").read_text("utf-8")
    return tomllib.loads(text)


def import_file(
    path: Path, given: Assumptions | None = None, *, city: City | None = None
) -> Imported:
    """
    Read a file of assumptions of others: catalogue, HBEFA export, prices, heat by building.

    Parameters
    ----------
    given
        What the file's values are compared with; all assumptions of the program if left out.
    city
        Needed for heat by building only, which is summed to its blocks.

    Raises
    ------
    TwinError
        A file that cannot be read, of no known kind, or with units that cannot be converted.
    """
    given = assumptions() if given is None else given
    if path.suffix.lower() in GEO:
        kind, raw = "heat_use", read_heat_file(path, formats()["heat_use"]["columns"])
    else:
        table = read_text_table(path)
        kind = _kind(table, path)
        columns = formats()[kind]["columns"]
        raw = renamed(table, columns, formats()[kind]["needed"], path)
        if kind == "heat_use":
            raw.attrs["label"] = label_of(column_names(table, columns)["heat_kwh_a"])
    if kind == "catalogue":
        return import_catalogue(raw, path, given)
    if kind == "prices":
        return import_prices(raw, path, given)
    if kind == "emission_factors":
        return import_emission_factors(raw, path)
    if city is None:
        template = "{path} holds heat by building; it is summed to the blocks of a city."
        raise SourceError(template, hint="Name the city with --city FOLDER.", path=path)
    return import_heat_use(raw, path, city, given)


def _kind(table: pd.DataFrame, path: Path) -> str:
    """Return the first kind whose columns are all there, else the one that most are there of."""
    shares = {}
    for kind, form in formats().items():
        found = column_names(table, form["columns"])
        shares[kind] = sum(name in found for name in form["needed"]) / len(form["needed"])
    best = max(shares, key=lambda kind: shares[kind])
    if shares[best] > 0.5:
        return best
    template = "{path} is of no kind known here; its columns are {found}."
    hint = (
        "Known are the KWW-Technikkatalog (flatdata_all: Technologie, Parameter, Jahr, Wert), "
        "HBEFA exports (VehCat, Component, EFA), price tables (Name, Jahr, Wert, Einheit) and "
        "heat by building (gml_id or x and y, kWh/a)."
    )
    found_names = ", ".join(map(str, table.columns[:12]))
    raise SourceError(template, hint=hint, path=path, found=found_names)


def default_output(imported: Imported, path: Path) -> Path:
    """Return where an import is written unless somebody says otherwise: beside the file."""
    ending = "assumptions.toml" if imported.table is None else f"{imported.kind}.csv"
    return path.with_name(f"{path.stem}.{ending}")


def write_imported(imported: Imported, out: Path) -> None:
    """Write what was imported: an assumption file, or the table as CSV (UTF-8, decimal point)."""
    if imported.table is not None:
        write_whole(out, imported.table.to_csv(index=False, lineterminator="\n").encode())
        return
    day = datetime.now(UTC).date().isoformat()
    title = f"Imported on {day} from {imported.source}"
    write_assumption_file(out, imported.entries.values(), title=title)

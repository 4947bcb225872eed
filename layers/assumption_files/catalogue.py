"""The KWW-Technikkatalog Wärmeplanung: cost, life and efficiency of heat generators."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.optimize import nnls

from layers.assumption_files.imported import Found, Imported, Skipped, changes_for, skipped, years
from layers.assumption_files.text_table import numbers
from layers.assumption_files.units import UnitError, factor
from twin.errors import SchemaError, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from layers.assumption_files.imported import Change
    from twin.assumptions import Assumptions

UNIT_IN_NAME = re.compile(r"\s*[\[(]([^\])]*)[\])]\s*$")
FEW_SIZES = 2
"""A cost curve through fewer sizes than this is none."""


@cache
def mapping() -> dict[str, Any]:
    """Return which technologies and parameters of the catalogue mean which of our assumptions."""
    text = files("layers.assumption_files").joinpath("catalogue.toml").read_text("utf-8")
    return tomllib.loads(text)


def targets() -> Iterator[tuple[str, str, str]]:
    """Go through (our assumption, what it is made from, technology) of the mapping."""
    table = mapping()
    for target in table["targets"]:
        for technology in target["technologies"]:
            network = table["technologies"][technology].get("network", "")
            name = target["name"].format(technology=technology, network=network)
            yield name, target["from"], technology


def import_catalogue(raw: pd.DataFrame, path: Path, given: Assumptions) -> Imported:
    """
    Return what the catalogue changes; `raw` has the columns of `formats.toml`.

    Costs of several sizes become the curve a · P^b where the catalogue gives none itself; other
    values that differ by size become their middle, with the smallest and largest as range.

    Raises
    ------
    SchemaError
        Units that cannot be converted, each named.
    SourceError
        Nothing in the file is known here.
    """
    rows = _understood(raw)
    used = _in_our_units(rows[rows["is_known"]], path)
    each = dict(list(used.groupby("technology")))
    found = [
        change
        for name, origin, technology in targets()
        if technology in each
        for change in _changes(each[technology], name, origin, path, given)
    ]
    if not found:
        template = "{path} holds no technology and parameter that is known here, e.g. {examples}."
        hint = "Name them in layers/assumption_files/catalogue.toml, or check the encoding."
        examples = ", ".join(sorted(set(raw["technology"]))[:5])
        raise SourceError(template, hint=hint, path=path, examples=examples)
    source = f"{mapping()['title']}, {path.name}"
    return Imported("catalogue", source, tuple(found), _not_understood(raw, rows), rows=len(raw))


def _understood(raw: pd.DataFrame) -> pd.DataFrame:
    """Return the rows in our words: technology, parameter, year, size [kW], value, unit."""
    table = mapping()
    bare = raw["parameter"].str.replace(UNIT_IN_NAME, "", regex=True)
    in_name = raw["parameter"].str.extract(UNIT_IN_NAME)[0].fillna("")
    parameter = bare.map(_plain).map(_spellings("parameters"))
    unit = raw.get("unit", pd.Series("", raw.index)).where(lambda text: text != "", in_name)
    usual = parameter.map({key: entry["unit"] for key, entry in table["parameters"].items()})
    rows = pd.DataFrame(
        {
            "spelt": raw["technology"],
            "technology": raw["technology"].map(_plain).map(_spellings("technologies")),
            "parameter": parameter,
            "year": numbers(raw["year"], otherwise="point").fillna(table["reference_year"]),
            "size_kw": _sizes(raw),
            "value": numbers(raw["value"], otherwise="comma"),
            "unit": unit.where(unit != "", usual.fillna("")),
        }
    )
    limits = {key: entry["sizes_kw"] for key, entry in table["technologies"].items()}
    low, high = (
        rows["technology"].map({key: limit[end] for key, limit in limits.items()}).astype(float)
        for end in (0, 1)
    )
    inside = ~((rows["size_kw"] < low) | (rows["size_kw"] > high))
    named = rows["technology"].notna() & rows["parameter"].notna()
    return rows.assign(is_inside=inside, is_known=named & inside & rows["value"].notna())


def _sizes(raw: pd.DataFrame) -> pd.Series[float]:
    """Return sizes in kW; those in other units (m², litres) and missing ones are missing."""
    size = numbers(raw.get("size", pd.Series("", raw.index)), otherwise="comma")
    spelt = raw.get("size_unit", pd.Series("kW", raw.index))
    scale = {unit: _factor_or_nothing(unit, "kW") for unit in spelt.unique()}
    return size * spelt.map(scale).astype(float)


def _factor_or_nothing(given: str, wanted: str) -> float:
    try:
        return factor(given, wanted)
    except UnitError:
        return np.nan


def _in_our_units(rows: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Return the rows with values in our units; units that cannot be are named together."""
    wanted = {key: entry["unit"] for key, entry in mapping()["parameters"].items()}
    spelt = pd.Series(list(zip(rows["parameter"], rows["unit"], strict=True)), rows.index)
    scale, faults = {}, []
    for parameter, unit in dict.fromkeys(spelt):
        try:
            scale[parameter, unit] = (
                1.0 if parameter == "power" else factor(unit, wanted[parameter])
            )
        except UnitError as error:
            faults.append(f"{_label(parameter)}: {error}")
    if faults:
        template = "{path} holds units that cannot be used:"
        raise SchemaError(template, faults=faults, path=path)
    return rows.assign(value=rows["value"] * spelt.map(scale).astype(float))


def _changes(
    rows: pd.DataFrame, name: str, origin: str, path: Path, given: Assumptions
) -> list[Change]:
    values = _values(rows, origin)
    if values.empty:
        return []
    by_year = values.groupby(level=0)
    spelt = f"{mapping()['title']}, {path.name}: {rows['spelt'].iloc[0]}, {_label(origin)}"
    found = Found(
        middle=years(by_year.median()),
        low=years(by_year.min()),
        high=years(by_year.max()),
        unit=UNITS.get(origin, "") or mapping()["parameters"][origin]["unit"],
        source=spelt,
        reference_year=mapping()["reference_year"],
        status="published" if (rows["parameter"] == origin).any() else "derived",
    )
    return changes_for(name, found, given)


UNITS = {"total_per_kw": "EUR/kW", "fixed_share": "1/a", "fixed_base": "EUR/a"}
LABELS = {
    "total_per_kw": "Spezifische Investitionskosten + Zusätzliche Kosten",
    "fixed_share": "Jährliche Fixkosten O&M / Investitionskosten",
    "fixed_base": "Jährliche Fixkosten O&M",
}
COST = {"investment", "extra", "cost_a", "cost_b"}
MADE_FROM = {
    "total_per_kw": COST, "cost_a": COST, "cost_b": COST, "fixed_share": COST | {"fixed"},
    "fixed_base": COST | {"fixed"},
}  # fmt: skip
"""Parameters that a value is computed from, where it is not one of them itself."""


def _values(rows: pd.DataFrame, origin: str) -> pd.Series[float]:
    """Return the values of what an assumption is made from, by year, one for each size."""
    if origin == "total_per_kw":
        listed = _total(rows).droplevel("size_kw")
        return listed if len(listed) else _on_curve(rows)
    if origin in {"fixed_share", "fixed_base"}:
        return _operation(rows)[origin]
    own = rows[rows["parameter"] == origin].set_index("year")["value"]
    if own.empty and origin in {"cost_a", "cost_b"}:
        return _fitted(rows)[origin]
    return own


def _total(rows: pd.DataFrame) -> pd.Series[float]:
    """Return investment with additional cost [EUR/kW] by year and size."""
    keys = ["year", "size_kw"]
    listed = rows[rows["parameter"] == "investment"].groupby(keys, dropna=False)["value"].median()
    extra = rows[rows["parameter"] == "extra"].groupby(keys, dropna=False)["value"].median()
    return listed + extra.reindex(listed.index).fillna(0.0)


def _on_curve(rows: pd.DataFrame) -> pd.Series[float]:
    """Return a · P^b / P [EUR/kW] by year, in the (geometric) middle of the sizes used here."""
    if rows.empty:
        return pd.Series(dtype=float)
    low, high = mapping()["technologies"][rows["technology"].iloc[0]]["sizes_kw"]
    middle = np.sqrt(max(low, 1.0) * high)
    by_year = rows.groupby(["parameter", "year"])["value"].median()
    if not {"cost_a", "cost_b"} <= set(rows["parameter"]):
        return pd.Series(dtype=float)
    curve: pd.Series[float] = by_year["cost_a"] * middle ** (by_year["cost_b"] - 1.0)
    return curve.dropna()


def _fitted(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a and b of cost = a · P^b by year, by least squares of the logarithms."""
    total = _total(rows).reset_index(name="per_kw").dropna()
    total = total[(total["size_kw"] > 0) & (total["per_kw"] > 0)]
    curves = {}
    for year, sizes in total.groupby("year"):
        if sizes["size_kw"].nunique() >= FEW_SIZES:
            power = np.log(sizes["size_kw"])
            slope, height = np.polyfit(power, np.log(sizes["per_kw"]) + power, 1)
            curves[year] = {"cost_a": float(np.exp(height)), "cost_b": float(slope)}
    return pd.DataFrame.from_dict(curves, orient="index", columns=["cost_a", "cost_b"])


def _operation(rows: pd.DataFrame) -> pd.DataFrame:
    """
    Return base and share of the fixed cost a year: base + share · installed cost, by year.

    Both are the least squares over the sizes that are not below 0; of one size all is share.
    """
    fixed = rows[rows["parameter"] == "fixed"].groupby(["year", "size_kw"])["value"].median()
    lines = {}
    for year in fixed.index.unique("year"):
        by_size = fixed.loc[year]
        sizes = by_size.index.to_numpy(float)
        cost = _installed(rows, year, sizes)
        paid, known = by_size.to_numpy(), np.isfinite(cost)
        terms = np.column_stack([np.ones(known.sum()), cost[known]])
        if known.sum() == 1:
            terms[:, 0] = 0.0
        if known.any():
            base, share = nnls(terms, paid[known])[0]
            lines[year] = {"fixed_base": base, "fixed_share": share}
    return pd.DataFrame.from_dict(lines, orient="index", columns=["fixed_base", "fixed_share"])


def _installed(rows: pd.DataFrame, year: float, sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the installed cost [EUR] of sizes [kW]: as listed, else by the curve of the year."""
    total = _total(rows)
    listed = total.reindex([(year, size) for size in sizes]).to_numpy(float) * sizes
    curve = rows[rows["year"] == year].groupby("parameter")["value"].median()
    a, b = curve.reindex(["cost_a", "cost_b"]).to_numpy(float)
    by_curve = a * sizes**b
    return np.where(np.isfinite(listed), listed, by_curve)


def _label(origin: str) -> str:
    return LABELS.get(origin) or str(mapping()["parameters"][origin]["names"][0])


@cache
def _taken() -> frozenset[tuple[str, str]]:
    """Return which parameters of which technologies end in an assumption."""
    return frozenset(
        (technology, parameter)
        for _, origin, technology in targets()
        for parameter in (*MADE_FROM.get(origin, {origin}), "power")
    )


def _not_understood(raw: pd.DataFrame, rows: pd.DataFrame) -> tuple[Skipped, ...]:
    """Say of every row that was not used why; each row counts once."""
    technology, parameter = rows["technology"].isna(), rows["parameter"].isna()
    pairs = zip(rows["technology"], rows["parameter"], strict=True)
    taken = pd.Series([pair in _taken() for pair in pairs], rows.index)
    unused = ~technology & ~parameter & ~taken
    other = ~technology & ~parameter & taken
    no_number = other & rows["value"].isna()
    outside = other & ~no_number & ~rows["is_inside"]
    sizes = raw["technology"] + " " + rows["size_kw"].map("{:g} kW".format).astype(str)
    return (
        *skipped(
            "{count} rows are of technologies not known here.", raw.loc[technology, "technology"]
        ),
        *skipped(
            "{count} rows are of parameters not known here.",
            raw.loc[~technology & parameter, "parameter"],
        ),
        *skipped(
            "{count} rows are of values that no assumption is made from.",
            (raw["technology"] + ", " + raw["parameter"])[unused],
        ),
        *skipped("{count} values are no numbers.", raw.loc[no_number, "value"]),
        *skipped("{count} rows are of sizes that are not used here.", sizes[outside]),
    )


@cache
def _spellings(what: str) -> dict[str, str]:
    return {_plain(name): key for key, entry in mapping()[what].items() for name in entry["names"]}


def _plain(name: str) -> str:
    return re.sub(r"[\s_\-]+", "", name).casefold()

"""Checks tables against the schema with pandera and reports every fault at once."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pandera.pandas as pa
import shapely
from pandera.errors import SchemaErrors
from pyproj import CRS

from twin.errors import SchemaError
from twin.schema import TABLES, Column, Table

if TYPE_CHECKING:
    from collections.abc import Mapping


def conform(table: Table, frame: pd.DataFrame, *, crs: str) -> Any:
    """
    Return `frame` in the order, types and index of `table`, missing columns filled with nothing.

    Rows are sorted by key, so that the same rows always give the same table. No value is judged
    here; `validate` does that. Unknown columns are dropped.
    """
    columns = {column.name: _typed(column, frame) for column in table.columns}
    for column in table.columns:
        if column.source:
            columns[column.source] = _typed(_companion(column), frame)
    data = pd.DataFrame({name: columns[name] for name in table.column_names}, index=frame.index)
    data.index = data.index.astype("str").rename(table.key)
    if table.geometry:
        geometry = (
            frame.geometry.array if len(frame) else gpd.array.GeometryArray(np.array([], object))
        )
        data = gpd.GeoDataFrame(data, geometry=geometry, crs=crs)
    return data.sort_index()


def validate(table: Table, frame: pd.DataFrame, *, crs: str) -> pd.DataFrame:
    """Return `frame` unchanged, or raise one `SchemaError` that names every fault."""
    faults = faults_of(table, frame, crs=crs)
    if faults:
        template = "The table {table!r} does not follow the city schema:"
        raise SchemaError(template, faults=faults, table=table.name)
    return frame


def validate_all(tables: Mapping[str, pd.DataFrame], *, crs: str) -> None:
    """Check every table and the keys that tie them together; raise all faults at once."""
    faults = [f"table {name!r} is missing" for name in TABLES if name not in tables]
    for name, frame in tables.items():
        faults += [f"{name}: {fault}" for fault in faults_of(TABLES[name], frame, crs=crs)]
    faults += _broken_references(tables)
    if faults:
        raise SchemaError("The tables do not follow the city schema:", faults=faults)


REFERENCES = (
    ("streets", "from_node", "nodes"),
    ("streets", "to_node", "nodes"),
    ("streets", "reverse_id", "streets"),
    ("street_points", "link_id", "streets"),
    ("turns", "from_link", "streets"),
    ("turns", "via_node", "nodes"),
    ("turns", "to_link", "streets"),
    ("buildings", "part_of", "buildings"),
    ("buildings", "district_id", "districts"),
    ("buildings", "block_id", "blocks"),
    ("buildings", "zone_id", "zones"),
    ("buildings", "parcel_id", "parcels"),
    ("buildings", "cell_id", "cells"),
    ("roofs", "building_id", "buildings"),
    ("horizons", "building_id", "buildings"),
    ("places", "building_id", "buildings"),
    ("addresses", "building_id", "buildings"),
    ("blocks", "district_id", "districts"),
    ("zones", "district_id", "districts"),
    ("census_counts", "cell_id", "cells"),
    ("stops", "parent_id", "stops"),
    ("stops", "link_id", "streets"),
    ("trips", "line_id", "lines"),
    ("stop_times", "trip_id", "trips"),
    ("stop_times", "stop_id", "stops"),
    ("transfers", "from_stop", "stops"),
    ("transfers", "to_stop", "stops"),
)
"""(table, column, table whose key it names)."""


def _broken_references(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    faults = []
    for name, column, target in REFERENCES:
        if name not in tables or target not in tables or column not in tables[name]:
            continue
        keys = tables[name][column].dropna()
        lost = keys[tables[target].index.get_indexer(pd.Index(keys)) < 0]
        if len(lost):
            faults.append(
                f"{name}.{column}: {len(lost)} keys are not in {target}, e.g. {lost.iloc[0]!r}"
            )
    return faults


def faults_of(table: Table, frame: pd.DataFrame, *, crs: str) -> list[str]:
    """Return every fault of one table as a sentence: place, value, allowed."""
    faults = []
    if frame.index.name != table.key:
        faults.append(f"the index must be called {table.key!r}, got {frame.index.name!r}")
    try:
        _pandera_schema(table.name).validate(frame, lazy=True)
    except SchemaErrors as error:
        faults += _sentences(error.failure_cases)
    faults += _values_without_source(table, frame)
    if table.geometry:
        faults += _geometry_faults(table, frame, crs=crs)
    return faults


@cache
def _pandera_schema(name: str) -> pa.DataFrameSchema:
    table = TABLES[name]
    columns = {c.name: _pandera_column(c) for c in table.columns}
    columns |= {c.source: _pandera_column(_companion(c)) for c in table.columns if c.source}
    index = pa.Index(unique=True, nullable=False)
    return pa.DataFrameSchema(columns, index=index, unique_column_names=True)


def _pandera_column(column: Column) -> pa.Column:
    checks = []
    if column.type == "number":
        checks = [pa.Check.in_range(column.low, column.high)]
    elif column.type == "category":
        checks = [pa.Check.isin(column.values)]
    elif column.name.endswith("_source"):
        checks = [
            pa.Check.str_matches(
                r"^(measured|registered|tagged|estimated|unknown)(:[a-z0-9_]+)?$",
                error="a kind of source",
            )
        ]
    dtype = {"number": "float64", "flag": "bool"}.get(column.type)
    return pa.Column(dtype, checks, nullable=not column.required)


def _values_without_source(table: Table, frame: pd.DataFrame) -> list[str]:
    """Name the values that cannot say where they come from."""
    faults = []
    for column in table.columns:
        if column.source and {column.name, column.source} <= set(frame.columns):
            bare = frame[column.name].notna() & frame[column.source].isna()
            if bare.any():
                example = frame.index[bare][0]
                faults.append(
                    f"{column.name}: {int(bare.sum())} × no {column.source}, e.g. {example!r}"
                )
    return faults


def _companion(column: Column) -> Column:
    return Column(column.source, "text", f"Source: {column.label}")


def _typed(column: Column, frame: pd.DataFrame) -> pd.Series[Any]:
    values = frame.get(column.name)
    if values is None:
        values = pd.Series(False if column.type == "flag" else None, index=frame.index)
    if column.type == "number":
        return pd.to_numeric(values, errors="coerce").astype("float64")
    if column.type == "flag":
        return values.astype("bool")
    text = values.astype("str")
    if column.type == "category" and text.dropna().isin(column.values).all():
        return text.astype(pd.CategoricalDtype(list(column.values)))
    return text  # an unknown class stays readable, for `validate` to name it


def _geometry_faults(table: Table, frame: gpd.GeoDataFrame, *, crs: str) -> list[str]:
    faults = []
    if frame.crs is None or CRS(frame.crs) != CRS(crs) or not CRS(crs).is_projected:
        faults.append(f"the CRS must be the projected {crs}, got {frame.crs}")
    geometry = frame.geometry.array
    empty = shapely.is_missing(geometry) | shapely.is_empty(geometry)
    if empty.any():
        faults.append(f"{int(empty.sum())} geometries are missing or empty")
    wrong = sorted(set(frame.geom_type[~empty]) - set(table.geometry))
    if wrong:
        faults.append(f"geometry must be {' or '.join(table.geometry)}, got {', '.join(wrong)}")
    invalid = ~shapely.is_valid(geometry[~empty])
    if invalid.any():
        faults.append(
            f"{int(invalid.sum())} geometries are invalid, e.g. {frame.index[~empty][invalid][0]!r}"
        )
    return faults


def _sentences(cases: pd.DataFrame) -> list[str]:
    """One sentence for each column and check, with count and one example."""
    return [
        f"{column if isinstance(column, str) else 'key'}: {len(group)} × not {check}, "
        f"e.g. {group['failure_case'].iloc[0]!r} at {group['index'].iloc[0]!r}"
        for (column, check), group in cases.groupby(["column", "check"], dropna=False)
    ]

"""One column of a table as numbers, in table order: what a recolouring needs and nothing more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from dash_app.map.base import ground_rows
from dash_app.map.binary import Column, pack

if TYPE_CHECKING:
    from dash_app.map.frame import Frame
    from twin.city import City

MAX_WORDS = 1000  # a text column with more different words is no category


SIGNLESS = ("streets.gradient_percent",)
"""Numbers whose sign only tells which way a link runs; one of both directions is drawn."""


def shown_values(frame: pd.DataFrame, name: str, table: str) -> pd.Series[Any]:
    """Return a column as the map shows it, with the rows that it leaves out missing."""
    values = frame[name]
    if table == "cells":
        return values.where(finest(frame, name))
    return values.abs() if f"{table}.{name}" in SIGNLESS else values


def finest(frame: pd.DataFrame, name: str) -> pd.Series[bool]:
    """
    Return which census cells show a value: those of the smallest size that has any.

    Counts in cells of 100 m and of 1 km are not to be compared by colour.
    """
    sizes = frame.loc[frame[name].notna(), "size_m"]
    wanted = sizes.min() if len(sizes) else frame["size_m"].min()
    same: pd.Series[bool] = frame["size_m"] == wanted
    return same


def encode_column(frame: pd.DataFrame, name: str, table: str = "") -> bytes:
    """
    Return `value` for each row: numbers as they are (NaN missing), words and flags as codes.

    The words stand in the header as `words`; code 1 is the first, 0 is missing. Raises `KeyError`
    where the table has no such column, `ValueError` where it holds neither numbers nor few words.
    """
    values = shown_values(frame, name, table)
    number = pd.api.types.is_numeric_dtype(values.dtype)
    if number and not pd.api.types.is_bool_dtype(values.dtype):
        return pack({"kind": "number"}, {"value": Column(values.to_numpy(np.float64))})
    if name == getattr(frame, "_geometry_column_name", None):
        msg = "geometry is not a value"
        raise ValueError(msg)
    words = pd.Categorical(values)
    if len(words.categories) > MAX_WORDS:
        msg = f"{name!r} holds {len(words.categories)} different words"
        raise ValueError(msg)
    header = {"kind": "category", "words": [str(word) for word in words.categories]}
    return pack(header, {"value": Column(words.codes.astype(np.int64) + 1)})


def feature_json(city: City, table: str, row: int, frame: Frame) -> dict[str, Any]:
    """Return what the map must know of one feature: key, label, place, box and lines in metres."""
    frame_row = city.tables[table].iloc[row]
    shape = frame_row.geometry
    point = shapely.point_on_surface(shape)
    lon, lat = frame.degrees(point.x, point.y)
    low, high = frame.from_city(np.array(shape.bounds).reshape(2, 2)).tolist()
    return {
        "table": table,
        "row": row,
        "id": str(frame_row.name),
        "label": label_of(frame_row),
        "lon": round(lon, 6),
        "lat": round(lat, 6),
        "box": [round(value, 1) for value in (*low, *high)],
        "paths": _outline(shape, frame),
    }


def keys_json(city: City, table: str) -> dict[str, Any]:
    """
    Return the ids of a table in its order, so that the map finds rows by id without asking again.

    Streets have `drawn`, too: for each row the one that is drawn in its place (of two directions
    only one is).
    """
    index = city.tables[table].index
    found: dict[str, Any] = {"ids": [str(key) for key in index]}
    if table == "streets":
        drawn = np.arange(len(index))
        back = index.get_indexer(pd.Index(city.streets["reverse_id"].fillna("").astype(str)))
        shown = np.zeros(len(index), bool)
        shown[ground_rows(city)["streets"]] = True
        drawn = np.where(shown | (back < 0), drawn, back)
        found["drawn"] = drawn.tolist()
    return found


def label_of(row: pd.Series[Any]) -> str:
    """Return the name or else the address of a feature; empty where it has neither."""
    words = [str(row[name]) for name in ("street", "housenumber") if pd.notna(row.get(name))]
    name = row.get("name")
    if pd.notna(name) and name:
        return str(name)
    return " ".join(words) if "housenumber" in row and len(words) == 2 else ""


def _outline(shape: Any, frame: Frame) -> list[list[list[float]]]:
    """Return the lines to draw around (or along) a feature, in frame metres; none for points."""
    if shapely.get_dimensions(shape) == 0:
        return []
    if shapely.get_dimensions(shape) == 2:
        shape = shapely.boundary(shape)
    xy, part = shapely.get_coordinates(shapely.get_parts(shape), return_index=True)
    metres = np.round(frame.from_city(xy), 2)
    return [metres[part == i].tolist() for i in range(int(part.max(initial=-1)) + 1)]

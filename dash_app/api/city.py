"""The city as it was read: what it is, its tables as GeoJSON."""

from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
import shapely
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field
from pyproj import Transformer

from dash_app.api.asking import Desk, Who, Words
from dash_app.api.context import Context
from dash_app.api.problems import NotFoundError, ProblemRoute
from dash_app.i18n import Translator
from dash_app.workspace.privacy import table_for, visible_columns
from dash_app.workspace.viewer import Viewer
from twin.errors import ModelError
from twin.schema import TABLES

router = APIRouter(tags=["city"], route_class=ProblemRoute)

MOST_FEATURES = 1000


class SourceOut(BaseModel):
    """Where data of the city come from."""

    key: str
    title: str
    licence: str
    licence_url: str
    attribution: str


class CityOut(BaseModel):
    """A city: a baseline that never changes."""

    hash: str
    name: str
    crs: str = Field(description="EPSG code of the projection that the models work in")
    data_date: str
    bounds: tuple[float, float, float, float] = Field(description="west, south, east, north [°]")
    rows: dict[str, int] = Field(description="Rows by table")
    sources: list[SourceOut]


class Cities(BaseModel):
    """The cities of this server."""

    cities: list[CityOut]


class ColumnOut(BaseModel):
    """One column of a table."""

    name: str
    label: str
    unit: str
    type: str
    values: list[str] = Field([], description="Words that may stand in it; empty: any")


class Layer(BaseModel):
    """One table of the city, as far as the asker may see it."""

    name: str
    label: str
    rows: int
    has_geometry: bool
    columns: list[ColumnOut]


class Layers(BaseModel):
    """The tables of the city."""

    layers: list[Layer]


class Feature(BaseModel):
    """One row as GeoJSON; values that are unknown or withheld are null."""

    type: Literal["Feature"] = "Feature"
    id: str
    geometry: dict[str, Any] | None
    properties: dict[str, Any]


class FeatureCollection(BaseModel):
    """Rows of a table as GeoJSON, longitude and latitude (WGS 84)."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    numberMatched: int  # noqa: N815 - named by OGC API Features
    numberReturned: int  # noqa: N815
    next: str | None = Field(description="Address of the next page")
    features: list[Feature]


@router.get("/cities")
def cities(desk: Desk) -> Cities:
    """Return the cities of this server."""
    return Cities(cities=[_city(desk)])


@router.get("/cities/{hash_}")
def city(desk: Desk, hash_: Annotated[str, Path(max_length=64)]) -> CityOut:
    """Return one city."""
    if hash_ != desk.city.hash:
        template = "There is no city {hash} on this server."
        raise NotFoundError(template, hint="/api/cities lists them.", hash=hash_)
    return _city(desk)


@router.get("/layers")
def layers(desk: Desk, who: Who, t: Words) -> Layers:
    """Return the tables of the city with their columns."""
    return Layers(
        layers=[_layer(desk, who, t, name) for name in TABLES if name in desk.city.tables]
    )


Bbox = Annotated[
    str | None,
    Query(
        max_length=120,
        pattern=r"^-?\d{1,3}(\.\d{1,15})?(,-?\d{1,3}(\.\d{1,15})?){3}$",
        description="west,south,east,north in degrees: rows whose boxes touch it",
    ),
]


@router.get("/layers/{table}")
def layer(  # noqa: PLR0913 - parameters of the address
    desk: Desk,
    who: Who,
    t: Words,
    table: Annotated[str, Path(max_length=40)],
    *,
    limit: Annotated[int, Query(ge=1, le=MOST_FEATURES)] = 100,
    offset: Annotated[int, Query(ge=0, le=100_000_000)] = 0,
    bbox: Bbox = None,
) -> FeatureCollection:
    """Return rows of a table as GeoJSON, page by page."""
    if table not in TABLES or table not in desk.city.tables:
        template = "The city has no table {table}."
        raise NotFoundError(template, hint="/api/layers lists them.", table=table)
    columns = list(visible_columns(table, who, desk.settings))
    frame = table_for(who, table, desk.city, desk.settings)
    rows = _touching(frame, bbox, desk) if bbox else np.arange(len(frame))
    page = frame.iloc[rows[offset : offset + limit]]
    last = offset + len(page)
    more = f"&bbox={bbox}" if bbox else ""
    following = f"/api/layers/{table}?limit={limit}&offset={last}{more}&lang={t.lang}"
    return FeatureCollection(
        numberMatched=len(rows),
        numberReturned=len(page),
        next=following if last < len(rows) else None,
        features=_features(page, columns, desk),
    )


def _city(desk: Context) -> CityOut:
    city = desk.city
    return CityOut(
        hash=city.hash,
        name=city.name,
        crs=city.crs,
        data_date=city.info.data_date,
        bounds=_bounds(desk),
        rows={name: len(city.tables[name]) for name in TABLES if name in city.tables},
        sources=[SourceOut(**{n: getattr(s, n) for n in SourceOut.model_fields})
                 for s in city.info.sources],
    )  # fmt: skip


def _bounds(desk: Context) -> tuple[float, float, float, float]:
    """Return the box of the buildings and streets in degrees."""
    boxes = [desk.city.tables[name].total_bounds for name in ("buildings", "streets")]
    low = np.nanmin([box[:2] for box in boxes], axis=0)
    high = np.nanmax([box[2:] for box in boxes], axis=0)
    west, south, east, north = desk.shown.to_degrees.transform_bounds(*low, *high)
    return round(west, 6), round(south, 6), round(east, 6), round(north, 6)


def _layer(desk: Context, who: Viewer, t: Translator, name: str) -> Layer:
    described = TABLES[name]
    seen = visible_columns(name, who, desk.settings)
    columns = [
        ColumnOut(
            name=column.name, label=t.text(column.label), unit=t.unit(column.unit),
            type=str(column.type), values=[str(value) for value in column.values],
        )
        for column in described.columns
        if column.name in seen
    ]  # fmt: skip
    return Layer(
        name=name,
        label=t.table(name),
        rows=len(desk.city.tables[name]),
        has_geometry=bool(described.geometry),
        columns=columns,
    )


def _touching(frame: pd.DataFrame, bbox: str, desk: Context) -> Any:
    """Return the rows whose boxes touch a box in degrees."""
    west, south, east, north = (float(part) for part in bbox.split(","))
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        template = "The box {box} is none: west, south, east, north in degrees are needed."
        raise ModelError(template, hint="Longitude comes first.", box=bbox)
    geometry = getattr(frame, "geometry", None)
    if geometry is None:
        template = "This table has no places, so no box can be asked of it."
        raise ModelError(template, hint="Leave bbox out.")
    to_city = Transformer.from_crs("EPSG:4326", desk.city.crs, always_xy=True)
    box = to_city.transform_bounds(west, south, east, north)
    if not np.isfinite(box).all():
        return np.arange(0)
    low_x, low_y, high_x, high_y = shapely.bounds(geometry.to_numpy()).T
    inside = (low_x <= box[2]) & (high_x >= box[0]) & (low_y <= box[3]) & (high_y >= box[1])
    return np.flatnonzero(inside)


def _features(page: pd.DataFrame, columns: list[str], desk: Context) -> list[Feature]:
    names = [name for name in columns if name in page.columns and name != "geometry"]
    records = plain(page[names])
    shapes: list[dict[str, Any] | None] = [None] * len(page)
    if "geometry" in page.columns:
        transform: Any = desk.shown.to_degrees.transform
        degrees = shapely.transform(page["geometry"].to_numpy(), transform, interleaved=False)
        shapes = [_geometry(shape) for shape in degrees]
    return [
        Feature(id=str(key), geometry=shape, properties=record)
        for key, shape, record in zip(page.index, shapes, records, strict=True)
    ]


def _geometry(shape: Any) -> dict[str, Any] | None:
    if shape is None or shapely.is_empty(shape):
        return None
    found: dict[str, Any] = shapely.geometry.mapping(shape)
    return found


def plain(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as plain values for JSON; what is missing or no finite number is None."""
    columns = {}
    for name in table.columns:
        column = table[name]
        known = column.notna().to_numpy()
        if pd.api.types.is_float_dtype(column.dtype):
            known = known & np.isfinite(column.to_numpy(float, na_value=np.nan))
        values = column.astype(object).to_numpy()
        columns[str(name)] = [_plain(v) if k else None for v, k in zip(values, known, strict=True)]
    rows = range(len(table))
    return [{name: values[row] for name, values in columns.items()} for row in rows]


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    return value if isinstance(value, (str, int, float, bool, list, dict)) else str(value)

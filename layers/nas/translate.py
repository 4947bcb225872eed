"""Turns what was read of NAS into standard tables (pure)."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.alkis import building_use, land_class, roof_type
from layers.nas.findings import findings_of
from layers.nas.objects import LAND_KINDS, STRUCTURES
from layers.nas.places import (
    addresses_of,
    column,
    key_of,
    links,
    locations,
    locations_of_parcels,
    names_of,
    with_address,
)
from layers.nas.versions import Shapes, rows_of
from layers.source_data import SourceData
from twin.schema import TABLES
from twin.validation import conform

if TYPE_CHECKING:
    from layers.nas.raw import RawNas
    from layers.source_data import Area
    from twin.provenance import Source

UNDERGROUND = "1200"
PLANNED, RUINED = "3000", {"2200", "2300"}
OFFICIAL = "registered"


def translate(
    raw: RawNas, source: Source, *, area: Area | None = None, municipality: str | None = None
) -> SourceData:
    """
    Return the standard tables of what was read.

    `area` keeps what touches it, `municipality` (eight digits) what lies in its parcels.
    """
    shapes = Shapes(raw)
    places = locations(raw)
    parcel_rows = rows_of(raw, ["AX_Flurstueck"])
    parcels = _parcels(raw, parcel_rows, shapes, places)
    building_rows = rows_of(raw, ["AX_Gebaeude"])
    buildings = with_address(_buildings(raw, building_rows, shapes), building_rows, places)
    land = _land(raw, shapes)
    _count_links(raw, building_rows, places)
    _count_others(raw)
    tables = {"parcels": parcels, "buildings": buildings, **land}
    tables["districts"] = _districts(raw, shapes)
    if municipality:
        tables = _in_municipality(raw, tables, parcel_rows, municipality)
    if area is not None:
        wanted = area.within(shapes.crs)
        tables = {name: frame[frame.intersects(wanted)] for name, frame in tables.items()}
    homes = gpd.GeoDataFrame(tables["buildings"])
    tables["addresses"] = addresses_of(raw, building_rows, homes, shapes)
    if area is not None or municipality:
        tables["addresses"] = tables["addresses"].dropna(subset=["building_id"])
    conformed = {name: conform(TABLES[name], f, crs=shapes.crs) for name, f in tables.items()}
    town = names_of(raw, "AX_Gemeinde", ("land", "regierungsbezirk", "kreis", "gemeinde"))
    name = str(
        town.get(municipality, "") if municipality else town.iloc[0] if len(town) == 1 else ""
    )
    report = {"nas": {"read": {kind: len(rows) for kind, rows in sorted(raw.rows.items())}}}
    return SourceData(
        name=name, crs=shapes.crs, tables=conformed, source=source, findings=findings_of(raw),
        report=report,
        kind="nas",
    )  # fmt: skip


def _drawn(
    raw: RawNas, rows: pd.DataFrame, data: dict[str, Any], shapes: Shapes
) -> gpd.GeoDataFrame:
    """Return a table of the rows that have an outline; the others are counted."""
    outline = shapes.of(rows)
    has = ~shapely.is_missing(outline)
    if not has.all():
        raw.note("no_outline", str(rows.index[~has][0]), int((~has).sum()))
    frame = gpd.GeoDataFrame(data, index=rows.index, geometry=outline, crs=shapes.crs)
    return frame[has]


def _buildings(raw: RawNas, rows: pd.DataFrame, shapes: Shapes) -> gpd.GeoDataFrame:
    rows = _above_ground(raw, rows)
    code = column(rows, "gebaeudefunktion")
    words = building_use("31001_" + code)
    strange = code.notna() & (words["use"] == "unknown") & (code != "9998")
    if strange.any():
        raw.note("unknown_function", str(code[strange].iloc[0]), int(strange.sum()))
    use = words["use"].mask(column(rows, "zustand").isin(RUINED), "ruin")
    roof = roof_type(column(rows, "dachform"))
    data = {
        "name": column(rows, "name"),
        "use": use,
        "use_source": OFFICIAL,
        "function": words["function"].where(code.notna()),
        "size_class": words["size_class"],
        "size_class_source": _said(words["size_class"]),
        "roof_type": roof,
        "roof_type_source": _said(roof),
        **_numbers(rows),
    }
    frame = _drawn(raw, rows, data, shapes)
    return frame.assign(footprint_m2=frame.geometry.area.round(2))


def _numbers(rows: pd.DataFrame) -> dict[str, pd.Series]:
    """Return height, storeys and year where they are plausible, with their sources."""
    height = column(rows, "objekthoehe")
    for name in [c for c in rows.columns if c.startswith("objekthoehe.")]:
        height = height.fillna(column(rows, name))
    found: dict[str, pd.Series] = {}
    limits = {"height": ("height_m", height, 0.5, 500),
              "storeys": ("storeys", column(rows, "anzahlDerOberirdischenGeschosse"), 1, 150),
              "year_built": ("year_built", column(rows, "baujahr"), 500, 2100)}  # fmt: skip
    for name, (target, text, low, high) in limits.items():
        value = pd.to_numeric(text, errors="coerce").astype("float64")
        found[target] = value.where(value.between(low, high))
        found[f"{name}_source"] = _said(found[target])
    return found


def _said(values: pd.Series) -> pd.Series:
    return pd.Series(OFFICIAL, index=values.index, dtype="str").where(values.notna())


def _above_ground(raw: RawNas, rows: pd.DataFrame) -> pd.DataFrame:
    checks = {
        "underground": column(rows, "lageZurErdoberflaeche") == UNDERGROUND,
        "planned": column(rows, "zustand") == PLANNED,
    }
    for code, out in checks.items():
        left_out = out.reindex(rows.index, fill_value=False)
        if left_out.any():
            raw.note(code, str(rows.index[left_out][0]), int(left_out.sum()))
            rows = rows[~left_out]
    return rows


def _parcels(
    raw: RawNas, rows: pd.DataFrame, shapes: Shapes, places: pd.DataFrame
) -> gpd.GeoDataFrame:
    tracts = names_of(raw, "AX_Gemarkung", ("land", "gemarkungsnummer"))
    key = key_of(rows, "gemarkung", ("land", "gemarkungsnummer"))
    tract = key.map(tracts).astype("str").fillna(key)
    area = pd.to_numeric(column(rows, "amtlicheFlaeche"), errors="coerce").astype("float64")
    data = {
        "number": _number(rows, tract),
        "tract": tract,
        "area_m2": area,
        "location": locations_of_parcels(rows, places),
    }
    frame = _drawn(raw, rows, data, shapes)
    bare = frame["area_m2"].isna()
    drawn = frame["area_m2"].fillna(frame.geometry.area.round(0))
    kind = pd.Series(np.where(bare, "registered:outline", OFFICIAL), index=frame.index, dtype="str")
    return frame.assign(area_m2=drawn, area_source=kind)


def _number(rows: pd.DataFrame, tract: pd.Series) -> pd.Series:
    """Return the number of a parcel as it stands on paper: Gemarkung, Flur, Zähler/Nenner."""
    mark = column(rows, "flurstueckskennzeichen")
    parts = mark.str.extract(r"^.{6}(?P<flur>.{3})(?P<zaehler>.{5})(?P<nenner>.{4})?")
    flur = column(rows, "flurnummer").fillna(_plain(parts["flur"]))
    above = column(rows, "flurstuecksnummer.zaehler").fillna(_plain(parts["zaehler"]))
    below = column(rows, "flurstuecksnummer.nenner").fillna(_plain(parts["nenner"]))
    number = above.where(below.isna(), above + "/" + below)
    full = tract.fillna("") + (", Flur " + _plain(flur)).fillna("") + ", " + number.fillna("")
    return full.str.strip(", ")


def _plain(digits: pd.Series) -> pd.Series:
    """Return numbers without the zeros and underscores that fill them up."""
    return digits.str.strip("_ ").str.lstrip("0").replace("", None)


def _districts(raw: RawNas, shapes: Shapes) -> gpd.GeoDataFrame:
    """Return municipalities by official key, an exclave joined to the rest."""
    parts = ("land", "regierungsbezirk", "kreis", "gemeinde")
    rows = rows_of(raw, ["AX_KommunalesGebiet"])
    key = key_of(rows, "gemeindekennzeichen", parts)
    name = key.map(names_of(raw, "AX_Gemeinde", parts)).astype("str").fillna(key)
    frame = _drawn(raw, rows, {"key": key, "name": name}, shapes)
    whole = frame[frame["key"].notna()].dissolve("key", aggfunc="min")
    whole.index = pd.Index("ags:" + whole.index.astype("str"), dtype="str")
    return whole.assign(level=8.0, area_m2=whole.geometry.area.round(1), boundary_source=OFFICIAL)


def _land(raw: RawNas, shapes: Shapes) -> dict[str, gpd.GeoDataFrame]:
    rows = rows_of(raw, LAND_KINDS)
    words = _land_words(rows)
    found = land_class(rows["kind"].astype("str"), words)
    name = column(rows, "name").fillna(column(rows, "zweitname"))
    data = {"name": name, "class": found["class"], "table": found["table"], "land_source": OFFICIAL}
    frame = _drawn(raw, rows, data, shapes)
    strange = frame["class"].isna()
    if strange.any():
        raw.note("unknown_land", str(frame.index[strange][0]), int(strange.sum()))
    land = frame[frame["table"] == "landuse"]
    water = frame[frame["table"] == "water"]
    return {"landuse": land.assign(area_m2=land.geometry.area.round(2)), "water": water}


def _land_words(rows: pd.DataFrame) -> pd.Series:
    """Return function and vegetation in words, as the simplified schema gives them."""
    words = pd.Series("", index=rows.index, dtype="str")
    for attribute, names in _kinds().items():
        said = column(rows, attribute).map(names).astype("str").fillna("")
        words = (words + ";" + said).str.strip(";")
    return words


@cache
def _kinds() -> dict[str, dict[str, str]]:
    return tomllib.loads(Path(__file__).with_name("kinds.toml").read_text("utf-8"))


def _in_municipality(
    raw: RawNas, tables: dict[str, gpd.GeoDataFrame], rows: pd.DataFrame, municipality: str
) -> dict[str, gpd.GeoDataFrame]:
    """Keep the parcels of a municipality and what lies in them."""
    key = key_of(rows, "gemeindezugehoerigkeit", ("land", "regierungsbezirk", "kreis", "gemeinde"))
    own = tables["parcels"][key.reindex(tables["parcels"].index) == municipality]
    if own.empty:
        raw.note("no_municipality", municipality)
        return tables
    districts = tables["districts"]
    found = {"parcels": own, "districts": districts[districts.index == f"ags:{municipality}"]}
    for name, frame in tables.items():
        if name not in found:
            points = shapely.point_on_surface(frame.geometry.array)
            row, _ = own.sindex.query(points, predicate="intersects")
            found[name] = frame.iloc[np.unique(row)]
    return found


def _count_links(raw: RawNas, rows: pd.DataFrame, places: pd.DataFrame) -> None:
    pairs = links(rows, "zeigtAuf")
    lost = pairs[~pairs["to"].isin(places.index)]
    if len(lost):
        raw.note("dangling_address", str(lost["row"].iloc[0]), lost["row"].nunique())


def _count_others(raw: RawNas) -> None:
    """Count what the cadastre draws besides houses; LoD2 knows parts and canopies better."""
    parts = raw.rows.get("AX_Bauteil", [])
    if parts:
        raw.note("building_parts", str(parts[0]["id"]), len(parts))
    built = [row for kind in STRUCTURES for row in raw.rows.get(kind, ())]
    if built:
        raw.note("structures", str(built[0]["id"]), len(built))

"""Names of layers and fields in the simplified ALKIS schema, whoever wrote them."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

KINDS = ("buildings", "parcels", "landuse", "landuse_of_parcels", "units", "tracts")
MOJIBAKE = re.compile("[ÃÂ][\x80-\xbf\u0152-\u2122]")


def plain(name: str) -> str:
    """
    Return a name of a layer or field without prefix, case and separators.

    >>> plain("ave:GebaeudeBauwerk"), plain("gebaeude_bauwerk"), plain("GML_ID")
    ('gebaeudebauwerk', 'gebaeudebauwerk', 'gmlid')
    """
    return re.sub(r"[^a-z0-9]", "", name.rpartition(":")[2].casefold())


def kind_of_layer(name: str) -> str:
    """
    Return what a layer holds (`KINDS`), "nothing" for one that is not needed, "" where unknown.

    Leading words such as a district number are passed over ("3438-000_flurstueck").

    >>> kind_of_layer("GebauedeBauwerk"), kind_of_layer("3438-000_nutzungFlurstueck")
    ('buildings', 'landuse_of_parcels')
    """
    known = _layers()
    parts = re.split(r"[-_ .]+", name.rpartition(":")[2])
    tails = (plain("".join(parts[start:])) for start in range(len(parts)))
    return next((known[tail] for tail in tails if tail in known), "")


def wanted_fields(kind: str, fields: Iterable[str]) -> dict[str, str]:
    """
    Return which fields of a layer are read, and what they are called from here on.

    >>> wanted_fields("landuse", ["OID", "nutzart", "eigentuemer"])
    {'OID': 'id', 'nutzart': 'use'}
    """
    present = {plain(field): field for field in reversed(list(fields))}
    known = _toml()["fields"][kind]
    chosen = {
        column: next((present[name] for name in names if name in present), None)
        for column, names in known.items()
    }
    return {field: column for column, field in chosen.items() if field is not None}


def with_columns(kind: str, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the known fields of a layer under our names as text; absent ones are empty."""
    renamed = wanted_fields(kind, [c for c in frame.columns if c != frame.geometry.name])
    columns = {column: _text(frame[field]) for field, column in renamed.items()}
    nothing = pd.Series(None, index=frame.index, dtype="str")
    table = {column: columns.get(column, nothing) for column in _toml()["fields"][kind]}
    return gpd.GeoDataFrame(table, geometry=frame.geometry.array, crs=frame.crs)


def _text(values: pd.Series[Any]) -> pd.Series[Any]:
    """Return words without blanks around them; empty ones are missing, wrong decoding is undone."""
    text = values.astype("str").str.strip()
    text = text.mask(text.isin(["", "None", "nan", "NaT", "<NA>"]))
    broken = text.dropna()
    broken = broken[broken.str.contains(MOJIBAKE)]
    if len(broken):
        known = {value: _decoded(value) for value in broken.unique()}
        text = text.mask(text.isin(list(known)), text.map(known))
    return text


def _decoded(text: str) -> str:
    r"""
    Return UTF-8 text that was read as Latin-1 or Windows-1252, as it was meant.

    >>> _decoded("HauptstraÃ\x9fe"), _decoded("Â")
    ('Hauptstraße', 'Â')
    """
    for encoding in ("latin-1", "cp1252"):
        try:
            return text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
    return text


@cache
def _toml() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name("fields.toml").read_text("utf-8"))


@cache
def _layers() -> Mapping[str, str]:
    return {name: kind for kind, names in _toml()["layers"].items() for name in names}

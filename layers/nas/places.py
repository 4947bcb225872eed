"""Names of streets and places behind the keys of ALKIS; addresses of buildings and parcels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.alkis import plain_id
from layers.nas.versions import rows_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layers.nas.raw import RawNas
    from layers.nas.versions import Shapes

WITH_NUMBER = ("AX_LagebezeichnungMitHausnummer", "AX_LagebezeichnungMitPseudonummer")
PARTS = ("land", "regierungsbezirk", "kreis", "gemeinde", "lage")


def column(frame: pd.DataFrame, name: str) -> pd.Series:
    """Return a column as text, missing where the files never had it."""
    if name in frame:
        return frame[name].astype("str").replace("", None)
    return pd.Series(None, index=frame.index, dtype="str")


def key_of(frame: pd.DataFrame, prefix: str, parts: Sequence[str]) -> pd.Series:
    """Return the key that stands in pieces below an attribute, missing where a piece is."""
    widths = {"land": 2, "regierungsbezirk": 1, "kreis": 2, "gemeinde": 3, "gemarkungsnummer": 4}
    pieces = [column(frame, f"{prefix}.{part}").str.zfill(widths.get(part, 0)) for part in parts]
    key = pieces[0]
    for piece in pieces[1:]:
        key = key + piece
    return key


def names_of(raw: RawNas, kind: str, parts: Sequence[str]) -> pd.Series:
    """Return the names of a catalogue (streets, municipalities, Gemarkungen) by key."""
    rows = rows_of(raw, [kind])
    names = column(rows, "bezeichnung")
    known = pd.DataFrame({"key": key_of(rows, "schluessel", parts), "name": names}).dropna()
    known = known.sort_values(["key", "name"]).drop_duplicates("key")
    return known.set_index("key")["name"]


def locations(raw: RawNas) -> pd.DataFrame:
    """Return all addresses and locations: `street`, `housenumber`, `locality`, index the id."""
    rows = rows_of(raw, [*WITH_NUMBER, "AX_LagebezeichnungOhneHausnummer"])
    streets = names_of(raw, "AX_LagebezeichnungKatalogeintrag", PARTS)
    towns = names_of(raw, "AX_Gemeinde", PARTS[:4])
    key = key_of(rows, "lagebezeichnung", PARTS)
    plain = column(rows, "lagebezeichnung.unverschluesselt")
    street = plain.fillna(key.map(streets).astype("str"))
    lost = street.isna() & key.notna()
    if lost.any():
        raw.note("unnamed_street", str(key[lost].iloc[0]), int(lost.sum()))
    town = key_of(rows, "lagebezeichnung", PARTS[:4]).map(towns).astype("str")
    number = column(rows, "hausnummer").where(rows["kind"] == WITH_NUMBER[0])
    return pd.DataFrame(
        {"kind": rows["kind"], "street": street, "housenumber": number, "locality": town},
        index=rows.index,
    ).sort_index()


def links(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the links of rows as pairs `row`, `to`, sorted."""
    if name not in rows:
        return pd.DataFrame({"row": [], "to": []}, dtype="str")
    pairs = rows[name].dropna().explode()
    found = pd.DataFrame({"row": pairs.index.astype("str"), "to": plain_id(pairs).to_numpy()})
    return found.sort_values(["row", "to"], ignore_index=True)


def with_address(buildings: pd.DataFrame, rows: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """Give every building its first address, by street and number."""
    pairs = links(rows, "zeigtAuf").merge(places, left_on="to", right_index=True)
    pairs = pairs[pairs["housenumber"].notna()]
    order = pairs["housenumber"].str.extract(r"^(\d+)")[0].astype("float64")
    pairs = pairs.assign(order=order).sort_values(["row", "street", "order", "housenumber", "to"])
    first = pairs.drop_duplicates("row").set_index("row").reindex(buildings.index)
    words = ("street", "housenumber", "locality")
    return buildings.assign(**{word: first[word].astype("str") for word in words})


def addresses_of(
    raw: RawNas, rows: pd.DataFrame, buildings: gpd.GeoDataFrame, shapes: Shapes
) -> gpd.GeoDataFrame:
    """
    Return addresses as points: the official position, else a point in the building.

    Where several buildings bear one address, the largest is its building. `rows` are the
    buildings as read.
    """
    places = locations(raw)
    places = places[places["housenumber"].notna()]
    pairs = links(rows, "zeigtAuf")
    pairs = pairs[pairs["row"].isin(buildings.index) & pairs["to"].isin(places.index)]
    pairs = pairs.assign(area=buildings.geometry.area.reindex(pairs["row"]).to_numpy())
    pairs = pairs.sort_values(["to", "area", "row"], ascending=[True, False, True])
    home = pairs.drop_duplicates("to").set_index("to")["row"].reindex(places.index)
    inside = shapely.transform(
        shapely.point_on_surface(buildings.geometry.reindex(home).array), lambda xy: np.round(xy, 3)
    )
    official, postcode = _official(raw, shapes, places)
    point = np.where(shapely.is_missing(official), np.asarray(inside), official)
    placed = ~shapely.is_missing(point)
    if not placed.all():
        lost = places.index[~placed]
        raw.note("address_without_place", str(lost[0]), len(lost))
    frame = places.drop(columns="kind").assign(building_id=home.astype("str"), postcode=postcode)
    return gpd.GeoDataFrame(frame[placed], geometry=point[placed], crs=shapes.crs)


def _official(
    raw: RawNas, shapes: Shapes, places: pd.DataFrame
) -> tuple[np.ndarray[tuple[int], np.dtype[np.object_]], pd.Series]:
    """Return points and postcodes of AX_GeoreferenzierteGebaeudeadresse for addresses."""
    rows = rows_of(raw, ["AX_GeoreferenzierteGebaeudeadresse"])
    found = pd.DataFrame(
        {"point": shapes.points(rows), "postcode": column(rows, "postleitzahl")}, index=rows.index
    )
    pairs = links(rows, "hatAuch").drop_duplicates("to").set_index("to")["row"]
    chosen = found.reindex(pairs.reindex(places.index))
    points = np.array([p if isinstance(p, shapely.Point) else None for p in chosen["point"]] or [],
                      dtype=object)  # fmt: skip
    return points, pd.Series(chosen["postcode"].to_numpy(), index=places.index, dtype="str")


def locations_of_parcels(rows: pd.DataFrame, places: pd.DataFrame) -> pd.Series:
    """Return where parcels lie in words: their addresses, else the name of the place."""
    pairs = pd.concat([links(rows, "weistAuf"), links(rows, "zeigtAuf")])
    pairs = pairs.merge(places, left_on="to", right_index=True)
    words = (pairs["street"].fillna("") + " " + pairs["housenumber"].fillna("")).str.strip()
    pairs = pairs.assign(words=words)[words != ""].drop_duplicates(["row", "words"])
    pairs = pairs.sort_values(["row", "words"])
    return pairs.groupby("row")["words"].agg("; ".join).reindex(rows.index).astype("str")

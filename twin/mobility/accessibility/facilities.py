"""What people want to reach, out of places, land use, stops and jobs."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from io import StringIO
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from twin.classes import FACILITIES

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Floats = NDArray[np.float64]

COLUMNS = ["kind", "id", "name", "place", "weight", "x", "y"]
"""`id` is the facility; a park has a row for every point it may be entered at."""


@cache
def facility_kinds() -> pd.DataFrame:
    """
    Return which class and detail of which table counts as which kind of facility.

    Columns table, class, detail ("*" any, "-" none), kind ("" does not count), status, source.

    >>> rules = facility_kinds()
    >>> set(rules["kind"]) - set(FACILITIES)
    {''}
    """
    text = files("twin.mobility.accessibility").joinpath("facility_kinds.csv").read_text("utf-8")
    return pd.read_csv(StringIO(text), comment="#", keep_default_na=False, dtype=str)


def facilities(
    places: gpd.GeoDataFrame,
    landuse: gpd.GeoDataFrame,
    stops: gpd.GeoDataFrame,
    given: Assumptions,
    *,
    buildings: gpd.GeoDataFrame | None = None,
    jobs: pd.Series[float] | None = None,
) -> pd.DataFrame:
    """
    Return every facility: one row a point where it is entered, sorted by kind and id.

    Parameters
    ----------
    places, landuse, stops, buildings
        Tables of the city; a park or forest is entered anywhere along its edge. Platforms of one
        station (`parent_id`, else of one name and no farther apart than
        `accessibility.stop_extent`) are one stop.
    jobs
        Jobs by building (index within that of `buildings`); buildings without any are left out.

    Returns
    -------
    DataFrame
        Index `kind:id:number`; columns `COLUMNS`: kind of FACILITIES, id in the table it comes
        from, name, place (its class there), weight (jobs, else 1), x and y [m].
    """
    found = [
        _of_points(places, "places", id_of=places.index.to_series()),
        _of_points(stops, "stops", id_of=_stop_ids(stops, given)),
        _of_parks(landuse, given),
    ]
    if buildings is not None and jobs is not None:
        found.append(_of_jobs(buildings, jobs))
    table = pd.concat([part for part in found if len(part)] or found[:1], ignore_index=True)
    rank = table["kind"].map({kind: place for place, kind in enumerate(FACILITIES)})
    table = table.assign(rank=rank).sort_values(["rank", "id", "x", "y"], kind="stable")
    number = table.groupby(["kind", "id"], sort=False).cumcount().astype(str)
    return table[COLUMNS].set_axis(table["kind"] + ":" + table["id"] + ":" + number)


def kind_of(table: str, classes: pd.Series[str], details: pd.Series[str]) -> pd.Series[str]:
    """
    Return the kind of facility of each row of a table, "" where it counts as none.

    >>> kind_of("places", pd.Series(["health", "health"]), pd.Series(["vet", "clinic"])).tolist()
    ['', 'health']
    """
    rules = facility_kinds()
    rules = rules[rules["table"] == table]
    by_both = dict(zip(rules["class"] + "\n" + rules["detail"], rules["kind"], strict=True))
    words = classes.astype("object").fillna("").astype(str)
    said = details.astype("object").fillna("-").astype(str)
    exact = (words + "\n" + said).map(by_both)
    return exact.fillna((words + "\n*").map(by_both)).fillna("").astype("object")


def _of_points(table: gpd.GeoDataFrame, name: str, *, id_of: pd.Series[str]) -> pd.DataFrame:
    nothing = pd.Series(index=table.index, dtype="object")
    kind = kind_of(name, table["class"], table.get("detail", nothing))
    chosen = (kind != "").to_numpy()
    at = shapely.get_coordinates(shapely.centroid(table.geometry.to_numpy()[chosen]))
    return _rows(table[chosen], kind[chosen], at, ids=id_of[chosen])


def _rows(
    table: pd.DataFrame,
    kind: pd.Series[str],
    at: Floats,
    *,
    ids: pd.Series[str],
) -> pd.DataFrame:
    name = table["name"] if "name" in table else pd.Series(index=table.index, dtype="object")
    return pd.DataFrame(
        {
            "kind": kind.to_numpy(object),
            "id": ids.astype(str).to_numpy(object),
            "name": name.astype("object").fillna("").to_numpy(object),
            "place": table["class"].astype(str).to_numpy(object) if "class" in table else "job",
            "weight": 1.0,
            "x": at[:, 0],
            "y": at[:, 1],
        },
        columns=COLUMNS,
    )


def _stop_ids(stops: gpd.GeoDataFrame, given: Assumptions) -> pd.Series[str]:
    """Return the station of each stop, its own id where it is alone."""
    own = stops.index.to_series()
    at = shapely.get_coordinates(shapely.centroid(stops.geometry.to_numpy()))
    name = stops["name"] if "name" in stops else pd.Series(index=stops.index, dtype="object")
    table = pd.DataFrame({"x": at[:, 0], "y": at[:, 1], "id": own}, index=stops.index)
    same = table.groupby([name, stops["class"].astype("object")], sort=False)
    width = same[["x", "y"]].transform("max") - same[["x", "y"]].transform("min")
    near = width.max(axis=1) <= given["accessibility.stop_extent"]
    station = stops["parent_id"].astype("object").where(stops["parent_id"].notna())
    alone = own.where(~near, same["id"].transform("min"))
    found: pd.Series[str] = station.fillna(alone.fillna(own))
    return found


def _of_parks(landuse: gpd.GeoDataFrame, given: Assumptions) -> pd.DataFrame:
    """Return points along the edges, every `park_step` metres, of areas that are large enough."""
    nothing = pd.Series(index=landuse.index, dtype="object")
    kind = kind_of("landuse", landuse["class"], nothing)
    large = landuse["area_m2"].to_numpy(float) >= given["accessibility.park_area"]
    chosen = (kind != "").to_numpy() & large
    row, at = edge_points(landuse.geometry.to_numpy()[chosen], given["accessibility.park_step"])
    parks = landuse[chosen].iloc[row]
    return _rows(parks, kind[chosen].iloc[row], at, ids=parks.index.to_series())


def edge_points(polygons: NDArray[np.object_], step_m: float) -> tuple[NDArray[np.intp], Floats]:
    """
    Return points on the rings of polygons at most `step_m` apart: row of the polygon, (p, 2) [m].

    >>> row, at = edge_points(np.array([shapely.box(0, 0, 100, 50)]), 50)
    >>> len(row), at[:3].tolist()
    (6, [[100.0, 0.0], [100.0, 50.0], [50.0, 50.0]])
    """
    parts, of_part = shapely.get_parts(polygons, return_index=True)
    rings, of_ring = shapely.get_rings(parts, return_index=True)
    length = shapely.length(rings)
    count = np.maximum(np.ceil(length / step_m), 1).astype(np.int64)
    ring = np.repeat(np.arange(len(rings)), count)
    number = np.arange(len(ring)) - np.repeat(np.cumsum(count) - count, count)
    points = shapely.line_interpolate_point(rings[ring], number * (length / count)[ring])
    return of_part[of_ring[ring]], shapely.get_coordinates(points)


def _of_jobs(buildings: gpd.GeoDataFrame, jobs: pd.Series[float]) -> pd.DataFrame:
    some = jobs[jobs > 0].sort_index()
    where = buildings.loc[some.index]
    at = shapely.get_coordinates(shapely.centroid(where.geometry.to_numpy()))
    kind = pd.Series("jobs", index=where.index)
    plain = where[["name"]] if "name" in where else where[[]]
    return _rows(plain, kind, at, ids=where.index.to_series()).assign(weight=some.to_numpy(float))

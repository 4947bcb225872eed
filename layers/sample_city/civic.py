"""Schools, churches, markets and what else a district needs, each on its own ground."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from shapely import affinity

from layers.sample_city.figures import read_table, rows_of

if TYPE_CHECKING:
    import geopandas as gpd

Array = np.ndarray[Any, Any]

TEMPLATES: dict[str, tuple[tuple[tuple[float, float, float, float], ...], ...]] = {
    "church": (((0, 0, 30, 13), (14, 0, 9, 9)), ((-18.5, 0, 7, 7),)),
    "townhall": (((0, 0, 66, 16), (-25, 20, 16, 34), (25, 16, 16, 26)),),
    "hospital": (((0, 0, 118, 18), (-45, 30, 18, 50), (0, 26, 18, 44), (45, 30, 18, 50)),),
    "hall": (((0, 0, 46, 34), (0, 20, 26, 10)),),
    "secondary": (((0, 0, 92, 15), (-36, 24, 15, 40), (8, 20, 15, 32)), ((42, 36, 27, 45),)),
    "primary": (((0, 0, 58, 14), (-22, 18, 14, 30)), ((22, 30, 18, 28),)),
    "kindergarten": (((0, 0, 30, 13), (8, 8, 12, 12)),),
    "supermarket": (((0, 0, 48, 27), (-17, 15, 12, 6)),),
    "fire": (((0, 0, 30, 14), (-12, 10, 8, 10)),),
    "care": (((0, 0, 52, 13), (-19, 16, 13, 26)),),
}
"""Wings (x, y, width, depth in metres) of each separate building of a facility."""

SECOND_HEIGHT_M = {"church": 31.0, "secondary": 8.5, "primary": 7.5}
"""Tower of a church, sports hall of a school."""

HOSPITAL_DISTRICTS = ("Troisdorf-Mitte", "Sieglar")
CENTRE = "Troisdorf-Mitte"


def choose_ground(districts: gpd.GeoDataFrame, land: Array, where: pd.DataFrame) -> pd.DataFrame:
    """
    Reserve plot areas for facilities: rows of `facilities.csv` with district and land.

    `where` describes each land: district, growth, kind. The area nearest to the wanted place
    between centre (0) and edge (1) that is large enough is taken.
    """
    table = read_table("facilities.csv")
    table = table.sort_values("area_m2", ascending=False)
    free = (where["kind"] == "housing").to_numpy().copy()
    area = shapely.area(land)
    room = shapely.length(shapely.maximum_inscribed_circle(land, 2.0))
    rank = where.groupby("district")["growth"].rank(pct=True).to_numpy()
    chosen = []
    for number, (_, district) in enumerate(districts.iterrows()):
        for spec in rows_of(table):
            count = _count(spec, district)
            for turn in range(count):
                open_land = free & (where["district"] == number).to_numpy()
                open_land &= (area >= spec.area_m2) & (room >= 0.32 * spec.area_m2**0.5)
                if open_land.sum() < 2:
                    break
                target = spec.position if count == 1 else spec.position * 0.6 + 0.7 * turn / count
                fit = np.abs(rank - target) + 0.25 * np.maximum(area / spec.area_m2 - 2, 0)
                found = int(np.where(open_land, fit, np.inf).argmin())
                free[found] = False
                chosen.append({**spec._asdict(), "district": number, "land": found, "turn": turn})
    return pd.DataFrame(chosen)


def _count(spec: Any, district: pd.Series[Any]) -> int:
    """How many of a kind the district has, by inhabitants."""
    if spec.key in ("townhall", "hall"):
        return int(district["name"] == CENTRE)
    if spec.key == "hospital":
        return int(district["name"] in HOSPITAL_DISTRICTS and district["residents"] > 8000)
    count = round(float(district["residents"]) / float(spec.per_residents))
    return max(count, int(spec.at_least) if district["residents"] > 1200 else 0)


def build_facilities(
    chosen: pd.DataFrame, districts: gpd.GeoDataFrame, land: Array
) -> tuple[pd.DataFrame, Array]:
    """Set the buildings of each facility in the widest spot of its ground."""
    rows, shapes = [], []
    for spec in rows_of(chosen):
        ground = land[spec.land].buffer(-3)
        name = f"{spec.label} {districts['name'].iloc[spec.district]}"
        name += f" {spec.turn + 1}" if spec.turn else ""
        for part, shape in enumerate(_fit(spec.key, ground)):
            height = spec.storeys * spec.storey_m + (4.5 if spec.roof == "gabled" else 0.4)
            second = part > 0
            rows.append(
                {
                    "type": spec.key,
                    "name": None if second else name,
                    "use": "sport" if second and spec.use == "education" else spec.use,
                    "place": None if second else spec.place,
                    "detail": spec.detail,
                    "landuse": spec.landuse,
                    "district": spec.district,
                    "land": spec.land,
                    "storeys": 1.0 if second else float(spec.storeys),
                    "height_m": SECOND_HEIGHT_M.get(spec.key, height) if second else height,
                    "roof_type": "pyramidal"
                    if second and spec.key == "church"
                    else ("flat" if second else spec.roof),
                    "roof_height_m": 9.0
                    if second and spec.key == "church"
                    else (4.5 if spec.roof == "gabled" and not second else 0.3),
                }
            )
            shapes.append(shape)
    return pd.DataFrame(rows), np.array(shapes, object)


def _fit(key: str, ground: Any) -> list[Any]:
    """Try the template smaller and smaller until all of it stands on the ground."""
    if ground.is_empty:
        return []
    centre = shapely.get_point(shapely.maximum_inscribed_circle(ground, 2.0), 0)
    corners = shapely.get_coordinates(shapely.oriented_envelope(ground))
    sides = np.diff(corners[:3], axis=0)
    longer = sides[np.hypot(*sides.T).argmax()]
    angle = np.degrees(np.arctan2(longer[1], longer[0]))
    houses = [
        shapely.union_all([shapely.box(x - w / 2, y - d / 2, x + w / 2, y + d / 2)
                           for x, y, w, d in wings])
        for wings in TEMPLATES[key]
    ]  # fmt: skip
    middle = shapely.union_all(houses).envelope.centroid
    for scale in (1.0, 0.88, 0.76, 0.64, 0.55):
        for turn in (0, 180, 90, 270):
            put = [
                affinity.translate(
                    affinity.rotate(
                        affinity.scale(h, scale, scale, origin=middle), angle + turn, origin=middle
                    ),
                    centre.x - middle.x,
                    centre.y - middle.y,
                )
                for h in houses
            ]
            if ground.covers(shapely.union_all(put)):
                return put
    return []


def sports_grounds(fields: gpd.GeoDataFrame) -> tuple[Array, Array]:
    """Return pitches and club houses."""
    pitches, clubs = [], []
    for number in np.flatnonzero((fields["kind"] == "sport").to_numpy()):
        ground = fields.geometry.iloc[number].buffer(-9)
        for scale in (1.0, 0.85, 0.7):
            found = _rectangle(ground, 105 * scale, 68 * scale, 10, 24)
            if found:
                pitches.append(found[0])
                clubs.append(found[1])
                break
    return np.array(pitches, object), np.array(clubs, object)


def _rectangle(
    ground: Any, length: float, width: float, depth: float, club: float
) -> tuple[shapely.Polygon, shapely.Polygon] | None:
    if ground.is_empty:
        return None
    centre = shapely.get_point(shapely.maximum_inscribed_circle(ground, 4.0), 0)
    pitch = shapely.box(-length / 2, -width / 2, length / 2, width / 2)
    house = shapely.box(-club / 2, width / 2 + 6, club / 2, width / 2 + 6 + depth)
    for angle in range(0, 360, 15):
        put = [
            affinity.translate(affinity.rotate(p, angle, origin=(0, 0)), centre.x, centre.y)
            for p in (pitch, house)
        ]
        if ground.covers(shapely.union_all(put)):
            return put[0], put[1]
    return None


def allotment_sheds(fields: gpd.GeoDataFrame, rng: Any) -> Array:
    """Return garden huts in rows on the allotments."""
    huts = []
    for shape in fields.geometry[fields["kind"] == "allotments"]:
        ground = shape.buffer(-9)
        x0, y0, x1, y1 = shape.bounds
        x, y = np.meshgrid(np.arange(x0, x1, 17.0), np.arange(y0, y1, 19.0))
        xy = np.column_stack([x.ravel(), y.ravel()]) + rng.uniform(-2.5, 2.5, (x.size, 2))
        w, d = rng.uniform(3.0, 4.6, len(xy)), rng.uniform(2.6, 4.0, len(xy))
        boxes = np.asarray(shapely.box(xy[:, 0], xy[:, 1], xy[:, 0] + w, xy[:, 1] + d))
        huts.append(boxes[shapely.covers(ground, boxes)])
    return np.concatenate(huts) if huts else np.array([], object)

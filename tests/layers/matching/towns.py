"""Buildings for the tests of matching: by hand, and a turned grid of houses with known truth."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from shapely import box

from twin.schema import BUILDINGS
from twin.validation import conform

CRS = "EPSG:25832"
E, N = 370_000.0, 5_631_000.0


def rect(x, y, width, height):
    """Give a rectangle, its corner in metres from the origin of the tests."""
    return box(E + x, N + y, E + x + width, N + y + height)


def table(rows):
    """Make a `buildings` table of {key: (shape, {column: value})}; labels come by themselves."""
    labels = {c.name: c.source for c in BUILDINGS.columns if c.source}
    records = []
    for shape, said in rows.values():
        record = dict(said)
        for column, label in labels.items():
            if column in said and label not in said:
                record[label] = "tagged"
        records.append({**record, "geometry": shape})
    if not records:
        frame = gpd.GeoDataFrame({"geometry": []}, geometry="geometry", crs=CRS)
    else:
        frame = gpd.GeoDataFrame(records, index=list(rows), geometry="geometry", crs=CRS)
    made = conform(BUILDINGS, frame, crs=CRS)
    return made.assign(footprint_m2=shapely.area(made.geometry.array).round(2))


def grid(number, *, key="DE", seed=1, turn=0.35, shift=(0.0, 0.0), jitter=0.0, gap=22.0):
    """Make detached houses of 8 to 18 m in a turned grid, each corner off by up to `jitter`."""
    rng = np.random.default_rng(seed)
    at = np.arange(number)
    side = int(np.ceil(np.sqrt(number)))
    x, y = (at % side) * gap, (at // side) * gap
    wide, deep = rng.uniform(8, 18, number), rng.uniform(8, 18, number)
    shapes = shapely.box(x, y, x + wide, y + deep)
    cos, sin = np.cos(turn), np.sin(turn)

    def place(xy):
        turned = np.column_stack([cos * xy[:, 0] - sin * xy[:, 1], sin * xy[:, 0] + cos * xy[:, 1]])
        return shake(turned + np.array([E + shift[0], N + shift[1]]), jitter)

    shapes = shapely.transform(shapes, place)
    data = {
        "use": "residential",
        "use_source": "tagged",
        "height_m": rng.uniform(5, 12, number).round(1),
        "height_source": "tagged:height",
        "min_height_m": 0.0,
        "dwellings": rng.integers(1, 4, number).astype(float),
        "dwellings_source": "tagged",
        "street": "Am Bach",
        "housenumber": [str(n) for n in at],
        "footprint_m2": shapely.area(shapes).round(2),
    }
    index = [f"{key}{n:07d}" for n in at]
    return conform(
        BUILDINGS, gpd.GeoDataFrame(data, index=index, geometry=shapes, crs=CRS), crs=CRS
    )


def shake(xy, by):
    """Move every corner by up to `by`, the same corner always the same way, so rings stay shut."""
    return xy + by * np.sin(1e3 * xy[:, ::-1] + 700 * xy)


def redrawn(truth, *, shift=(0.9, -0.6), by=0.3):
    """
    Draw a town again as OpenStreetMap would: some houses as two, some rows as one, all a bit off.

    Gives the table and the true pairs (key drawn, key of the truth).
    """
    keys, shapes = truth.index.to_numpy(dtype=object), np.asarray(truth.geometry, dtype=object)
    left, right = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=0.05)
    used, drawn, belongs = set(), [], []
    for a, b in zip(left, right, strict=True):
        touching = a < b and shapely.area(shapely.intersection(shapes[a], shapes[b])) < 0.01
        if touching and not {a, b} & used and (a + b) % 3 == 0:
            together = shapely.union(shapely.buffer(shapes[a], 0.06), shapes[b])
            if together.geom_type == "Polygon":
                used |= {a, b}
                drawn.append(together)
                belongs.append({keys[a], keys[b]})
    for at in sorted(set(range(len(keys))) - used):
        if at % 7 == 0:
            west, south, east, north = shapes[at].bounds
            middle = (west + east) / 2
            drawn += [
                shapely.intersection(shapes[at], box(west, south, middle, north)),
                shapely.intersection(shapes[at], box(middle, south, east, north)),
            ]
            belongs += [{keys[at]}] * 2
        else:
            drawn.append(shapes[at])
            belongs.append({keys[at]})
    moved = shapely.transform(np.array(drawn, dtype=object), lambda xy: shake(xy + shift, by))
    moved = shapely.make_valid(moved)
    names = [f"osm:w{n:05d}" for n in range(len(moved))]
    pairs = {(name, key) for name, real in zip(names, belongs, strict=True) for key in real}
    return table({name: (shape, {}) for name, shape in zip(names, moved, strict=True)}), pairs


def pairs_found(matched, source, among):
    """Give the pairs (old id, id in the stock) that matching found, in buildings of `among`."""
    shares = matched.shares[matched.shares["source"] == source]
    divided = set(zip(shares["old_id"], shares["new_id"], strict=True))
    whole = {
        (old, new)
        for old, new in matched.new_ids[source].items()
        if old not in matched.divided[source]
    }
    return {pair for pair in divided | whole if pair[1] in among}

"""Heights on tables: planes come out exactly, noise does not become a gradient."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString, Point, box

from layers.heights import add_heights, grouped_quantile, points_on_roofs
from layers.osm import read_osm
from layers.terrain import read_terrain
from tests.conftest import CRS, make_tables, shared
from tests.town_files.terrain import ground, write_dgm1
from twin.schema import TABLES
from twin.validation import conform, validate_all

E, N = 370_000.0, 5_631_000.0


@dataclass
class Formula:
    """A surface that is a formula: what the tests can work out by hand."""

    height: object
    cell_m: float = 1.0
    crs: str = CRS

    def sample(self, x, y, *, crs):
        assert crs == CRS
        return np.broadcast_to(self.height(x, y), np.shape(x)).astype(float)


def plane(a, b, c=100.0):
    return lambda x, y: c + a * (x - E) + b * (y - N)


def network(places, ways, **flags):
    """Build nodes and links (there and back) from places and pairs of them."""
    nodes = gpd.GeoDataFrame(
        {"control": "none", "is_boundary": False, "degree": 2.0},
        index=list(places), geometry=[Point(E + x, N + y) for x, y in places.values()], crs=CRS,
    )  # fmt: skip
    rows = []
    for way, (a, b) in enumerate(ways):
        for start, end, turn, back in ((a, b, "f", "b"), (b, a, "b", "f")):
            line = LineString([nodes.geometry[start], nodes.geometry[end]])
            rows.append(
                {
                    "link_id": f"w{way}:{turn}", "reverse_id": f"w{way}:{back}",
                    "way_id": f"w{way}",
                    "from_node": start, "to_node": end, "length_m": line.length, "geometry": line,
                    "class": flags.get("class_", "residential"),
                    "is_bridge": way in flags.get("bridges", ()),
                    "is_tunnel": way in flags.get("tunnels", ()),
                }
            )  # fmt: skip
    streets = gpd.GeoDataFrame(rows, geometry="geometry", crs=CRS).set_index("link_id")
    return {
        "nodes": conform(TABLES["nodes"], nodes, crs=CRS),
        "streets": conform(TABLES["streets"], streets, crs=CRS),
    }


def houses(shapes, **columns):
    frame = gpd.GeoDataFrame(
        {"use": "residential", "min_height_m": 0.0, **columns},
        index=[f"b{i}" for i in range(len(shapes))], geometry=shapes, crs=CRS,
    )  # fmt: skip
    return {"buildings": conform(TABLES["buildings"], frame, crs=CRS)}


# junctions and streets

slopes = st.floats(-0.15, 0.15)
coordinates = st.floats(0, 3000).map(lambda v: round(v, 2))


@given(
    a=slopes, b=slopes, cell=st.sampled_from([0.5, 1, 30, 90]),
    places=st.lists(
        st.tuples(coordinates, coordinates), min_size=3, max_size=6,
        unique_by=lambda p: (round(p[0] / 10), round(p[1] / 10)),
    ),
)  # fmt: skip
def test_on_a_plane_gradients_are_exact(a, b, cell, places):
    named = {f"n{i}": place for i, place in enumerate(places)}
    ring = [(f"n{i}", f"n{(i + 1) % len(places)}") for i in range(len(places))]
    done, findings = add_heights(
        network(named, ring), {"terrain": Formula(plane(a, b), cell)}, crs=CRS
    )
    streets, nodes = done["streets"], done["nodes"]
    x, y = np.array(places).T
    np.testing.assert_allclose(
        nodes["elevation_m"].loc[list(named)], 100 + a * x + b * y, atol=1e-6
    )
    start, end = (nodes.geometry.loc[streets[c]] for c in ("from_node", "to_node"))
    rise = a * (end.x.to_numpy() - start.x.to_numpy()) + b * (end.y.to_numpy() - start.y.to_numpy())
    np.testing.assert_allclose(
        streets["gradient_percent"], 100 * rise / streets["length_m"], atol=1e-4
    )
    assert findings == ()


def test_there_and_back_are_opposite_and_a_loop_sums_to_zero():
    rough = Formula(lambda x, y: 80 + 10 * np.sin(x / 40) * np.cos(y / 25))
    corners = {"a": (0, 0), "b": (120, 10), "c": (130, 90), "d": (-20, 60)}
    tables = network(corners, [("a", "b"), ("b", "c"), ("c", "d"), ("d", "a")])
    streets = add_heights(tables, {"terrain": rough}, crs=CRS)[0]["streets"]
    back = streets.loc[streets["reverse_id"], "gradient_percent"].to_numpy()
    np.testing.assert_array_equal(streets["gradient_percent"], -back)
    forth = streets[streets.index.str.endswith(":f")]
    assert abs((forth["gradient_percent"] * forth["length_m"]).sum()) < 1e-9
    assert forth["gradient_percent"].abs().max() > 3


def test_noise_of_a_coarse_raster_is_no_gradient(tmp_path):
    """Cells of 30 m that jump by 5 m (standard deviation, as SRTM) on level ground."""
    rng = np.random.default_rng(7)
    noise = (100 + rng.normal(0, 5, (80, 80))).astype("f4")
    path = tmp_path / "dem.tif"
    with rasterio.open(
        path, "w", driver="GTiff", height=80, width=80, count=1, dtype="float32", crs=CRS,
        transform=rasterio.transform.from_origin(E, N + 2400, 30, 30),
    ) as file:  # fmt: skip
        file.write(noise, 1)
    terrain = read_terrain([path], cache_dir=tmp_path).surfaces["terrain"]
    at = rng.uniform(200, 2200, (300, 2))
    turn = rng.uniform(0, 2 * np.pi, 300)
    places, ways = {}, []
    for i, (x, y) in enumerate(at):
        places[f"a{i}"] = (x, y)
        places[f"b{i}"] = (x + 5 * np.cos(turn[i]), y + 5 * np.sin(turn[i]))
        ways.append((f"a{i}", f"b{i}"))
    tables = network(places, ways)
    smooth = add_heights(tables, {"terrain": terrain}, crs=CRS)[0]["streets"]["gradient_percent"]
    nodes = tables["nodes"]
    raw = pd.Series(
        terrain.sample(nodes.geometry.x.to_numpy(), nodes.geometry.y.to_numpy(), crs=CRS),
        index=nodes.index,
    )
    streets = tables["streets"]
    naive = 20 * (raw[streets["to_node"]].to_numpy() - raw[streets["from_node"]].to_numpy())
    assert np.std(naive) > 10  # what two raw values 5 m apart would say
    assert smooth.std() < 6
    assert smooth.abs().max() < 20


def test_a_bridge_is_a_line_between_its_ends():
    """The valley under the middle of the bridge is 20 m deep; the ends differ by 4 m on 200 m."""
    valley = Formula(lambda x, y: 100 + 0.02 * (x - E) - 20.0 * ((x > E + 20) & (x < E + 180)))
    places = {"w": (-50, 0), "a": (0, 0), "m": (50, 0), "n": (130, 0), "b": (200, 0), "o": (250, 0)}
    ways = [("w", "a"), ("a", "m"), ("m", "n"), ("n", "b"), ("b", "o")]
    tables = network(places, ways, bridges=(1, 2, 3))
    done, _ = add_heights(tables, {"terrain": valley}, crs=CRS)
    nodes, streets = done["nodes"], done["streets"]
    np.testing.assert_allclose(
        nodes.loc[["a", "m", "n", "b"], "elevation_m"], [100, 101, 102.6, 104]
    )
    assert nodes.loc[["a", "m", "b"], "elevation_source"].tolist() == [
        "measured:terrain", "estimated:ends", "measured:terrain",
    ]  # fmt: skip
    forth = streets.loc[["w1:f", "w2:f", "w3:f"]]
    np.testing.assert_allclose(forth["gradient_percent"], 2)
    assert set(forth["gradient_source"]) == {"estimated:ends"}
    assert streets.loc["w0:f", "gradient_source"] == "measured:terrain"


def test_a_tunnel_that_forks_and_one_without_ends():
    hill = Formula(lambda x, y: 100 + 50.0 * (abs(x - E - 100) < 60) + 0 * y)
    places = {
        "a": (0, 0), "b": (200, 0), "c": (180, 100), "fork": (100, 0), "x": (90, 500),
        "y": (110, 500), "a2": (-50, 0), "b2": (250, 0), "c2": (180, 150),
    }  # fmt: skip
    ways = [("a", "fork"), ("fork", "b"), ("fork", "c"), ("x", "y"),
            ("a2", "a"), ("b", "b2"), ("c", "c2")]  # fmt: skip
    done, _ = add_heights(network(places, ways, tunnels=(0, 1, 2, 3)), {"terrain": hill}, crs=CRS)
    nodes = done["nodes"]
    assert nodes.loc["fork", "elevation_m"] == pytest.approx(100)
    assert nodes.loc[["x", "y"], "elevation_m"].tolist() == [150, 150]  # no end: the ground
    assert nodes.loc["x", "elevation_source"] == "measured:terrain"


def test_what_another_source_knows_stays():
    tables = network({"a": (0, 0), "b": (100, 0)}, [("a", "b")])
    tables["nodes"] = tables["nodes"].assign(
        elevation_m=[np.nan, 55.0], elevation_source=[None, "tagged"]
    )
    tables["streets"] = tables["streets"].assign(
        gradient_percent=[np.nan, -3.0], gradient_source=[None, "tagged"]
    )
    before = {name: table.copy() for name, table in tables.items()}
    done, _ = add_heights(tables, {"terrain": Formula(plane(0, 0, 54))}, crs=CRS)
    assert done["nodes"]["elevation_m"].tolist() == [54, 55]
    assert done["nodes"]["elevation_source"].tolist() == ["measured:terrain", "tagged"]
    assert done["streets"]["gradient_percent"].tolist() == [-1, -3]
    for name, table in before.items():
        pd.testing.assert_frame_equal(tables[name], table)


def test_steeper_than_any_street_is_counted():
    cliff = Formula(lambda x, y: np.where(x < E + 10, 50.0, 80))
    places = {"a": (0, 0), "b": (30, 0), "c": (60, 0)}
    done, findings = add_heights(
        network(places, [("a", "b"), ("b", "c")]), {"terrain": cliff}, crs=CRS
    )
    assert done["streets"]["gradient_percent"].isna().tolist() == [True, True, False, False]
    assert done["streets"]["gradient_source"].isna().sum() == 2
    assert [(f.code, f.count, f.total) for f in findings] == [("gradient_too_steep", 2, 4)]
    steps, findings = add_heights(
        network(places, [("a", "b")], class_="steps"), {"terrain": cliff}, crs=CRS
    )
    assert steps["streets"]["gradient_percent"].abs().tolist() == [100, 100]
    assert not findings


def test_edge_of_the_terrain():
    west = Formula(lambda x, y: np.where(x <= E + 50, 100 + 0.1 * (x - E), np.nan), cell_m=20)
    places = {"a": (0, 0), "b": (45, 0), "c": (90, 0)}
    done, findings = add_heights(
        network(places, [("a", "b"), ("b", "c")]), {"terrain": west}, crs=CRS
    )
    np.testing.assert_allclose(done["nodes"]["elevation_m"], [100, 104.5, np.nan])
    assert done["streets"]["gradient_percent"].isna().sum() == 2
    assert [(f.code, f.count, f.examples) for f in findings] == [("no_terrain", 1, ("c",))]


# buildings


def test_ground_is_the_lowest_corner():
    tables = houses([box(E, N, E + 10, N + 20), box(E + 50, N, E + 60, N + 5)])
    done, _ = add_heights(tables, {"terrain": Formula(plane(0.1, -0.2))}, crs=CRS)
    assert done["buildings"]["ground_m"].tolist() == [96, 104]
    assert set(done["buildings"]["ground_source"]) == {"measured:terrain"}
    assert done["buildings"]["height_m"].isna().all()  # no surface, no height
    half = Formula(lambda x, y: np.where(x < E + 30, 100.0, np.nan))
    done, findings = add_heights(tables, {"terrain": half}, crs=CRS)
    assert done["buildings"]["ground_m"].isna().tolist() == [False, True]
    assert [(f.code, f.table, f.examples) for f in findings] == [
        ("no_terrain", "buildings", ("b1",))
    ]


@pytest.mark.parametrize("cell", [0.5, 1.0])
def test_flat_roofs_in_a_surface_model(tmp_path, cell):
    """Tiles as the state publishes them; heights known because the test built them."""
    rng = np.random.default_rng(2)
    shapes, heights = [], []
    for i in range(5):
        for j in range(5):
            corner = E + 20 + 45 * i, N + 20 + 45 * j
            wide, deep = rng.uniform(8, 30, 2)
            shape = shapely.affinity.rotate(
                box(*corner, corner[0] + wide, corner[1] + deep), rng.uniform(0, 90)
            )
            shapes.append(shape)
            heights.append(rng.uniform(3, 25))
    built = list(zip(shapes, heights, strict=True))
    bounds = (E, N, E + 250, N + 250)
    tiles = write_dgm1(bounds, tmp_path / "t", cell_m=cell)
    tiles += write_dgm1(bounds, tmp_path / "s", cell_m=cell, kind="surface", buildings=built)
    surfaces = read_terrain(tiles, cache_dir=tmp_path).surfaces
    done, findings = add_heights(houses(shapes), surfaces, crs=CRS)
    found = done["buildings"].sort_index(key=lambda keys: keys.str[1:].astype(int))
    middle = np.array([ground(s.centroid.x, s.centroid.y) for s in shapes])
    top = found["ground_m"].to_numpy() + found["height_m"].to_numpy()
    np.testing.assert_allclose(top, middle + heights, atol=0.05)
    assert (found["height_m"].to_numpy() >= np.array(heights) - 0.05).all()
    assert set(found["height_source"]) == {"measured:surface"}
    assert [(f.code, f.count, f.total) for f in findings] == [("height_from_surface", 25, 25)]


def test_gables_and_trees():
    """A gable of 4 m on walls of 6 m; a tree of 20 m over a sixth of the roof beside it."""
    gable = Formula(lambda x, y: 100 + 10 - 4 * abs(y - N - 6) / 6)
    tree = Formula(lambda x, y: np.where(x < E + 2.5, 120.0, 106))
    tables = houses([box(E, N, E + 14, N + 12)])
    terrain = Formula(plane(0, 0))
    for surface, low, high in ((gable, 8.8, 10), (tree, 6, 6)):
        done, _ = add_heights(tables, {"terrain": terrain, "surface": surface}, crs=CRS)
        assert low <= done["buildings"]["height_m"].iloc[0] <= high


def test_heights_above_ground_serve_where_there_is_no_surface():
    above = Formula(lambda x, y: 7.5 + 0 * x)
    tables = houses([box(E, N, E + 10, N + 10)])
    done, _ = add_heights(tables, {"above_ground": above}, crs=CRS)
    assert done["buildings"]["height_m"].tolist() == [7.5]
    half = Formula(lambda x, y: np.where(x > E + 1000, 111.0, np.nan))
    both = houses([box(E, N, E + 10, N + 10), box(E + 2000, N, E + 2010, N + 10)])
    surfaces = {"terrain": Formula(plane(0, 0)), "surface": half, "above_ground": above}
    assert add_heights(both, surfaces, crs=CRS)[0]["buildings"]["height_m"].tolist() == [7.5, 11]


def test_better_heights_stay_and_guesses_go():
    tables = houses(
        [box(E + i * 20, N, E + i * 20 + 10, N + 10) for i in range(4)],
        height_m=[8.0, 9.0, 10.0, np.nan],
        height_source=["measured:lod2", "tagged:height", "estimated:class", None],
        ground_m=[101.0, np.nan, np.nan, np.nan],
        ground_source=["measured:lod2", None, None, None],
    )
    surfaces = {"terrain": Formula(plane(0, 0)), "surface": Formula(plane(0, 0, 112))}
    found = add_heights(tables, surfaces, crs=CRS)[0]["buildings"]
    assert found["height_m"].tolist() == [8, 9, 12, 12]
    assert found["height_source"].tolist() == [
        "measured:lod2", "tagged:height", "measured:surface", "measured:surface",
    ]  # fmt: skip
    assert found["ground_m"].tolist() == [101, 100, 100, 100]


def test_heights_no_building_has():
    tables = houses(
        [box(E + i * 20, N, E + i * 20 + 6, N + 6) for i in range(4)],
        use=["residential", "garage", "residential", "residential"],
        min_height_m=[0.0, 0, 4, 0],
        height_m=[5.0, np.nan, np.nan, np.nan],
        height_source=["estimated:class", None, None, None],
    )
    step = Formula(
        lambda x, y: 100 + np.select([x < E + 15, x < E + 35, x < E + 55], [0.3, 14, 5], 9.0)
    )
    found, findings = add_heights(
        tables, {"terrain": Formula(plane(0, 0)), "surface": step}, crs=CRS
    )
    heights = found["buildings"]["height_m"]
    assert heights.iloc[0] == 5  # gone or new: the guess stays
    assert found["buildings"]["height_source"].iloc[0] == "estimated:class"
    assert heights.isna().tolist() == [False, True, True, False]
    odd = {f.code: f for f in findings}["surface_height_implausible"]
    assert (odd.count, odd.examples) == (3, ("b0", "b1", "b2"))


def test_points_lie_inside_and_away_from_walls():
    rng = np.random.default_rng(4)
    shapes = [
        shapely.affinity.rotate(box(x, y, x + w, y + h), a)
        for x, y, w, h, a in zip(*rng.uniform(1, 30, (4, 50)), rng.uniform(0, 180, 50), strict=True)
    ]
    shapes += [box(0, 0, 0.4, 30), shapely.MultiPolygon([box(0, 0, 9, 9), box(20, 0, 29, 9)])]
    shapes.append(box(0, 0, 30, 30).difference(box(5, 5, 25, 25)))  # a courtyard
    x, y, row = points_on_roofs(shapes)
    assert set(row) == set(range(len(shapes)))
    inside = shapely.contains_xy(np.array(shapes)[row], x, y)
    assert inside.all()
    wide = np.array([shape.buffer(-1.01).area > 5 for shape in shapes])
    near = shapely.distance(shapely.boundary(np.array(shapes)[row]), shapely.points(x, y))
    assert near[wide[row]].min() >= 1 - 1e-9
    assert np.bincount(row)[wide].min() >= 4


@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.floats(-50, 500) | st.just(float("nan"))), max_size=60
    ),
    st.floats(0, 1),
)
def test_grouped_quantile_is_that_of_numpy(pairs, share):
    row = np.array([r for r, _ in pairs], dtype=np.int64)
    values = np.array([v for _, v in pairs], dtype=float)
    found = grouped_quantile(values, row, 5, share)
    for group in range(5):
        mine = values[row == group]
        known = mine[~np.isnan(mine)]
        if len(known) and len(known) >= len(mine) / 2:
            assert found[group] == pytest.approx(np.quantile(known, share), abs=1e-6)
        else:
            assert np.isnan(found[group])


# whole tables


def test_the_toy_city_stays_valid_and_nothing_without_surfaces():
    tables = make_tables()
    surfaces = {"terrain": Formula(plane(0.01, 0)), "surface": Formula(plane(0.01, 0, 108))}
    done, _ = add_heights(tables, surfaces, crs=CRS)
    validate_all(done, crs=CRS)
    np.testing.assert_allclose(done["streets"]["gradient_percent"].abs(), 1)
    same, findings = add_heights(tables, {}, crs=CRS)
    assert findings == ()
    for name, table in tables.items():
        pd.testing.assert_frame_equal(same[name], table)


@pytest.fixture(scope="module")
def bayreuth(tmp_path_factory):
    """The real extract on real SRTM."""
    extract = read_osm(shared("data/osm/north-bayreuth.osm.pbf"))
    paths = [shared(f"data/terrain/N{n}E011.hgt.zip") for n in (49, 50)]
    tables = {
        name: conform(TABLES[name], extract.tables[name], crs=extract.crs)
        for name in ("nodes", "streets", "buildings")
    }
    terrain = read_terrain(paths, cache_dir=tmp_path_factory.mktemp("srtm"))
    return extract.crs, *add_heights(tables, terrain.surfaces, crs=extract.crs)


def test_real_gradients_are_those_of_a_street_network(bayreuth):
    _, tables, findings = bayreuth
    streets = tables["streets"]
    gradient = streets["gradient_percent"]
    assert gradient.notna().all()
    back = streets["reverse_id"].dropna()
    np.testing.assert_array_equal(gradient[back.index], -gradient[back.to_numpy()].to_numpy())
    cars = gradient[streets["class"].isin(["primary", "secondary", "tertiary", "residential"])]
    assert 1 < cars.abs().median() < 4  # hilly Upper Franconia
    assert cars.abs().quantile(0.95) < 12
    short = gradient[streets["length_m"] < 20]
    assert len(short) > 500
    assert short.abs().max() < 30
    assert not findings


def test_real_elevations_agree_with_rasterio(bayreuth):
    crs, tables, _ = bayreuth
    nodes = tables["nodes"].to_crs("EPSG:4326")
    south = nodes[nodes.geometry.y < 49.999]
    path = shared("data/terrain/N49E011.hgt.zip")
    with rasterio.open(f"/vsizip/{path}/N49E011.hgt") as file:
        at = zip(south.geometry.x, south.geometry.y, strict=True)
        nearest = np.array([v[0] for v in file.sample(at)], float)
    difference = south["elevation_m"].to_numpy() - nearest
    assert len(south) > 1000
    assert abs(difference.mean()) < 1
    assert np.quantile(abs(difference), 0.9) < 12  # half a cell of 90 m at 10 %, and noise
    assert np.corrcoef(south["elevation_m"], nearest)[0, 1] > 0.985
    assert crs == "EPSG:25832"


def test_real_gradients_agree_with_rasterio_on_long_links_and_not_on_short_ones(bayreuth):
    """Over 300 m the terrain shows, whatever reads it; over 30 m raw cells show their own steps."""
    _, tables, _ = bayreuth
    nodes = tables["nodes"].to_crs("EPSG:4326")
    x, y = nodes.geometry.x.to_numpy(), nodes.geometry.y.to_numpy()
    heights = []
    for n in (49, 50):
        path = shared(f"data/terrain/N{n}E011.hgt.zip")
        with rasterio.open(f"/vsizip/{path}/N{n}E011.hgt") as file:
            heights.append([v[0] for v in file.sample(zip(x, y, strict=True))])
    nearest = pd.Series(np.where(y < 50, *heights).astype(float), index=nodes.index)
    streets = tables["streets"]
    streets = streets[~streets["is_bridge"] & ~streets["is_tunnel"]]
    rise = nearest[streets["to_node"]].to_numpy() - nearest[streets["from_node"]].to_numpy()
    naive = 100 * rise / streets["length_m"]
    far, close = streets["length_m"] > 300, streets["length_m"] < 30
    assert far.sum() > 500
    assert np.corrcoef(naive[far], streets["gradient_percent"][far])[0, 1] > 0.95
    assert naive[close].abs().max() > 100
    assert streets["gradient_percent"][close].abs().quantile(0.95) < 15

"""Height models against the formula they were written from, and against other tools."""

import gzip
import zipfile
from itertools import pairwise

import numpy as np
import pyproj
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.merge import merge
from rasterio.transform import from_origin
from scipy.ndimage import map_coordinates
from shapely import box

from layers.source_data import Area
from layers.terrain import looks_like_terrain, read_terrain
from layers.terrain.tile import Tile
from tests.conftest import CRS, shared
from tests.town_files.terrain import NODATA, ground, write_dgm1, write_tile, write_xyz
from twin.errors import SourceError

WEST, SOUTH = 370_000, 5_631_000
FOUR = (WEST, SOUTH, WEST + 2000, SOUTH + 2000)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("terrain")


@pytest.fixture(scope="module")
def tiles(folder):
    """Four tiles of 1 km² with cells of 10 m."""
    return write_dgm1(FOUR, folder / "four", cell_m=10)


@pytest.fixture
def read(tmp_path):
    """Read height models with a cache of their own."""
    return lambda paths, **kw: read_terrain(paths, cache_dir=tmp_path / "cache", **kw)


def points(count, bounds=FOUR, *, inset=10, seed=1):
    rng = np.random.default_rng(seed)
    west, south, east, north = bounds
    x = rng.uniform(west + inset, east - inset, count)
    return x, rng.uniform(south + inset, north - inset, count)


def test_heights_are_those_of_the_formula(tiles, read):
    x, y = points(20_000)
    data = read(tiles)
    z = data.surfaces["terrain"].sample(x, y, crs=CRS)
    assert data.crs == CRS
    assert abs(z - ground(x, y)).max() < 0.005  # what a straight line misses of a wave over 10 m
    assert data.report["terrain"]["tiles"] == 4
    assert data.source.key == "geobasis_nrw"
    assert data.source.date == "2022-01-01"
    assert data.findings == ()


def test_sampling_agrees_with_scipy_on_the_merged_raster(tiles, read):
    mosaic, transform = merge([str(path) for path in tiles])
    x, y = points(5000)
    column, row = ~transform * (x, y)
    other = map_coordinates(mosaic[0].astype(float), [row - 0.5, column - 0.5], order=1)
    z = read(tiles).surfaces["terrain"].sample(x, y, crs=CRS)
    np.testing.assert_allclose(z, other, atol=1e-4)


def test_no_gap_at_the_seams(tiles, read):
    surface = read(tiles).surfaces["terrain"]
    along = np.linspace(SOUTH + 10, SOUTH + 1990, 999)
    for across in (-5, -0.001, 0, 0.001, 5):
        z = surface.sample(np.full(999, WEST + 1000 + across), along, crs=CRS)
        assert abs(z - ground(WEST + 1000 + across, along)).max() < 0.005
        z = surface.sample(along - SOUTH + WEST, np.full(999, SOUTH + 1000 + across), crs=CRS)
        assert abs(z - ground(along - SOUTH + WEST, SOUTH + 1000 + across)).max() < 0.005


def test_order_of_files_changes_nothing(tiles, read):
    x, y = points(500)
    first, second = read(tiles), read(tiles[::-1])
    assert first.source == second.source
    assert first.report == second.report
    one, other = first.surfaces["terrain"], second.surfaces["terrain"]
    np.testing.assert_array_equal(one.sample(x, y, crs=CRS), other.sample(x, y, crs=CRS))
    assert one.read(FOUR, crs=CRS, cell_m=25).hash == other.read(FOUR, crs=CRS, cell_m=25).hash


def test_a_raster_holds_the_means_of_its_cells(tiles, read):
    mosaic, _ = merge([str(path) for path in tiles])
    expected = mosaic[0].reshape(40, 5, 40, 5).mean(axis=(1, 3))  # 50 m out of 10 m
    raster = (
        read(tiles)
        .surfaces["terrain"]
        .read((WEST + 20, SOUTH + 20, WEST + 1990, SOUTH + 1990), crs=CRS, cell_m=50)
    )
    assert raster.bounds == FOUR  # on multiples of the cell
    np.testing.assert_allclose(raster.cells, expected, atol=1e-3)


def test_small_blocks_give_the_same_raster(tiles, read, monkeypatch):
    surface = read(tiles).surfaces["terrain"]
    x, y = points(300)
    raster, z = surface.read(FOUR, crs=CRS, cell_m=25), surface.sample(x, y, crs=CRS)
    monkeypatch.setattr("layers.terrain.mosaic.CHUNK", 37)
    np.testing.assert_allclose(surface.read(FOUR, crs=CRS, cell_m=25).cells, raster.cells)
    np.testing.assert_allclose(surface.sample(x, y, crs=CRS), z)


def test_finer_raster_than_the_source_is_bilinear(tiles, read):
    raster = (
        read(tiles)
        .surfaces["terrain"]
        .read((WEST + 100, SOUTH + 100, WEST + 200, SOUTH + 200), crs=CRS, cell_m=4)
    )
    x, y = np.meshgrid(WEST + 102 + np.arange(25) * 4, SOUTH + 198 - np.arange(25) * 4)
    assert abs(raster.cells - ground(x, y)).max() < 0.005


@pytest.mark.parametrize("crs", ["EPSG:25833", "EPSG:4326"])
def test_other_coordinate_systems(tiles, read, crs):
    surface = read(tiles).surfaces["terrain"]
    x, y = points(500)
    there = pyproj.Transformer.from_crs(CRS, crs, always_xy=True)
    u, v = there.transform(x, y)
    assert abs(surface.sample(u, v, crs=crs) - ground(x, y)).max() < 0.005
    west, south, east, north = surface.bounds(crs)
    assert west < u.min() < u.max() < east
    assert south < v.min() < v.max() < north


def test_raster_in_the_neighbouring_zone(tiles, read):
    surface = read(tiles).surfaces["terrain"]
    raster = surface.read(surface.bounds("EPSG:25833"), crs="EPSG:25833", cell_m=20)
    rows, columns = raster.cells.shape
    u = raster.west + (np.arange(columns) + 0.5) * 20
    v = raster.north - (np.arange(rows) + 0.5) * 20
    back = pyproj.Transformer.from_crs("EPSG:25833", CRS, always_xy=True)
    x, y = back.transform(*np.meshgrid(u, v))
    inner = (abs(x - WEST - 1000) < 960) & (abs(y - SOUTH - 1000) < 960)
    assert abs(raster.cells - ground(x, y))[inner].max() < 0.3  # turned cells, 5 % slope
    assert abs((raster.cells - ground(x, y))[inner].mean()) < 0.01


cuts = st.lists(st.integers(1, 19), max_size=3, unique=True).map(lambda c: [0, *sorted(c), 20])


@settings(max_examples=6)
@given(cuts, cuts, st.integers(0, 999), st.randoms(use_true_random=False))
def test_cut_into_any_tiles_the_surface_is_the_same(tmp_path_factory, rows, columns, seed, shuffle):
    folder = tmp_path_factory.mktemp("cut")
    rng = np.random.default_rng(seed)
    z = rng.uniform(0, 100, (20, 20)).astype("f4")
    z[rng.random((20, 20)) < 0.1] = NODATA
    whole = write_tile(folder / "whole.tif", z, west=WEST, north=SOUTH, cell_m=5)
    parts = []
    for top, bottom in pairwise(rows):
        for left, right in pairwise(columns):
            name = folder / f"{rng.integers(1_000_000_000)}.tif"
            place = {"west": WEST + 5 * left, "north": SOUTH - 5 * top, "cell_m": 5}
            if (z[top:bottom, left:right] != NODATA).any():
                parts.append(write_tile(name, z[top:bottom, left:right], **place))
    shuffle.shuffle(parts)
    one = read_terrain([whole], cache_dir=folder).surfaces["terrain"]
    many = read_terrain(parts, cache_dir=folder).surfaces["terrain"]
    x, y = points(400, (WEST, SOUTH - 100, WEST + 100, SOUTH), inset=-3)
    np.testing.assert_allclose(many.sample(x, y, crs=CRS), one.sample(x, y, crs=CRS), atol=1e-9)
    bounds = (WEST - 20, SOUTH - 120, WEST + 120, SOUTH + 20)
    for cell in (2, 5, 8, 20):
        a, b = (s.read(bounds, crs=CRS, cell_m=cell).cells for s in (one, many))
        np.testing.assert_allclose(b, a, atol=1e-4)


def test_a_missing_tile_is_unknown_and_nothing_else(tiles, read):
    surface = read(tiles[:3]).surfaces["terrain"]  # the north-east is missing
    x, y = points(2000)
    z = surface.sample(x, y, crs=CRS)
    missing = (x > WEST + 1000) & (y > SOUTH + 1000)
    np.testing.assert_array_equal(np.isnan(z), missing)
    assert abs(z - ground(x, y))[~missing].max() < 0.3  # in the outer half cell the edge counts
    raster = surface.read(FOUR, crs=CRS, cell_m=100)
    assert np.isnan(raster.cells[:10, 10:]).all()
    assert np.isnan(raster.cells).sum() == 100


def test_points_outside_are_unknown(tiles, read):
    surface = read(tiles).surfaces["terrain"]
    z = surface.sample(np.array([WEST - 1.0, np.nan, 0]), np.array([SOUTH + 5.0, 1, 0]), crs=CRS)
    assert np.isnan(z).all()
    assert np.isnan(surface.read((0, 0, 100, 100), crs=CRS, cell_m=10).cells).all()


def test_of_overlapping_tiles_the_first_name_counts(tmp_path, read):
    low, high = np.full((10, 10), 50, "f4"), np.full((10, 10), 60, "f4")
    low[:, :2] = np.nan
    b = write_tile(tmp_path / "b.tif", low, west=WEST, north=SOUTH, cell_m=10, nodata=np.nan)
    (tmp_path / "z").mkdir()
    a = write_tile(tmp_path / "z" / "a.tif", high, west=WEST + 50, north=SOUTH, cell_m=10)
    c = write_tile(tmp_path / "c.tif", high + 10, west=WEST, north=SOUTH, cell_m=10)
    data = read([c, b, a])
    z = data.surfaces["terrain"].sample(
        np.array([WEST + 5, WEST + 30, WEST + 90.0]), np.full(3, SOUTH - 50.0), crs=CRS
    )
    np.testing.assert_array_equal(z, [70, 50, 60])  # b knows nothing in the west: c serves
    found = {f.code: f for f in data.findings}
    assert found["tiles_overlap"].count == 3
    assert "a.tif / b.tif" in found["tiles_overlap"].examples


def test_coarse_heights_serve_where_fine_ones_are_missing(tiles, tmp_path, read):
    coarse = write_tile(
        tmp_path / "dgm25.tif", np.full((100, 100), 99, "f4"), west=WEST, north=SOUTH + 2500,
        cell_m=25,
    )  # fmt: skip
    surface = read([coarse, *tiles[:1]]).surfaces["terrain"]
    assert surface.cell_m == 10
    z = surface.sample(np.array([WEST + 500.0, WEST + 1500]), np.full(2, SOUTH + 500.0), crs=CRS)
    np.testing.assert_allclose(z, [ground(WEST + 500, SOUTH + 500), 99], atol=0.005)
    raster = surface.read(FOUR, crs=CRS, cell_m=50)
    assert not np.isnan(raster.cells).any()


def test_tiles_in_several_coordinate_systems(tiles, tmp_path, read):
    """The neighbour comes from the Land next door, in its own zone."""
    there = pyproj.Transformer.from_crs(CRS, "EPSG:25833", always_xy=True)
    u, v = there.transform(WEST + 1500, SOUTH + 500)
    west, north = round(u) - 600, round(v) + 600
    x, y = pyproj.Transformer.from_crs("EPSG:25833", CRS, always_xy=True).transform(
        *np.meshgrid(west + 5 + np.arange(120) * 10, north - 5 - np.arange(120) * 10)
    )
    other = write_tile(
        tmp_path / "other.tif", ground(x, y).astype("f4"), west=west, north=north, cell_m=10,
        crs="EPSG:25833",
    )  # fmt: skip
    data = read([tiles[0], other])
    x, y = points(1000, (WEST, SOUTH, WEST + 1900, SOUTH + 900))
    z = data.surfaces["terrain"].sample(x, y, crs=CRS)
    assert abs(z - ground(x, y)).max() < 0.3
    assert np.median(abs(z - ground(x, y))) < 0.005
    raster = data.surfaces["terrain"].read(
        (WEST, SOUTH, WEST + 1900, SOUTH + 900), crs=CRS, cell_m=50
    )
    assert not np.isnan(raster.cells).any()


def test_kinds_by_file_name(tmp_path, read):
    z = np.full((10, 10), 7, "f4")
    place = {"west": WEST, "north": SOUTH + 1000, "cell_m": 100}
    names = (
        "dom1_32_370_5631_1_nw_2020.tif",
        "ndom50_32370_5631_1_nw_2025.tif",
        "dgm1_32_370_5631_1_nw.tif",
    )
    paths = [write_tile(tmp_path / name, z + i, **place) for i, name in enumerate(names)]
    surfaces = read(paths).surfaces
    assert sorted(surfaces) == ["above_ground", "surface", "terrain"]
    at = np.array([WEST + 500.0]), np.array([SOUTH + 500.0])
    assert [surfaces[k].sample(*at, crs=CRS)[0] for k in sorted(surfaces)] == [8, 7, 9]
    assert list(read(paths[:1], kind="terrain").surfaces) == ["terrain"]


def test_only_tiles_in_the_area(tiles, read):
    area = Area(box(WEST + 1100, SOUTH + 100, WEST + 1200, SOUTH + 200), CRS)
    data = read(tiles, area=area)
    assert data.report["terrain"]["tiles"] == 1
    far = Area(box(0, 0, 1, 1), CRS)
    with pytest.raises(SourceError, match="None of the 4 height models lies in the area"):
        read(tiles, area=far)


def test_progress_may_cancel(tiles, read):
    def stop(_step, share):
        if share > 0.6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read(tiles, progress=stop)


# text


def rewritten(path, lines, head=""):
    path.write_text(head + "\n".join(lines) + "\n")
    return path


def test_text_gives_the_heights_of_the_geotiff(folder, tiles, read):
    texts = write_xyz(FOUR, folder / "xyz", cell_m=10)
    x, y = points(3000)
    data = read(texts)
    assert data.crs == CRS
    z = data.surfaces["terrain"].sample(x, y, crs=CRS)
    other = read(tiles).surfaces["terrain"].sample(x, y, crs=CRS)
    np.testing.assert_allclose(z, other, atol=0.0051)  # text is rounded to 1 cm
    assert read(texts).surfaces["terrain"].tiles == data.surfaces["terrain"].tiles


def test_text_in_any_order_and_dress(folder, tmp_path, read):
    text = write_xyz((WEST, SOUTH, WEST + 1, SOUTH + 1), folder / "one", cell_m=20)[0]
    lines = text.read_text().splitlines()
    shuffled = list(np.random.default_rng(3).permutation(lines))
    name = text.name
    for folder_name in ("shuffled", "comma", "zone", "packed"):
        (tmp_path / folder_name).mkdir()
    dressed = [
        rewritten(tmp_path / "shuffled" / name, shuffled),
        rewritten(
            tmp_path / "comma" / name, [",".join(li.split()) for li in lines], head="x,y,height\n"
        ),
        rewritten(tmp_path / "zone" / name, [f"32{line}" for line in lines]),
    ]
    with gzip.open(tmp_path / "packed" / f"{name}.gz", "wt") as file:
        file.write("\n".join(lines))
    with zipfile.ZipFile(tmp_path / "tiles.zip", "w") as archive:
        archive.writestr(f"in/{name}", "\n".join(lines))
    dressed += [tmp_path / "packed" / f"{name}.gz", tmp_path / "tiles.zip"]
    expected = read([text]).surfaces["terrain"].read((*FOUR[:2], *FOUR[2:]), crs=CRS, cell_m=20)
    for path in dressed:
        assert looks_like_terrain(path)
        surface = read([path]).surfaces["terrain"]
        assert surface.read(FOUR, crs=CRS, cell_m=20).hash == expected.hash, path


def test_text_with_holes(tmp_path, read):
    lines = ["370000 5631000 5", "370010 5631000 6", "370000 5631010 7"]
    path = rewritten(tmp_path / "dgm10_32_370_5631_1.xyz", lines)
    z = read([path]).surfaces["terrain"].sample(
        np.array([370_000.0, 370_010, 370_010]), np.array([5_631_000.0, 5_631_000, 5_631_010]),
        crs=CRS,
    )  # fmt: skip
    np.testing.assert_array_equal(z, [5, 6, np.nan])


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (["370000 5631000 5", "370010.3 5631003 6", "370017 5631011 7"], "regular grid"),
        (["370000 5631000 5"], "regular grid"),
        (["hello world", "x y"], "no readable heights"),
        (["370000 5631000 5", "370010 5631000 six"], "no readable heights"),
    ],
)
def test_text_that_is_no_grid(tmp_path, read, lines, says):
    path = rewritten(tmp_path / "dgm1_32_370_5631_1.xyz", lines)
    with pytest.raises(SourceError, match=says) as caught:
        read([path])
    assert path.name in str(caught.value)


def test_cut_off_archive_of_text(folder, tmp_path, read):
    packed = write_xyz((WEST, SOUTH, WEST + 1, SOUTH + 1), folder, cell_m=20, packed=True)[0]
    half = tmp_path / packed.name
    half.write_bytes(packed.read_bytes()[: packed.stat().st_size // 2])
    with pytest.raises(SourceError, match="no readable heights"):
        read([half])
    assert not list((tmp_path / "cache").rglob("*.tif"))  # nothing half-done stays


def test_text_without_place_needs_a_crs(tmp_path, read):
    lines = ["370000 5631000 5", "370010 5631000 6", "370000 5631010 7", "370010 5631010 8"]
    path = rewritten(tmp_path / "heights.xyz", lines)
    with pytest.raises(SourceError, match="coordinate system"):
        read([path])
    assert read([path], crs="EPSG:25833").crs == "EPSG:25833"
    misnamed = rewritten(tmp_path / "dgm1_33_412_5800_1.xyz", lines)
    with pytest.raises(SourceError, match="coordinate system"):
        read([misnamed])


# other rasters


def test_ascii_grid(tmp_path, read):
    path = tmp_path / "dgm10_32_370_5631_1_nw.asc"
    path.write_text(
        "ncols 3\nnrows 2\nxllcorner 370000\nyllcorner 5631000\ncellsize 10\n"
        "NODATA_value -9999\n1 2 3\n4 -9999 6\n"
    )
    assert looks_like_terrain(path)
    raster = (
        read([path])
        .surfaces["terrain"]
        .read((370_000, 5_631_000, 370_030, 5_631_020), crs=CRS, cell_m=10)
    )
    np.testing.assert_array_equal(raster.cells, [[1, 2, 3], [4, np.nan, 6]])


def write_hgt(path, z):
    path.write_bytes(np.asarray(z, ">i2").tobytes())
    return path


def test_srtm_tiles_meet_and_voids_stay_open(tmp_path, read):
    lat = np.linspace(1, 0, 1201)[:, None] + np.zeros(1201)
    lon = np.linspace(0, 1, 1201) + np.zeros((1201, 1))
    south = np.rint(100 + 400 * lat + 200 * lon)
    south[600, 600] = -32768
    paths = [
        write_hgt(tmp_path / "N50E007.hgt", south),
        write_hgt(tmp_path / "N51E007.hgt", south.max() - 400 + 400 * lat + 0 * lon),
    ]
    with zipfile.ZipFile(tmp_path / "N50E007.hgt.zip", "w") as archive:
        archive.write(paths[0], "N50E007.hgt")
    plain = read(paths)
    packed = read([tmp_path / "N50E007.hgt.zip", paths[1]])
    assert plain.crs == "EPSG:25832"
    assert plain.source.key == "srtm"
    assert not any(f.code == "tiles_overlap" for f in plain.findings)  # they share their edge
    x, y = np.array([7.25, 7.5, 7.0, 7.9]), np.array([50.75, 50.5, 51.0, 51.0])
    z = plain.surfaces["terrain"].sample(x, y, crs="EPSG:4326")
    np.testing.assert_array_equal(z, packed.surfaces["terrain"].sample(x, y, crs="EPSG:4326"))
    np.testing.assert_allclose(z[[0, 2, 3]], [450, 500, 680], atol=0.6)
    assert np.isnan(z[1])


def test_real_srtm_equals_a_reading_by_hand(read):
    path = shared("data/terrain/N49E011.hgt.zip")
    with zipfile.ZipFile(path) as archive:
        posts = np.frombuffer(archive.read("N49E011.hgt"), ">i2").reshape(1201, 1201)
    rng = np.random.default_rng(5)
    x, y = 11 + rng.uniform(0, 1, 2000), 49 + rng.uniform(0, 1, 2000)
    other = map_coordinates(posts.astype(float), [(50 - y) * 1200, (x - 11) * 1200], order=1)
    z = read([path]).surfaces["terrain"].sample(x, y, crs="EPSG:4326")
    np.testing.assert_allclose(z, other, atol=1e-3)


def test_real_srtm_as_raster_of_the_town(read):
    paths = [shared(f"data/terrain/N{n}E011.hgt.zip") for n in (49, 50)]
    surface = read(paths).surfaces["terrain"]
    raster = surface.read((684_000, 5_535_000, 690_000, 5_545_000), crs="EPSG:25832", cell_m=50)
    assert raster.cells.shape == (200, 120)  # across the 50th parallel, no gap
    assert not np.isnan(raster.cells).any()
    assert 300 < raster.cells.min() < raster.cells.max() < 600


def test_only_windows_are_read(tmp_path, read, monkeypatch):
    """Ten points in one corner of a large raster do not fetch the rest of it."""
    z = np.zeros((4000, 3000), "f4")
    path = write_tile(tmp_path / "large.tif", z, west=WEST, north=SOUTH, cell_m=1)
    surface = read([path]).surfaces["terrain"]
    taken, raw = [], Tile.read_raw

    def counted(self, column, row, columns, rows):
        taken.append(columns * rows)
        return raw(self, column, row, columns, rows)

    monkeypatch.setattr(Tile, "read_raw", counted)
    x, y = points(10, (WEST + 100, SOUTH - 200, WEST + 200, SOUTH - 100))
    assert (surface.sample(x, y, crs=CRS) == 0).all()
    assert sum(taken) < 100 * 100
    taken.clear()
    surface.read((WEST, SOUTH - 4000, WEST + 3000, SOUTH), crs=CRS, cell_m=10)
    assert max(taken) < 2100**2  # never the whole
    assert z.size <= sum(taken) < 1.05 * z.size


# bad files


def test_a_file_that_breaks_off(tiles, tmp_path, read):
    half = tmp_path / tiles[0].name
    half.write_bytes(tiles[0].read_bytes()[: tiles[0].stat().st_size // 2])
    with pytest.raises(SourceError, match="cannot be read as a grid of heights") as caught:
        read([half, *tiles[1:]])
    assert half.name in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.tif", b"", "missing or empty"),
        ("text.tif", b"no raster at all", "cannot be read as a grid"),
        ("N50E007.hgt", b"\0" * 100, "no whole SRTM tile"),
        ("broken.zip", b"PK\3\4nonsense", "no readable zip"),
        ("photo.jpg", b"\xff\xd8", "no height model that can be read here"),
    ],
)
def test_files_that_are_none(tmp_path, read, name, content, says):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(SourceError, match=says) as caught:
        read([path])
    assert name in str(caught.value)


def test_zip_without_heights(tmp_path, read):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert not looks_like_terrain(tmp_path / "a.zip")
    with pytest.raises(SourceError, match="holds no height model"):
        read([tmp_path / "a.zip"])


def test_picture_and_grid_without_crs(tmp_path, read):
    z = np.zeros((3, 10, 10), "u1")
    picture = tmp_path / "dop.tif"
    place = from_origin(WEST, SOUTH, 1, 1)
    with rasterio.open(
        picture, "w", driver="GTiff", height=10, width=10, count=3, dtype="uint8", crs=CRS,
        transform=place,
    ) as file:  # fmt: skip
        file.write(z)
    with pytest.raises(SourceError, match="3 bands"):
        read([picture])
    bare = write_tile(
        tmp_path / "heights.tif", z[0].astype("f4"), west=WEST, north=SOUTH, cell_m=1, crs=None
    )
    with pytest.raises(SourceError, match="coordinate system"):
        read([bare])
    named = bare.rename(tmp_path / "dgm1_32_370_5630_1_nw_2022.tif")
    assert read([named]).crs == CRS


def test_compound_crs_counts_by_its_horizontal_part(tmp_path, read):
    path = write_tile(
        tmp_path / "a.tif", np.ones((5, 5), "f4"), west=WEST, north=SOUTH, cell_m=1,
        crs="EPSG:25832+7837",
    )  # fmt: skip
    assert read([path]).surfaces["terrain"].crs == CRS


def test_impossible_heights_and_empty_tiles_are_counted(tmp_path, read):
    z = np.full((10, 10), 60, "f4")
    z[0, :3] = (-32_768, 99_999, 9001)
    odd = write_tile(tmp_path / "a.tif", z, west=WEST, north=SOUTH, cell_m=10)
    empty = write_tile(
        tmp_path / "b.tif", np.full((5, 5), -9999, "f4"), west=WEST, north=SOUTH + 500, cell_m=10
    )
    data = read([odd, empty])
    found = {f.code: f for f in data.findings}
    assert (found["height_impossible"].count, found["height_impossible"].examples) == (
        3,
        ("a.tif",),
    )
    assert found["tile_gaps"].examples == ("a.tif",)
    assert (found["tile_empty"].count, found["tile_empty"].total) == (1, 2)
    assert data.report["terrain"]["highest_m"] == 60
    top = data.surfaces["terrain"].sample(
        np.array([WEST + 5.0, WEST + 95]), np.full(2, SOUTH - 5.0), crs=CRS
    )
    np.testing.assert_array_equal(top, [np.nan, 60])
    with pytest.raises(SourceError, match="no height at all"):
        read([empty])


def test_what_looks_like_terrain(tiles, tmp_path):
    assert all(map(looks_like_terrain, tiles))
    for name, content in (("a.tif", b"text"), ("a.asc", b"hello"), ("a.gml", b"<x/>")):
        (tmp_path / name).write_bytes(content)
        assert not looks_like_terrain(tmp_path / name)
    assert not looks_like_terrain(tmp_path / "missing.tif")

"""The cadastre of a model town: three formats, one result, counted by a second hand."""

import sqlite3
import zipfile

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

from layers.cadastre import looks_like_cadastre, read_cadastre
from layers.source_data import Area
from tests.layers.cadastre.make import frame, house, write
from tests.town_files.cadastre import kept_whole
from tests.town_files.ids import official_id
from twin.errors import SourceError
from twin.schema import TABLES
from twin.validation import faults_of

LATER = ("height_m", "min_height_m", "roof_type")  # required of a city, unknown to a cadastre


def same(one, other):
    assert one.tables.keys() == other.tables.keys()
    assert one.findings == other.findings
    for name, table in one.tables.items():
        assert_geodataframe_equal(table, other.tables[name])


@pytest.fixture(scope="module")
def read(files):
    return {kind: read_cadastre([path]) for kind, path in files.items()}


def test_the_three_formats_say_the_same(read):
    same(read["gpkg"], read["shp"])
    same(read["gpkg"], read["gml"])


def test_tables_follow_the_schema(read):
    data = read["gpkg"]
    for name, table in data.tables.items():
        faults = [
            f for f in faults_of(TABLES[name], table, crs=data.crs) if not f.startswith(LATER)
        ]
        assert faults == [], name
    assert data.crs == "EPSG:25832"
    assert data.source.key == "geobasis_nrw"
    assert data.source.date == "2026-02-17"
    assert data.name == "Musterstadt"


def test_counts_equal_those_of_sqlite(read, files):
    count = "SELECT count(*) FROM GebauedeBauwerk WHERE gebnutzbez = 'Gebäude' AND rellage IS NULL"
    with sqlite3.connect(files["gpkg"]) as database:
        houses = database.execute(count).fetchone()[0]
        parcels, area = database.execute("SELECT count(*), sum(flaeche) FROM Flurstueck").fetchone()
        lying = database.execute("SELECT count(*) FROM Nutzung").fetchone()[0]
    tables = read["gpkg"].tables
    assert len(tables["buildings"]) == houses
    assert len(tables["parcels"]) == parcels
    assert tables["parcels"]["area_m2"].sum() == pytest.approx(area)
    assert len(tables["landuse"]) + len(tables["water"]) == lying


def test_buildings_keep_the_official_id_and_what_the_register_says(read, town):
    buildings, known = read["gpkg"].tables["buildings"], town["buildings"]
    keys = kept_whole(known)
    ids = [official_id(key) for key in keys]
    assert set(ids) <= set(buildings.index)
    found = buildings.loc[ids]
    assert (found["storeys"].to_numpy() == known.loc[keys, "storeys"].to_numpy()).all()
    assert (found["storeys_source"] == "registered").all()
    assert (found["use"].astype(str).to_numpy() == known.loc[keys, "use"].astype(str)).all()
    assert (found["use_source"] == "registered").all()
    streets = known.loc[keys, "street"]
    assert (found["street"].isna().to_numpy() == streets.isna().to_numpy()).all()
    moved = shapely.distance(
        shapely.centroid(found.geometry.array), shapely.centroid(known.loc[keys].geometry.array)
    )
    assert 0.05 < np.median(moved) < 0.5


def test_what_is_no_building_is_counted_and_left_out(read, files):
    counted = {f.code: f.count for f in read["gpkg"].findings}
    raw = pyogrio.read_dataframe(files["gpkg"], layer="GebauedeBauwerk")
    assert counted["cadastre_parts"] == (raw["gebnutzbez"] == "Bauteil").sum() > 0
    assert counted["cadastre_structures"] == (raw["funktion"] == "Überdachung").sum() > 0
    assert counted["cadastre_underground"] == raw["rellage"].notna().sum() > 0
    total = len(raw)
    assert len(read["gpkg"].tables["buildings"]) == total - sum(counted.values())


def test_addresses_lie_in_their_building(read):
    tables = read["gpkg"].tables
    addresses = tables["addresses"]
    homes = tables["buildings"].loc[addresses["building_id"]]
    assert shapely.covers(homes.geometry.array, addresses.geometry.array).all()
    assert addresses["housenumber"].notna().all()
    assert (addresses["locality"] == "Musterstadt").all()


def test_districts_are_municipality_and_tracts_but_no_kreis(read):
    districts = read["gpkg"].tables["districts"]
    assert districts.loc["ags:05382068", "level"] == 8
    assert "Musterkreis" not in set(districts["name"])
    assert (districts["level"].drop("ags:05382068") == 10).all()


def test_parcel_numbers_are_written_as_on_paper(read):
    parcels = read["gpkg"].tables["parcels"]
    assert parcels["number"].str.match(r"^Musterfeld, Flur 1, \d+$").all()
    assert (parcels["area_source"] == "registered").all()
    assert parcels.index.str.len().unique().tolist() == [16]


def test_an_area_reads_what_touches_it(files, read):
    west, south, east, north = read["gpkg"].tables["buildings"].total_bounds
    shape = shapely.Point((west + east) / 2, (south + north) / 2).buffer(120)
    lonlat = gpd.GeoSeries([shape], crs="EPSG:25832").to_crs("EPSG:4326").iloc[0]
    for area in (Area(shape, "EPSG:25832"), Area(lonlat, "EPSG:4326")):
        for path in files.values():
            part = read_cadastre([path], area=area)
            for name in ("buildings", "parcels", "landuse"):
                whole = read["gpkg"].tables[name]
                inside = whole[whole.intersects(area.within("EPSG:25832"))]
                assert list(part.tables[name].index) == list(inside.index)
                assert 0 < len(inside) < len(whole)


def test_one_municipality_of_a_kreis(tmp_path):
    rows = [house(1), house(2, gmdschl="053820680068"), house(3, gmdschl="5382068")]
    rows += [house(4, gmdschl="05382069"), house(5, gmdschl=None)]
    rows[1]["gmdschl"] = "053820068068"
    path = write(frame(*rows), tmp_path / "k.gpkg")
    found = read_cadastre(path, municipality="05382068").tables["buildings"]
    assert list(found["housenumber"]) == ["1", "2", "3"]
    with pytest.raises(SourceError, match="holds nothing of the municipality 09162000"):
        read_cadastre(path, municipality="09162000")


def test_land_use_of_one_municipality_is_what_lies_in_its_boundary(files):
    whole = read_cadastre(files["gpkg"]).tables
    part = read_cadastre(files["gpkg"], municipality="05382068").tables
    town = whole["districts"].geometry["ags:05382068"]
    inside = shapely.contains(town, shapely.point_on_surface(whole["landuse"].geometry.array))
    assert list(part["landuse"].index) == list(whole["landuse"].index[inside])


def test_zips_and_folders(files, read, tmp_path):
    packed = tmp_path / "gpkg.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(files["gpkg"], "202601_gru_vereinf/x.gpkg")
    same(read_cadastre([packed]), read["gpkg"])
    shapes = tmp_path / "shp.zip"
    with zipfile.ZipFile(shapes, "w") as archive:
        for part in files["shp"].iterdir():
            archive.write(part, f"deep/{part.name}")
        archive.writestr("readme.pdf", b"")
    same(read_cadastre(str(shapes)), read["gpkg"])
    assert looks_like_cadastre(packed)
    assert looks_like_cadastre(shapes)


def test_the_order_of_files_does_not_matter(files):
    paths = sorted(files["shp"].glob("*.shp"))
    same(read_cadastre(paths), read_cadastre(paths[::-1]))


def test_looks_like_cadastre(files, tmp_path, town):
    assert looks_like_cadastre(files["gpkg"])
    assert looks_like_cadastre(files["gml"])
    assert all(looks_like_cadastre(path) for path in files["shp"].glob("*.shp"))
    other = tmp_path / "trees.gpkg"
    pyogrio.write_dataframe(town["trees"], other, layer="trees")
    (tmp_path / "broken.gpkg").write_bytes(b"SQLite format 3\x00 and no more")
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04")
    (tmp_path / "model.gml").write_text("<CityModel/>")
    for name in ("trees.gpkg", "broken.gpkg", "broken.zip", "model.gml", "absent.gpkg"):
        assert not looks_like_cadastre(tmp_path / name)


def test_progress_is_told_and_may_cancel(files):
    told = []
    read_cadastre([files["gpkg"]], progress=lambda step, share: told.append((step, share)))
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0

    def cancel(_step, _share):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_cadastre([files["gpkg"]], progress=cancel)


def test_owners_are_never_read(tmp_path):
    row = house(1) | {"flaeche": 100, "flstkennz": "05512300100001____", "gemarkung": "Feld"}
    owners = frame(row | {"eigentuemertxt": "Erika Mustermann, 01.02.1960", "eigentuemer": "E. M."})
    path = write(owners, tmp_path / "e.gpkg", "FlurstueckEigentuemer")
    data = read_cadastre(path)
    assert len(data.tables["parcels"]) == 1
    everything = data.tables["parcels"].to_csv() + str(data.findings) + str(data.source)
    assert "Mustermann" not in everything
    assert "E. M." not in everything


def test_names_of_other_laender(tmp_path):
    write(frame(house(1)).rename(columns=str.upper).set_geometry("GEOMETRY"), tmp_path / "a.gpkg",
          "ave:GebaeudeBauwerk")  # fmt: skip
    write(frame(house(2)), tmp_path / "b.gpkg", "gebaeude_bauwerk")
    write(frame(house(3)), tmp_path / "3438-000_gebaeudeBauwerke.shp", "x")
    found = read_cadastre(sorted(tmp_path.glob("*.[gs][ph][kp]*"))).tables["buildings"]
    assert list(found["housenumber"]) == ["1", "2", "3"]


def test_land_use_cut_by_parcels_counts_only_where_there_is_no_other(tmp_path):
    use = {"nutzart": "Wald", "bez": None}
    both = write(frame(house(1) | use, house(2) | use), tmp_path / "a.gpkg", "NutzungFlurstueck")
    assert len(read_cadastre(both).tables["landuse"]) == 2
    write(frame(house(3) | use), both, "Nutzung")
    assert list(read_cadastre(both).tables["landuse"].index) == ["DENW43AL00000003"]
    write(frame(house(4) | use), tmp_path / "Nutzung.shp")
    found = read_cadastre([both, tmp_path / "Nutzung.shp"]).tables["landuse"]
    assert list(found.index) == ["DENW43AL00000003", "DENW43AL00000004"]


def test_names_stand_where_keys_are_missing(tmp_path):
    rows = [house(1, gfkzshh=None, funktion="Garage")]
    rows += [house(2, gfkzshh="31001_2463", funktion=None)]
    rows += [house(3, gfkzshh=None, funktion="Luftschloss"), house(4, gfkzshh="31001_9998")]
    rows += [house(5, gfkzshh=None, funktion="Nach Quellenlage nicht zu spezifizieren")]
    data = read_cadastre(write(frame(*rows), tmp_path / "n.gpkg"))
    found = data.tables["buildings"]
    # the name says more than the key 9998 of the fourth
    assert list(found["use"]) == ["garage", "garage", "unknown", "residential", "unknown"]
    assert list(found["use_source"].str[:3]) == ["reg", "reg", "unk", "reg", "unk"]
    assert list(found["function"].iloc[:3]) == ["Garage", "Garage", "Luftschloss"]
    assert [(f.code, f.examples) for f in data.findings] == [
        ("cadastre_function", ("Luftschloss",))
    ]


def test_storeys_zero_is_nothing_and_absurd_ones_are_counted(tmp_path):
    rows = [house(1, anzahlgs=0), house(2, anzahlgs=999), house(3, anzahlgs=4)]
    data = read_cadastre(write(frame(*rows), tmp_path / "s.gpkg"))
    storeys = data.tables["buildings"]["storeys"]
    assert storeys.isna().tolist() == [True, True, False]
    assert [f.count for f in data.findings if f.code == "cadastre_storeys"] == [1]


def test_no_table_holds_a_value_without_a_source(read):
    for name, table in read["gpkg"].tables.items():
        for column in TABLES[name].columns:
            if column.source and column.name != "use":
                bare = table[column.name].notna() & table[column.source].isna()
                assert not bare.any(), (name, column.name)
    assert isinstance(read["gpkg"].tables["buildings"], pd.DataFrame)

import re
import zipfile

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import box

from layers.census import looks_like_census, read_census
from layers.census.themes import vocabulary
from layers.source_data import Area
from tests.conftest import CRS, shared
from twin.classes import CENSUS_AGES, CENSUS_AGES_2022, CENSUS_SIZES
from twin.errors import SourceError
from twin.schema import TABLES
from twin.validation import faults_of

CELL = "CRS3035RES100mN3081000E4120000"
NEXT = "CRS3035RES100mN3081000E4120100"
KILOMETRE = "CRS3035RES1000mN3081000E4120000"


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


def middle(cell):
    found = re.search(r"N(\d+)E(\d+)", cell)
    return f"{int(found[2]) + 50};{int(found[1]) + 50}" if found else ";"


def residents(folder, rows, *, name="Zensus2022_Bevoelkerungszahl_100m-Gitter.csv"):
    lines = [f"{cell};{middle(cell)};{value}" for cell, value in rows]
    head = "GITTER_ID_100m;x_mp_100m;y_mp_100m;Einwohner"
    return write(folder / name, "\n".join([head, *lines]) + "\n")


def by_code(data):
    return {f.code: f for f in data.findings}


def test_the_cell_is_the_exact_square_of_the_grid(tmp_path):
    data = read_census([residents(tmp_path, [(CELL, 7)])])
    cell = data.tables["cells"].loc[CELL]
    square = box(4_120_000, 3_081_000, 4_120_100, 3_081_100)
    by_geopandas = gpd.GeoSeries([square], crs="EPSG:3035").to_crs(data.crs)
    assert data.crs == CRS
    assert cell.geometry.symmetric_difference(by_geopandas.iloc[0]).area < 0.5
    assert cell.geometry.area == pytest.approx(10_000, rel=2e-3), "LAEA keeps areas, UTM nearly"
    assert (cell["size_m"], cell["residents"]) == (100, 7)
    assert cell["residents_source"] == "registered:census"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_suppressed_and_missing_are_counted_never_zero(tmp_path, encoding):
    text = (
        "GITTER_ID_100m;x_mp_100m;y_mp_100m;Insgesamt_Gebaeude;Vor1919;a1919bis1948;a1949bis1978;"
        "a1979bis1990;a1991bis2000;a2001bis2010;a2011bis2019;a2020undspaeter;"
        "werterlaeuternde_Zeichen\r\n"
        f"{CELL};1;2;9;–;4;(5);–;;–;–;–;KLAMMERN\r\n"
        f"{NEXT};1;2;–;–;–;–;–;–;–;–;–;\r\n"
    )
    path = write(tmp_path / "Gebaeude_Baujahr_100m-Gitter.csv", text, encoding)
    data = read_census([path])
    counts = data.tables["census_counts"]
    assert counts.set_index("class")["count"].to_dict() == {"1919_1948": 4, "1949_1978": 5}
    assert (counts["theme"] == "buildings_age").all()
    assert data.tables["cells"].index.tolist() == [CELL], "a cell of which nothing is known"
    seen = by_code(data)
    assert seen["census_suppressed"].count == 14
    assert seen["census_missing"].count == 1
    assert seen["census_uncertain"].count == 1
    for name, table in data.tables.items():
        assert faults_of(TABLES[name], table, crs=data.crs) == []


def test_codes_of_absence_in_numbers(tmp_path):
    rows = [(CELL, 12), (NEXT, -1), (CELL.replace("4120000", "4120200"), -9)]
    data = read_census([residents(tmp_path, rows)])
    assert data.tables["cells"]["residents"].sum() == 12
    assert by_code(data)["census_suppressed"].count == 2


def test_long_tables_of_2011_with_short_ids(tmp_path):
    head = "Gitter_ID_100m;Merkmal;Auspraegung_Code;Auspraegung_Text;Anzahl;Anzahl_q\n"
    rows = [
        "100mN30810E41200;INSGESAMT;0;Einheiten insgesamt;8;0",
        "100mN30810E41200;BAUJAHR_MZ;1;Vor 1919;3;0",
        "100mN30810E41200;BAUJAHR_MZ;10;2009 und später;5;1",
        "100mN30810E41200;GEBTYPGROESSE;9;MFH: 13 und mehr Wohnungen;4;0",
        "100mN30810E41200;HEIZTYP;2;Etagenheizung;3;0",
        "100mN30810E41200;EIGENTUM;1;Gemeinschaft;3;0",
    ]
    path = write(tmp_path / "Geb100m.csv", head + "\n".join(rows), "cp1252")
    data = read_census([path])
    counts = data.tables["census_counts"].set_index(["theme", "class"])["count"]
    assert counts.to_dict() == {
        ("buildings_age", "until_1918"): 3, ("buildings_age", "2009_2100"): 5,
        ("buildings_size", "multi_13"): 4, ("buildings_heating", "flat"): 3,
    }  # fmt: skip
    assert data.tables["cells"].loc[CELL, "buildings"] == 8
    assert data.source.key == "census_2011"
    assert by_code(data)["census_uncertain"].count == 1
    assert by_code(data)["census_unused"].examples == ("buildings_EIGENTUM_1",)


def test_heating_counts_buildings_or_dwellings_as_the_file_name_says(tmp_path):
    text = (
        "GITTER_ID_1km;x_mp_1km;y_mp_1km;Insgesamt_Heizungsart;Fernheizung;Zentralheizung\n"
        f"{KILOMETRE};1;2;50;20;30\n"
    )
    names = ["Zensus2022_Heizungsart_1km-Gitter.csv", "Gebaeude_nach_Heizungsart_1km-Gitter.csv"]
    data = read_census([write(tmp_path / name, text) for name in names])
    counts = data.tables["census_counts"].groupby("theme", observed=True)["count"].sum()
    assert counts.to_dict() == {"buildings_heating": 50, "dwellings_heating": 50}
    cell = data.tables["cells"].loc[KILOMETRE]
    assert (cell["buildings"], cell["dwellings"]) == (50, 50)


def test_a_zip_of_all_sizes_as_downloaded(tmp_path):
    path = tmp_path / "Zensus2022_Bevoelkerungszahl.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a_100m-Gitter.csv", f"GITTER_ID_100m;Einwohner\n{CELL};7\n")
        archive.writestr("b_1km-Gitter.csv", f"GITTER_ID_1km;Einwohner\n{KILOMETRE};70\n")
        archive.writestr(
            "c_10km-Gitter.csv", "GITTER_ID_10km;Einwohner\nCRS3035RES10000mN3080000E4120000;700\n"
        )
        archive.writestr("Datensatzbeschreibung.xlsx", b"no table")
    assert looks_like_census(path)
    data = read_census([path])
    cells = data.tables["cells"]
    assert cells["residents"].to_dict() == {CELL: 7, KILOMETRE: 70}
    assert by_code(data)["census_coarse"].examples == ("c_10km-Gitter.csv",)
    assert cells["size_m"].to_dict() == {CELL: 100, KILOMETRE: 1000}


def test_only_the_cells_of_the_area_are_read(tmp_path):
    path = residents(tmp_path, [(CELL, 7), ("CRS3035RES100mN3091000E4120000", 9)])
    middle = shapely.Point(4_120_050, 3_081_050).buffer(20)
    data = read_census([path], area=Area(middle, "EPSG:3035"))
    assert data.tables["cells"].index.tolist() == [CELL]
    far = Area(shapely.Point(4_000_000, 3_000_000).buffer(500), "EPSG:3035")
    with pytest.raises(SourceError, match="no count for this place"):
        read_census([path], area=far)


def test_the_newer_census_counts_theme_by_theme(tmp_path):
    old = write(
        tmp_path / "Bev2011.csv",
        "Gitter_ID_100m;x_mp_100m;y_mp_100m;Einwohner\n100mN30810E41200;4120050;3081050;5\n",
    )
    new = residents(tmp_path, [(CELL, 7)])
    data = read_census([old, new])
    assert data.tables["cells"]["residents"].to_dict() == {CELL: 7}
    assert by_code(data)["census_older"].count == 1
    assert data.source.key == "census_2022"


def test_rows_that_name_no_cell_and_values_that_count_nothing(tmp_path):
    path = residents(tmp_path, [(CELL, 7), ("Bonn", 3), (NEXT, "7,5"), (NEXT, "viele")])
    data = read_census([path])
    seen = by_code(data)
    assert seen["census_bad_cell"].examples == ("Bonn",)
    assert seen["census_odd"].count == 2
    assert data.tables["cells"]["residents"].sum() == 7


def test_the_population_file_goes_before_totals_of_other_themes(tmp_path):
    ages = write(
        tmp_path / "Alter.csv",
        f"GITTER_ID_100m;Insgesamt_Bevoelkerung;Unter18;a65undaelter\n{CELL};12;3;4\n",
    )
    data = read_census([ages, residents(tmp_path, [(CELL, 11)])])
    assert data.tables["cells"]["residents"].tolist() == [11]
    assert "census_contradicting" not in by_code(data)
    counts = data.tables["census_counts"]
    assert counts["theme"].tolist() == ["residents_age"] * 2
    assert counts.set_index("class")["count"].to_dict() == {"until_17": 3, "65_120": 4}


def test_two_files_that_contradict_each_other(tmp_path):
    first = residents(tmp_path, [(CELL, 7)], name="a.csv")
    second = residents(tmp_path, [(CELL, 9), (CELL, 9)], name="b.csv")
    one, other = read_census([first, second]), read_census([second, first])
    assert one.tables["cells"]["residents"].tolist() == [9]
    assert by_code(one)["census_contradicting"].count == 1
    for name in one.tables:
        pd.testing.assert_frame_equal(one.tables[name], other.tables[name])
    assert one.findings == other.findings
    assert one.source == other.source


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", b"name;value\nx;1\n", "no census grid"),
        ("a.zip", b"PK\x03\x04 broken", "cannot be read"),
        ("a.parquet", b"PAR1 broken", "damaged|cannot be read"),
    ],
)
def test_files_that_are_no_census(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    assert not looks_like_census(path)
    with pytest.raises(SourceError, match=words):
        read_census([path])
    assert not looks_like_census(tmp_path / "absent.csv")
    with pytest.raises(SourceError):
        read_census([tmp_path / "absent.csv"])


def test_cancelling_stops_at_once(tmp_path):
    def stop(_step, _share):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_census([residents(tmp_path, [(CELL, 7)])], progress=stop)


def test_words_of_the_files_are_words_of_the_city():
    assert vocabulary("buildings_age", year=2011) == set(CENSUS_AGES)
    assert vocabulary("buildings_age", year=2022) == set(CENSUS_AGES_2022)
    assert vocabulary("dwellings_size", year=2011) == set(CENSUS_SIZES)
    assert vocabulary("dwellings_size", year=2022) == set(CENSUS_SIZES)


def test_real_cells_of_2011_agree_with_the_file_and_the_published_districts():
    path = shared("data/census/census2011_100m_troisdorf.parquet")
    data = read_census([path])
    raw = pd.read_parquet(path)
    counts = data.tables["census_counts"]
    for code, word in enumerate(CENSUS_AGES, start=1):
        theirs = raw.loc[raw["theme"] == f"buildings_BAUJAHR_MZ_{code}", "value"].sum()
        ours = counts.loc[(counts["theme"] == "buildings_age") & (counts["class"] == word), "count"]
        assert ours.sum() == theirs
    cells = data.tables["cells"]
    assert (cells["buildings_source"] == "estimated:class_sum").any()
    assert "buildings_size: detached_1" in by_code(data)["census_absent"].examples
    assert cells["dwellings"].isna().all(), "no theme of dwellings is complete in this file"
    figures = pd.read_csv(shared("refs/troisdorf/census2011_by_district.csv"))
    whole = figures.set_index("district").loc["all"]
    town = gpd.read_file(shared("data/boundaries/troisdorf_vg250_simplified.geojson"))
    inside = cells.geometry.centroid.within(town.to_crs(data.crs).geometry.iloc[0])
    assert cells.loc[inside, "buildings"].sum() == whole["residential_buildings"] == 14_239
    of_town = counts[counts["cell_id"].isin(cells.index[inside])]
    sums = of_town.groupby(["theme", "class"], observed=True)["count"].sum()
    published = {
        "until_1918": "before_1919", "2009_2100": "2009_2011",
        **{word: word for word in CENSUS_AGES[1:-1]},
    }  # fmt: skip
    for word, name in published.items():
        assert sums["buildings_age", word] == whole[f"age_{name}"]
    assert sums["buildings_size", "multi_3_6"] == whole["type_multi_3_6"]


def test_real_cells_of_2022_agree_with_the_file():
    path = shared("data/census/census2022_1km_troisdorf.parquet")
    data = read_census([path])
    raw = pd.read_parquet(path)
    cells = data.tables["cells"]
    known = raw[raw["Einwohner"] >= 0]
    assert cells["residents"].sum() == known["Einwohner"].sum()
    assert len(cells) == len(known)
    assert by_code(data)["census_suppressed"].count == (raw["Einwohner"] < 0).sum()
    middles = cells.geometry.centroid.to_crs("EPSG:3035")
    assert np.allclose(np.sort(middles.x), np.sort(known["x"]), atol=0.1)

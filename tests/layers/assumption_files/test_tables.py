"""HBEFA exports, local prices, and heat by building summed to blocks."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import box

from layers.assumption_files import (
    import_file,
    read_emission_factors,
    read_measured_heat,
    write_imported,
)
from layers.assumption_files.heat_use import LEAST_BUILDINGS, import_heat_use
from tests.conftest import CRS, make_tables
from tests.layers.assumption_files.make import write
from twin.assumptions import assumptions
from twin.city import City
from twin.energy.calibration import calibration
from twin.errors import SchemaError, SourceError
from twin.provenance import CityInfo
from twin.schema import TABLES
from twin.validation import conform

HBEFA = (
    "Case;VehCat;Year;TrafficScenario;Component;RoadCat;TrafficSit;Gradient;V_weighted;"
    "V_0%;EFA_weighted;EFA_0%"
)


def hbefa_rows(decimal: str = ",") -> list[str]:
    rows = []
    for vehicle, grams in (("pass. car", 160.5), ("HGV", 712.25)):
        for gradient in ("0%", "+2%"):
            for component, share in (("CO2(total)", 1.0), ("NOx", 0.002)):
                text = f"{grams * share:.4f}".replace(".", decimal)
                speed = f"48{decimal}5"
                rows.append(
                    f"T;{vehicle};2025;BAU;{component};Urban;URB/Distr/50/Freeflow;{gradient};"
                    f"{speed};{speed};{text};{text}"
                )
    return rows


@pytest.mark.parametrize("decimal", [",", "."])
def test_an_hbefa_export_becomes_a_table(tmp_path, decimal):
    path = write(tmp_path / "EFA_HOT_Vehcat.csv", hbefa_rows(decimal), header=HBEFA)
    imported = import_file(path)
    assert imported.kind == "emission_factors"
    assert imported.unit == "g/km"
    assert imported.changes == ()
    out = tmp_path / "factors.csv"
    write_imported(imported, out)
    table = read_emission_factors(out)
    assert len(table) == 8
    keys = ["vehicle_category", "component", "gradient", "traffic_situation"]
    factors = table.set_index(keys)["factor"]
    assert factors["HGV", "NOx", "+2%", "URB/Distr/50/Freeflow"] == 1.4245
    assert factors["pass. car", "CO2(total)", "0%", "URB/Distr/50/Freeflow"] == 160.5
    assert table["speed_kmh"].eq(48.5).all()
    assert table["year"].eq(2025).all()
    assert table["source"].str.contains("EFA_HOT_Vehcat.csv").all()


def test_factors_in_other_units_are_converted(tmp_path):
    rows = ["pass. car;CO2;0,16;kg/km", "HGV;CO2;700;g/km"]
    path = write(tmp_path / "h.csv", rows, header="VehCat;Component;EFA;Unit")
    assert import_file(path).table["factor"].tolist() == [160, 700]


def test_gaps_and_doubles_in_an_export_are_counted(tmp_path):
    rows = [*hbefa_rows(), hbefa_rows()[0], "T;LCV;2025;BAU;NOx;Urban;URB/Access/30;0%;30;30;;"]
    imported = import_file(write(tmp_path / "h.csv", rows, header=HBEFA))
    said = {entry.message: entry.count for entry in imported.skipped}
    assert said == {
        "{count} values are no numbers.": 1,
        "{count} rows stand there twice and count once.": 1,
    }
    assert len(imported.table) == 8


def test_an_export_of_two_fleets_is_refused(tmp_path):
    again = hbefa_rows()[0].replace("160,5", "99,9")
    path = write(tmp_path / "h.csv", [*hbefa_rows(), again], header=HBEFA)
    with pytest.raises(SourceError, match=r"1 combinations more than one .* pass\. car"):
        import_file(path)


def test_an_export_without_numbers_is_refused(tmp_path):
    path = write(tmp_path / "h.csv", ["pass. car;CO2;n/a"], header="VehCat;Component;EFA")
    with pytest.raises(SourceError, match="no emission factor that is a number"):
        import_file(path)


PRICES = "Name;Jahr;Wert;Einheit;Quelle"


def test_local_prices_by_year(tmp_path):
    rows = [
        "Erdgas;2025;11,5;ct/kWh;Stadtwerke Troisdorf",
        "Erdgas;2030;130;EUR/MWh;Stadtwerke Troisdorf",
        "balance.co2_price;2030;90;EUR/t;Kämmerei",
        "balance.interest;;4;%/a;",
        "Sonnenschein;2025;1;ct/kWh;",
    ]
    imported = import_file(write(tmp_path / "preise.csv", rows, header=PRICES))
    new = {name: entry.value for name, entry in imported.entries.items()}
    assert new == {
        "balance.price_gas_household.2025": 0.115,
        "balance.price_gas_household.2030": 0.13,
        "balance.co2_price.2030": 90,
        "balance.interest": 0.04,
    }
    entry = imported.entries["balance.price_gas_household.2025"]
    assert entry.unit == assumptions().entry(entry.name).unit
    assert "Stadtwerke Troisdorf" in entry.source
    assert "preise.csv" in entry.source
    (unknown,) = imported.skipped
    assert (unknown.count, unknown.examples) == (1, ("Sonnenschein",))


def test_years_between_are_linear_and_years_beyond_stay(tmp_path):
    rows = ["Erdgas;2024;10;ct/kWh;a", "Erdgas;2026;14;ct/kWh;a"]
    new = import_file(write(tmp_path / "p.csv", rows, header=PRICES)).entries
    assert {name: entry.value for name, entry in new.items()} == {
        "balance.price_gas_household.2025": 0.12
    }


def test_a_price_table_may_give_the_range(tmp_path):
    rows = ["Pellets;2025;6,5;ct/kWh;5,9;7,4"]
    path = write(tmp_path / "p.csv", rows, header="Name;Jahr;Wert;Einheit;von;bis")
    entry = import_file(path).entries["balance.price_biomass_household.2025"]
    assert (entry.low, entry.value, entry.high) == (0.059, 0.065, 0.074)


def test_an_english_price_table_with_points_and_commas(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("carrier,year,price,unit,source\ngas,2025,0.1234,EUR/kWh,utility\n")
    assert import_file(path).entries["balance.price_gas_household.2025"].value == 0.1234


def test_wrong_prices_are_named_together(tmp_path):
    rows = ["Erdgas;2025;teuer;ct/kWh;", "Strom;2025;;ct/kWh;", "Heizöl;2025;9;ct/kWh;"]
    with pytest.raises(SchemaError) as caught:
        import_file(write(tmp_path / "p.csv", rows, header=PRICES))
    assert list(caught.value.faults) == ["2: Erdgas: 'teuer'", "3: Strom: ''"]
    rows = ["Erdgas;2025;9;ct/m³;", "Strom;2025;30;EUR;"]
    with pytest.raises(SchemaError) as caught:
        import_file(write(tmp_path / "p.csv", rows, header=PRICES))
    assert len(caught.value.faults) == 2
    with pytest.raises(SourceError, match="names nothing that is known here"):
        import_file(write(tmp_path / "p.csv", ["Mondlicht;2025;9;ct/kWh;"], header=PRICES))


E0, N0 = 370_000.0, 5_631_000.0


@pytest.fixture(scope="module")
def town() -> City:
    """Two blocks: eight houses and a garage in one, four houses in the other; one has a part."""
    tables = make_tables()
    count = 13
    frame = gpd.GeoDataFrame(
        {
            "use": ["residential"] * 8 + ["garage"] + ["residential"] * 4,
            "use_source": "tagged",
            "has_parts": [True] + [False] * 12,
            "height_m": 6.0,
            "height_source": "tagged:height",
            "min_height_m": 0.0,
            "storeys": 2.0,
            "storeys_source": "tagged",
            "roof_type": "flat",
            "roof_type_source": "tagged",
            "footprint_m2": 100.0,
            "block_id": ["A"] * 9 + ["B"] * 4,
        },
        index=[f"osm:w{i}" for i in range(count)],
        geometry=[box(E0 + 20 * i, N0, E0 + 20 * i + 10, N0 + 10) for i in range(count)],
        crs=CRS,
    )
    part = frame.iloc[[0]].set_axis(["osm:w0part"]).assign(part_of="osm:w0", has_parts=False)
    tables["buildings"] = conform(TABLES["buildings"], pd.concat([frame, part]), crs=CRS)
    return City("Toytown", CRS, tables, CityInfo("2026-01-01", (), ()))


def heat(town, rows, header, tmp_path, name="waerme.csv"):
    return import_file(write(tmp_path / name, rows, header=header), city=town)


def test_heat_by_building_is_summed_to_blocks_with_enough_buildings(town, tmp_path):
    rows = [f"osm:w{i};{10_000 + i}" for i in range(8)] + [f"w{i};20.000" for i in range(9, 12)]
    imported = heat(town, rows, "gml_id;Wärmebedarf [kWh/a]", tmp_path)
    table = imported.table.set_index("block_id")
    assert list(table.index) == ["A"]
    assert table.loc["A", "heat_kwh"] == sum(10_000 + i for i in range(8))
    assert table.loc["A", "buildings"] == 8
    assert table.loc["A", "known_share"] == 1.0  # the garage is not heated
    assert table.loc["A", "source"] == "registered:heat_demand"
    (hidden,) = imported.skipped
    assert hidden.message.startswith("{count} blocks have too few")
    assert hidden.examples == ("B",)
    text = imported.table.to_csv()
    assert "osm:w" not in text
    assert "20000" not in text


@pytest.mark.parametrize("least", [LEAST_BUILDINGS, 9, 10])
def test_no_figure_stands_for_fewer_buildings_than_asked_for(town, tmp_path, least):
    heat_of = {f"w{i}": 1000.0 * (i + 1) for i in range(12)}
    raw = pd.DataFrame({"building_id": list(heat_of), "heat_kwh_a": map(str, heat_of.values())})
    table = import_heat_use(raw, tmp_path, town, assumptions(), least=least).table
    assert table["block_id"].tolist() == (["A"] if least <= 9 else [])
    assert (table["buildings"] >= least).all()


def test_five_is_what_the_law_asks_for():
    assert LEAST_BUILDINGS == 5


def test_several_rows_of_one_building_are_one_building(town, tmp_path):
    rows = [f"w{i % 4};1000" for i in range(8)]  # four buildings, two meters each
    assert heat(town, rows, "gml_id;kWh/a", tmp_path).table.empty


@pytest.mark.parametrize("kind", ["csv", "degrees", "gpkg", "geojson"])
def test_coordinates_find_the_building(town, tmp_path, kind):
    x, y = np.arange(8) * 20 + E0 + 5.0, np.full(8, N0 - 1.5)  # at the door, outside the wall
    points = gpd.GeoSeries.from_xy(x, y, crs=CRS)
    if kind == "csv":
        rows = [f"{a:.1f};{b:.1f};1000".replace(".", ",") for a, b in zip(x, y, strict=True)]
        imported = heat(town, rows, "Rechtswert;Hochwert;Wärmeverbrauch", tmp_path)
    elif kind == "degrees":
        degrees = points.to_crs(4326)
        rows = [f"{p.x:.7f};{p.y:.7f};1000" for p in degrees]
        imported = heat(town, rows, "lon;lat;Wärmeverbrauch", tmp_path)
    else:
        frame = gpd.GeoDataFrame({"Waermeverbrauch": 1000.0}, geometry=points, index=range(8))
        path = tmp_path / f"waerme.{kind}"
        frame.to_crs(4326 if kind == "geojson" else CRS).to_file(path)
        imported = import_file(path, city=town)
    assert imported.table["heat_kwh"].tolist() == [8000]
    assert imported.table["source"].tolist() == ["measured:block"]


def test_points_far_from_any_building_and_impossible_values_are_counted(town, tmp_path):
    rows = [f"{E0 + 20 * i + 5};{N0 + 5};1000" for i in range(7)]
    rows += [f"{E0 + 5};{N0 + 500};1000", f"{E0 + 145};{N0 + 5};-3", f"{E0 + 145};{N0 + 5};k.A."]
    imported = heat(town, rows, "x;y;kWh/a", tmp_path)
    assert imported.table["heat_kwh"].tolist() == [7000]
    assert imported.table["known_share"].tolist() == [0.875]
    assert {entry.message: entry.count for entry in imported.skipped} == {
        "{count} values are no possible heat of a building.": 2,
        "{count} rows are no building of this city.": 1,
    }


def test_the_table_goes_into_the_calibration(town, tmp_path):
    rows = [f"w{i};{15_000}" for i in range(8)]
    imported = heat(town, rows, "gml_id;Wärmeverbrauch", tmp_path)
    out = tmp_path / "heat.csv"
    write_imported(imported, out)
    measured = read_measured_heat(out)
    keys = [f"osm:w{i}" for i in range(13)]
    blocks = town.buildings["block_id"].reindex(keys)
    stock = pd.DataFrame({"heated_area_m2": 100.0, "block_id": blocks}, index=keys)
    calculated = pd.Series(120.0, keys)
    table = calibration(stock, calculated, assumptions(), measured=measured)
    own = table[blocks == "A"]
    assert (own["factor"] * 120 * 100).sum() == pytest.approx(8 * 15_000)
    assert (own["factor_source"] == "measured:block").all()
    assert (table.loc[blocks == "B", "factor_source"] == "estimated:prebound").all()


def test_blocks_known_only_in_part_are_left_out(town, tmp_path):
    imported = heat(town, [f"w{i};15000" for i in range(6)], "gml_id;Wärmeverbrauch", tmp_path)
    assert imported.table.empty
    (part,) = imported.skipped
    assert part.message.startswith("{count} blocks stand in the file only in part")
    imported = heat(town, [f"w{i};15000" for i in range(7)], "gml_id;Wärmeverbrauch", tmp_path)
    assert imported.table["known_share"].tolist() == [0.875]


def test_dots_in_a_german_table_are_thousands_and_in_an_english_one_decimals(town, tmp_path):
    rows = [f"w{i};20.000" for i in range(8)]
    assert heat(town, rows, "gml_id;kWh/a", tmp_path).table["heat_kwh"].tolist() == [160_000]
    path = tmp_path / "english.csv"
    path.write_text("gml_id,kWh/a\n" + "\n".join(f"w{i},20.125" for i in range(8)) + "\n")
    assert import_file(path, city=town).table["heat_kwh"].tolist() == [161]


def test_the_layer_with_heat_is_found(town, tmp_path):
    path = tmp_path / "lanuk.gpkg"
    points = gpd.GeoSeries.from_xy(np.arange(8) * 20 + E0 + 5.0, np.full(8, N0 + 5), crs=CRS)
    gpd.GeoDataFrame({"name": "x"}, geometry=points, index=range(8)).to_file(path, layer="lines")
    heated = gpd.GeoDataFrame({"WB_kWh": 1000.0}, geometry=points.buffer(3), index=range(8))
    heated.to_file(path, layer="buildings")
    assert import_file(path, city=town).table["heat_kwh"].tolist() == [8000]


def test_heat_that_cannot_be_placed_is_refused(town, tmp_path):
    with pytest.raises(SourceError, match="summed to the blocks of a city"):
        import_file(write(tmp_path / "w.csv", ["w1;5"], header="gml_id;kWh/a"))
    with pytest.raises(SourceError, match="neither building ids nor coordinates"):
        heat(town, ["Am Bach;5"], "Straße;kWh/a", tmp_path)
    with pytest.raises(SourceError, match=r"No row of .* is a building of Toytown"):
        heat(town, ["DENW1;5"], "gml_id;kWh/a", tmp_path)
    frame = gpd.GeoDataFrame({"nothing": [1]}, geometry=gpd.points_from_xy([1], [2]), crs=CRS)
    frame.to_file(tmp_path / "w.gpkg")
    with pytest.raises(SourceError, match="lacks the columns kWh/a; it has nothing"):
        import_file(tmp_path / "w.gpkg", city=town)
    (tmp_path / "broken.gpkg").write_bytes(b"nothing of the kind")
    with pytest.raises(SourceError, match="cannot be read as a table of buildings"):
        import_file(tmp_path / "broken.gpkg", city=town)
    for read in (read_measured_heat, read_emission_factors):
        with pytest.raises(SourceError, match="cannot be read as"):
            read(tmp_path / "none.csv")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(SourceError, match="cannot be read as heat by block"):
        read_measured_heat(tmp_path / "other.csv")

"""The KWW-Technikkatalog in the form of its flat table."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.assumption_files import import_file, read_assumption_file, write_imported
from layers.assumption_files.catalogue import mapping, targets
from layers.assumption_files.imported import years_of
from layers.assumption_files.prices import mapping as price_names
from tests.layers.assumption_files.make import AIR, air_heat_pump, german, write
from twin.assumptions import assumptions
from twin.errors import SchemaError, SourceError

A, B = "supply.heating_cost_a.air_heat_pump", "supply.heating_cost_b.air_heat_pump"


def test_every_mapped_name_is_an_assumption():
    names = {name for name, _, _ in targets()} | set(price_names().values())
    assert len(names) > 40
    there = assumptions()
    assert sorted(n for n in names if n not in there and not years_of(n, there)) == []


def test_every_mapped_parameter_and_technology_is_defined():
    table = mapping()
    computed = {"total_per_kw", "fixed_share", "fixed_base"}
    assert {origin for _, origin, _ in targets()} - computed <= set(table["parameters"])
    assert {technology for _, _, technology in targets()} <= set(table["technologies"])


@pytest.mark.parametrize("encoding", ["iso-8859-1", "utf-8", "utf-8-sig", "utf-16"])
def test_the_catalogue_replaces_what_it_knows(tmp_path, encoding):
    path = write(tmp_path / "flatdata_all.csv", air_heat_pump(), encoding=encoding)
    imported = import_file(path)
    new = imported.entries
    assert imported.kind == "catalogue"
    assert new[A].value == 6100.0
    assert new[B].value == 0.69
    assert new["supply.lifetime.air_heat_pump"].value == 18
    assert set(new) == {
        A, B, "supply.lifetime.air_heat_pump", "supply.om_fixed_share.air_heat_pump",
        "supply.om_fixed.air_heat_pump",
    }  # fmt: skip
    for entry in new.values():
        assert entry.status == ("derived" if ".om_" in entry.name else "published")
        assert "KWW-Technikkatalog" in entry.source
        assert "flatdata_all.csv" in entry.source
        assert "2025" in entry.source
        assert entry.unit == assumptions().entry(entry.name).unit
        assert entry.low <= entry.value <= entry.high


def test_the_range_stays_as_wide_as_it_was_relative_to_the_value(tmp_path):
    new = import_file(write(tmp_path / "k.csv", air_heat_pump())).entries[A]
    old = assumptions().entry(A)
    assert new.low / new.value == pytest.approx(old.low / old.value, rel=1e-5)
    assert new.high / new.value == pytest.approx(old.high / old.value, rel=1e-5)


def test_costs_by_size_become_the_curve_where_none_is_given(tmp_path):
    """Listed costs that follow a · P^b give a and b back, additional cost included."""
    rows = [row for row in air_heat_pump(7000, 0.66) if "Parameter" not in row]
    new = import_file(write(tmp_path / "k.csv", rows)).entries
    assert new[A].status == "derived"
    assert new[A].value == pytest.approx(7000, rel=1e-3)
    assert new[B].value == pytest.approx(0.66, abs=1e-3)


def test_values_that_differ_by_size_become_their_middle_with_their_range(tmp_path):
    rows = [f"Pelletkessel_dezentral;{p};kWth;2025;Lebensdauer;{y}" for p, y in
            ((10, 12), (20, 15), (50, 31))]  # fmt: skip
    new = import_file(write(tmp_path / "k.csv", rows)).entries["supply.lifetime.biomass_boiler"]
    assert new.value == 15
    assert new.low <= 12
    assert new.high >= 31


def test_efficiency_comes_in_per_cent_and_sizes_in_megawatts(tmp_path):
    rows = [
        "Pelletkessel_dezentral;0,02;MWth;2025;Wirkungsgrad thermisch;88",
        "LuftWP_zentral;1;MWth;2025;Spezifische Investitionskosten;1.012,5",
        "LuftWP_zentral;3;MWth;2025;Spezifische Investitionskosten;912,5",
        "LuftWP_zentral;3;MWth;2025;Zusätzliche Kosten;100",
    ]
    new = import_file(write(tmp_path / "k.csv", rows)).entries
    assert new["supply.efficiency.biomass_boiler"].value == 0.88
    assert new["grid.plant_investment.air_heat_pump"].value == 1012.5


@pytest.mark.parametrize(
    ("unit", "value"),
    [
        ("EUR/kW", "500"),
        ("EUR/MW", "500.000"),
        ("€/kWth", "500"),
        ("T€/MW", "500"),
    ],
)
def test_units_of_the_file_are_converted(tmp_path, unit, value):
    for header, row in (
        ("Technologie;Dimensionierung;Dimensionierungseinheit;Jahr;Parameter;Einheit;Wert",
         f"GewaesserWP_zentral;2;MWth;2025;Spezifische Investitionskosten;{unit};{value}"),
        ("Technologie;Dimensionierung;Dimensionierungseinheit;Jahr;Parameter;Wert",
         f"GewaesserWP_zentral;2;MWth;2025;Spezifische Investitionskosten [{unit}];{value}"),
    ):  # fmt: skip
        path = write(tmp_path / "k.csv", [row], header=header, encoding="cp1252")
        new = import_file(path).entries
        assert new["grid.plant_investment.river_heat_pump"].value == 500


def test_units_that_cannot_be_converted_are_refused_together(tmp_path):
    header = "Technologie;Dimensionierung;Dimensionierungseinheit;Jahr;Parameter;Einheit;Wert"
    rows = [
        f"{AIR};10;kW;2025;Spezifische Investitionskosten;EUR/m²;500",
        f"{AIR};10;kW;2025;Lebensdauer;Schuhgröße;20",
    ]
    with pytest.raises(SchemaError) as caught:
        import_file(write(tmp_path / "k.csv", rows, header=header))
    assert "EUR/m² cannot be converted to EUR/kW" in caught.value.faults[0]
    assert "Schuhgröße is not known" in caught.value.faults[1]


@pytest.mark.parametrize("listed", [True, False])
def test_fixed_cost_is_a_base_and_a_share_of_the_installed_cost(tmp_path, listed):
    """100 €/a and 2 % of 6,000 · P^0.7 come back, from listed costs as from the curve."""
    rows = []
    for size in (5, 10, 20, 40):
        head, cost = f"{AIR};{size};kWth;2025;", 6000 * size**0.7
        rows.append(head + f"Jährliche Fixkosten O&M;{german(100 + 0.02 * cost)}")
        if listed:
            rows.append(head + f"Spezifische Investitionskosten;{german(cost / size, 4)}")
        else:
            rows += [head + "Parameter a;6.000", head + "Parameter b;0,7"]
    new = import_file(write(tmp_path / "k.csv", rows)).entries
    assert new["supply.om_fixed.air_heat_pump"].value == pytest.approx(100, abs=0.1)
    assert new["supply.om_fixed_share.air_heat_pump"].value == pytest.approx(0.02, rel=1e-4)


def test_fixed_cost_of_one_size_is_all_share(tmp_path):
    head = f"{AIR};10;kWth;2025;"
    rows = [head + "Jährliche Fixkosten O&M;300", head + "Spezifische Investitionskosten;2.000"]
    new = import_file(write(tmp_path / "k.csv", rows)).entries
    assert new["supply.om_fixed.air_heat_pump"].value == 0
    assert new["supply.om_fixed_share.air_heat_pump"].value == pytest.approx(0.015)


def test_the_reference_year_is_between_the_years_of_the_file(tmp_path):
    rows = [f"{AIR};10;kWth;{y};Lebensdauer;{v}" for y, v in ((2020, 10), (2030, 20))]
    new = import_file(write(tmp_path / "k.csv", rows)).entries["supply.lifetime.air_heat_pump"]
    assert new.value == 15
    assert "2025 between 2020 and 2030" in new.source


def test_what_is_not_understood_is_counted(tmp_path):
    rows = [
        *air_heat_pump(),
        "Kernfusion_zentral;1;GWth;2025;Lebensdauer;30",
        "Kernfusion_zentral;1;GWth;2030;Lebensdauer;30",
        f"{AIR};10;kWth;2025;Schallleistung;55",
        f"{AIR};500;kWth;2025;Lebensdauer;25",
        f"{AIR};10;kWth;2025;Wirkungsgrad thermisch;320",
    ]
    imported = import_file(write(tmp_path / "k.csv", rows))
    said = {entry.message: (entry.count, entry.examples) for entry in imported.skipped}
    assert said == {
        "{count} rows are of technologies not known here.": (2, ("Kernfusion_zentral",)),
        "{count} rows are of parameters not known here.": (1, ("Schallleistung",)),
        "{count} rows are of values that no assumption is made from.": (
            1,
            (f"{AIR}, Wirkungsgrad thermisch",),
        ),
        "{count} values are no numbers.": (27, ("k. A.",)),
        "{count} rows are of sizes that are not used here.": (1, (f"{AIR} 500 kW",)),
    }
    assert imported.entries["supply.lifetime.air_heat_pump"].value == 18
    assert imported.rows == len(rows)


def test_a_file_in_which_nothing_is_known_is_refused(tmp_path):
    path = write(tmp_path / "k.csv", ["Kernfusion_zentral;1;GWth;2025;Lebensdauer;30"])
    with pytest.raises(SourceError, match="no technology and parameter that is known here"):
        import_file(path)


def test_it_goes_into_a_run_and_back(tmp_path):
    imported = import_file(write(tmp_path / "k.csv", air_heat_pump()))
    out = tmp_path / "new" / "own.toml"
    write_imported(imported, out)
    entries = read_assumption_file(out)
    assert entries == imported.entries
    given_set = assumptions().replaced(entries)
    assert given_set[A] == 6100.0
    assert given_set["supply.lifetime.gas_boiler"] == assumptions()["supply.lifetime.gas_boiler"]
    assert given_set.hash != assumptions().hash


@settings(max_examples=10)
@given(a=st.floats(100, 99_000), b=st.floats(0.2, 1.0), places=st.integers(2, 4))
def test_any_curve_comes_through(tmp_path_factory, a, b, places):
    rows = [
        f"{AIR};10;kWth;2025;Parameter a;{german(a)}",
        f"{AIR};10;kWth;2025;Parameter b;{german(b, places)}",
    ]
    path = write(tmp_path_factory.mktemp("k") / "k.csv", rows)
    new = import_file(path).entries
    assert math.isclose(new[A].value, round(a, 2), rel_tol=1e-5)
    assert math.isclose(new[B].value, round(b, places), rel_tol=1e-5)

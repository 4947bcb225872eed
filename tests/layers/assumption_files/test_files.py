"""Encodings, numbers, units and the assumption file itself."""

from __future__ import annotations

import math
import os
import zipfile
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.assumption_files import import_file, read_assumption_file, write_assumption_file
from layers.assumption_files.text_table import numbers, read_text_table
from layers.assumption_files.toml_file import write_whole
from layers.assumption_files.units import UnitError, factor
from tests.layers.assumption_files.make import air_heat_pump, german, write
from twin.assumptions import Assumption, assumptions
from twin.errors import SchemaError, SourceError, StoreError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \r\n", "is empty"),
        (b"a;b;c\n", "a header and no rows"),
        (b"PK\x03\x04rest of a spreadsheet", "is a spreadsheet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is a spreadsheet"),
        (b"a;b\n1;\x00\n", "letters of .* are broken"),
        ("Parameter;Wert\nJÃ¤hrliche Kosten;1\n".encode(), "letters of .* are broken"),
        (b"a;b\n1;2\n1;2;3;4\n", "no table with the same columns in every line"),
        (b"first;second\n1;2\n", "is of no kind known here; its columns are first, second"),
    ],
)
def test_files_that_cannot_be_read_say_so_in_one_sentence(tmp_path, content, said):
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=said) as caught:
        import_file(path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_missing_column(tmp_path):
    with pytest.raises(SourceError, match="cannot be read"):
        import_file(tmp_path / "nothing.csv")
    path = write(
        tmp_path / "k.csv",
        ["LuftWP_dezentral;2025;Lebensdauer"],
        header="Technologie;Jahr;Parameter",
    )
    with pytest.raises(
        SourceError, match="lacks the columns Wert; it has Technologie, Jahr, Parameter"
    ):
        import_file(path)


def test_a_real_spreadsheet_is_refused(tmp_path):
    path = tmp_path / "catalogue.csv"
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("xl/workbook.xml", "<workbook/>")
    with pytest.raises(SourceError, match="spreadsheet"):
        import_file(path)


@pytest.mark.parametrize("separator", [";", "\t", ","])
def test_separators_quotes_and_spaces(tmp_path, separator):
    path = tmp_path / "t.csv"
    path.write_text(separator.join([" a ", "b"]) + "\n" + separator.join(['" x; y, z "', "1"]))
    table = read_text_table(path)
    assert table.to_dict("list") == {"a": ["x; y, z"], "b": ["1"]}


@pytest.mark.parametrize(
    ("texts", "otherwise", "expected"),
    [
        (["1.234,5", "1.234"], "point", [1234.5, 1234]),
        (["1,234.5", "1,234"], "comma", [1234.5, 1234]),
        (["0,71", "5.909"], "point", [0.71, 5909]),
        (["1.234"], "comma", [1234]),
        (["1.234"], "point", [1.234]),
        (["1.5", "2,5"], "comma", [math.nan, 2.5]),
        (["1 234,5", "1\u202f000", "−3", "+4", "1e3"], "comma", [1234.5, 1000, -3, 4, 1000]),
        (["k. A.", "", "-", "12 kW", "1,2,3", "nan", "inf", "1e999"], "comma", [math.nan] * 8),
        (["12.34.567"], "comma", [math.nan]),
    ],
)
def test_numbers_as_people_write_them(texts, otherwise, expected):
    found = numbers(pd.Series(texts), otherwise=otherwise).tolist()
    assert found == pytest.approx(expected, nan_ok=True)


@given(values=st.lists(st.floats(-1e9, 1e9).map(lambda v: round(v, 2)), min_size=1, max_size=5))
def test_german_numbers_come_back(values):
    found = numbers(pd.Series([german(value) for value in values]), otherwise="comma")
    assert found.tolist() == pytest.approx(values)


@pytest.mark.parametrize(
    ("given", "wanted", "expected"),
    [
        ("EUR/MW", "EUR/kW", 1e-3),
        ("€/kW", "EUR/kW", 1),
        ("ct/kWh", "€/kWh gross", 0.01),
        ("EUR/MWh", "€/kWh", 1e-3),
        ("g/kWh", "g CO2e/kWh", 1),
        ("kg CO2-Äq./MWh", "g CO2e/kWh", 1),
        ("t/GWh", "g CO2e/kWh", 1),
        ("EUR/kW/a", "€/(kW·a)", 1),
        ("EUR/(MW a)", "€/(kW·a)", 1e-3),
        ("%", "kWh/kWh", 0.01),
        ("kWh/m²", "kWh/m2", 1),
        ("MWh/(ha a)", "kWh/(m² a)", 0.1),
        ("Jahre", "a", 1),
        ("persons", "persons", 1),
        ("EUR/t", "€/t", 1),
    ],
)
def test_units_convert(given, wanted, expected):
    assert factor(given, wanted) == pytest.approx(expected, rel=1e-12)
    assert factor(wanted, given) == pytest.approx(1 / expected, rel=1e-12)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [("EUR/kW", "EUR/kWh"), ("kW", "kWh"), ("EUR", "EUR/a"), ("kWh", "kg"), ("ct/kWh Hi", "€/kWh"),
     ("mWh", "kWh"), ("USD", "EUR"), ("", "EUR"), ("kWp", "kW"), ("°C", "K")],
)  # fmt: skip
def test_units_that_do_not_convert(given, wanted):
    with pytest.raises(UnitError, match=r"cannot be converted|is not known"):
        factor(given, wanted)


LIFE = "supply.lifetime.gas_boiler"


def read(tmp_path: Path, text: str) -> dict[str, Assumption]:
    path = tmp_path / "own.toml"
    path.write_text(text, "utf-8")
    return read_assumption_file(path)


@pytest.mark.parametrize(
    "text",
    [
        f'["{LIFE}"]\nvalue = 25',
        f"[{LIFE}]\nvalue = 25",
        "[supply.lifetime]\nby = {gas_boiler = 25}",
        '["supply.lifetime"]\nby = {gas_boiler = [25, 18, 30]}',
        f'"{LIFE}" = 25',
    ],
)
def test_an_entry_may_be_written_in_several_ways(tmp_path, text):
    found = read(tmp_path, text)
    assert list(found) == [LIFE]
    assert found[LIFE].value == 25
    assert found[LIFE].status == "user"
    assert (found[LIFE].low, found[LIFE].high) == (18, 30)


def test_a_value_outside_the_old_range_widens_it(tmp_path):
    assert read(tmp_path, f'["{LIFE}"]\nvalue = 50')[LIFE].high == 50


def test_another_unit_is_converted(tmp_path):
    name = "grid.plant_investment.biomass"
    found = read(tmp_path, f'["{name}"]\nvalue = 700000\nlow = 6e5\nhigh = 8e5\nunit = "EUR/MW"')
    assert (found[name].value, found[name].low, found[name].high) == (700, 600, 800)
    assert found[name].unit == "EUR/kW"


def test_every_fault_of_a_file_is_named_at_once(tmp_path):
    text = f"""
["supply.nonsense"]
value = 1
["{LIFE}"]
value = "long"
["supply.bivalence"]
value = -5
low = 0
["supply.heating_limit"]
value = 15
unit = "EUR"
["supply.design_temperature"]
value = nan
["supply.flow_minimum"]
value = 28
status = "sure"
["supply.room_temperature"]
value = 20
colour = "red"
["supply.hot_water_flow"]
low = 3
"""
    with pytest.raises(SchemaError) as caught:
        read(tmp_path, text)
    faults = "\n".join(caught.value.faults)
    assert len(caught.value.faults) == 8
    expected = (
        "supply.nonsense: there is no assumption", "'long'", "-5.0 is not in 0.0", "'sure'",
        "EUR cannot be converted", "nan", "colour", "value is no number: None",
    )  # fmt: skip
    for said in expected:
        assert said in faults


def test_what_may_be_meant_by_a_wrong_name_is_said(tmp_path):
    with pytest.raises(SchemaError) as caught:
        read(
            tmp_path, '["balance.co2_price"]\nvalue = 90\n["supply.livetime.gas_boiler"]\nvalue = 9'
        )
    by_year, mistyped = caught.value.faults
    assert "only balance.co2_price.2025, balance.co2_price.2026" in by_year
    assert f"near are {LIFE}" in mistyped


def test_what_is_no_toml_is_said(tmp_path):
    with pytest.raises(SourceError, match="is no assumption file"):
        read(tmp_path, "value: 3")
    (tmp_path / "own.toml").write_bytes(b"\xff\xfe\x00a")
    with pytest.raises(SourceError, match="is no assumption file"):
        read_assumption_file(tmp_path / "own.toml")
    with pytest.raises(SourceError, match="cannot be read"):
        read_assumption_file(tmp_path / "none.toml")


@settings(max_examples=30)
@given(source=st.text(max_size=30), value=st.floats(1, 1e6))
def test_any_source_text_survives_the_file(tmp_path_factory, source, value):
    path = tmp_path_factory.mktemp("t") / "own.toml"
    entry = Assumption(LIFE, value, value, value, "a", "user", source)
    write_assumption_file(path, [entry], title="Two\nlines")
    assert read_assumption_file(path) == {LIFE: entry}


def test_all_assumptions_written_and_read_are_the_same_set(tmp_path):
    path = tmp_path / "all.toml"
    write_assumption_file(path, assumptions().entries.values(), title="everything")
    assert read_assumption_file(path) == dict(assumptions().entries)


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "own.toml"
    path.write_text("old")

    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="cannot be written: No space left"):
        write_whole(path, b"new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_in_the_way_is_said(tmp_path):
    (tmp_path / "own.toml").mkdir()
    with pytest.raises(StoreError, match="cannot be written"):
        write_whole(tmp_path / "own.toml", b"new")


def test_case_and_spaces_of_columns_do_not_count(tmp_path):
    path = write(
        tmp_path / "k.csv", air_heat_pump(),
        header="technologie ; DIMENSIONIERUNG;Dimensionierungs-Einheit;Jahr; parameter;WERT",
    )  # fmt: skip
    assert import_file(path).kind == "catalogue"

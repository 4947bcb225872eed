"""`twin assumptions list` and `twin assumptions import`, for people and for machines."""

from __future__ import annotations

import json

import pytest
import typer

from dash_app.assumption_commands import import_command, list_command
from dash_app.cli_assumptions import add_assumptions
from dash_app.i18n import translator
from layers.assumption_files import read_assumption_file
from tests.layers.assumption_files.make import air_heat_pump, write
from twin.assumptions import assumptions
from twin.errors import SourceError

GERMAN, ENGLISH = translator("de"), translator("en")


def test_every_assumption_is_listed_with_range_unit_status_and_source(capsys):
    list_command(ENGLISH, as_json=True)
    listed = json.loads(capsys.readouterr().out)
    assert {entry["name"] for entry in listed} == set(assumptions())
    assert all(set(entry) == set(listed[0]) for entry in listed)
    assert {"value", "low", "high", "unit", "status", "source"} <= set(listed[0])


def test_one_theme_is_listed_in_german(capsys):
    list_command(GERMAN, "supply", as_json=False)
    text = capsys.readouterr().out
    assert "supply.lifetime.gas_boiler" in text
    assert "grid." not in text
    assert "0,71" in text
    assert "ungeprüft" in text
    assert f"{sum(name.startswith('supply.') for name in assumptions())} Annahmen" in text


def test_the_plain_theme_is_listed_by_its_file(capsys):
    list_command(ENGLISH, "city", as_json=True)
    names = [entry["name"] for entry in json.loads(capsys.readouterr().out)]
    assert "gross_to_living_area" in names
    assert "storey_height.detached" in names
    assert not [name for name in names if name.startswith("supply.")]


def test_an_unknown_theme_is_said():
    with pytest.raises(SourceError, match=r"no theme moon .* Known are .*supply"):
        list_command(ENGLISH, "moon", as_json=False)


def test_an_import_says_what_changes_and_what_was_not_understood(capsys, tmp_path):
    rows = [*air_heat_pump(), "Kernfusion_zentral;1;GWth;2025;Lebensdauer;30"]
    path = write(tmp_path / "k.csv", rows)
    import_command(GERMAN, path, None, city=None, as_json=False)
    text = capsys.readouterr().out
    for said in ("5.909", "6.100", "KWW-Technikkatalog", "Kernfusion_zentral", "bisher", "neu"):
        assert said.casefold() in text.casefold()
    assert "5 von 5 Werten" in text
    assert "k.assumptions.toml" in text
    assert read_assumption_file(tmp_path / "k.assumptions.toml")


def test_an_import_for_machines(capsys, tmp_path):
    path, out = write(tmp_path / "k.csv", air_heat_pump()), tmp_path / "own.toml"
    import_command(ENGLISH, path, out, city=None, as_json=True)
    said = json.loads(capsys.readouterr().out)
    assert said["kind"] == "catalogue"
    assert said["written"] == str(out)
    change = said["changes"][0]
    assert change["name"] == "supply.heating_cost_a.air_heat_pump"
    assert (change["old"], change["new"], change["unit"]) == (5909, 6100, "€")
    assert [entry["count"] for entry in said["skipped"]] == [27]


def test_a_table_is_written_as_a_table(capsys, tmp_path):
    path = write(tmp_path / "h.csv", ["pass. car;CO2;160"], header="VehCat;Component;EFA")
    import_command(ENGLISH, path, None, city=None, as_json=False)
    assert "1 values in g/km" in capsys.readouterr().out
    assert (tmp_path / "h.emission_factors.csv").is_file()


def test_the_command_line_knows_both(capsys, tmp_path):
    app = typer.Typer()
    app.command("other")(lambda: None)
    add_assumptions(app, ENGLISH)
    app(["assumptions", "list", "--theme", "supply", "--json"], standalone_mode=False)
    assert json.loads(capsys.readouterr().out)
    path = write(tmp_path / "k.csv", air_heat_pump())
    arguments = ["assumptions", "import", str(path), "-o", str(tmp_path / "o.toml"), "--json"]
    app(arguments, standalone_mode=False)
    assert json.loads(capsys.readouterr().out)["changes"]
    assert (tmp_path / "o.toml").is_file()

"""Stations of the DWD: units, clocks and gaps of several files of one place."""

import zipfile

import numpy as np
import pandas as pd
import pytest

from layers.weather import looks_like_weather, read_weather
from tests.town_files.weather import simple_year, write_station
from twin.errors import SourceError
from twin.schema import TABLES
from twin.validation import validate


@pytest.fixture(scope="module")
def hourly(tmp_path_factory):
    return write_station(tmp_path_factory.mktemp("hourly"))


@pytest.fixture(scope="module")
def ten_minutes(tmp_path_factory):
    return write_station(tmp_path_factory.mktemp("ten"), ten_minutes=True)


@pytest.fixture(scope="module")
def station(hourly):
    return read_weather(hourly)


def edited(path, folder, change):
    """Copy a zip with its measurements changed line by line."""
    folder.mkdir(exist_ok=True)
    copy = folder / path.name
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            text = old.read(name).decode("latin-1")
            if name.startswith("produkt"):
                head, *lines = text.splitlines()
                text = "\n".join([head, *change(lines)])
            new.writestr(name, text.encode("latin-1"))
    return copy


def test_ten_minutes_give_the_year_back(ten_minutes):
    """Written from a formula in CET as UTC sums of J/cm²: the formula must come back in W/m²."""
    data = read_weather(ten_minutes)
    table = validate(TABLES["weather"], data.tables["weather"], crs="")
    rows = simple_year()
    np.testing.assert_allclose(table["ghi_wm2"], rows["B"] + rows["D"], atol=0.1)
    np.testing.assert_allclose(table["dhi_wm2"], rows["D"], atol=0.1)
    np.testing.assert_allclose(table["temperature_c"], rows["t"], atol=0.0501)
    np.testing.assert_allclose(table["wind_ms"], rows["WG"], atol=0.0501)
    assert table.index[0] == "2015-01-01T00:00+01:00"
    assert (data.report["place"], data.source.date) == ("Köln/Bonn", "2015-12-31")
    assert data.source.key == "dwd_station"
    assert "92 m" in data.source.note  # where it stands today, not before 2002
    assert set(table["ghi_source"]) == {"measured:station"}


def test_solar_hours_are_shared_out(station):
    """Hours that end 24 minutes past: the sum of a day stays, its middle lies at the same time."""
    table = station.tables["weather"]
    rows = simple_year()
    expected = (rows["B"] + rows["D"]).to_numpy().reshape(365, 24)
    found = table["ghi_wm2"].to_numpy().reshape(365, 24)
    np.testing.assert_allclose(found.sum(axis=1)[1:-1], expected.sum(axis=1)[1:-1], rtol=1e-3)
    clock = np.arange(24) + 0.5
    middle = (found * clock).sum(axis=1) / found.sum(axis=1)
    truth = (expected * clock).sum(axis=1) / expected.sum(axis=1)
    assert abs(middle - truth).max() < 0.1  # read as solar or as UTC time: 0.5 or 1 h beside
    assert abs(found - expected).max() < 120


def test_order_of_files_changes_nothing(hourly, station):
    second = read_weather(hourly[::-1])
    assert station.source == second.source
    pd.testing.assert_frame_equal(station.tables["weather"], second.tables["weather"])


def test_all_files_look_like_weather(hourly, ten_minutes):
    assert all(map(looks_like_weather, [*hourly, *ten_minutes]))


def test_the_newest_complete_year(hourly, tmp_path):
    air = edited(
        hourly[0], tmp_path / "a", lambda lines: [li for li in lines if "20150601" not in li]
    )
    assert read_weather([air, *hourly[1:]]).report["year"] == 2014
    with pytest.raises(SourceError, match=r"lacks 24 hours of temperature_c from 2015-06-01 0"):
        read_weather([air, *hourly[1:]], year=2015)
    bad = edited(hourly[0], tmp_path / "b", lambda lines: [
        li for li in lines if not "01" <= li.split(";")[1][-2:] <= "07"
    ])  # fmt: skip
    with pytest.raises(SourceError, match="lacks 7 hours of temperature_c"):
        read_weather([bad, *hourly[1:]])


def test_missing_values_and_global_alone(hourly, tmp_path):
    def spoil(lines):
        for row in range(12_000, 12_100):  # diffuse unknown for days
            words = lines[row].split(";")
            words[4] = "  -999"
            lines[row] = ";".join(words)
        return lines

    sun = edited(hourly[2], tmp_path, spoil)
    data = read_weather([*hourly[:2], sun])
    table = validate(TABLES["weather"], data.tables["weather"], crs="")
    assert 95 <= (table["dni_source"] == "estimated:erbs").sum() <= 101
    assert table["ghi_source"].eq("measured:station").all()
    missing = next(f for f in data.findings if f.code == "hour_missing")
    assert missing.column == "dhi_wm2"


def test_without_wind_there_is_no_wind(hourly):
    table = read_weather([hourly[0], hourly[2]]).tables["weather"]
    assert table["wind_ms"].isna().all()
    assert table["wind_source"].isna().all()


def test_double_files_count_once(hourly, station, tmp_path):
    again = edited(hourly[0], tmp_path, lambda lines: lines[-100:])
    again = again.rename(tmp_path / "stundenwerte_TU_02667_akt.zip")
    data = read_weather([*hourly, again])
    assert {f.code: f.count for f in data.findings}["value_twice"] == 200  # temperature, humidity
    pd.testing.assert_frame_equal(data.tables["weather"], station.tables["weather"])


def test_files_that_do_not_make_a_station(hourly, tmp_path):
    other = write_station(tmp_path / "other", station=1078, years=(2015, 2015))
    with pytest.raises(SourceError, match="2 stations: 01078, 02667"):
        read_weather([hourly[0], *other[1:]])
    with pytest.raises(SourceError, match="stundenwerte_ST"):
        read_weather(hourly[:2])
    with pytest.raises(SourceError, match="stundenwerte_TU"):
        read_weather(hourly[1:])
    bare = tmp_path / "bare.zip"
    with zipfile.ZipFile(hourly[0]) as old, zipfile.ZipFile(bare, "w") as new:
        name = next(n for n in old.namelist() if n.startswith("produkt"))
        new.writestr(name, old.read(name))
    with pytest.raises(SourceError, match="where station 02667 stands"):
        read_weather([bare])


def test_a_zip_that_breaks_off(hourly, tmp_path):
    half = tmp_path / hourly[0].name
    half.write_bytes(hourly[0].read_bytes()[:20_000])
    with pytest.raises(SourceError, match="weather file"):
        read_weather([half, *hourly[1:]])
    with zipfile.ZipFile(tmp_path / "odd.zip", "w") as archive:
        archive.writestr("produkt_tu_stunde_1.txt", "STATIONS_ID;WHEN\n 2667;2015\n")
    with pytest.raises(SourceError, match="no readable measurements"):
        read_weather([tmp_path / "odd.zip"])

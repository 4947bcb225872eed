"""Weather against a second reader, hours worked out by hand, and sums of the files themselves."""

import zipfile

import numpy as np
import pandas as pd
import pvlib
import pytest

from layers.weather import looks_like_weather, read_weather
from layers.weather.raw import BEAM
from tests.conftest import shared
from tests.town_files.weather import simple_year, write_try, write_try_2010
from twin.errors import SourceError
from twin.schema import TABLES
from twin.validation import validate

KOELN = "data/weather/DWD_TRY{}_Koeln_509319069572_Jahr.dat"
DENVER = "data/weather/ASHRAE140-2020_Denver_725650TYCST.epw"


@pytest.fixture(scope="module")
def made_up(tmp_path_factory):
    return write_try(tmp_path_factory.mktemp("try") / "TRY2015_town.dat")


def codes(data):
    return {(f.code, f.column): f.count for f in data.findings}


def on_the_ground(table):
    """Beam on the horizontal by the sun of the table."""
    return table["dni_wm2"] * np.sin(np.radians(table["sun_elevation_deg"].clip(lower=0)))


# test reference years


def test_a_made_up_year(made_up):
    data = read_weather([made_up])
    table = validate(TABLES["weather"], data.tables["weather"], crs="")
    assert len(table) == 8760
    assert table.index[0] == "2015-01-01T00:00+01:00"
    assert table.index[-1] == "2015-12-31T23:00+01:00"
    assert data.crs == ""
    assert data.source.key == "dwd_try"
    assert data.source.tables == ("weather",)
    assert "55 m" in data.source.note
    assert "1995-2012" in data.source.note
    rows = simple_year()
    np.testing.assert_allclose(table["temperature_c"], rows["t"].round(1), atol=1e-9)
    np.testing.assert_allclose(table["ghi_wm2"], rows["B"] + rows["D"])
    np.testing.assert_allclose(table["cloud_share"], rows["N"] / 8)
    assert set(table["temperature_source"]) == {"measured:try"}


def test_real_koeln_hour_by_hand():
    """
    21 June, HH 13 is the hour from 12 to 13 o'clock CET.

    By hand for 12:30 CET = 11:30 UTC at 6.9572° E: declination 23.44°, equation of time -1.8 min,
    true solar time 11:30 + 27.8 - 1.8 = 11:56, hour angle -1.0°; elevation
    asin(sin 50.932° sin 23.44° + cos 50.932° cos 23.44° cos 1.0°) = 62.50°, azimuth 178°.
    """
    path = shared(KOELN.format(2015))
    line = next(
        row.split() for row in path.read_text("latin-1").splitlines()
        if row.split()[2:5] == ["6", "21", "13"]
    )  # fmt: skip
    hour = read_weather([path]).tables["weather"].loc["2015-06-21T12:00+01:00"]
    beam, diffuse = float(line[12]), float(line[13])
    assert hour["temperature_c"] == float(line[5])
    assert hour["ghi_wm2"] == beam + diffuse
    assert hour["dhi_wm2"] == diffuse
    assert hour["longwave_wm2"] == float(line[14])
    assert hour["wind_ms"] == float(line[8])
    assert hour["sun_elevation_deg"] == pytest.approx(62.50, abs=0.05)
    assert hour["sun_azimuth_deg"] == pytest.approx(178, abs=0.5)
    assert hour["dni_wm2"] == pytest.approx(beam / np.sin(np.radians(62.50)), rel=0.002)


@pytest.mark.parametrize(
    ("year", "how"), [(2015, "measured:try"), (2045, "estimated:climate_projection")]
)
def test_real_koeln_sums_are_those_of_the_file(year, how):
    path = shared(KOELN.format(year))
    text = path.read_text("latin-1").partition("***")[2].splitlines()[1:]
    numbers = np.array([row.split() for row in text if row.strip()], float)
    data = read_weather([path])
    table = data.tables["weather"]
    assert table["ghi_wm2"].sum() == numbers[:, 12].sum() + numbers[:, 13].sum()
    assert table["temperature_c"].mean() == pytest.approx(numbers[:, 5].mean())
    assert 980 < data.report["ghi_kwh_m2"] < 1130  # Cologne, long-term mean about 1,030
    assert data.report["lat"] == pytest.approx(50.9319, abs=1e-3)  # as the file is called
    assert data.report["lon"] == pytest.approx(6.9572, abs=1e-3)
    assert data.report["year"] == year
    assert "49 m" in data.source.note
    assert set(table["temperature_source"]) == {how}


def test_real_koeln_keeps_its_light():
    """Only hours with the sun at the horizon lose beam, together under 0.1 %."""
    data = read_weather([shared(KOELN.format(2015))])
    table = data.tables["weather"]
    cut = table["dni_source"] == "estimated:low_sun"
    lost = table["ghi_wm2"] - table["dhi_wm2"] - on_the_ground(table)
    assert lost[~cut].abs().max() < 0.5  # B of 0.5 W/m² and less is rounding
    assert table.loc[cut, "sun_elevation_deg"].max() < 6
    assert lost.sum() < 0.001 * table["ghi_wm2"].sum()
    assert codes(data) == {("beam_cut", ""): cut.sum()}
    assert 0 < cut.sum() < 150
    assert table["dni_wm2"].max() < 1050


def test_the_clock_is_right():
    """An hour too early or too late, light of morning or evening would fall into the night."""
    table = read_weather([shared(KOELN.format(2015))]).tables["weather"]
    ghi, night = table["ghi_wm2"].to_numpy(), table["sun_elevation_deg"].to_numpy() < -5
    right = ghi[night].sum()
    for shift in (-1, 1):
        assert np.roll(ghi, shift)[night].sum() > 1000 + 10 * right


def test_line_ends_of_windows(made_up, tmp_path):
    path = tmp_path / made_up.name
    path.write_bytes(made_up.read_bytes().replace(b"\n", b"\r\n"))
    assert looks_like_weather(path)
    pd.testing.assert_frame_equal(
        read_weather([path]).tables["weather"], read_weather([made_up]).tables["weather"]
    )


def test_format_of_2010(tmp_path):
    path = write_try_2010(tmp_path / "TRY2010_05_Jahr.dat")
    assert looks_like_weather(path)
    data = read_weather([path])
    table = validate(TABLES["weather"], data.tables["weather"], crs="")
    rows = simple_year()
    np.testing.assert_allclose(table["ghi_wm2"], rows["B"] + rows["D"])
    np.testing.assert_allclose(table["pressure_hpa"], 1013)
    assert data.name == ""  # a station's name is no city's
    assert (data.report["place"], data.report["year"]) == ("Essen", 2010)
    assert data.report["lat"] == pytest.approx(51.4)
    assert data.report["lon"] == pytest.approx(6 + 58 / 60, abs=1e-4)
    assert data.report["height_m"] == 152


def changed(path, change):
    """Write the made-up year with `change` made to it."""
    rows = simple_year()
    return write_try(path, year=change(rows))


def test_a_leap_day_is_left_out(tmp_path):
    def leap(rows):
        extra = rows[(rows["MM"] == 2) & (rows["DD"] == 28)].assign(DD=29)
        return pd.concat([rows[:1416], extra, rows[1416:]])

    data = read_weather([changed(tmp_path / "a.dat", leap)])
    assert len(data.tables["weather"]) == 8760
    assert codes(data)["leap_day", ""] == 24
    np.testing.assert_allclose(
        data.tables["weather"]["ghi_wm2"].sum(), simple_year()[["B", "D"]].sum().sum()
    )


def test_a_short_gap_is_filled_and_says_so(tmp_path):
    data = read_weather([changed(tmp_path / "a.dat", lambda rows: rows.drop(index=[5000, 5001]))])
    table = data.tables["weather"]
    assert len(table) == 8760
    assert codes(data)["hour_interpolated", "temperature_c"] == 2
    gap = table.iloc[5000:5002]
    for name in ("temperature_source", "ghi_source", "dni_source", "dhi_source", "wind_source"):
        assert set(gap[name]) == {"estimated:interpolated"}, name
        assert "estimated:interpolated" not in set(table[name].drop(gap.index))
    before, after = table["temperature_c"].iloc[[4999, 5002]]
    np.testing.assert_allclose(
        gap["temperature_c"], [(2 * before + after) / 3, (before + 2 * after) / 3]
    )


def test_a_long_gap_is_refused_by_name(tmp_path):
    path = changed(tmp_path / "a.dat", lambda rows: rows.drop(index=range(1000, 1007)))
    with pytest.raises(SourceError, match=r"lacks 7 hours of temperature_c from 2015-02-11 16:00"):
        read_weather([path])


def test_missing_codes_doubles_and_impossible_values(tmp_path):
    def spoil(rows):
        rows = rows.astype(float)
        rows.loc[10:12, "WR"] = 999
        rows.loc[20, "N"] = 9
        rows.loc[30, "t"] = 88.0
        rows.loc[40, ["MM", "DD", "HH"]] = (2, 31, 1)
        return pd.concat([rows, rows[100:102]])

    data = read_weather([changed(tmp_path / "a.dat", spoil)])
    found = codes(data)
    assert found["hour_interpolated", "wind_direction_deg"] == 4  # and the lost hour
    assert found["value_impossible", "temperature_c"] == 1
    assert found["no_hour", ""] == 1
    assert found["hour_twice", ""] == 2
    assert data.tables["weather"]["temperature_c"].max() < 60
    validate(TABLES["weather"], data.tables["weather"], crs="")


def test_kelvin_is_refused(tmp_path):
    path = changed(tmp_path / "a.dat", lambda rows: rows.assign(t=rows["t"] + 273.15))
    with pytest.raises(SourceError, match=r"8760 values of temperature_c .* outside -60"):
        read_weather([path])


def test_order_of_lines_changes_nothing(tmp_path, made_up):
    mixed = changed(tmp_path / "TRY2015_town.dat", lambda rows: rows.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(
        read_weather([mixed]).tables["weather"], read_weather([made_up]).tables["weather"]
    )


@pytest.mark.parametrize(
    ("break_it", "says"),
    [
        (lambda text: text.replace("***", "---"), "the line \\*\\*\\* before the numbers"),
        (lambda text: text.replace(" B    D ", " Q    D "), "lacks the columns B"),
        (lambda text: text + "3793500 oops\n", "not made of 17 numbers"),
        (lambda text: text.replace("3793500", "0000000"), "does not say where"),
        (lambda text: text[: len(text) // 2], "lacks"),
    ],
)
def test_broken_test_reference_years(made_up, tmp_path, break_it, says):
    path = tmp_path / "broken.dat"
    path.write_text(break_it(made_up.read_text("latin-1")), "latin-1")
    with pytest.raises(SourceError, match=says):
        read_weather([path])


# EPW


def test_denver_equals_the_reader_of_pvlib():
    path = shared(DENVER)
    data = read_weather([path])
    table = validate(TABLES["weather"], data.tables["weather"], crs="")
    other, place = pvlib.iotools.read_epw(path)
    pairs = {
        "temperature_c": "temp_air", "humidity_percent": "relative_humidity", "ghi_wm2": "ghi",
        "dni_wm2": "dni", "dhi_wm2": "dhi", "wind_ms": "wind_speed",
        "wind_direction_deg": "wind_direction",
    }  # fmt: skip
    for ours, theirs in pairs.items():
        np.testing.assert_allclose(table[ours], other[theirs], err_msg=ours)
    np.testing.assert_allclose(table["pressure_hpa"] * 100, other["atmospheric_pressure"])
    assert data.report["lat"] == place["latitude"]
    assert data.report["utc_offset_h"] == place["TZ"] == -7
    ours = pd.to_datetime(pd.Series(table.index), utc=True)
    theirs = other.index.tz_convert("UTC")
    hours = ours.dt.strftime("%m-%d %H")
    np.testing.assert_array_equal(hours, theirs.strftime("%m-%d %H"))
    assert table.index[0].endswith("T00:00-07:00")


def test_denver_closes_only_at_mid_hour():
    """The three irradiances of the file fit the sun at mid-hour, and not an hour beside."""
    table = read_weather([shared(DENVER)]).tables["weather"]
    rest = (table["ghi_wm2"] - table["dhi_wm2"] - on_the_ground(table)).abs()
    assert rest.quantile(0.99) < 6
    sine = np.sin(np.radians(table["sun_elevation_deg"].clip(lower=0)))
    late = table["ghi_wm2"] - table["dhi_wm2"] - table["dni_wm2"] * np.roll(sine, 1)
    assert late.abs().quantile(0.9) > 50


def epw_text(path):
    return path.read_text("latin-1").splitlines()


def test_epw_with_holes(tmp_path):
    lines = epw_text(shared(DENVER))

    def put(row, field, value):
        words = lines[row].split(",")
        words[field] = value
        lines[row] = ",".join(words)

    for hour in range(40):
        put(3000 + hour, 14, "9999")  # beam unknown for longer than a gap
        put(3000 + hour, 15, "9999")
    put(500, 6, "99.9")
    put(510, 9, "999999")
    del lines[700]
    path = tmp_path / "a.epw"
    path.write_text("\n".join(lines), "latin-1")
    data = read_weather([path])
    table = validate(TABLES["weather"], data.tables["weather"], crs="")
    parted = table["dni_source"] == "estimated:erbs"
    assert parted.sum() == 40
    assert set(table.loc[parted, "dhi_source"]) == {"estimated:erbs"}
    np.testing.assert_allclose(
        (table["dhi_wm2"] + on_the_ground(table))[parted], table.loc[parted, "ghi_wm2"], atol=0.01
    )
    assert codes(data)["hour_interpolated", "temperature_c"] == 2
    assert codes(data)["hour_interpolated", "pressure_hpa"] == 2


def test_epw_with_a_mark_and_in_a_zip(tmp_path):
    path = shared(DENVER)
    plain = read_weather([path]).tables["weather"]
    marked = tmp_path / "marked.epw"
    marked.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\r\n", b"\n"))
    with zipfile.ZipFile(tmp_path / "zipped.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(path, "USA_CO_Denver.epw")
        archive.writestr("USA_CO_Denver.stat", "more")
    for other in (marked, tmp_path / "zipped.zip"):
        assert looks_like_weather(other)
        pd.testing.assert_frame_equal(read_weather([other]).tables["weather"], plain)


def test_epw_that_is_none(tmp_path):
    lines = epw_text(shared(DENVER))
    cases = {
        "no place": (["hello", *lines[1:]], "names no place"),
        "cut off": (lines[:4], "cut off"),
        "half hours": ([line.replace("PERIODS,1,1", "PERIODS,1,2") for line in lines], "2 values"),
        "words": ([*lines[:100], "1995,1,x", *lines[101:]], "no hour of an EPW"),
    }
    for name, (text, says) in cases.items():
        path = tmp_path / f"{name}.epw"
        path.write_text("\n".join(text), "latin-1")
        with pytest.raises(SourceError, match=says):
            read_weather([path])


# the files given


def test_one_year_at_a_time(made_up, tmp_path):
    other = write_try(tmp_path / "b.dat")
    with pytest.raises(SourceError, match="2 weather files"):
        read_weather([made_up, other])
    with pytest.raises(SourceError, match="0 weather files"):
        read_weather([])
    (tmp_path / "empty.dat").write_bytes(b"")
    with pytest.raises(SourceError, match="missing or empty"):
        read_weather([tmp_path / "empty.dat"])
    (tmp_path / "noise.dat").write_bytes(b"\0\1\2" * 100)
    with pytest.raises(SourceError, match="no weather file"):
        read_weather([tmp_path / "noise.dat"])


def test_what_looks_like_weather(made_up, tmp_path):
    assert looks_like_weather(made_up)
    for name, content in (
        ("a.dat", b"1 2 3"),
        ("a.epw", b"hello"),
        ("a.zip", b"PK"),
        ("a.csv", b""),
    ):
        (tmp_path / name).write_bytes(content)
        assert not looks_like_weather(tmp_path / name)


def test_beam_stays_out_of_the_table(made_up):
    assert BEAM not in read_weather([made_up]).tables["weather"]

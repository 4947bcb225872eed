"""BESTEST: the twin's room model against six detailed programs, and the runner's own parts."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from layers.weather import read_weather
from tests.conftest import shared
from tests.tools import bestest
from tests.tools.bestest_case import Drive, Fins, Overhang, Window, read_cases
from tests.tools.bestest_glass import glass_of
from tests.tools.bestest_room import aired, build, heat_capacity, run
from tests.tools.bestest_shading import diffuse_shares, sun_direction, sunlit
from tests.twin.energy.heat_demand.made import make_weather
from twin.assumptions import assumptions
from twin.energy.heat_demand import kernel
from twin.energy.heat_demand.formula import response

FILES = Path(__file__).parent / "bestest"
CASES = read_cases(FILES / "cases.toml")
LIMITS = {
    row["case"]: {name: float(value) for name, value in row.items() if name != "case"}
    for row in csv.DictReader(
        line for line in (FILES / "limits.csv").read_text().splitlines() if line[0] != "#"
    )
}
GIVEN = assumptions()
_done: dict[str, dict] = {}


@pytest.fixture(scope="module")
def denver():
    path = shared("data/weather/ASHRAE140-2020_Denver_725650TYCST.epw")
    return read_weather([path]).tables["weather"]


@pytest.fixture
def result(denver):
    def get(name: str) -> dict:
        if name not in _done:
            _done[name] = bestest.results(name, CASES[name], denver)
        return _done[name]

    return get


@pytest.fixture(scope="module")
def programs():
    """Rows of ../shared/refs/energy/bestest.csv by case (or orientation) and metric."""
    with shared("refs/energy/bestest.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {(row["case"], row["description"], row["metric"]): row for row in rows}


def range_of(programs, case, metric, description=None):
    for (name, said, what), row in programs.items():
        if (name, what) == (case, metric) and description in (None, said):
            return float(row["min"]), float(row["max"])
    raise KeyError((case, metric))


@pytest.mark.parametrize("case", LIMITS)
def test_heating_is_within_the_limits_and_near_the_programs(case, result):
    """±10 % of the mean of programs, better than the published 5R1C of the same norm."""
    heating, limit = result(case)["annual_heating_mwh"], LIMITS[case]
    assert limit["limit_low"] <= heating <= limit["limit_high"]
    mean = limit["programs_mean"]
    assert abs(heating / mean - 1) < 0.10
    assert abs(heating - mean) <= abs(limit["iso13790_5r1c"] - mean)


@pytest.mark.parametrize("case", ["600", "620", "900"])
def test_heating_against_the_given_limits(case, result):
    with shared("refs/energy/bestest_5r1c_limits.csv").open(encoding="utf-8") as file:
        rows = {(r["case"], r["metric"]): r for r in csv.DictReader(file)}
    row, heating = rows[case, "annual_heating"], result(case)["annual_heating_mwh"]
    assert float(row["limit_low"]) <= heating <= float(row["limit_high"])
    assert float(row["programs_min"]) <= heating <= float(row["programs_max"])
    peak = rows[case, "peak_heating"]
    found = result(case)["peak_heating_kw"]
    assert float(peak["programs_min"]) <= found <= float(peak["programs_max"])


@pytest.mark.parametrize("case", ["195", "200", "270", "400"])
def test_in_depth_cases(case, result, programs):
    low, high = range_of(programs, case, "annual_heating")
    assert 0.97 * low <= result(case)["annual_heating_mwh"] <= 1.03 * high
    low, high = range_of(programs, case, "peak_heating")
    assert 0.97 * low <= result(case)["peak_heating_kw"] <= 1.03 * high


@pytest.mark.parametrize("case", ["600", "620", "900", "270"])
def test_cooling_and_its_peak_are_sensible(case, result, programs):
    low, high = range_of(programs, case, "annual_cooling")
    assert 0.9 * low <= result(case)["annual_cooling_mwh"] <= 1.1 * high
    low, high = range_of(programs, case, "peak_cooling")
    assert 0.95 * low <= result(case)["peak_cooling_kw"] <= 1.05 * high


@pytest.mark.parametrize("side", ["north", "east", "south", "west", "horizontal"])
def test_incident_sun_is_in_the_range_of_the_programs(side, result, programs):
    low, high = range_of(programs, "600", "annual_incident_solar", side.capitalize())
    assert low <= result("600")["annual_incident_solar_kwh_m2"][side] <= high


def test_sun_through_glass_and_under_the_overhang(result, programs):
    through = result("600")["annual_transmitted_solar_kwh_m2"]["south"]
    low, high = range_of(programs, "600", "annual_window_transmissivity")
    falls = result("600")["annual_incident_solar_kwh_m2"]["south"]
    assert low - 0.005 <= through / falls <= high
    low, high = range_of(programs, "610/600", "annual_shading_coefficient")
    both = result("610")["annual_transmitted_solar_kwh_m2"]
    assert both["south"] == pytest.approx(both["south_right"], rel=0.05)
    assert low <= 1 - sum(both.values()) / 2 / through <= high


@pytest.mark.parametrize("case", ["600FF", "900FF"])
def test_free_floating_temperatures(case, result, programs):
    """Within 1 K of the range of the programs."""
    found = result(case)["air_temperature_c"]
    for metric in ("max", "min", "mean"):
        low, high = range_of(programs, case, f"ff_{metric}_temp")
        assert low - 1 <= found[metric] <= high + 1
    assert result(case)["annual_heating_mwh"] == 0


def test_what_is_changed_shows(result):
    """Shade costs heat and saves cold, insulation and set-back save heat, mass saves both."""
    heat = {case: result(case)["annual_heating_mwh"] for case in LIMITS}
    cold = {case: result(case)["annual_cooling_mwh"] for case in LIMITS}
    assert heat["600"] < heat["610"] < heat["630"]
    assert cold["610"] < cold["600"]
    assert cold["630"] < cold["620"] < cold["600"]
    assert heat["640"] < heat["600"]
    assert heat["680"] < heat["660"] < heat["600"] < heat["670"]
    assert heat["900"] < heat["600"]
    assert cold["900"] < cold["600"]
    assert result("640")["peak_heating_kw"] > result("600")["peak_heating_kw"]


def test_double_glazing_by_angle():
    """Table of the double glazing of case 600 in ANSI/ASHRAE 140-2020."""
    glass = glass_of(CASES["600"].windows["south"], inside=4.5, outside=17.8)
    angle = np.array([0, 10, 20, 30, 40, 50, 60, 70, 80, 90])
    direct = [0.703, 0.702, 0.699, 0.692, 0.678, 0.646, 0.577, 0.438, 0.208, 0]
    total = [0.769, 0.768, 0.766, 0.761, 0.748, 0.718, 0.651, 0.509, 0.267, 0]
    ours = glass.at(np.cos(np.radians(angle)))
    np.testing.assert_allclose(ours[0], direct, atol=0.008)
    np.testing.assert_allclose(ours[1], total, atol=0.022)
    np.testing.assert_allclose(glass.diffuse(), [0.601, 0.670], atol=0.016)
    assert glass.u == pytest.approx(2.10, abs=0.005)


def test_low_emissivity_glazing():
    """Case 660 of ANSI/ASHRAE 140-2020: U 1.19 between its surface coefficients, g 0.440."""
    window = CASES["660"].windows["south"]
    glass = glass_of(window, inside=4.5, outside=17.8)
    assert glass.u == pytest.approx(1.19, abs=0.01)
    direct, total = glass.at(np.array([1.0, 0.5]))
    np.testing.assert_allclose(direct, [0.394, 0.310], atol=0.02)
    np.testing.assert_allclose(total, [0.440, 0.361], atol=0.03)
    free = window.model_copy(update={"gap_resistance_m2k_w": None, "gas_conductivity_w_mk": 0.0163})
    assert glass_of(free, inside=4.5, outside=17.8).u == pytest.approx(1.19, abs=0.12)  # still gas


def window(**parts) -> Window:
    return Window(surface="south", width_m=3, height_m=2, u_w_m2k=1.0, g=0.5, **parts)


def test_shade_of_a_long_overhang_by_hand():
    """Sun straight on at 45°: 1 m of board shades 1 m, of which 0.5 m lie above the window."""
    board = window(overhang=Overhang(depth_m=1, gap_m=0.5, left_m=50, right_m=50))
    ray = sun_direction(np.array([45.0, 20.0, 80.0]), np.array([180.0, 180.0, 180.0]), 180)
    lit = sunlit(board, *ray)
    np.testing.assert_allclose(lit, [0.75, 1.0, 0.0], atol=0.03)


def test_shade_of_a_fin_by_hand():
    """Sun 45° from the east at the horizon: the eastern (right) fin shades 1 of 3 m, no other."""
    ray = sun_direction(np.array([0.0]), np.array([135.0]), 180)
    both = window(fins=Fins(depth_m=1, above_m=9, below_m=9))
    left = window(fins=Fins(depth_m=1, sides="left", above_m=9, below_m=9))
    np.testing.assert_allclose(sunlit(both, *ray), 2 / 3, atol=0.03)
    np.testing.assert_allclose(sunlit(left, *ray), 1.0)


def test_diffuse_shares_by_view_factor():
    """Endless overhang as deep as high: sky is left from 0° to 45°, sin 45° of the whole."""
    board = Window(
        surface="south", width_m=0.01, height_m=0.01, u_w_m2k=1.0, g=0.5,
        overhang=Overhang(depth_m=0.5, gap_m=0.5, left_m=500, right_m=500),
    )  # fmt: skip
    sky, ground = diffuse_shares(board)
    assert sky == pytest.approx(np.sin(np.radians(45)), abs=0.01)
    assert ground == 1
    assert diffuse_shares(window()) == (1, 1)


def test_heat_capacity_of_thin_and_thick_layers():
    """A thin inner layer counts whole; behind insulation nothing; 10 cm of block nearly whole."""
    thin = heat_capacity(CASES["600"].constructions["light_wall"])
    assert thin == pytest.approx(950 * 840 * 0.012, rel=0.1)
    block = heat_capacity(CASES["900"].constructions["heavy_wall"])
    assert 0.75 * 140_000 < block < 140_000


def test_energy_of_a_run_is_conserved():
    """Over the year what comes in goes out, on generated weather."""
    built = build(CASES["600"], make_weather(), GIVEN)
    done = run(built)
    free = run(build(CASES["600FF"], make_weather(), GIVEN))
    assert done.air_c.min() >= 20 - 1e-6
    assert done.air_c.max() <= 27 + 1e-6
    assert free.air_c.min() < 20
    assert free.air_c.max() > 27
    room = built.room
    h_is, h_ve = room.surface_to_air_w_k[0], built.air_changes_w_k[0]
    outer = room.opaque_w_k * room.mass_to_surface_w_k
    outer = (outer / (room.mass_to_surface_w_k - room.opaque_w_k))[0]
    q = done.heating_w - done.cooling_w
    p_air = room.convective_gains[0] * 200 + room.convective_sun[0] * built.sun_w
    surface = done.air_c + (h_ve * (done.air_c - built.outdoor_c) - q - p_air) / h_is
    mass = (done.mass_c + np.roll(done.mass_c, 1)) / 2
    lost = room.lost_gains[0] * (1 - room.convective_gains[0]) * 200
    lost = lost + room.lost_sun[0] * (1 - room.convective_sun[0]) * built.sun_w
    wall = (built.wall_w - room.wall_sky_w_k[0] * built.sky_k) * outer / room.opaque_w_k[0]
    gains = q + 200 + built.sun_w - lost + wall - room.window_sky_w_k[0] * built.sky_k
    losses = (h_ve * (done.air_c - built.outdoor_c) + outer * (mass - built.outdoor_c)
              + room.window_w_k[0] * (surface - built.outdoor_c))  # fmt: skip
    stored = room.capacity_j_k[0] / 3600 * (done.mass_c - np.roll(done.mass_c, 1))
    np.testing.assert_allclose(gains - losses - stored, 0, atol=1e-6 * np.abs(gains).max())


def test_the_kernel_of_the_city_says_the_same():
    """One physics: the room of case 640 in the kernel that calculates buildings, float32."""
    heating_only = CASES["640"].model_copy(update={"cooling": Drive()})
    built = build(heating_only, make_weather(), GIVEN)
    plain = run(built)
    answer = response(aired(built.room, built.air_changes_w_k[0]))
    block = np.zeros((1, kernel.PARAMETERS), np.float32)
    block[:, kernel.AIR : kernel.AIR + 6] = answer.air.T
    block[:, kernel.MASS : kernel.MASS + 6] = answer.mass.T
    block[:, [kernel.WINDOWS, kernel.WALLS]] = 1  # 1 m² each: the hours hold the watts
    block[:, kernel.WATTS_PER_K] = 1 / answer.air_per_w
    block[:, kernel.MASS_PER_W] = answer.mass_per_w
    block[:, [kernel.SET_POINT, kernel.SET_BACK, kernel.SCALE]] = 20, 10, 1
    hours = np.zeros((8760, kernel.HOUR_VALUES), np.float32)
    night = (20 - built.heating_c) / 10
    columns = (built.outdoor_c, built.sky_k, night, built.sun_w, built.wall_w)
    places = (kernel.OUTDOOR, kernel.SKY, kernel.NIGHT, kernel.SUN, kernel.FALLS)
    hours[:, places] = np.column_stack(columns)
    none = np.zeros((1, 0), np.int32)
    work = kernel.prepared(block, none, none, matrix=True)
    year = kernel.Year(hours, np.zeros((0, 8760), np.float32), np.zeros(0, bool))
    kernel.calculate(work, year, np.zeros((0, 8760), np.int32))
    np.testing.assert_allclose(work.matrix[0], plain.heating_w, atol=0.5)
    assert work.matrix.sum() == pytest.approx(plain.heating_w.sum(), rel=1e-4)


def test_a_case_of_ones_own_on_generated_weather(tmp_path, capsys, monkeypatch):
    """A third party's file: base of another file, east window, set-back, ground, U and g."""
    path = tmp_path / "mine.toml"
    path.write_text(
        f"""
        base_file = "{FILES / "cases.toml"}"
        [constructions]
        [[constructions.slab]]
        resistance_m2k_w = 3.0
        [[constructions.slab]]
        thickness_m = 0.2
        conductivity_w_mk = 2
        density_kg_m3 = 2300
        specific_heat_j_kgk = 1000
        [cases.mine]
        base = "640"
        surfaces.floor = {{ construction = "slab", boundary = "ground", ground_c = 12 }}
        windows.south = {{ remove = true }}
        windows.east = {{ surface = "east", width_m = 2, height_m = 1.5, u_w_m2k = 0.9, g = 0.5 }}
        """
    )
    monkeypatch.setattr(bestest, "read_weather", lambda _paths: FakeData(make_weather()))
    assert bestest.main([str(path), "--weather", "any.epw"]) == 0
    line = json.loads(capsys.readouterr().out)
    assert line["case"] == "mine"
    assert line["u_w_m2k"]["east"] == 0.9
    assert set(line["annual_transmitted_solar_kwh_m2"]) == {"east"}
    assert 0.5 < line["annual_heating_mwh"] < 5


class FakeData:
    def __init__(self, weather):
        self.tables = {"weather": weather}


ROOM = """[cases.a]
volume_m3 = 3
surfaces.x = { area_m2 = 1, tilt_deg = 90, construction = "y" }"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[cases", "is no TOML"),
        ("[kases.a]\n", "give tables [cases.NAME]"),
        ('[cases.a]\nbase = "b"\n', "case a wants base b, which is not there"),
        ('[cases.a]\nbase = "a"\n', "case a is in the end its own base"),
        ("[cases.a]\nvolume_m3 = -3\n", "volume_m3: Input should be greater than 0"),
        (
            ROOM + "\n[constructions]\n",
            "surface x wants construction y, which is not there",
        ),
        (
            ROOM
            + '\nwindows.w = { surface = "x", width_m = 2, height_m = 2, g = 0.5, u_w_m2k = 1 }'
            "\n[constructions]\ny = [{ resistance_m2k_w = 1 }]\n",
            "the windows of x are larger than it",
        ),
        (
            '[cases.a]\nvolume_m3 = 3\nwindows.w = { surface = "x", width_m = 2, height_m = 2 }\n',
            "give panes, or both u_w_m2k and g",
        ),
        (
            ROOM + "\nconstructions.y = [{ resistance_m2k_w = 1 }]\n",
            "no surface has a layer with density and specific heat",
        ),
        (
            ROOM.replace("tilt_deg = 90", "tilt_deg = 30")
            + '\nwindows.w = { surface = "x", width_m = 1, height_m = 1, g = 0.5, u_w_m2k = 1, '
            "overhang = { depth_m = 1 } }\nconstructions.y = [{ resistance_m2k_w = 1 }]\n",
            "window w has boards in a surface that is not vertical",
        ),
        ("[cases.a]\nvolume_m3 = 3\ncolour = 1\n", "colour: Extra inputs are not permitted"),
    ],
)
def test_bad_files_get_one_sentence(tmp_path, capsys, text, said):
    path = tmp_path / "bad.toml"
    path.write_text(text)
    assert bestest.main([str(path)]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert len(error.strip().splitlines()) == 1
    assert "bad.toml" in error


def test_missing_files_get_one_sentence(tmp_path, capsys):
    assert bestest.main([str(tmp_path / "none.toml")]) == 2
    assert bestest.main([str(FILES / "cases.toml"), "--case", "601"]) == 2
    assert bestest.main([str(FILES / "cases.toml"), "--weather", str(tmp_path / "no.epw")]) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 3
    assert "no such file" in said[0]
    assert "case 601 is not there" in said[1]

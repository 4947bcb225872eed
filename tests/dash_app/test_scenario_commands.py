"""`twin run`, `compare`, `diff` as people type them: what is printed, written, refused."""

import csv
import json
import re
from pathlib import Path

import geopandas as gpd
import matplotlib.image
import pandas as pd
import pytest

from dash_app.cli import main
from dash_app.scenario_commands import DRIVERS, _vehicles
from layers.city_store import save_city
from tests.small_town import MEASURES, MEMO, plan, small_town
from twin.indicators import INDICATORS

ROOT = Path(__file__).parents[2]
FAST = "--no-ranges"
RETROFIT, HEAT_PUMPS, SOLAR = MEASURES


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    return save_city(small_town(), tmp_path_factory.mktemp("cities") / "small-town")


@pytest.fixture(autouse=True)
def same_memo(monkeypatch):
    """Work everything out once: the answers do not depend on what is remembered."""
    monkeypatch.setattr("dash_app.scenario_commands.Memo", lambda: MEMO)


@pytest.fixture
def write(tmp_path):
    def written(content, name="plan.json"):
        path = tmp_path / name
        text = content if isinstance(content, str) else json.dumps(content)
        path.write_text(text, encoding="utf-8")
        return path

    return written


def call(capsys, *arguments, lang="en"):
    """Run `twin` in this process; give exit code, output and error output."""
    with pytest.raises(SystemExit) as end:
        main(["--lang", lang, *map(str, arguments)])
    printed = capsys.readouterr()
    assert "Traceback" not in printed.err + printed.out
    return end.value.code, printed.out, printed.err


def refused(capsys, *arguments):
    """Run what must end with one sentence and exit code 1; give the sentence."""
    code, said, complaint = call(capsys, *arguments)
    assert code == 1, complaint
    assert said == ""
    assert complaint.startswith("Error: ")
    return complaint.removeprefix("Error: ").strip()


@pytest.fixture(scope="module", params=["de", "en"])
def written(request, city, tmp_path_factory):
    """Give a folder of results in each language, with what was printed."""
    place = tmp_path_factory.mktemp("run")
    file = place / "plan.json"
    file.write_text(json.dumps(plan(*MEASURES, name='Warm <b>&"walls"')), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("dash_app.scenario_commands.Memo", lambda: MEMO)
        words = ["--lang", request.param, "run", city, file, "-o", place / "out", FAST]
        with pytest.raises(SystemExit) as end:
            main([str(word) for word in words])
    assert end.value.code == 0
    assert [path.name for path in place.iterdir() if path.name.startswith(".")] == []
    return request.param, place / "out"


def test_json_has_every_indicator_of_every_year_and_nothing_else(capsys, city, write):
    code, said, complaint = call(capsys, "run", city, write(plan(*MEASURES)), FAST, "--json")
    assert (code, complaint) == (0, "")
    rows = json.loads(said)
    assert {row["year"] for row in rows} == {2025, 2030}
    assert {row["indicator"] for row in rows if row["year"] == 2030} == set(INDICATORS)
    values = {(row["indicator"], row["year"]): row["value"] for row in rows}
    assert values["heat_demand", 2030] < values["heat_demand", 2025]
    assert all(row["unit"] == INDICATORS[row["indicator"]].unit for row in rows)


def test_the_table_speaks_both_languages_with_every_indicator(capsys, city, write):
    file = write(plan(*MEASURES))
    code, said, _ = call(capsys, "run", city, file, FAST)
    assert code == 0
    assert said.startswith("Warm walls")
    for indicator in INDICATORS.values():
        assert indicator.label in said
    code, german, _ = call(capsys, "run", city, file, FAST, lang="de")
    assert code == 0
    assert "Wärme" in german
    assert "Heat demand" not in german


def test_ranges_enclose_the_values_and_survive_into_files(
    capsys, city, write, tmp_path, monkeypatch
):
    few = ("stock.set_point", "balance.emission")
    assert set(few) <= set(DRIVERS)
    monkeypatch.setattr("dash_app.scenario_commands.DRIVERS", few)
    quick(monkeypatch)
    file, out = write(plan(RETROFIT)), tmp_path / "out"
    code, said, _ = call(capsys, "run", city, file, "-o", out, "--json")
    assert code == 0
    rows = json.loads(said)
    assert all(row["low"] <= row["value"] <= row["high"] for row in rows)
    heat = [row for row in rows if row["indicator"] == "emissions"]
    assert all(row["low"] < row["value"] < row["high"] for row in heat)
    told = json.loads((out / "explain.json").read_text("utf-8"))
    each = {entry["name"]: entry for entry in told["indicators"]}
    assert {d["name"] for d in each["emissions"]["drivers"]} == set(few)
    assert {d["name"] for d in each["heat_demand"]["drivers"]} == {"stock.set_point"}
    table = pd.read_csv(out / "indicators.csv")
    assert (table["low"] <= table["value"] + 1e-9).all()
    assert "stock.set_point" in (out / "report.html").read_text("utf-8")


def test_a_run_writes_what_other_programs_read(written):
    _, out = written
    assert sorted(path.name for path in out.iterdir()) == [
        "benefit.csv", "buildings.parquet", "explain.json", "gains.csv", "hourly_2025.csv",
        "hourly_2030.csv", "indicators.csv", "map.gpkg", "mobility.csv", "money.csv",
        "networks.csv", "plots", "report.html", "results.json", "scenario.json",
        "transformers.csv", "trips_2030.omx",
    ]  # fmt: skip
    layers = set(gpd.list_layers(out / "map.gpkg")["name"])
    assert {"blocks_2025", "blocks_2030", "buildings_2030"} <= layers
    assert {"streets_2025", "streets_2030", "zones_2025", "zones_2030"} <= layers
    buildings = gpd.read_file(out / "map.gpkg", layer="buildings_2030")
    assert buildings.crs == small_town().crs
    assert buildings.geometry.notna().all()
    table = pd.read_parquet(out / "buildings.parquet")
    assert sorted(table["year"].unique()) == [2025, 2030]
    for year in (2025, 2030):
        hours = pd.read_csv(out / f"hourly_{year}.csv")
        assert len(hours) == 8760
        assert hours.columns[0] == "hour"
        assert (hours["heat_kw"] >= 0).all()
    with (out / "indicators.csv").open(encoding="utf-8", newline="") as file:
        assert next(csv.reader(file))[:4] == ["indicator", "level", "area", "year"]


def test_the_files_agree_with_each_other(written):
    _, out = written
    indicators = pd.read_csv(out / "indicators.csv")
    whole = indicators[indicators["level"] == "city"].set_index(["indicator", "year"])["value"]
    table = pd.read_parquet(out / "buildings.parquet")
    heat = table.groupby("year")[["space_kwh", "hot_water_kwh"]].sum().sum(axis=1) / 1000
    for year in (2025, 2030):
        assert whole["heat_demand", year] == pytest.approx(heat[year], rel=1e-9)
        hours = pd.read_csv(out / f"hourly_{year}.csv")
        assert whole["heat_peak", year] == pytest.approx(hours["heat_kw"].max() / 1000, rel=1e-4)
    mapped = gpd.read_file(out / "map.gpkg", layer="blocks_2030")
    blocks = indicators.query("level == 'block' and year == 2030 and indicator == 'emissions'")
    assert mapped["emissions"].sum() == pytest.approx(blocks["value"].sum())
    told = json.loads((out / "results.json").read_text("utf-8"))
    assert (told["format"], told["years"]) == ("troisdorf-twin-results", [2025, 2030])
    again = {(row["indicator"], row["year"]): row["value"] for row in told["indicators"]}
    assert again["emissions", 2030] == pytest.approx(whole["emissions", 2030])
    trips = pd.read_csv(out / "mobility.csv").query("level == 'city'")
    trips = trips.set_index(["mode", "year"])["trips"]
    share = 100 * trips["walk", 2030] / trips.xs(2030, level="year").sum()
    assert whole["mode_walk", 2030] == pytest.approx(share)
    assert told["mobility"]["mode_shares"]["walk"]["target"] == pytest.approx(0.23)


def test_the_page_needs_nothing_and_speaks_its_language(written):
    lang, out = written
    page = (out / "report.html").read_text("utf-8")
    assert f'<html lang="{lang}">' in page
    assert not re.search(r"<script|<link|<iframe|<img|url\((?!#)|\bon\w+=", page)
    hosts = set(re.findall(r"https?://([\w.-]+)", page))
    assert hosts <= {"www.w3.org"}, "only names of XML, no addresses"
    assert "Warm &lt;b&gt;&amp;&quot;walls&quot;" in page
    assert page.count("<svg") == 7
    word = {"de": "Maßnahmen", "en": "Measures"}[lang]
    assert f">{word}</h2>" in page
    for file in ("final_energy", "emissions", "costs", "load", "months", "modes", "traffic"):
        picture = matplotlib.image.imread(out / "plots" / f"{file}.png")
        assert min(picture.shape[:2]) > 600
        assert picture[..., :3].std() > 0.05, "nothing drawn"


def test_the_written_scenario_answers_the_same_again(capsys, city, written):
    _, out = written
    code, said, _ = call(capsys, "run", city, out / "scenario.json", FAST, "--json")
    assert code == 0
    assert json.loads(said) == json.loads((out / "results.json").read_text("utf-8"))["indicators"]


def test_the_folder_is_named_even_with_odd_characters(capsys, city, write, tmp_path, monkeypatch):
    quick(monkeypatch)
    out = tmp_path / "results [of] März"
    code, said, _ = call(capsys, "run", city, write(plan()), "-o", out, FAST)
    assert code == 0
    assert f"Written to {out}." in said.replace("\n", "")
    assert (out / "report.html").exists()


def quick(monkeypatch):
    """Leave the drawing out where it is not what is tested."""
    monkeypatch.setattr("dash_app.report.scenario_plots.scenario_plots", lambda *_: {})


def test_older_results_are_replaced_whole(capsys, city, write, tmp_path, monkeypatch):
    quick(monkeypatch)
    out = tmp_path / "out"
    later = write(plan(stages=[2025, 2035], name="Later"), "later.json")
    assert call(capsys, "run", city, write(plan()), "-o", out, FAST)[0] == 0
    assert (out / "hourly_2030.csv").exists()
    assert call(capsys, "run", city, later, "-o", out, FAST)[0] == 0
    assert sorted(path.name for path in out.glob("hourly_*")) == [
        "hourly_2025.csv", "hourly_2035.csv",
    ]  # fmt: skip
    assert json.loads((out / "scenario.json").read_text("utf-8"))["name"] == "Later"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["later.json", "out", "plan.json"]


def test_foreign_folders_are_refused_before_any_work(capsys, city, write, tmp_path, monkeypatch):
    monkeypatch.setattr("dash_app.scenario_commands.simulate", None)  # a call would be a fault
    file = write(plan())
    letters = tmp_path / "letters"
    letters.mkdir()
    (letters / "letter.txt").write_text("dear")
    assert "holds other files" in refused(capsys, "run", city, file, "-o", letters, FAST)
    assert [path.name for path in letters.iterdir()] == ["letter.txt"]
    assert "is a file" in refused(capsys, "run", city, file, "-o", file, FAST)
    assert "holds other files" in refused(capsys, "run", city, file, "-o", city, FAST)


@pytest.mark.parametrize("older", [False, True])
@pytest.mark.parametrize(
    ("fault", "expected", "word"),
    [
        (OSError(28, "No space left on device"), 1, "The disk is full"),
        (PermissionError(13, "Permission denied"), 1, "may not be written"),
        (KeyboardInterrupt(), 130, "Nothing was changed."),
        (RuntimeError("the roof is on fire"), 70, "the roof is on fire"),
    ],
    ids=["disk full", "not allowed", "Ctrl+C", "fault"],
)
def test_what_stops_the_writing_leaves_all_as_it_was(  # noqa: PLR0917 - all cases
    capsys, city, write, tmp_path, monkeypatch, older, fault, expected, word
):
    quick(monkeypatch)
    out, file = tmp_path / "out", write(plan())
    if older:
        out.mkdir()
        (out / "results.json").write_text('{"format": "troisdorf-twin-results"}')
        (out / "hourly_2040.csv").write_text("hour,heat_kw")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    def stop(*_args, **_more):
        raise fault

    monkeypatch.setattr("layers.results_folder._write_map", stop)
    code, _, said = call(capsys, "run", city, file, "-o", out, FAST)
    assert code == expected
    assert word in said
    assert said.strip().count("\n") == 0
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert out.exists() == older


def test_wrong_scenarios_get_one_clear_sentence(capsys, city, write):
    nobody = {"where": [{"column": "year_built", "op": "<", "value": 1000}]}
    other = {"baseline": {"hash": "0" * 32, "name": "Elsewhere"}}
    cases = {
        "there is no such measure": (plan({"kind": "fly", "id": "a"}), "fly"),
        "nothing selected": (plan({**RETROFIT, "select": nobody}), "Measure 1"),
        "made for another city": (plan(**other), "Elsewhere"),
        "more than all": (plan({**RETROFIT, "pace_percent": 140}), "pace_percent"),
        "unknown assumption": (plan(assumptions={"stock.nonsense": 1.0}), "stock.nonsense"),
        "newer format": (plan(format=99), "99"),
        "no JSON": ("{ not json", "JSON"),
        "a list": ([1, 2], ""),
        "empty": ("", ""),
    }
    for name, (content, word) in cases.items():
        said = refused(capsys, "run", city, write(content), FAST)
        assert word in said, name
        assert len(said.splitlines()) <= 3, name


def test_a_scenario_of_another_state_is_taken_where_asked_for(capsys, city, write):
    file = write(plan(baseline={"hash": "0" * 32, "name": "Elsewhere"}))
    code, said, _ = call(capsys, "run", city, file, FAST, "--rebase", "--json")
    assert code == 0
    assert json.loads(said)


def test_files_that_are_not_there_or_no_text(capsys, city, write, tmp_path):
    file = write(plan())
    broken = tmp_path / "broken.json"
    broken.write_bytes(b"\xff\xfe\x00{}")
    assert "nowhere" in refused(capsys, "run", tmp_path / "nowhere", file, FAST)
    assert "gone.json cannot be read" in refused(capsys, "run", city, tmp_path / "gone.json", FAST)
    assert "UTF-8" in refused(capsys, "run", city, broken, FAST)
    assert "cannot be read" in refused(capsys, "run", city, tmp_path, FAST)
    assert "gone.toml" in refused(
        capsys, "run", city, file, FAST, "--assumptions", tmp_path / "gone.toml"
    )
    code, _, said = call(capsys, "run", city)
    assert code == 2
    assert "SCENARIO" in said


def block_of(index):
    return str(small_town().blocks.index[index])


def test_measured_heat_as_people_write_it_is_met(capsys, city, write):
    blocks = json.loads(call(capsys, "run", city, write(plan()), FAST, "--json")[1])
    before = next(r for r in blocks if (r["indicator"], r["year"]) == ("heat_demand", 2025))
    tables = {
        "comma.csv": f"block_id,heat_kwh\n{block_of(0)},1000.5\n",
        "german.csv": f"\ufeffblock_id;heat_kwh;note\n{block_of(0)};1000,5;Zähler\n",
        "tabs.csv": f"heat_kwh\tblock_id\n1000.5\t{block_of(0)}\n",
    }
    values = []
    for name, text in tables.items():
        meters = write(text, name)
        code, said, _ = call(
            capsys, "run", city, write(plan()), FAST, "--json", "--measured", meters
        )
        assert code == 0, name
        rows = json.loads(said)
        values += [r["value"] for r in rows if (r["indicator"], r["year"]) == ("heat_demand", 2025)]
    assert len(set(values)) == 1, values
    assert values[0] < before["value"] - 1


def test_wrong_measured_heat_is_refused(capsys, city, write, tmp_path):
    cases = {
        "block_id,heat_kwh\nnowhere,5\n": "nowhere",
        f"block_id,heat_kwh\n{block_of(0)},-5\n": block_of(0),
        f"block_id,heat_kwh\n{block_of(0)},much\n": block_of(0),
        f"block_id,heat_kwh\n{block_of(0)},5\n{block_of(0)},6\n": block_of(0),
        "block,heat\n1,2\n": "block_id, heat_kwh",
        "block_id\n1\n": "lacks the columns heat_kwh",
        "block_id,heat_kwh\n1,2\n3,4,5\n": "cannot be read",
        "": "cannot be read",
    }
    for text, word in cases.items():
        said = refused(
            capsys, "run", city, write(plan()), FAST, "--measured", write(text, "meters.csv")
        )
        assert word in said, text
        assert "\n" not in said, text
    gone = tmp_path / "gone.csv"
    said = refused(capsys, "run", city, write(plan()), FAST, "--measured", gone)
    assert "gone.csv cannot be read" in said


def test_own_assumptions_reach_the_answer_and_its_explanation(
    capsys, city, write, tmp_path, monkeypatch
):
    quick(monkeypatch)
    own = write("[supply.field_factor]\nvalue = 0.7\nlow = 0.6\nhigh = 0.8\n", "own.toml")
    out = tmp_path / "out"
    words = ("run", city, write(plan()), FAST, "--assumptions", own, "-o", out)
    code, _, said = call(capsys, *words)
    assert code == 0, said
    told = json.loads((out / "explain.json").read_text("utf-8"))["assumptions"]
    assert told["supply.field_factor"]["value"] == 0.7


def test_compare_puts_scenarios_side_by_side(capsys, city, write):
    one, other = write(plan(), "a.json"), write(plan(*MEASURES, name="More"), "b.json")
    code, said, _ = call(capsys, "compare", city, one, other, FAST, "--json")
    assert code == 0
    rows = {(row["indicator"], row["year"]): row for row in json.loads(said)}
    now, then = rows["emissions", 2025], rows["emissions", 2030]
    assert now["Warm walls"] == now["More"]
    assert then["More"] < then["Warm walls"]
    code, said, _ = call(capsys, "compare", city, one, other, FAST, lang="de")
    assert code == 0
    assert "Treibhausgas" in said
    assert "2030" in said


def test_compare_says_whether_the_ranking_holds(capsys, city, write, monkeypatch):
    monkeypatch.setattr("dash_app.scenario_commands.DRIVERS", ("stock.set_point",))
    one, other = write(plan(), "a.json"), write(plan(RETROFIT, name="More"), "b.json")
    code, said, _ = call(capsys, "compare", city, one, other)
    assert code == 0
    assert "Ranking holds" in said
    heat = next(line for line in said.splitlines() if "Heat demand per heated area" in line)
    assert "yes" in heat
    code, said, _ = call(capsys, "compare", city, one, other, "--json")
    assert code == 0
    rows = {(row["indicator"], row["year"]): row["ranking_holds"] for row in json.loads(said)}
    assert rows["heat_demand_m2", 2030] == {"More": True}


def test_compare_of_other_years_has_no_ranking_but_values(capsys, city, write, monkeypatch):
    monkeypatch.setattr("dash_app.scenario_commands.DRIVERS", ())
    one, other = write(plan(), "a.json"), write(plan(stages=[2025, 2035], name="Later"), "b.json")
    code, said, _ = call(capsys, "compare", city, one, other, "--json")
    assert code == 0
    rows = {(row["indicator"], row["year"]): row for row in json.loads(said)}
    assert rows["emissions", 2030]["Later"] is None
    assert rows["emissions", 2035]["Warm walls"] is None
    assert rows["emissions", 2025]["ranking_holds"] == {}
    assert call(capsys, "compare", city, one, other)[0] == 0


def test_compare_keeps_scenarios_of_the_same_name_apart(capsys, city, write, tmp_path):
    (tmp_path / "deep").mkdir()
    files = [write(plan(), name) for name in ("a.json", "b.json", "deep/b.json")]
    files.append(write(plan(name="[red]odd[/]"), "c.json"))
    code, said, _ = call(capsys, "compare", city, *files, FAST)
    assert code == 0
    head = said.splitlines()[2]
    cells = [cell.strip() for cell in re.split(r"[┃│|]", head) if cell.strip()]
    assert cells == ["Warm walls", "Warm walls (b)", "Warm walls (b 2)", "[red]odd[/]"]


def test_compare_reads_all_files_before_it_works(capsys, city, write, tmp_path, monkeypatch):
    monkeypatch.setattr("dash_app.scenario_commands.simulate", None)
    said = refused(capsys, "compare", city, write(plan()), tmp_path / "gone.json", FAST)
    assert "gone.json" in said


def test_diff_names_measures_and_assumptions(capsys, write):
    one = write(plan(RETROFIT, SOLAR), "a.json")
    changed = {**RETROFIT, "standard": "usual"}
    other = write(plan(changed, HEAT_PUMPS, assumptions={"balance.interest": 0.05}), "b.json")
    code, said, _ = call(capsys, "diff", one, other)
    assert code == 0
    assert "Photovoltaics" in said
    assert "air heat pump" in said
    code, german, _ = call(capsys, "diff", one, other, lang="de")
    assert code == 0
    assert "Photovoltaik" in german
    code, said, _ = call(capsys, "diff", one, other, "--json")
    found = json.loads(said)
    assert code == 0
    text = json.dumps(found)
    assert all(word in text for word in ("walls", "pumps", "sun", "balance.interest"))
    code, said, _ = call(capsys, "diff", one, one)
    assert (code, said.strip()) == (0, "The scenarios are the same.")


def test_diff_refuses_what_is_no_scenario(capsys, write, tmp_path):
    good = write(plan())
    assert "gone.json" in refused(capsys, "diff", good, tmp_path / "gone.json")
    assert "JSON" in refused(capsys, "diff", write("{", "b.json"), good)


@pytest.mark.parametrize("name", ["trend", "sun_and_heat_pumps"])
def test_the_scenarios_that_come_with_it_fit_a_small_town(capsys, city, write, name):
    text = (ROOT / "data" / "scenarios" / f"{name}.json").read_text("utf-8")
    file = write({**json.loads(text), "stages": [2025, 2045]})
    code, said, complaint = call(capsys, "run", city, file, FAST, "--json")
    assert code == 0, complaint
    rows = {(row["indicator"], row["year"]): row["value"] for row in json.loads(said)}
    assert rows["emissions", 2045] < rows["emissions", 2025]


def test_matrices_of_vehicles_are_found_among_others():
    both = {"person_car": 1, "vehicle_car": 2, "vehicle_truck": 3}
    assert _vehicles(both) == {"car": 2, "truck": 3}
    assert _vehicles({"trips": 4}) == {"car": 4}
    assert _vehicles({"a": 1, "b": 2}) == {"a": 1, "b": 2}

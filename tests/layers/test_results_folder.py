"""Results on disk: whole or not at all, in the place of older ones, and as they were."""

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import box

from layers.results_folder import block_map, refuse_foreign, write_results, writing_results
from tests.small_town import answered
from twin.energy.heat_grid.density import PRIVATE_BELOW
from twin.errors import SourceError, StoreError
from twin.indicators import INDICATORS, explain, indicator_table
from twin.scenario import load_scenario

MANIFEST = {"format": "troisdorf-twin-results"}


def fill(folder, *names, manifest=MANIFEST):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text(name)
    if manifest is not None:
        (folder / "results.json").write_text(json.dumps(manifest))
    return folder


def listed(folder):
    return sorted(path.name for path in folder.iterdir())


def test_nothing_stands_before_all_is_written(tmp_path):
    out = tmp_path / "deep" / "out"
    with writing_results(out) as stage:
        fill(stage, "indicators.csv")
        assert not out.exists()
        assert stage.parent == out.parent, "the same disk, else it could not be moved at once"
    assert listed(out) == ["indicators.csv", "results.json"]
    assert listed(out.parent) == ["out"]
    assert out.stat().st_mode & 0o777 == 0o755


def test_older_results_stand_until_the_new_ones_are_whole(tmp_path):
    out = fill(tmp_path / "out", "hourly_2025.csv", "hourly_2030.csv")
    with writing_results(out) as stage:
        fill(stage, "hourly_2045.csv")
        assert "hourly_2030.csv" in listed(out)
    assert listed(out) == ["hourly_2045.csv", "results.json"]
    assert listed(tmp_path) == ["out"]


@pytest.mark.parametrize("fault", [KeyboardInterrupt, RuntimeError, SystemExit])
def test_what_goes_wrong_leaves_the_older_results(tmp_path, fault):
    out = fill(tmp_path / "out", "hourly_2025.csv")
    with pytest.raises(fault), writing_results(out) as stage:  # noqa: PT012 - writes, then fails
        fill(stage, "hourly_2030.csv")
        raise fault
    assert listed(out) == ["hourly_2025.csv", "results.json"]
    assert listed(tmp_path) == ["out"]


def test_a_fault_between_the_two_moves_brings_the_older_results_back(tmp_path, monkeypatch):
    out = fill(tmp_path / "out", "hourly_2025.csv")
    real = Path.replace

    def once(self, target):
        if Path(target) == out and not self.name.endswith(".old"):
            raise OSError(5, "Input/output error")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", once)
    with pytest.raises(SourceError, match="Input/output error"), writing_results(out) as stage:
        fill(stage, "hourly_2030.csv")
    assert listed(out) == ["hourly_2025.csv", "results.json"]
    assert listed(tmp_path) == ["out"]


@pytest.mark.parametrize(
    ("names", "manifest"),
    [
        (["letter.txt"], None),
        (["letter.txt"], MANIFEST),  # somebody put it beside the results
        ([], {"format": "something else"}),
        ([], ["results"]),
    ],
)
def test_folders_with_other_files_are_refused_and_kept(tmp_path, names, manifest):
    out = fill(tmp_path / "out", *names, manifest=manifest)
    before = listed(out)
    with pytest.raises(StoreError, match="holds other files"), writing_results(out):
        pytest.fail("nothing is written")
    assert listed(out) == before
    assert listed(tmp_path) == ["out"]


def test_what_programs_leave_in_results_is_no_stranger(tmp_path):
    left = ["map.gpkg", "map.gpkg-wal", "map.gpkg-shm", ".DS_Store", "Thumbs.db", "indicators.csv"]
    refuse_foreign(fill(tmp_path / "out", *left))
    refuse_foreign(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    refuse_foreign(tmp_path / "empty")


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "out").write_text("text")
    with pytest.raises(StoreError, match="is a file"), writing_results(tmp_path / "out"):
        pytest.fail("nothing is written")
    with pytest.raises(SourceError), writing_results(tmp_path / "out" / "below"):
        pytest.fail("nothing is written")
    assert (tmp_path / "out").read_text() == "text"


@pytest.fixture(scope="module")
def table():
    return indicator_table(answered())


@pytest.fixture(scope="module")
def out(table, tmp_path_factory):
    folder = tmp_path_factory.mktemp("results") / "out"
    told = [explain(answered(), name, 2030) for name in ("emissions", "heat_demand")]
    with writing_results(folder) as stage:
        write_results(stage, answered(), table, told)
    return folder


def test_indicators_come_back_to_the_last_bit(out, table):
    back = pd.read_csv(out / "indicators.csv", dtype={"area": "str"})
    back = back.set_index(["indicator", "level", "area", "year"])
    assert list(back.index) == list(table.index)
    assert (back["value"].to_numpy() == table["value"].to_numpy()).all()
    assert back["unit"].tolist() == table["unit"].tolist()


def test_rows_of_few_buildings_are_marked(out):
    back = pd.read_csv(out / "indicators.csv", dtype={"area": "str"})
    mapped = gpd.read_file(out / "map.gpkg", layer="blocks_2030").set_index("block_id")
    rows = back[(back["level"] == "block") & (back["year"] == 2030)]
    assert (rows["publish"].to_numpy() == mapped["publish"].reindex(rows["area"])).all()
    assert not rows["publish"].all()
    assert back.loc[back["level"] != "block", "publish"].all()


def test_buildings_come_back_to_the_last_bit(out):
    back = pd.read_parquet(out / "buildings.parquet").set_index("building_id")
    for year, found in answered().years.items():
        mine = back[back["year"] == year].drop(columns="year")
        numbers = found.buildings.select_dtypes("number")
        pd.testing.assert_frame_equal(mine[numbers.columns], numbers, check_exact=True)
        blocks = found.buildings["block_id"].astype(object)
        assert mine["block_id"].astype(object).fillna("").tolist() == blocks.fillna("").tolist()


def test_hours_come_back_to_the_watt(out):
    for year, found in answered().years.items():
        back = pd.read_csv(out / f"hourly_{year}.csv", index_col="hour")
        assert list(back.index) == list(found.hourly.index)
        for name in found.hourly:
            watts = np.rint(back[name.replace("_w", "_kw")] * 1000)
            assert (watts.to_numpy() == found.hourly[name].to_numpy()).all(), name


def test_money_networks_and_transformers_stand_in_tables(out):
    money = pd.read_csv(out / "money.csv", index_col=["year", "payment"])
    last = answered().last
    assert money.loc[last.year, "total"].to_numpy() == pytest.approx(last.money["total"].to_numpy())
    networks = pd.read_csv(out / "networks.csv", index_col=["year", "network_id"])
    assert set(networks.loc[last.year].index) == set(last.networks.index)
    assert networks["cheaper_share"].dropna().between(0, 1).all()
    areas = pd.read_csv(out / "transformers.csv", index_col="transformer_id")
    assert (areas["area_source"] == "estimated:assumed_areas").all()
    assert len(areas) == len(last.answers["transformers"])


def test_the_scenario_comes_back_as_it_was(out):
    assert load_scenario((out / "scenario.json").read_text("utf-8")) == answered().scenario


def test_explanations_name_only_assumptions_that_are_listed(out):
    told = json.loads((out / "explain.json").read_text("utf-8"))
    assert [entry["name"] for entry in told["indicators"]] == ["emissions", "heat_demand"]
    for entry in told["indicators"]:
        assert entry["assumptions"]
        assert set(entry["assumptions"]) <= set(told["assumptions"])
    for entry in told["assumptions"].values():
        assert {"value", "low", "high", "unit", "status", "source"} <= set(entry)


def test_the_manifest_says_what_it_is(out, table):
    told = json.loads((out / "results.json").read_text("utf-8"))
    assert told["years"] == [2025, 2030]
    assert told["scenario"]["hash"] == answered().scenario.hash
    assert told["city"]["crs"] == "EPSG:25832"
    assert len(told["indicators"]) == len(table.xs("city", level="level"))


def test_the_map_opens_with_its_shapes_and_values(out, table):
    city = answered().last.state.city
    blocks = gpd.read_file(out / "map.gpkg", layer="blocks_2030").set_index("block_id")
    assert blocks.crs == city.crs
    assert set(blocks.index) == set(city.blocks.index)
    values = table["value"].xs(("emissions", "block", 2030), level=("indicator", "level", "year"))
    for area, value in values.items():
        assert blocks.loc[area, "emissions"] == pytest.approx(value)
    again = blocks.geometry.reindex(city.blocks.index)
    assert again.geom_equals_exact(city.blocks.geometry, 1e-9).all()
    houses = gpd.read_file(out / "map.gpkg", layer="buildings_2030").set_index("building_id")
    assert houses["co2e_t"].sum() == pytest.approx(answered().last.buildings["co2e_t"].sum())


def test_few_buildings_are_not_for_publication(table):
    found = answered().last
    mapped = block_map(found, table, 2030)
    heated = found.buildings[found.buildings["heated_area_m2"] > 0]
    for block in mapped.index:  # counted one by one, as a reader would
        count = int((heated["block_id"] == block).sum())
        assert mapped.loc[block, "buildings"] == count
        assert mapped.loc[block, "publish"] == (count >= PRIVATE_BELOW)
    assert mapped["publish"].any()
    assert not mapped["publish"].all()
    assert PRIVATE_BELOW == 5
    assert set(INDICATORS) >= set(mapped.columns) - {"geometry", "buildings", "publish"}


def test_a_block_that_nobody_heats_has_no_value_and_is_not_published(table):
    found = answered().last
    blocks = found.state.city.blocks
    lonely = blocks.iloc[[0]].set_axis(["lonely"]).rename_axis(blocks.index.name)
    lonely = lonely.set_geometry([box(0, 0, 1, 1)], crs=blocks.crs)
    city = found.state.city.replace(blocks=pd.concat([blocks, lonely]))
    other = type(found)(**{**vars(found), "state": found.state.replace(city=city)})
    mapped = block_map(other, table, 2030)
    assert mapped.loc["lonely", "buildings"] == 0
    assert not mapped.loc["lonely", "publish"]
    assert np.isnan(mapped.loc["lonely", "emissions"])


def test_a_city_without_blocks_has_a_map_without_them(table):
    found = answered().last
    city = found.state.city.replace(blocks=found.state.city.blocks.iloc[:0])
    other = type(found)(**{**vars(found), "state": found.state.replace(city=city)})
    assert len(block_map(other, table, 2030)) == 0

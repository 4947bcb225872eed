import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from geopandas.testing import assert_geodataframe_equal

from layers import city_store
from layers.city_store import open_city, read_attributes, save_city, verify
from tests.conftest import make_toy_city
from twin.errors import StoreError
from twin.schema import TABLES


@pytest.fixture
def folder(toy_city, tmp_path):
    return save_city(toy_city, tmp_path / "toytown")


def test_round_trip_keeps_hash_tables_and_provenance(toy_city, folder):
    again = open_city(folder)
    assert again.hash == toy_city.hash
    assert again.info == toy_city.info
    assert (again.name, again.crs) == (toy_city.name, toy_city.crs)
    for name in TABLES:
        pd.testing.assert_frame_equal(again.tables[name], toy_city.tables[name])
    assert_geodataframe_equal(again.buildings, toy_city.buildings)


def test_hash_in_the_file_is_the_hash_of_what_is_read(folder):
    again = open_city(folder)
    fresh = again.replace(**dict(again.tables))
    assert fresh.hash == json.loads((folder / "city.json").read_text())["hash"]


def test_opening_reads_no_table(folder):
    for path in folder.glob("*.parquet"):
        path.unlink()
    assert open_city(folder).name == "Toytown"


def test_attributes_come_without_geometry(folder, toy_city):
    read = read_attributes(folder, "buildings", ["height_m", "use"])
    assert list(read.columns) == ["height_m", "use"]
    assert read["height_m"].tolist() == toy_city.buildings["height_m"].tolist()
    assert read.index.equals(toy_city.buildings.index)


def test_saving_again_replaces_the_city(folder, toy_city):
    changed = toy_city.replace(buildings=toy_city.buildings.assign(height_m=7.0))
    save_city(changed, folder)
    assert open_city(folder).hash == changed.hash
    assert len(list(folder.glob("*.parquet"))) == len(TABLES)


def test_damage_is_named(folder):
    broken = next(folder.glob("buildings-*.parquet"))
    content = bytearray(broken.read_bytes())
    content[len(content) // 2] ^= 0xFF
    broken.write_bytes(content)
    with pytest.raises(StoreError, match=f"{broken.name} is damaged"):
        _ = open_city(folder).buildings
    assert verify(folder) == ["buildings"]
    assert len(open_city(folder).streets) == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema_version": 99}, "schema version 99"),
        ({"format": "zip"}, "does not describe a city"),
        ({"tables": {}}, "is missing"),
    ],
)
def test_other_versions_are_refused(folder, change, message):
    path = folder / "city.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(StoreError, match=message):
        open_city(folder)


def test_things_that_are_no_city(tmp_path, toy_city):
    with pytest.raises(StoreError, match=r"holds no city\.json"):
        open_city(tmp_path)
    (tmp_path / "city.json").write_text("{")
    with pytest.raises(StoreError, match="not JSON"):
        open_city(tmp_path)
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "to_mother.txt").write_text("dear")
    with pytest.raises(StoreError, match="holds other files"):
        save_city(toy_city, tmp_path / "letters")
    assert [p.name for p in (tmp_path / "letters").iterdir()] == ["to_mother.txt"]


@pytest.mark.parametrize("existing", [False, True])
@pytest.mark.parametrize(
    ("code", "message"),
    [(errno.ENOSPC, "disk is full"), (errno.EACCES, "may not be written"), (errno.EIO, "error")],
)
def test_a_failing_disk_leaves_what_was_there(
    tmp_path, toy_city, monkeypatch, code, message, existing
):
    folder = tmp_path / "city"
    if existing:
        save_city(toy_city, folder)
    changed = toy_city.replace(buildings=toy_city.buildings.assign(height_m=7.0))

    def refuse(*_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(city_store, "_write_synced", refuse)
    with pytest.raises(StoreError, match=message):
        save_city(changed, folder)
    if existing:
        assert open_city(folder).hash == toy_city.hash
        assert open_city(folder).buildings["height_m"].tolist() == [6, 9, 12]
    else:
        assert list(tmp_path.iterdir()) == []


def test_a_killed_build_leaves_no_half_city(tmp_path):
    """Kill the writer with SIGKILL after some tables are written: nothing stands at the place."""
    code = """
from pathlib import Path
from layers import city_store
from tests.conftest import make_toy_city
write, done = city_store._write_table, []
def slow(city, name, stage):
    if len(done) == 3:
        print("three", flush=True)
        time.sleep(60)
    done.append(name)
    return write(city, name, stage)
city_store._write_table = slow
city_store.save_city(make_toy_city(), Path(r"{folder}"))
"""
    folder = tmp_path / "city"
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", code.replace("{folder}", str(folder))],
        stdout=subprocess.PIPE, cwd=root, env={**os.environ, "PYTHONPATH": str(root)},
    ) as process:  # fmt: skip
        assert process.stdout.readline().strip() == b"three"
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not folder.exists()
    save_city(make_toy_city(), folder)
    assert open_city(folder).hash == make_toy_city().hash
    assert list(tmp_path.iterdir()) == [folder], "the rest of the killed build is swept away"

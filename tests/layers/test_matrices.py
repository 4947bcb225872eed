"""Matrices from outside: CSV long and wide, OMX against openmatrix and AequilibraE, bad files."""

import h5py
import numpy as np
import openmatrix
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.matrices import read_matrices, write_matrices
from twin.errors import SchemaError, SourceError, StoreError

ZONES = pd.Index(["zone:1_2", "zone:3_4", "gate:A 59"])
CAR = np.array([[0.0, 1.5, 2.0], [3.25, 0.0, 1e-3], [0.0, 1e6, 7.0]])


def saved(folder, text, name="m.csv", encoding="utf-8"):
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("name", ["m.csv", "m.omx"])
def test_there_and_back(tmp_path, name):
    matrices = {"car": CAR, "truck": CAR.T * 0.1}
    write_matrices(tmp_path / name, matrices, ZONES)
    found = read_matrices(tmp_path / name, ZONES)
    assert set(found) == {"car", "truck"}
    for key, matrix in matrices.items():
        assert np.array_equal(found[key], matrix)
    assert [file.name for file in tmp_path.iterdir()] == [name]
    only = read_matrices(tmp_path / name, ZONES[::-1], only="car")
    assert list(only) == ["car"]
    assert np.array_equal(only["car"], CAR[::-1, ::-1])


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 6), st.integers(0, 10_000))
def test_any_matrix_comes_back(tmp_path_factory, size, seed):
    rng = np.random.default_rng(seed)
    matrix = rng.gamma(0.3, 1e3, (size, size)) * (rng.random((size, size)) < 0.5)
    zones = pd.Index([f"z,;{i} ä" for i in range(size)])
    for name in ("m.csv", "m.omx"):
        path = tmp_path_factory.mktemp("m") / name
        write_matrices(path, {"x": matrix}, zones)
        assert np.array_equal(read_matrices(path, zones)["x"], matrix)


def test_long_tables_of_spreadsheets(tmp_path):
    text = "Von;Nach;Pkw;Lkw\nzone:3_4;gate:A 59;1.234,5;2\nzone:1_2;zone:1_2;0;0,5\n"
    found = read_matrices(saved(tmp_path, text, encoding="cp1252"), ZONES)
    assert found["Pkw"][1, 2] == 1234.5
    assert found["Lkw"][0, 0] == 0.5
    assert found["Pkw"].sum() == 1234.5  # pairs that are missing are 0


def test_wide_tables_in_any_order(tmp_path):
    text = "zone,2,1\n1,12,11\n2,22,21\n"
    found = read_matrices(saved(tmp_path, text, "trips.csv"), ["1", "2"])
    assert found["trips"].tolist() == [[11, 12], [21, 22]]


def test_names_may_be_translated_and_joined(tmp_path):
    text = "from,to,trips\n1,2,10\n1,3,5\n3,2,1\n2,1,4\n"
    names = {"1": "west", "2": "east", "3": "east"}
    found = read_matrices(saved(tmp_path, text), ["west", "east"], names=names)
    assert found["trips"].tolist() == [[0, 15], [4, 1]]


def test_openmatrix_reads_what_we_write(tmp_path):
    write_matrices(tmp_path / "m.omx", {"car": CAR, "truck": 2 * CAR}, ZONES)
    with openmatrix.open_file(str(tmp_path / "m.omx")) as file:
        assert sorted(file.list_matrices()) == ["car", "truck"]
        assert file.shape() == (3, 3)
        assert file.version() == b"0.2"
        assert np.array_equal(np.array(file["truck"]), 2 * CAR)
        assert file.mapping("zone") == {1: 0, 2: 1, 3: 2}
        assert "zone_id" in file.list_mappings()


def test_we_read_what_openmatrix_writes(tmp_path):
    with openmatrix.open_file(str(tmp_path / "m.omx"), "w") as file:
        file["car"] = CAR
        file["ints"] = CAR.astype(np.int32)
        file.create_mapping("taz", [30, 10, 20])
        file.create_mapping("other", [7, 8, 9])
    found = read_matrices(tmp_path / "m.omx", ["10", "20", "30"])
    order = [1, 2, 0]
    assert np.array_equal(found["car"], CAR[np.ix_(order, order)])
    assert np.array_equal(found["ints"], CAR.astype(int)[np.ix_(order, order)])
    other = read_matrices(tmp_path / "m.omx", ["7", "8", "9"], lookup="other", only="car")
    assert np.array_equal(other["car"], CAR)


def test_we_read_what_aequilibrae_writes(tmp_path):
    matrix = pytest.importorskip("aequilibrae.matrix")
    path = str(tmp_path / "m.omx")
    made = matrix.AequilibraeMatrix()
    made.create_empty(zones=3, matrix_names=["car"], memory_only=True)
    made.index[:] = [5, 6, 7]
    made.matrix["car"][:, :] = CAR
    made.export(path)
    found = read_matrices(tmp_path / "m.omx", ["7", "6", "5"])
    assert np.array_equal(found["car"], CAR[::-1, ::-1])


def test_no_lookup_means_one_to_n_or_our_order(tmp_path):
    with openmatrix.open_file(str(tmp_path / "m.omx"), "w") as file:
        file["car"] = CAR
    assert np.array_equal(read_matrices(tmp_path / "m.omx", ["1", "2", "3"])["car"], CAR)
    with pytest.raises(SchemaError):
        read_matrices(tmp_path / "m.omx", ZONES)
    assert np.array_equal(read_matrices(tmp_path / "m.omx", ZONES, by_order=True)["car"], CAR)
    with pytest.raises(SchemaError, match="3 zones in the file, 2 in the town"):
        read_matrices(tmp_path / "m.omx", ZONES[:2], by_order=True)


def test_another_zone_system_is_named_with_counts(tmp_path):
    text = "from,to,trips\na,b,1\nb,zone:1_2,1\n"
    with pytest.raises(SchemaError) as caught:
        read_matrices(saved(tmp_path, text), ZONES)
    said = str(caught.value)
    assert "2 of 3 zones are not in the town: a, b" in said
    assert "2 of 3 zones of the town are missing in the file" in said


def test_all_faults_are_said_at_once(tmp_path):
    text = "from,to,x,y\na,b,-1,?\nb,a,nan,3\na,a,-4,1\nb,b,1,1\n"
    with pytest.raises(SchemaError) as caught:
        read_matrices(saved(tmp_path, text), ["a", "c"])
    said = str(caught.value)
    assert all(part in said for part in (
        "not in the town: b", "missing in the file: c", "x: 1 values are no numbers, e.g. b to a",
        "x: 2 values are negative, e.g. a to a", "y: 1 values are no numbers, e.g. a to b",
    ))  # fmt: skip


@pytest.mark.parametrize("text", [
    "zone,a,b\na,1,2\n",  # not square
    "zone,a,b\na,1,2\nc,3,4\n",  # other names
    "zone,a,a\na,1,2\na,3,4\n",
    "from,to\na,b\n",  # no values
    "from,to,x\na,b,1\na,b,2\n",  # a pair twice
    "",
])  # fmt: skip
def test_what_is_no_matrix(tmp_path, text):
    with pytest.raises(SourceError):
        read_matrices(saved(tmp_path, text), ["a", "b"])


def test_broken_omx(tmp_path):
    with pytest.raises(SourceError, match="no OMX file"):
        read_matrices(saved(tmp_path, "from,to,x\n", "m.omx"), ZONES)
    with pytest.raises(SourceError, match="cannot be read"):
        read_matrices(tmp_path / "none.omx", ZONES)
    write_matrices(tmp_path / "whole.omx", {"car": CAR}, ZONES)
    cut = tmp_path / "cut.omx"
    cut.write_bytes((tmp_path / "whole.omx").read_bytes()[:700])
    with pytest.raises(SourceError, match="cannot be read as OMX"):
        read_matrices(cut, ZONES)
    with h5py.File(tmp_path / "empty.omx", "w") as file:
        file.create_group("data")
    with pytest.raises(SourceError, match="no matrix below"):
        read_matrices(tmp_path / "empty.omx", ZONES)
    with pytest.raises(SourceError, match="no matrix bus; it has car"):
        read_matrices(tmp_path / "whole.omx", ZONES, only="bus")
    with pytest.raises(SourceError, match="no zone names taz"):
        read_matrices(tmp_path / "whole.omx", ZONES, lookup="taz")


def test_omx_that_is_not_square(tmp_path):
    with h5py.File(tmp_path / "m.omx", "w") as file:
        file["data/car"] = np.ones((3, 2))
        file["data/text"] = np.full((3, 3), b"x")
    with pytest.raises(SchemaError) as caught:
        read_matrices(tmp_path / "m.omx", ["1", "2", "3"])
    assert "car: 3 rows and 2 columns for 3 zones" in str(caught.value)
    assert "text: 9 values are no numbers" in str(caught.value)


def test_writing_refuses_other_sizes_and_leaves_what_stood_there(tmp_path):
    path = tmp_path / "m.csv"
    path.write_text("kept")
    with pytest.raises(SchemaError, match="car: 2 x 2"):
        write_matrices(path, {"car": np.zeros((2, 2))}, ZONES)
    assert path.read_text() == "kept"
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError):
        write_matrices(tmp_path / "file" / "m.csv", {"car": CAR}, ZONES)

"""City model tiles: seconds for 1 km², growth with the town, memory; 100,000 envelopes."""

import os

import pytest

from layers.citymodel import read_citymodel
from layers.envelopes import envelopes
from layers.sample_city import make_sample
from tests.benchmarks.measure import run
from tests.town_files.citymodel import write_lod2

READ = """
import sys
from pathlib import Path
from layers.citymodel import read_citymodel
data = read_citymodel(sorted(Path(sys.argv[1]).iterdir()))
print(len(data.tables["buildings"]), len(data.tables["roofs"]))
"""


@pytest.mark.parametrize("version", ["1.0", "3.0", "cityjson"])
def test_one_dense_tile(benchmark, tmp_path, version):
    """Wanted: 2,000 buildings in one tile of 1 km² in at most 3 s."""
    tables = make_sample(buildings=2000).tables
    paths = write_lod2(tables, tmp_path, tile_m=20_000, version=version)
    data = benchmark.pedantic(read_citymodel, args=(paths,), rounds=5, warmup_rounds=1)
    size = sum(path.stat().st_size for path in paths) / 1e6
    whole = int(data.tables["buildings"]["part_of"].isna().sum())
    benchmark.extra_info.update(buildings=whole, tiles=len(paths), megabytes=round(size, 1))


@pytest.mark.parametrize("count", [5_000, 10_000, 20_000])
def test_a_town(benchmark, tmp_path, count):
    """Twice the town takes twice the time; memory grows with the results, not with the files."""
    paths = write_lod2(make_sample(buildings=count).tables, tmp_path / "tiles")
    script = tmp_path / "read.py"
    script.write_text(READ)
    runs = []
    benchmark.pedantic(lambda: runs.append(run(str(script), str(tmp_path / "tiles"))), rounds=3)
    peak = max(r.peak_mb for r in runs)
    size = sum(path.stat().st_size for path in paths) / 1e6
    benchmark.extra_info.update(
        peak_mb=round(peak), buildings=count, tiles=len(paths), megabytes=round(size)
    )
    print(f"\n{count:,}: {runs[-1].seconds:.1f} s with start, {peak:.0f} MB peak, {size:.0f} MB")


@pytest.mark.parametrize("count", [10_000, 100_000])
def test_envelopes(benchmark, count):
    """Wanted: 100,000 buildings in well under 20 s."""
    if count > 20_000 and not os.environ.get("TWIN_LARGE"):
        pytest.skip("a region of 100,000 buildings takes a minute to make: set TWIN_LARGE=1")
    tables = make_sample(buildings=count).tables
    table = benchmark.pedantic(envelopes, args=(tables["buildings"], tables["roofs"]), rounds=3)
    assert len(table) > 0.9 * count

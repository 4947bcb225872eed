"""NAS: megabytes a second (wall clock, own processor) and peak memory by size of file."""

import pytest

from layers.nas import read_nas
from layers.sample_city import make_sample
from tests.benchmarks.measure import run
from tests.town_files.nas import write_nas

READ = """
import sys, time
from pathlib import Path
from layers.nas import read_nas
started, cpu = time.perf_counter(), time.process_time()
data = read_nas(Path(sys.argv[1]))
print(len(data.tables["buildings"]), time.perf_counter() - started, time.process_time() - cpu)
"""


@pytest.fixture(scope="module")
def tables():
    return make_sample(buildings=1000).tables


@pytest.mark.parametrize("copies", [2, 7, 21], ids=["30 MB", "100 MB", "320 MB"])
def test_time_and_memory_by_size(benchmark, tables, tmp_path, copies):
    """Time grows with the file; memory with what is kept of it, half its size or so."""
    path = write_nas(tables, tmp_path / "town.xml", copies=copies)
    size = path.stat().st_size / 1e6
    done = benchmark.pedantic(run, args=("-c", READ, str(path)), rounds=1)
    count, seconds, cpu = done.output.split()
    assert int(count) == copies * len(tables["buildings"])
    benchmark.extra_info |= {"MB": round(size), "peak_mb": round(done.peak_mb)}
    speed = f"{size / float(seconds):.1f} MB/s, {size / float(cpu):.1f} MB a second of processor"
    print(f"{size:.0f} MB: {speed}, peak {done.peak_mb:.0f} MB")


def test_reading_100_mb(benchmark, tables, tmp_path):
    path = write_nas(tables, tmp_path / "town.xml", copies=7)
    data = benchmark.pedantic(read_nas, args=(path,), rounds=3, warmup_rounds=1)
    print(f"{path.stat().st_size / 1e6 / benchmark.stats.stats.median:.1f} MB/s")
    assert len(data.tables["parcels"]) == 7 * len(tables["buildings"])

"""The model town: seconds and memory of the default town, a hamlet and a region."""

import os

import pytest

from tests.benchmarks.measure import run

MAKE = """
import sys
from layers.sample_city import make_sample
count = int(sys.argv[1]) or None
print(len(make_sample(buildings=count).tables["buildings"]))
"""


@pytest.mark.parametrize("count", [200, 0, 100_000, 1_000_000])
def test_make_sample(benchmark, tmp_path, count):
    """Wanted: hamlet 2 s, default town (0) 20 s, a million buildings a few minutes and 8 GB."""
    if count > 100_000 and not os.environ.get("TWIN_LARGE"):
        pytest.skip("1,000,000 buildings take minutes and GB: set TWIN_LARGE=1")
    script = tmp_path / "make.py"
    script.write_text(MAKE)
    runs = []
    benchmark.pedantic(lambda: runs.append(run(str(script), str(count))), rounds=1)
    benchmark.extra_info.update(peak_mb=round(runs[0].peak_mb), buildings=count)
    print(f"\n{count:,}: {runs[0].seconds:.1f} s with start, {runs[0].peak_mb:.0f} MB peak")

"""How long census, blocks and zones take as towns grow."""

import numpy as np
import pytest

from layers.blocks import make_blocks
from layers.census import distribute, read_census
from layers.estimate import estimate_stock
from layers.sample_city import make_sample
from layers.zones import make_zones, shape_report
from tests.benchmarks.measure import run
from tests.town_files.census import write_census

TOWNS = [5_000, 10_000, 20_000]
COUNTRY = """
import sys
from pathlib import Path
from shapely import box
from layers.census import read_census
from layers.source_data import Area
area = Area(box(4_115_000, 3_076_000, 4_125_000, 3_089_000), "EPSG:3035")
print(len(read_census([Path(sys.argv[1])], area=area).tables["cells"]))
"""


@pytest.fixture(scope="module", params=TOWNS)
def town(request, tmp_path_factory):
    sample = make_sample(buildings=request.param)
    stock = estimate_stock(sample.tables["buildings"], sample.tables["landuse"])
    folder = tmp_path_factory.mktemp(f"census_{request.param}")
    census = read_census(write_census(sample.tables, folder))
    return sample, stock, census


def test_distribute(benchmark, town):
    _, stock, census = town
    cells, counts = census.tables["cells"], census.tables["census_counts"]
    args = (stock, cells, counts)
    done, _ = benchmark.pedantic(distribute, args=args, rounds=3, warmup_rounds=1)
    benchmark.extra_info["buildings"] = len(stock)
    benchmark.extra_info["cells"] = len(cells)
    assert done["residents"].notna().any()


def test_blocks_and_zones(benchmark, town):
    sample, _, _ = town

    def both():
        blocks = make_blocks(sample.tables, crs=sample.crs)
        return blocks, make_zones(blocks, sample.tables["districts"])[0]

    blocks, zones = benchmark.pedantic(both, rounds=3, warmup_rounds=1)
    benchmark.extra_info["buildings"] = len(sample.tables["buildings"])
    benchmark.extra_info["blocks"] = len(blocks)
    benchmark.extra_info |= shape_report(zones)


def test_a_whole_country_is_read_where_the_town_lies(benchmark, tmp_path):
    """Germany has 3.1 million inhabited cells; what is read of them is told by the memory."""
    path = tmp_path / "Zensus2022_Bevoelkerungszahl_100m-Gitter.csv"
    side = 1_760
    x, y = np.meshgrid(4_040_000 + 100 * np.arange(side), 3_000_000 + 100 * np.arange(side))
    with path.open("w") as file:
        file.write("GITTER_ID_100m;x_mp_100m;y_mp_100m;Einwohner\n")
        for e, n in zip(x, y, strict=True):
            rows = [
                f"CRS3035RES100mN{b}E{a};{a + 50};{b + 50};7" for a, b in zip(e, n, strict=True)
            ]
            file.write("\n".join(rows) + "\n")
    done = benchmark.pedantic(run, args=("-c", COUNTRY, str(path)), rounds=1)
    benchmark.extra_info["rows"] = side**2
    benchmark.extra_info["megabytes"] = round(path.stat().st_size / 1e6)
    benchmark.extra_info["seconds"] = round(done.seconds, 1)
    benchmark.extra_info["peak_mb"] = round(done.peak_mb)
    assert int(done.output) > 10_000

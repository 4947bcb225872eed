"""How long a table of 200,000 rows takes from the packed file to readings."""

from __future__ import annotations

import gzip
import threading
from datetime import UTC, datetime, timedelta

import pytest

from tests.layers.sensors.tables import Kept, config, source

ROWS = 200_000


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("table") / "load.csv.gz"
    begin = datetime(2013, 10, 1, tzinfo=UTC)
    rows = (
        f"{begin + timedelta(minutes=5 * (n // 108)):%Y-%m-%d %H:%M:%S},ST{n % 108:03},{n % 3}\n"
        for n in range(ROWS)
    )
    path.write_bytes(gzip.compress(("time,s,v\n" + "".join(rows)).encode(), 1))
    return path


def test_rows_of_a_table(benchmark, table):
    def read():
        kept = Kept()
        source(config(file=str(table), once=True)).run(kept, threading.Event())
        return kept

    kept = benchmark.pedantic(read, rounds=3, iterations=1)
    benchmark.extra_info["rows_per_s"] = round(ROWS / benchmark.stats.stats.mean)
    assert len(kept.values) == ROWS

"""Two thousand sensors on a page: the list, what has changed, the day played again."""

import pytest

from layers.sensors.records import Datastream, Delivery, Reading
from tests.dash_app.sensing.town import NOW, PLANNER, PUBLIC, ms, town

COUNT = 2_000
BEGIN = ms(NOW) // 300_000 * 300_000
KINDS = (("air_temperature", "Cel", "value"), ("vehicles", "{vehicle}", "count"),
         ("no2", "ug/m3", "mean"), ("pedestrians", "{person}", "count"))  # fmt: skip
SOME = "/api/sensors?numbers=" + ",".join(map(str, range(1, 101)))


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    streams = []
    for n in range(COUNT):  # every fortieth counts persons
        property_, unit, statistic = KINDS[3 if n % 40 == 3 else n % 3]
        streams.append(Datastream(f"b/{n}", "b", f"Messstelle {n}", property_, unit, statistic,
                                  lon=7 + n / 20_000, lat=50.8, interval_s=300))  # fmt: skip
    values = [Reading(one.key, BEGIN - k * 300_000, k % 20 + n % 13 + 0.5)
              for n, one in enumerate(streams) for k in range(24)]  # fmt: skip
    found = town(tmp_path_factory.mktemp("bench"), streams, values)
    yield found
    found.context.engine.close()
    found.store.close()


@pytest.mark.parametrize("who", [PLANNER, PUBLIC], ids=["planner", "public"])
@pytest.mark.parametrize("path", ["/api/sensors", SOME, "/api/sensors/day"],
                         ids=["all", "hundred", "day"])  # fmt: skip
def test_asked_for(benchmark, here, who, path):
    here.json(path, who)
    found = benchmark.pedantic(lambda: here.json(path, who), rounds=5, iterations=1)
    assert found
    assert benchmark.stats.stats.median < (3.0 if path.endswith("day") else 0.8)


def test_a_hundred_written_and_read(benchmark, here):
    moments = iter(range(BEGIN + 1, BEGIN + 1_000))

    def news():
        at = next(moments)
        changed = tuple(Reading(f"b/{n}", at, 5.0) for n in range(100))
        here.store.observations.write([Delivery("b", changed)])
        return here.json(SOME)

    benchmark.pedantic(news, rounds=5, iterations=1)
    assert benchmark.stats.stats.median < 0.3

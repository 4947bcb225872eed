"""A year of weather from each kind of source."""

import pytest

from layers.weather import read_weather
from tests.town_files.weather import write_station, write_try


@pytest.mark.parametrize("kind", ["try", "station of 2 years", "station of 20 years"])
def test_a_year_of_weather(benchmark, tmp_path, kind):
    """A station keeps decades in its files; only one year is wanted."""
    if kind == "try":
        paths = [write_try(tmp_path / "a.dat")]
    else:
        first = 2014 if "20" not in kind else 1996
        paths = write_station(tmp_path, years=(first, 2015))
    data = benchmark.pedantic(read_weather, args=(paths,), rounds=3)
    assert len(data.tables["weather"]) == 8760
    print(f"\n{kind}: {benchmark.stats['median']:.2f} s")

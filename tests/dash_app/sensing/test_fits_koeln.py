"""The traffic loads of Köln on their segments against a model of known loads."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.stats import spearmanr

from dash_app.sensing.fits import Fits, Scene, Traffic
from dash_app.sensing.sensed import Sensed
from dash_app.settings import Settings
from dash_app.workspace.viewer import PUBLIC
from layers.project_store import open_store
from layers.sensors.records import Datastream, Delivery, Reading
from twin.assumptions import assumptions

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = Path(__file__).parents[4] / "shared" / "data" / "sensors"
SEGMENTS, LOADS = DATA / "koeln_street_segments.geojson", DATA / "koeln_traffic_load_2013-10.csv.gz"

pytestmark = pytest.mark.skipif(
    not LOADS.exists(), reason=f"needs the loads of Köln in {DATA}, beside the repository"
)


@pytest.fixture(scope="module")
def loads() -> pd.DataFrame:
    """Give the loads of four days, one value an hour; 16 says that nothing is known."""
    table = pd.read_csv(LOADS, parse_dates=["datetime_utc"])
    days = table["datetime_utc"].between("2013-10-07", "2013-10-11", inclusive="left")
    hourly = table[days & (table["datetime_utc"].dt.minute < 5) & (table["auslastung"] <= 2)]
    return hourly.drop_duplicates(["identifier", "datetime_utc"])


@pytest.fixture(scope="module")
def segments() -> gpd.GeoDataFrame:
    found = gpd.read_file(SEGMENTS).dissolve("IDENTIFIER")
    return found[~found.geometry.is_empty]


@pytest.fixture(scope="module")
def scene(
    loads: pd.DataFrame, segments: gpd.GeoDataFrame, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    """Give a town whose streets are the segments, with a load of its own on each."""
    merged = shapely.line_merge(segments.to_crs(25832).geometry.to_numpy())
    longest = [max(shapely.get_parts(one), key=shapely.length) for one in merged]
    lines = gpd.GeoSeries(longest, segments.index, crs=25832)
    streets = gpd.GeoDataFrame(
        {"allow_car": True, "reverse_id": None, "name": segments["NAME"], "ref": "",
         "length_m": lines.length},
        geometry=lines,
    )  # fmt: skip
    modelled = np.random.default_rng(7).uniform(0.1, 1.2, len(streets))
    traffic = pd.DataFrame(
        {"car": 1000.0 * modelled, "truck": 0.0, "car_peak": 100.0 * modelled, "truck_peak": 0.0,
         "load": modelled},
        index=streets.index,
    )  # fmt: skip
    city: Any = type("Town", (), {})()
    city.streets, city.crs, city.tables = streets, streets.crs, {"streets": streets}
    answers = type("Answers", (dict,), {"given": assumptions()})(traffic=traffic)
    year: Any = SimpleNamespace(answers=answers, state=SimpleNamespace(city=city), key="k")
    store = open_store(tmp_path_factory.mktemp("koeln") / "projects.sqlite")
    streams = tuple(
        Datastream(f"koeln/{name}", "koeln", str(row["NAME"]), "traffic_load", "1", "mean",
                   interval_s=300.0, line=row.geometry.wkt)
        for name, row in segments.iterrows()
    )  # fmt: skip
    known = loads[loads["identifier"].isin(segments.index)]
    readings = tuple(
        Reading(f"koeln/{name}", int(at.timestamp() * 1000), float(value))
        for name, at, value in zip(
            known["identifier"], known["datetime_utc"].dt.tz_localize("UTC"), known["auslastung"],
            strict=True,
        )
    )  # fmt: skip
    store.observations.write([Delivery("koeln", readings, streams)])
    now = pd.Timestamp("2013-10-11T12:00Z").timestamp()
    sensed = Sensed(store.observations, Settings(), clock=lambda: now)
    yield Scene(sensed, city, Settings(), PUBLIC, "run", year)
    store.close()


def test_segments_find_their_streets_and_are_ranked(scene: Scene, loads: pd.DataFrame) -> None:
    made = Fits().get("traffic", scene)
    assert isinstance(made, Traffic)
    assert made.counted is None, "loads are no counts"
    assert made.loads is not None
    found = made.loads.fit.segments.dropna(subset=["observed", "modelled"])
    names = {row.number: row.stream.key.partition("/")[2] for row in scene.sensed.store.streams()}
    found = found.set_axis(pd.Index([names[int(n)] for n in found.index]))
    assert set(found.index) == set(loads["identifier"]), "all that ever told something"
    traffic = scene.year.answers["traffic"]["load"]
    own = found["modelled"] / traffic.reindex(found.index)
    # each segment lies on its own street, but where others run along it
    assert (own / own.median()).between(0.98, 1.02).mean() > 0.7
    # their means are those of the file, by hour of the town's day
    over = loads["datetime_utc"] < loads["datetime_utc"].max().floor("h")  # not under way any more
    loads = loads[over]
    local = loads["datetime_utc"].dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin")
    whole = loads.groupby(["identifier", local.dt.floor("h")])["auslastung"].mean()
    clock = pd.DatetimeIndex(whole.index.get_level_values(1)).hour
    means = whole.groupby(["identifier", clock]).mean().groupby("identifier").mean()
    assert found["observed"].to_numpy() == pytest.approx(means.reindex(found.index).to_numpy())
    rank = spearmanr(found["observed"], found["modelled"]).statistic
    assert made.loads.fit.rank == pytest.approx(rank)

"""Comparisons over the API: for whom, in which words; the matrix as a file that can be read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from layers.matrices import read_matrices
from layers.sensors.records import Datastream, Delivery, Reading
from layers.traffic_counts import place_counts, read_counts
from twin.simulate import zone_ids

if TYPE_CHECKING:
    from pathlib import Path

    from tests.dash_app.api.conftest import Desk

MONDAY = datetime(2026, 11, 1, 23, tzinfo=UTC)
YEAR = 2030


@pytest.fixture(scope="module", autouse=True)
def counters(whole_desk: Desk) -> list[str]:
    """Connect two counters of a week, one of them for planners alone."""
    context = whole_desk.context
    streets = context.city.streets
    usable = streets[streets["allow_car"].to_numpy(bool) & streets["reverse_id"].notna()]
    chosen = [str(usable.index[0]), str(usable.index[len(usable) // 2])]
    streams = tuple(
        Datastream(f"fits/{n}", "fits", f"Zählstelle {n}", "vehicles", "{vehicle}", "count",
                   interval_s=3600.0, street=street, direction="both", public=n == 0)
        for n, street in enumerate(chosen)
    )  # fmt: skip
    readings = tuple(
        Reading(stream.key, int((MONDAY + timedelta(hours=h)).timestamp() * 1000), 60.0)
        for stream in streams
        for h in range(7 * 24)
    )
    context.store.observations.write([Delivery("fits", readings, streams)])
    return chosen


def test_counts_against_flows(desk: Desk) -> None:
    path = f"/api/fits/traffic/{desk.base}/{YEAR}"
    found = desk.client.get(path, params={"lang": "de"}).json()
    assert {row["name"] for row in found["rows"]} == {"Zählstelle 0", "Zählstelle 1"}
    assert found["summary"]["n"] == 48
    assert [row["counted_day"] for row in found["rows"]] == [1440.0, 1440.0]
    assert "GEH" in found["said"][0]
    public = desk.as_public().get(path, params={"lang": "en"}).json()
    assert {row["name"] for row in public["rows"]} == {"Zählstelle 0"}
    assert desk.client.get(f"/api/fits/traffic/{desk.full}/{YEAR}").status_code == 404
    assert desk.client.get(f"/api/fits/noise/{desk.base}/{YEAR}").status_code == 422


def test_deviation_as_a_column_of_the_map(desk: Desk) -> None:
    answer = desk.client.get(f"/api/fits/traffic/{desk.base}/{YEAR}/column")
    assert answer.status_code == 200
    other = desk.client.get(f"/api/views/{desk.base}/{YEAR}/car_flow")
    assert len(answer.content) == pytest.approx(len(other.content), rel=0.1)
    assert answer.headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize("kind", ["climate", "energy"])
def test_nothing_measured_is_no_fault(desk: Desk, kind: str) -> None:
    answer = desk.client.get(f"/api/fits/{kind}/{desk.base}/{YEAR}")
    assert answer.status_code == 200
    told = answer.json()
    assert "Zählstelle" not in str(told["rows"] + told["left_out"])


def test_the_matrix_is_adjusted_and_taken_along(
    desk: Desk, counters: list[str], tmp_path: Path
) -> None:
    path = f"/api/fits/traffic/{desk.base}/{YEAR}"
    assert desk.client.get(f"{path}/adjusted").json()["state"] == "none"
    assert desk.client.get(f"{path}/adjusted/matrix.csv").status_code == 404
    assert desk.client.post(f"{path}/adjusted").json()["state"] in {"running", "done"}
    desk.context.adjusting.wait(60.0)
    done = desk.client.get(f"{path}/adjusted").json()
    assert done["state"] == "done"
    assert done["counts"] == 4
    assert {row["street"] for row in done["rows"]} >= set(counters)
    total = done["summary"]["total_after"]
    scenario = desk.context.engine.scenario(desk.base)
    assert scenario is not None
    zones = zone_ids(desk.context.city, scenario)
    for form in ("csv", "omx"):
        file = tmp_path / f"matrix.{form}"
        file.write_bytes(desk.client.get(f"{path}/adjusted/matrix.{form}").content)
        assert read_matrices(file, zones)["car"].sum() == pytest.approx(total, rel=1e-3)
    file = tmp_path / "counts.csv"
    file.write_bytes(desk.client.get(f"{path}/counts.csv").content)
    city = desk.context.city
    placed = place_counts(read_counts(file), city.streets).table
    assert sorted(placed["street"]) == sorted(row["street"] for row in done["rows"])
    assert placed["vehicles_day"].to_numpy() == pytest.approx(np.full(4, 720.0))  # half of both
    for verb in ("get", "post", "delete"):
        refused = getattr(desk.as_public(), verb)(f"{path}/adjusted")
        assert refused.status_code in {401, 403}

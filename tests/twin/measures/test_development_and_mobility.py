"""What a new development adds is seen by the models of mobility: residents, jobs, a zone."""

import dataclasses

import geopandas as gpd
import numpy as np
import pytest
from shapely import box

from tests.conftest import CRS
from tests.twin.scenario.town import E, N, area, make_state, scenario
from twin.mobility.demand.jobs import jobs_of
from twin.mobility.demand.zoning import zone_of
from twin.scenario import plan
from twin.schema import ZONES
from twin.validation import conform

TOWN = make_state()


def with_zones():
    zones = gpd.GeoDataFrame(
        {"area_m2": 1e4, "boundary_source": "tagged"},
        index=["z1", "z2"],
        geometry=[box(E - 50, N - 50, E + 220, N + 100), box(E - 50, N + 100, E + 220, N + 400)],
        crs=CRS,
    )
    city = TOWN.city.replace(zones=conform(ZONES, zones, crs=CRS))
    return dataclasses.replace(TOWN, city=city, baseline=city)


@pytest.mark.parametrize(
    ("fields", "jobs"),
    [({"dwellings": 24}, False), ({"floor_area_m2": 4000, "use": "office",
                                   "size_class": "non_residential"}, True)],
)  # fmt: skip
def test_new_buildings_have_a_zone_people_and_jobs(fields, jobs):
    town = with_zones()
    build = {"kind": "new_development", "area": area(0, 150, 200, 380), "start_year": 2026,
             **fields}  # fmt: skip
    made = plan(town.city, scenario(build), TOWN.assumptions, base=town).states[-1]
    zones = zone_of(made.city.buildings, made.city.zones)
    new = made.stock.index.difference(TOWN.stock.index)
    assert len(new) > 0
    assert set(zones[new]) == {"z2"}
    assert set(zones[TOWN.stock.index]) == {"z1"}
    residents = made.stock["residents"].groupby(zones.reindex(made.stock.index)).sum()
    before = jobs_of(TOWN.stock, TOWN.assumptions, base=TOWN.stock).sum()
    found = jobs_of(made.stock, TOWN.assumptions, base=TOWN.stock)
    if jobs:
        assert found[new].sum() > 0
        assert residents.get("z2", 0.0) == 0.0
    else:
        assert residents["z2"] == pytest.approx(24 * TOWN.assumptions["residents_per_dwelling"])
        assert np.isclose(found[TOWN.stock.index].sum(), before)

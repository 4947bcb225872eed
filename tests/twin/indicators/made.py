"""Results small enough to work out by hand."""

from types import SimpleNamespace

import pandas as pd

from twin.assumptions import Assumption, Assumptions
from twin.indicators import INDICATORS
from twin.indicators.definition import area_sums

COLUMNS = sorted({c for i in INDICATORS.values() for c in (*i.top, *i.bottom)})
AREAS = {"district_id": ["north", "north", "south"], "block_id": ["1", "2", None]}
GIVEN = Assumptions(
    {
        "heat.warm": Assumption("heat.warm", 10, 8, 13, "K", "own", "made up"),
        "balance.dear": Assumption("balance.dear", 2, 1, 3, "EUR", "own", "made up"),
    }
)


def year_results(year, given, *, saved=0.0):
    """Give three houses whose heat grows with `heat.warm` and whose bill with both."""
    index = pd.Index(["a", "b", "c"], name="building_id")
    buildings = pd.DataFrame(0.0, index, COLUMNS).assign(**AREAS)
    buildings["heated_area_m2"] = [100.0, 200.0, 100.0]
    buildings["residents"] = [2.0, 4.0, 2.0]
    heat = pd.Series([10_000.0, 20_000.0, 10_000.0], index) * given["heat.warm"] / 10 - saved
    buildings["space_kwh"] = heat
    buildings["energy_cost_eur"] = heat * given["balance.dear"] / 20
    kinds = ["registered:alkis", "estimated:age_shares", "tagged"]
    stock = buildings[["heated_area_m2", *AREAS]].assign(
        use_source=kinds, size_class_source=kinds, age_class_source=kinds,
        heated_area_source=kinds, refurbishment_source="estimated:by_age",
    )  # fmt: skip
    peaks = pd.DataFrame(
        {"heat_kw": [20.0, 12.0, 8.0], "import_kw": 1.0, "feed_in_kw": 1.0},
        pd.MultiIndex.from_tuples(
            [("city", "city"), ("district", "north"), ("block", "1")], names=["level", "area"]
        ),
    )
    state = SimpleNamespace(stock=stock)
    sums = area_sums(buildings, COLUMNS)
    return SimpleNamespace(
        year=year, buildings=buildings, sums=sums, peaks=peaks, state=state, failed={}
    )


def results(given=GIVEN, *, saved=0.0, years=(2025, 2030)):
    found = {year: year_results(year, given, saved=saved * (year - 2025)) for year in years}
    return SimpleNamespace(years=found, given=given, data_date="2026-01-01")

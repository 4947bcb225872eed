"""An HBEFA export in place of the averages."""

import pandas as pd
import pytest

from layers.assumption_files import read_emission_factors
from tests.twin.mobility.effects.test_emissions import FLOWS, GIVEN, STREETS
from twin.errors import ModelError
from twin.mobility.effects import own_factors, street_emissions

ROWS = [
    ("pass. car", "CO2(total)", 2025, "URB/Local/30/Freeflow", 200.0),
    ("pass. car", "CO2(total)", 2025, "URB/Local/50/Freeflow", 180.0),
    ("pass. car", "CO2(total)", 2025, "URB/Local/50/Saturated", 220.0),
    ("pass. car", "CO2(total)", 2025, "RUR/Trunk/100/Freeflow", 140.0),
    ("pass. car", "CO2(total)", 2035, "URB/Local/50/Freeflow", 90.0),
    ("pass. car", "NOx", 2025, "URB/Local/50/Freeflow", 0.3),
    ("HGV", "CO2(total)", 2025, "RUR/Trunk/80/Freeflow", 700.0),
    ("motorcycle", "CO2(total)", 2025, "URB/Local/50/Freeflow", 80.0),
]
COLUMNS = ["vehicle_category", "component", "year", "traffic_situation", "factor"]
EXPORT = pd.DataFrame(ROWS, columns=COLUMNS)


def test_factors_by_limit(tmp_path):
    EXPORT.to_csv(tmp_path / "hbefa.csv", index=False)
    found = own_factors(read_emission_factors(tmp_path / "hbefa.csv"), 2027)
    assert set(found) == {"car", "truck"}
    assert found["car"].to_dict() == {30.0: 200.0, 50.0: 200.0, 100.0: 140.0}
    assert own_factors(EXPORT, 2034)["car"].to_dict() == {50.0: 90.0}


def test_streets_by_hand():
    own = own_factors(EXPORT, 2025)
    plain, found = (street_emissions(STREETS, FLOWS, GIVEN, 2025, own=o) for o in (None, own))
    wanted = (2000 * 140 + 200 * 700 + 20 * 200) / 1000
    assert found["ghg_direct_kg"].sum() == pytest.approx(wanted)
    assert (found["petrol_l"] == plain["petrol_l"]).all()
    assert found["ghg_kg"].sum() > wanted * 1.16  # upstream chains on top


def test_own_equal_to_the_average_changes_nothing():
    plain = street_emissions(STREETS, FLOWS[["car"]], GIVEN, 2030)
    mean = plain["ghg_direct_kg"] / plain["km_car"] * 1000
    own = {"car": pd.Series({100.0: mean["a"], 30.0: mean["c"]})}
    found = street_emissions(STREETS, FLOWS[["car"]], GIVEN, 2030, own=own)
    assert found.to_numpy() == pytest.approx(plain.to_numpy())


def test_without_speeds_one_value_stands_for_all():
    export = EXPORT[EXPORT["factor"] == 140.0].drop(columns="traffic_situation")
    found = street_emissions(STREETS, FLOWS[["car"]], GIVEN, 2025, own=own_factors(export, 2025))
    assert found["ghg_direct_kg"].sum() == pytest.approx(2020 * 0.14)


def test_no_greenhouse_gas_is_refused():
    with pytest.raises(ModelError, match="NOx"):
        own_factors(EXPORT[EXPORT["component"] == "NOx"], 2025)

"""
Run BESTEST cases (ANSI/ASHRAE 140-2020, thermal fabric) on the twin's hourly room model.

    python tests/tools/bestest.py CASES.toml [--weather FILE.epw] [--case NAME]

Prints one JSON line a case. Shipped cases: tests/tools/bestest/cases.toml; how a case is written
stands in tests/tools/bestest/README.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:  # run as a script, with this folder for a path
    sys.path.insert(0, str(ROOT))

from layers.weather import read_weather  # noqa: E402
from tests.tools.bestest_case import Case, CaseError, read_cases  # noqa: E402
from tests.tools.bestest_room import build, run  # noqa: E402
from twin.assumptions import assumptions  # noqa: E402
from twin.energy.climate import PLANES, make_climate  # noqa: E402
from twin.errors import TwinError  # noqa: E402

DENVER = ROOT.parent / "shared/data/weather/ASHRAE140-2020_Denver_725650TYCST.epw"


def results(name: str, case: Case, weather: Any) -> dict[str, Any]:
    """Run one case: energies, peaks, irradiation and temperatures under the standard's terms."""
    given = assumptions()
    built = build(case, weather, given)
    hours = run(built)
    climate = make_climate(weather, given.replaced({"heat.albedo": case.albedo}))
    falls = climate.irradiance_wm2.sum(axis=0) / 1000
    glass = {n: w for n, w in case.windows.items() if not w.opaque}
    return {
        "case": name,
        "title": case.title,
        "annual_heating_mwh": round(float(hours.heating_w.sum()) / 1e6, 3),
        "annual_cooling_mwh": round(float(hours.cooling_w.sum()) / 1e6, 3),
        "peak_heating_kw": round(float(hours.heating_w.max()) / 1e3, 3),
        "peak_cooling_kw": round(float(hours.cooling_w.max()) / 1e3, 3),
        # whole kWh, as the tables of the standard give them
        "annual_incident_solar_kwh_m2": dict(zip(PLANES, map(round, falls), strict=True)),
        "annual_transmitted_solar_kwh_m2": {
            n: round(built.transmitted_kwh[n] / w.area_m2, 1) for n, w in glass.items()
        },
        "air_temperature_c": {
            "max": round(float(hours.air_c.max()), 1),
            "min": round(float(hours.air_c.min()), 1),
            "mean": round(float(hours.air_c.mean()), 1),
        },
        "u_w_m2k": {n: round(u, 3) for n, u in built.u.items()},
    }


def main(arguments: list[str] | None = None) -> int:
    """Run the cases of a file; 2 where file or weather cannot be read."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").strip().splitlines()[0])
    parser.add_argument("cases", type=Path)
    parser.add_argument("--weather", type=Path, default=DENVER)
    parser.add_argument("--case", action="append", help="only this one; may be repeated")
    asked = parser.parse_args(arguments)
    try:
        cases = read_cases(asked.cases)
        unknown = set(asked.case or []) - set(cases)
        if unknown:
            raise CaseError(f"{asked.cases}: case {', '.join(sorted(unknown))} is not there.")
        weather = read_weather([asked.weather]).tables["weather"]
        for name in asked.case or cases:
            line = json.dumps(results(name, cases[name], weather), ensure_ascii=False)
            print(line, flush=True)  # noqa: T201
    except (CaseError, TwinError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

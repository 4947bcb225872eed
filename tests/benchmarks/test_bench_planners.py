"""
Twenty planners at one server: each saves an edit every 20 s and waits for all indicators.

Required: p95 at most 5 s, no error, at most 50 MB of memory for each planner more. The server is a
process of its own; the planners ask over HTTP, as their pages do.
"""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest

from tests.benchmarks.measure import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

PLANNERS = (1, 20)
PAUSE_S = 20.0
EDITS = 3
YEAR = 2045


@pytest.fixture(params=["model-town", "neubrandenburg"])
def folder(request: Any) -> Path:
    found: Path = ROOT / "cities" / request.param
    if not found.exists():
        pytest.skip(f"needs the city in {found}")
    return found


@contextmanager
def served(folder: Path, store: Path) -> Iterator[tuple[str, int]]:
    """Run `twin serve`; give its address and process id."""
    with subprocess.Popen(
        [sys.executable, "-m", "dash_app.cli", "serve", str(folder), "--port", "0"],
        stdout=subprocess.PIPE, text=True, cwd=ROOT,
        env={"TWIN_STORE": str(store), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        address = re.search(r"http://\S+[^/\s]", process.stdout.readline())
        assert address is not None
        try:
            yield address.group(), process.pid
        finally:
            process.terminate()


def memory_mb(pid: int) -> float:
    """Return the resident memory of a process."""
    lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    (line,) = [line for line in lines if line.startswith("VmRSS")]
    return int(line.split()[1]) / 1024


def plan_for_a_while(address: str, who: int, streets: list[str]) -> tuple[list[float], list[str]]:
    """Save some edits, each time waiting for the numbers; return the seconds and what failed."""
    rng, seconds, errors = random.Random(who), [], []
    with httpx.Client(base_url=address, timeout=90) as client:
        made = client.post("/api/scenarios", json={"name": f"Planner {who}"}).json()
        version = made["version"]
        for turn in range(EDITS):
            time.sleep(rng.uniform(0.5, 1.5) * PAUSE_S)
            began = time.perf_counter()
            edit = {"do": "add_measure", "measure": _measure(rng, streets, turn)}
            saved = client.post(f"/api/scenarios/{made['id']}/edits",
                                json={"expected_version": version, "edit": edit})  # fmt: skip
            if saved.status_code != 200:
                errors.append(saved.text)
                continue
            version = saved.json()["version"]
            run = {"scenario": made["id"], "version": version, "year": YEAR, "token": f"p{who}"}
            told = client.post("/api/runs", json=run).json()
            shown = client.get(f"/api/results/{told.get('hash')}/{YEAR}/indicators")
            seconds.append(time.perf_counter() - began)
            if shown.status_code != 200 or told.get("problem"):
                errors.append(json.dumps(told) + shown.text[:300])
    return seconds, errors


def _measure(rng: random.Random, streets: list[str], turn: int) -> dict[str, Any]:
    """Return an edit as planners make them: streets, buildings, roofs."""
    kinds: list[dict[str, Any]] = [
        {"kind": "speed_limit", "speed_kmh": 30, "select": {"ids": rng.sample(streets, 6)}},
        {"kind": "retrofit", "select": {"share": {"percent": rng.randint(1, 20)}}},
        {"kind": "photovoltaics", "pace_percent": rng.randint(1, 9)},
    ]
    return {"id": f"m{turn}", "start_year": 2027, **rng.choice(kinds)}


def test_planners(benchmark: Any, folder: Path, tmp_path: Path) -> None:
    with served(folder, tmp_path / "projects.sqlite") as (address, pid):
        with httpx.Client(base_url=address, timeout=300) as client:
            client.post("/api/runs", json={"year": YEAR})
            links = client.get("/api/layers/streets?limit=1000").json()["features"]
        told = {one["id"]: one["properties"] for one in links}
        streets = [k for k, one in told.items() if one["allow_car"] and one["speed_kmh"] > 30]
        found: dict[int, tuple[list[float], list[str], float]] = {}

        def planned() -> None:
            for count in PLANNERS:
                before = memory_mb(pid)
                with ThreadPoolExecutor(count) as pool:
                    work = [pool.submit(plan_for_a_while, address, who, streets)
                            for who in range(count)]  # fmt: skip
                    ends = [one.result() for one in work]
                seconds = [second for one, _ in ends for second in one]
                errors = [error for _, one in ends for error in one]
                found[count] = seconds, errors, (memory_mb(pid) - before) / count

        benchmark.pedantic(planned, rounds=1)
    for count, (seconds, errors, growth) in found.items():
        p50, p95 = np.percentile(seconds, [50, 95])
        print(
            f"\n{folder.name}, {count} planners, {len(seconds)} edits: p50 {p50:.2f} s, "
            f"p95 {p95:.2f} s, {len(errors)} errors, {growth:.0f} MB each"
        )
        benchmark.extra_info[f"{count} planners"] = [p50, p95, len(errors), growth]
        assert errors == []

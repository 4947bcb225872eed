"""Runs a command and tells how long it took and how much memory it needed."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
WRAPPER = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
print("peak", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(code)
"""


@dataclass(frozen=True)
class Run:
    """Wall clock [s] and peak resident memory [MB] of one run."""

    seconds: float
    peak_mb: float
    output: str


def run(*arguments: str) -> Run:
    """Run `python arguments…` in a process of its own; a failure is an error."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", WRAPPER, sys.executable, *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    seconds = time.perf_counter() - started
    if done.returncode:
        raise RuntimeError(done.stderr)
    peak = int(re.search(r"peak (\d+)", done.stderr).group(1)) / 1024
    return Run(seconds, peak, done.stdout)

"""Compiled kernels belong to the code they were compiled from."""

import os
import subprocess
import sys

from twin.kernels import HOME, keep_kernels_apart, kernels_hash


def test_another_kernel_is_another_cache(tmp_path):
    (tmp_path / "one.py").write_text("@njit\ndef one(): return 1\n")
    (tmp_path / "plain.py").write_text("x = 1\n")
    before = kernels_hash(tmp_path)
    (tmp_path / "plain.py").write_text("x = 2\n")
    assert kernels_hash(tmp_path) == before
    (tmp_path / "one.py").write_text("@njit\ndef one(): return 2\n")
    assert kernels_hash(tmp_path) != before


def test_a_cache_the_user_has_chosen_stays(monkeypatch):
    monkeypatch.setenv(HOME, "/somewhere")
    keep_kernels_apart()
    assert os.environ[HOME] == "/somewhere"


def test_numba_keeps_its_kernels_there():
    told = "import twin, numba; print(numba.config.CACHE_DIR)"
    env = {name: value for name, value in os.environ.items() if name != HOME}
    found = subprocess.run(
        [sys.executable, "-c", told], env=env, capture_output=True, text=True, check=True
    ).stdout
    assert "kernels-" in found

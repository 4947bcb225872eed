"""Assumptions from outside: catalogues, exports and local tables, and the file they end in."""

from __future__ import annotations

from layers.assumption_files.emission_table import read_emission_factors
from layers.assumption_files.heat_use import read_measured_heat
from layers.assumption_files.imported import Change, Imported, Skipped
from layers.assumption_files.importer import default_output, import_file, write_imported
from layers.assumption_files.toml_file import read_assumption_file, write_assumption_file

__all__ = [
    "Change",
    "Imported",
    "Skipped",
    "default_output",
    "import_file",
    "read_assumption_file",
    "read_emission_factors",
    "read_measured_heat",
    "write_assumption_file",
    "write_imported",
]

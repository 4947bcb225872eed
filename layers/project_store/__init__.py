"""Scenarios in a database, SQLite on the desk or PostgreSQL for many: nothing is overwritten."""

from __future__ import annotations

from layers.project_store.records import (
    ConflictError,
    Draft,
    Move,
    Position,
    Project,
    ScenarioEntry,
    Version,
    VersionInfo,
)
from layers.project_store.store import ProjectStore, default_store, open_store

__all__ = [
    "ConflictError",
    "Draft",
    "Move",
    "Position",
    "Project",
    "ProjectStore",
    "ScenarioEntry",
    "Version",
    "VersionInfo",
    "default_store",
    "open_store",
]

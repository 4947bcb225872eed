"""Scenarios in a database, SQLite on the desk or PostgreSQL for many: nothing is overwritten."""

from __future__ import annotations

from layers.project_store.accounts import Account, AccountRole, AccountStore, LogEntry, Session
from layers.project_store.observations import ObservationStore
from layers.project_store.observations_records import (
    FeedState,
    Place,
    Retention,
    StreamRow,
    Written,
)
from layers.project_store.records import (
    ConflictError,
    Draft,
    Mark,
    Move,
    Position,
    Project,
    ScenarioEntry,
    Setting,
    SettingConflictError,
    Version,
    VersionInfo,
)
from layers.project_store.store import ProjectStore, default_store, open_store

__all__ = [
    "Account",
    "AccountRole",
    "AccountStore",
    "ConflictError",
    "Draft",
    "FeedState",
    "LogEntry",
    "Mark",
    "Move",
    "ObservationStore",
    "Place",
    "Position",
    "Project",
    "ProjectStore",
    "Retention",
    "ScenarioEntry",
    "Session",
    "Setting",
    "SettingConflictError",
    "StreamRow",
    "Version",
    "VersionInfo",
    "Written",
    "default_store",
    "open_store",
]

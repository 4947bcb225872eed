"""Reads recorded days out of another store of this program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twin.errors import SourceError

if TYPE_CHECKING:
    from layers.sensors.replay_record import Record


def read_store(database: str, *, source: str) -> Record:
    """Read all raw values of a store."""
    raise SourceError("{place} cannot be played yet.", place=database or source)

"""What every adapter hands to `layers.build`: standard tables, their source, what was noticed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from twin.provenance import Finding, Source


@dataclass(frozen=True)
class SourceData:
    """
    One source, translated.

    `tables` hold columns of `twin.schema` only, in the projected `crs`, keyed by stable text ids
    (`osm:w123`); a missing table or column means that the source says nothing about it.
    """

    name: str  # what the source calls the place, "" where it does not
    crs: str
    tables: Mapping[str, pd.DataFrame]
    source: Source
    findings: tuple[Finding, ...] = ()
    model_town: bool = False  # generated, no survey; is called that wherever it shows


if TYPE_CHECKING:
    Progress = Callable[[str, float], None]
    """Called with a step (English, a key of the message catalogue) and the share done, 0 to 1.
    It may raise `KeyboardInterrupt` to cancel; the caller is told nothing half-done."""

"""Where values come from: sources with licence and date, and the kinds of a single value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["measured", "registered", "tagged", "estimated", "unknown"]
KINDS: tuple[Kind, ...] = ("measured", "registered", "tagged", "estimated", "unknown")
"""How firm a value is, firmest first. `estimated` and `unknown` are different things."""


def kind_of(source: str) -> str:
    """
    Return the kind of a `*_source` label, which reads `kind` or `kind:how`.

    >>> kind_of("estimated:neighbours"), kind_of("tagged")
    ('estimated', 'tagged')
    """
    return source.partition(":")[0]


@dataclass(frozen=True)
class Source:
    """One source of a city: what it is, who made it, what one may do with it, how old it is."""

    key: str  # short name, e.g. "osm"
    title: str
    licence: str
    licence_url: str
    attribution: str  # the line that must stand on every map and export
    url: str = ""
    date: str = ""  # ISO date of the newest data in it
    retrieved: str = ""  # ISO date of reading or download
    sha256: str = ""
    tables: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Finding:
    """One counted entry of the quality report: what was seen, how often, where for example."""

    code: str  # stable key, e.g. "height_out_of_range"
    table: str
    count: int
    message: str  # English, key of the message catalogue; may hold {count}, {total}, {column}
    severity: Literal["info", "warning", "fault"] = "info"
    examples: tuple[str, ...] = field(default=())  # at most five ids or raw values
    total: int | None = None  # of how many
    column: str = ""  # where it is about one column


@dataclass(frozen=True)
class CityInfo:
    """What is known of a city besides its tables."""

    data_date: str = ""  # ISO date of the newest data
    sources: tuple[Source, ...] = ()
    findings: tuple[Finding, ...] = ()
    model_town: bool = False  # generated, no survey; must show wherever the city shows
    report: Mapping[str, Any] = field(default_factory=dict)
    """Figures of the build for the quality report, ready for JSON: match rates and the like."""

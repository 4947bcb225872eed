"""The quality report as plain figures, ready for JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from layers.quality import source_shares
from twin.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twin.city import City

FORMAT = 1
"""Goes up when a reader of the JSON has to change."""


def quality_report(city: City) -> dict[str, Any]:
    """
    Return all that is known about the quality of a city.

    Returns
    -------
    `city` (name, CRS, hash, date), `rows` by table, `sources` with licences, `completeness` (by
    column: how many values of which kind; the kinds and `missing` add up to `rows`), `findings`,
    `matching` (see `layers.matching.figures`; empty where one source made the city) and `build`,
    the other figures of the build by adapter.
    """
    report = dict(city.info.report)
    matching = report.pop("matching", {})
    return {
        "format": FORMAT,
        "city": {
            "name": city.name,
            "crs": city.crs,
            "hash": city.hash,
            "data_date": city.info.data_date,
            "model_town": city.info.model_town,
        },
        "rows": {name: len(city.tables[name]) for name in TABLES if name in city.tables},
        "sources": [_plain(asdict(source)) for source in city.info.sources],
        "completeness": _completeness(city.tables),
        "findings": [_plain(asdict(finding)) for finding in city.info.findings],
        "matching": _plain(matching),
        "build": _plain(report),
    }


def _completeness(tables: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"table": table, "column": column, "rows": sum(counts.values()), **counts}
        for (table, column), counts in source_shares(tables).items()
    ]


def _plain(value: Any) -> Any:
    """Return mappings and sequences as dicts and lists."""
    if hasattr(value, "items"):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value

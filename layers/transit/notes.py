"""Counted entries for the quality report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twin.provenance import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Literal


def noted(  # noqa: PLR0913 - one keyword each reads better than a bundle
    code: str,
    table: str,
    seen: Iterable[object],
    message: str,
    *,
    count: int | None = None,
    total: int | None = None,
    severity: Literal["info", "warning", "fault"] = "warning",
) -> list[Finding]:
    """
    Return one finding on what was seen, or nothing where nothing was.

    >>> noted("stop_twice", "stops", [], "{count} stops stand twice.")
    []
    """
    values = list(seen)
    count = len(values) if count is None else count
    if not count:
        return []
    examples = tuple(str(value) for value in list(dict.fromkeys(values))[:5])
    return [Finding(f"gtfs_{code}", table, count, message, severity, examples, total)]

"""Counted entries for the quality report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twin.provenance import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Literal


def finding(  # noqa: PLR0913
    code: str,
    table: str,
    seen: Iterable[str],
    message: str,
    *,
    severity: Literal["info", "warning", "fault"] = "warning",
    total: int | None = None,
    column: str = "",
) -> list[Finding]:
    """
    Return one finding on the rows or values seen, or nothing where none was seen.

    >>> finding("height", "buildings", [], "{count} heights are absurd.")
    []
    """
    seen = list(seen)
    if not seen:
        return []
    return [
        Finding(
            code=f"osm_{code}",
            table=table,
            count=len(seen),
            message=message,
            severity=severity,
            examples=tuple(dict.fromkeys(seen))[:5],
            total=total,
            column=column,
        )
    ]

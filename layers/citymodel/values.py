"""Single values of a building as the file writes them."""

from __future__ import annotations

import math
import re
from typing import Any

YEAR = re.compile(r"^(\d{4})(?:-\d{2}.*)?$")


def number_of(value: Any) -> float | None:
    """
    Return a finite number, or nothing.

    >>> number_of("4,5"), number_of(" 4.5 "), number_of(True)
    (None, 4.5, None)
    """
    if value is None or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def year_of(value: Any) -> float | None:
    """
    Return the year of a year or date.

    >>> year_of("1929-01-01"), year_of(1950), year_of("195")
    (1929.0, 1950.0, None)
    """
    match = YEAR.match(str(value).strip())
    return float(match[1]) if match else None

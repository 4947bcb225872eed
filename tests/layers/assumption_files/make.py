"""Writes files as offices and spreadsheets give them: encoding, decimal comma, thousands dots."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "Technologie;Dimensionierung;Dimensionierungseinheit;Jahr;Parameter;Wert"

AIR = "LuftWP_dezentral"
SIZES = (5, 10, 20, 30, 40, 50, 60, 80, 100)
YEARS = (2025, 2030, 2040)


def german(value: float, places: int = 2) -> str:
    """Return a number as the catalogue writes it: 5.909,00."""
    text = f"{value:,.{places}f}"
    return text.replace(",", "_").replace(".", ",").replace("_", ".")


def air_heat_pump(a: float = 6100.0, b: float = 0.69, lifetime: float = 18) -> list[str]:
    """Return the rows of one technology as they stand in `flatdata_all`."""
    rows = []
    for year, drop in zip(YEARS, (1.0, 0.95, 0.9), strict=True):
        for size in SIZES:
            head = f"{AIR};{size};kWth;{year};"
            rows += [
                head + f"Parameter a;{german(a * drop)}",
                head + f"Parameter b;{german(b)}",
                head + f"Thermische Leistung;{size}",
                head + f"Lebensdauer;{lifetime:g}",
                head + f"Spezifische Investitionskosten;{german(0.9 * a * size ** (b - 1))}",
                head + f"Zusätzliche Kosten;{german(0.1 * a * size ** (b - 1))}",
                head + f"Jährliche Fixkosten O&M;{german(400 + 5 * size)}",
                head + "Variable Kosten O&M;k. A.",
            ]
    return rows


def write(
    path: Path, rows: list[str], *, header: str = HEADER, encoding: str = "iso-8859-1"
) -> Path:
    path.write_bytes("\r\n".join([header, *rows, ""]).encode(encoding))
    return path

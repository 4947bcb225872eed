"""The quality report: how much of a city is known, how much is estimated, what looks wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twin.provenance import KINDS, Finding, kind_of
from twin.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd


def source_shares(tables: Mapping[str, pd.DataFrame]) -> dict[tuple[str, str], dict[str, int]]:
    """
    Count for each column that names its sources how many values come from which kind.

    Returns
    -------
    `{(table, column): {"measured": n, …, "missing": n}}`, every kind named, sums equal the rows.
    """
    shares: dict[tuple[str, str], dict[str, int]] = {}
    for name, schema in TABLES.items():
        table = tables[name]
        for column in schema.columns:
            if not column.source or table.empty:
                continue
            known = table[column.name].notna()
            kinds = table.loc[known, column.source].astype("str").map(kind_of).value_counts()
            counts = {str(kind): int(kinds.get(kind, 0)) for kind in KINDS}
            shares[name, column.name] = {**counts, "missing": int((~known).sum())}
    return shares


def completeness(tables: Mapping[str, pd.DataFrame]) -> list[Finding]:
    """Report each column whose values are partly estimated."""
    findings = []
    for (table, column), counts in source_shares(tables).items():
        total = sum(counts.values())
        if counts["estimated"]:
            findings.append(
                Finding(
                    f"estimated_{column}",
                    table,
                    counts["estimated"],
                    "{column}: {count} of {total} values are estimated.",
                    "info",
                    total=total,
                    column=column,
                )
            )
    return findings

"""Where passengers change, and whether a connection is kept for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from layers.transit.notes import noted
from twin.classes import TRANSFER_KINDS

if TYPE_CHECKING:
    from twin.provenance import Finding

LONGEST_S = 86_400.0


def transfer_rows(
    raw: pd.DataFrame, ends: pd.DataFrame, known: pd.Index[Any], kept: pd.Index[Any]
) -> tuple[pd.DataFrame, list[Finding]]:
    """
    Return one row for each pair of stops and kind of transfer.

    Parameters
    ----------
    raw
        The table as text.
    ends
        First and last stop id of each trip of the day: columns `first`, `last`, index trip id.
        They stand in where a transfer names trips only (passengers stay seated).
    known, kept
        Ids of all stops of the feed, and of those that the tables keep.

    A rule for single trips counts only where no general rule names the same pair; of several the
    longest least time counts. Rules for trips of other days and stops elsewhere are left out.
    """
    rows = raw.assign(
        general=raw["from_trip_id"].isna() & raw["to_trip_id"].isna(),
        from_stop=raw["from_stop_id"].fillna(raw["from_trip_id"].map(ends["last"])),
        to_stop=raw["to_stop_id"].fillna(raw["to_trip_id"].map(ends["first"])),
    )
    number = pd.to_numeric(rows["transfer_type"].fillna("0"), errors="coerce")
    rows["kind"] = number.map(dict(enumerate(TRANSFER_KINDS)))
    least = pd.to_numeric(rows["min_transfer_time"], errors="coerce")
    rows["min_time_s"] = least.where(least.between(0, LONGEST_S))
    name = rows["from_stop"].fillna("?") + " > " + rows["to_stop"].fillna("?")
    bad = rows["kind"].isna()
    lost = ~bad & ~_served(rows, ends, known)
    message = "{count} of {total} transfers name stops that the feed does not have; left out."
    found = noted("transfer_stop_unknown", "transfers", name[lost], message, total=len(raw))
    message = "{count} of {total} transfers have an unknown type; left out."
    found += noted("transfer_bad", "transfers", name[bad], message, total=len(raw))
    good = (
        ~bad & _among(rows["from_stop"], kept) & _among(rows["to_stop"], kept) & _runs(rows, ends)
    )
    rows = rows[good].sort_values(
        ["from_stop", "to_stop", "kind", "general", "min_time_s"],
        ascending=[True, True, True, False, False],
    )
    return rows.drop_duplicates(["from_stop", "to_stop", "kind"]), found


def _served(rows: pd.DataFrame, ends: pd.DataFrame, known: pd.Index[Any]) -> pd.Series[Any]:
    """Tell whose stops the feed has; ends of trips of another day are not asked for."""
    own = _among(rows["from_stop"], known) | (rows["from_stop"].isna() & ~_runs(rows, ends))
    other = _among(rows["to_stop"], known) | (rows["to_stop"].isna() & ~_runs(rows, ends))
    return own & other


def _runs(rows: pd.DataFrame, ends: pd.DataFrame) -> pd.Series[Any]:
    """Tell which rules are general or name trips of the day."""
    named = rows["from_trip_id"].isna() | _among(rows["from_trip_id"], ends.index)
    return named & (rows["to_trip_id"].isna() | _among(rows["to_trip_id"], ends.index))


def _among(values: pd.Series[Any], keys: pd.Index[Any]) -> pd.Series[Any]:
    """Tell which values are keys; `isin` walks through long lists of text one by one."""
    return pd.Series(keys.get_indexer(pd.Index(values)) >= 0, index=values.index)

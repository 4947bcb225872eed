"""What was odd in city models, each kind counted with a sentence for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from twin.provenance import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from layers.citymodel.raw import Tile

Severity = Literal["info", "warning", "fault"]

KINDS: dict[str, tuple[str, Severity, str]] = {
    "axes_swapped": (
        "{count} of {total} tiles hold northing before easting; their axes were swapped.",
        "warning", "tiles",
    ),
    "zone_in_easting": (
        "{count} of {total} tiles write the UTM zone before the easting; it was taken off.",
        "info", "tiles",
    ),
    "outside_crs": (
        "{count} of {total} tiles lie outside the area their coordinate system is made for.",
        "warning", "tiles",
    ),
    "tile_empty": ("{count} of {total} tiles hold no building.", "info", "tiles"),
    "twice": ("{count} objects stand in several tiles and were taken once.", "info", "buildings"),
    "older_version": (
        "{count} objects stand in several tiles in different versions; the newest was taken.",
        "warning", "buildings",
    ),
    "cut_at_border": (
        "{count} buildings were cut at the border of a tile and joined again.",
        "info", "buildings",
    ),
    "id_reused": (
        "{count} objects share their id with another one elsewhere and got a new id.",
        "warning", "buildings",
    ),
    "id_missing": (
        "{count} objects have no id; one was made from their shape.", "warning", "buildings",
    ),
    "without_shape": (
        "{count} of {total} buildings and parts enclose nothing and are left out.",
        "warning", "buildings",
    ),
    "ground_missing": (
        "{count} of {total} buildings and parts have no ground surface; their roofs in plan serve.",
        "info", "buildings",
    ),
    "footprint_repaired": (
        "{count} of {total} buildings and parts have a ground that crosses itself; repaired.",
        "info", "buildings",
    ),
    "height_absurd": (
        "{count} measured heights are below 0.5 m or above 500 m; the model's own were taken.",
        "warning", "buildings",
    ),
    "height_differs": (
        "{count} of {total} measured heights differ from the model by more than 20 % and 1 m.",
        "info", "buildings",
    ),
    "height_unknown": (
        "{count} of {total} buildings and parts have no height and are left out.",
        "warning", "buildings",
    ),
    "structure": (
        "{count} of {total} objects are canopies, bridges or other structures, no houses.",
        "info", "buildings",
    ),
    "body_and_parts": (
        "{count} buildings have parts and a body of their own.", "info", "buildings",
    ),
    "polygon_degenerate": ("{count} polygons enclose nothing and are left out.", "info", "roofs"),
    "polygon_absurd": (
        "{count} polygons lie off the earth or are larger than any building; they are left out.",
        "warning", "roofs",
    ),
    "polygon_not_planar": (
        "{count} polygons are not flat: a corner lies more than 5 cm off.", "info", "roofs",
    ),
    "polygon_turned": (
        "{count} polygons run the wrong way round and were turned.", "info", "roofs",
    ),
    "shell_open": (
        "{count} of {total} buildings and parts are not closed by their surfaces.",
        "info", "buildings",
    ),
    "reference_lost": (
        "{count} surfaces are named that the file does not hold.", "warning", "roofs",
    ),
    "roof_repaired": (
        "{count} roof planes cross themselves in plan and were repaired.", "info", "roofs",
    ),
    "roof_lost": (
        "{count} roof planes are upright or smaller than 0.01 m² and are left out.",
        "info", "roofs",
    ),
}  # fmt: skip
"""Kind: sentence, severity, table (or "tiles") that `total` counts."""


def findings_of(
    odd: Mapping[str, tuple[int, list[str]]],
    tables: Mapping[str, pd.DataFrame],
    tiles: Sequence[Tile],
) -> tuple[Finding, ...]:
    """Return one finding for every kind that was met, in the order of `KINDS`."""
    empty = [tile.name for tile in tiles if not len(tile.model.corners)]
    met = {**odd, "tile_empty": (len(empty), empty)}
    found = []
    for kind, (message, severity, about) in KINDS.items():
        count, examples = met.get(kind, (0, []))
        if count:
            table = "buildings" if about == "tiles" else about
            found.append(
                Finding(
                    code=f"citymodel_{kind}",
                    table=table,
                    count=count,
                    message=message,
                    severity=severity,
                    examples=tuple(sorted({str(e) for e in examples}))[:5],
                    total=len(tiles) if about == "tiles" else len(tables[about]),
                )
            )
    return tuple(found)

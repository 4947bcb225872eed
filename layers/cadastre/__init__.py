"""The cadastre in the simplified ALKIS schema: files and web services to the standard tables."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from layers.cadastre.fields import KINDS
from layers.cadastre.files import looks_like_cadastre, read_files
from layers.cadastre.findings import finding
from layers.cadastre.prepare import prepare
from layers.cadastre.translate import only_municipality, translate
from layers.source import sha256_of, source_record
from layers.source_data import SourceData

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd

    from layers.cadastre.files import Layer
    from layers.source_data import Area, Progress
    from layers.web import Manners
    from twin.provenance import Finding, Source

__all__ = ["looks_like_cadastre", "read_cadastre"]

PUBLISHERS = {"DENW": "geobasis_nrw"}
"""Source record by the Land that official ids begin with; others are `alkis`."""


def read_cadastre(
    paths: Sequence[Path | str] | Path | str,
    *,
    area: Area | None = None,
    municipality: str = "",
    progress: Progress | None = None,
    manners: Manners | None = None,
) -> SourceData:
    """
    Read the cadastre in the simplified ALKIS schema of the AdV.

    Parameters
    ----------
    paths
        GeoPackages, Shapefiles, GML files, zips and folders of them, and addresses of web services
        (WFS, OGC API Features), in any mix and order.
    area
        What is wanted; everything that touches it is read.
    municipality
        Key of one municipality (AGS, "05382068") of a file that holds a whole Kreis.
    manners
        How patiently web services are asked.

    Returns
    -------
    SourceData
        `buildings` keyed by the official 16 characters (as in LoD2 and NAS), `addresses`,
        `parcels`, `landuse`, `water`, `districts`. Owners are never read.

    Raises
    ------
    SourceError
        A file is missing, damaged, without known layers or coordinate system; a service refuses.
    """
    say = progress or (lambda _step, _share: None)
    named = [paths] if isinstance(paths, Path | str) else list(paths)
    urls = [str(p) for p in named if _is_url(p)]
    files = sorted({Path(p) for p in named if not _is_url(p)})
    layers, unknown = _read(files, urls, area, say, manners)
    say("Put the cadastre in order", 0.7)
    frames, crs, found = prepare(layers, area=area)
    if municipality:
        frames = only_municipality(frames, municipality)
    say("Translate the cadastre", 0.85)
    tables, seen = translate(frames, crs=crs)
    message = "{count} layers are not part of the simplified ALKIS schema and are left out."
    found += finding("unknown_layers", "buildings", unknown, message, severity="info")
    found += _empty(frames)
    source = _source(frames, files, urls, tuple(tables))
    say("Done", 1.0)
    return SourceData(_place(frames), crs, tables, source, (*found, *seen), kind="cadastre")


def _read(
    files: Sequence[Path],
    urls: Sequence[str],
    area: Area | None,
    say: Progress,
    manners: Manners | None,
) -> tuple[list[Layer], list[str]]:
    layers, unknown = read_files(files, area=area, say=lambda s, p: say(s, 0.7 * p))
    if urls:
        from layers.cadastre.services import read_services  # noqa: PLC0415 - only where asked

        layers += read_services(urls, area=area, say=lambda s, p: say(s, 0.7 * p), manners=manners)
    if any(layer.kind == "landuse" for layer in layers):  # the same areas once more, cut by parcels
        layers = [layer for layer in layers if layer.kind != "landuse_of_parcels"]
    return layers, unknown


def _is_url(path: Path | str) -> bool:
    return isinstance(path, str) and path.lower().startswith(("http://", "https://"))


def _empty(frames: Mapping[str, gpd.GeoDataFrame]) -> list[Finding]:
    message = "{count} layers of the cadastre hold nothing here."
    names = [kind for kind in KINDS if kind in frames and frames[kind].empty]
    return finding("empty_layers", "buildings", names, message)


def _place(frames: Mapping[str, gpd.GeoDataFrame]) -> str:
    """Return the name of the only municipality in it, "" where there are several."""
    parcels = frames.get("parcels")
    towns = parcels["town"].dropna().unique() if parcels is not None else []
    return str(towns[0]) if len(towns) == 1 else ""


def _source(
    frames: Mapping[str, gpd.GeoDataFrame],
    files: Sequence[Path],
    urls: Sequence[str],
    tables: tuple[str, ...],
) -> Source:
    starts: Counter[str] = Counter()
    dates = [""]
    for frame in frames.values():
        starts.update(frame.index.astype("str").str[:4])
        dates += list(frame["date"].dropna().str[:10].unique())
    most = max(sorted(starts), key=lambda start: starts[start], default="")
    parts = sorted(sha256_of(path) for path in files if path.is_file())
    checksum = parts[0] if len(parts) == 1 else hashlib.sha256("".join(parts).encode()).hexdigest()
    known: dict[str, str] = {"sha256": checksum} if parts else {}
    times = [path.stat().st_mtime for path in files if path.is_file()]
    read_at = datetime.fromtimestamp(max(times), UTC) if times else datetime.now(UTC)
    if urls:
        known["url"] = " ".join(sorted(urls))
    return source_record(
        PUBLISHERS.get(most, "alkis"),
        date=max(dates),
        retrieved=read_at.date().isoformat(),
        tables=tables,
        **known,
    )

"""Features out of GML 2 to 3.2: simple fields as text, geometry as shapes with easting first."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

import geopandas as gpd
import pandas as pd
import shapely
from lxml import etree
from pyproj import CRS

from layers.features.shapes import Outlines, is_geometry
from layers.features.srs import parse_srs
from layers.nas.curves import local
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lxml.etree import _Element
    from numpy.typing import NDArray

MEMBERS = ("{*}member", "{*}featureMember", "{*}featureMembers")
GML_IDS = ("{http://www.opengis.net/gml/3.2}id", "{http://www.opengis.net/gml}id", "fid")
HEAD = 1 << 16


class BrokenXmlError(SourceError):
    """XML that breaks off or is not well-formed."""


class ServiceRefusalError(SourceError):
    """What a web service answers instead of data: an exception report."""


@dataclass(frozen=True)
class GmlPage:
    """Features by the name of their type, and what the collection says of itself."""

    frames: Mapping[str, gpd.GeoDataFrame] = field(default_factory=dict)
    matched: int | None = None  # numberMatched; of WFS 1.1 the number in this answer
    returned: int = 0  # counted, not believed
    following: str = ""  # address of the next page
    broken: int = 0  # geometries that cannot be drawn


@dataclass
class _Rows:
    """Rows of one feature type while they come in."""

    rows: list[dict[str, str]] = field(default_factory=list)
    srs: list[str] = field(default_factory=list)
    outlines: Outlines = field(default_factory=Outlines)


def read_gml(stream: BinaryIO, *, name: str, srs: str = "") -> GmlPage:
    """
    Read all features of a GML document.

    Parameters
    ----------
    name
        File or address, for messages.
    srs
        Name of the CRS where the document does not say it.

    Returns
    -------
    GmlPage
        One frame a feature type: fields in small letters, `gml_id`, geometry in the CRS most
        features have, easting or longitude first.

    Raises
    ------
    BrokenXmlError
        The document breaks off or is not well-formed.
    ServiceRefusalError
        It is an exception report.
    SourceError
        It declares a document type of its own.
    """
    head = stream.read(HEAD)
    stream.seek(0)
    _refuse_doctype(head, name)
    types: dict[str, _Rows] = {}
    total: Counter[str] = Counter()
    try:
        context = etree.iterparse(
            stream,
            events=("end",),
            tag=(*MEMBERS, "{*}boundedBy"),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
        )
        for _, element in context:
            if local(element.tag) == "boundedBy":
                srs = srs or _envelope_srs(element)
                continue
            for feature in element.iterchildren("*"):
                _take(feature, types.setdefault(local(feature.tag), _Rows()))
                total["returned"] += 1
            _forget(element)
        root = context.root
    except etree.XMLSyntaxError as error:
        template = "{path} is damaged: {reason}."
        hint = "Download or export it again."
        reason = (error.msg or "").strip(". ")
        raise BrokenXmlError(template, hint=hint, path=name, reason=reason) from error
    _refuse_report(root, name)
    types.pop("FeatureCollection", None)  # one within another: its members were read already
    frames = {kind: _frame(rows, srs) for kind, rows in types.items()}
    return GmlPage(
        frames,
        _number(root.get("numberMatched") or root.get("numberOfFeatures")),
        total["returned"],
        root.get("next") or "",
        sum(rows.outlines.broken for rows in types.values()),
    )


def exception_text(body: bytes) -> str:
    """
    Return what an exception report says, "" where the bytes are none.

    >>> exception_text(b"<ows:ExceptionReport xmlns:ows='o'><ows:ExceptionText>No."
    ...                b"</ows:ExceptionText></ows:ExceptionReport>")
    'No.'
    """
    if b"Exception" not in body or b"<!DOCTYPE" in body:
        return ""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True)
    root = etree.fromstring(body, parser)
    return _report(root) if root is not None else ""


def _refuse_doctype(head: bytes, name: str) -> None:
    text = head.decode("utf-16" if head[:2] in {b"\xff\xfe", b"\xfe\xff"} else "latin-1", "replace")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        template = "{path} declares a document type or entities of its own, which is refused."
        hint = "Exchange files never need one; ask for a clean export."
        raise SourceError(template, hint=hint, path=name)


def _refuse_report(root: _Element, name: str) -> None:
    words = _report(root)
    if words:
        template = "{url} refuses: {words}."
        hint = "Check the address, the layer and the area asked for."
        raise ServiceRefusalError(template, hint=hint, url=name, words=words.rstrip("."))


def _report(root: _Element) -> str:
    if local(root.tag) not in {"ExceptionReport", "ServiceExceptionReport"}:
        return ""
    texts = [
        " ".join("".join(map(str, e.itertext())).split())
        for e in root.iter("{*}ExceptionText", "{*}ServiceException")
    ]
    codes = [e.get("exceptionCode") or e.get("code") or "" for e in root.iter("{*}Exception")]
    return "; ".join(t for t in texts or codes if t) or "no reason given"


def _envelope_srs(element: _Element) -> str:
    return next((e.get("srsName") or "" for e in element.iter("*") if e.get("srsName")), "")


def _take(feature: _Element, rows: _Rows) -> None:
    """Add one feature to the rows of its type."""
    row = {"gml_id": next((v for k in GML_IDS if (v := feature.get(k))), "")}
    shape, srs = None, ""
    for child in feature.iterchildren("*"):
        column = local(child.tag).lower()
        if column == "boundedby":
            continue
        if len(child) == 0:
            text = (child.text or "").strip()
            row[column] = f"{row[column]};{text}" if row.get(column) and text else text
            continue
        inner = next((e for e in child.iterchildren("*") if is_geometry(e)), None)
        if inner is not None and shape is None:
            shape, srs = inner, _srs_of(inner)
    rows.rows.append(row)
    rows.srs.append(srs)
    rows.outlines.add(shape)


def _srs_of(shape: _Element) -> str:
    own = shape.get("srsName")
    return own or next((e.get("srsName") or "" for e in shape.iter("*") if e.get("srsName")), "")


def _forget(element: _Element) -> None:
    """Free the memory of what was read, and of what stands before it."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _frame(rows: _Rows, srs: str) -> gpd.GeoDataFrame:
    """Return one frame in the CRS that most of its rows have."""
    shapes = rows.outlines.shapes()
    names = pd.Series([own or srs for own in rows.srs], dtype="str").fillna("")
    parsed = {name: parse_srs(name) for name in names.unique()}
    crs = names.map({name: entry[0] for name, entry in parsed.items()})
    turned = names.map({name: entry[1] for name, entry in parsed.items()}).to_numpy(dtype=bool)
    shapes[turned] = flipped(shapes[turned])
    common = next(iter(crs[crs != ""].value_counts().index), None)
    for other in sorted(set(crs.unique()) - {common, ""}):
        here = (crs == other).to_numpy()
        shapes[here] = gpd.GeoSeries(shapes[here], crs=other).to_crs(common).to_numpy()
    table = pd.DataFrame(rows.rows, dtype="str")
    return gpd.GeoDataFrame(table, geometry=shapes, crs=None if common is None else CRS(common))


def flipped(shapes: NDArray[Any]) -> NDArray[Any]:
    """Return shapes with their two axes exchanged."""
    return shapely.transform(shapes, lambda xy: xy[:, ::-1])


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None

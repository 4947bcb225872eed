"""What a web service offers: WFS 1.1 and 2.0 by capabilities, OGC API Features by collections."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from lxml import etree

from layers.features.gml import exception_text
from layers.nas.curves import local
from layers.web import BUSY, Manners, TryAgainError, half_an_answer, patiently, refusal, request
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from lxml.etree import _Element

MOST_FEATURES = 3_000_000
"""More than the buildings or parcels of any Kreis; a whole Land is downloaded as files."""
MAY_EXPLAIN = frozenset({400, 404, 500, 501, 502, 503})
"""Statuses with which a service may send an exception report."""
LARGEST_ANSWER = 1 << 30
OWS_WORDS = (
    "service", "version", "request", "typename", "typenames", "acceptversions", "bbox", "count",
    "maxfeatures", "startindex", "srsname", "outputformat", "resulttype", "namespaces", "filter",
)  # fmt: skip
ELSEWISE = frozenset({400, 404, 405, 406, 501})
"""Refusals that may only mean that the service is of the other kind."""


class OtherKindError(SourceError):
    """An answer that is none of the kind asked for."""


@dataclass(frozen=True)
class FeatureLayer:
    """One feature type or collection."""

    name: str  # as the service wants it, with prefix
    title: str = ""
    srs: tuple[str, ...] = ()  # names as the service writes them, its own first
    namespace: str = ""
    bounds: tuple[float, float, float, float] | None = None  # degrees: west, south, east, north


@dataclass(frozen=True)
class FeatureService:
    """A web service that gives out features."""

    kind: Literal["wfs", "oaf"]
    url: str  # of GetFeature, or of the landing page
    layers: tuple[FeatureLayer, ...]
    version: str = ""
    paging: bool = False
    largest_page: int | None = None  # what the service gives at most at once
    manners: Manners = field(default_factory=Manners)


def open_service(url: str, *, manners: Manners | None = None) -> FeatureService:
    """
    Ask a service what it offers.

    Parameters
    ----------
    url
        Address of a WFS (with or without its usual parameters) or of the landing page, the
        collections or one collection of an OGC API Features.

    Raises
    ------
    SourceError
        Nobody answers there, or neither as WFS nor as OGC API Features.
    """
    patience = manners or Manners()
    ways: list[Callable[[], FeatureService]] = [
        lambda: _wfs(url, patience),
        lambda: _oaf(url, patience),
    ]
    words = url.lower()
    as_wfs = any(word in words for word in ("wfs", "map=", "service="))
    if not as_wfs or "/collections" in words or "ogcapi" in words:
        ways.reverse()
    errors = []
    for way in ways:
        try:
            return way()
        except SourceError as error:
            errors.append(error)
            if not _may_be_other(error):
                break
    raise errors[0]


def _may_be_other(error: SourceError) -> bool:
    said = error.values.get("status")
    return isinstance(error, OtherKindError) or said in ELSEWISE or "words" in error.values


def ask(url: str, params: Mapping[str, str], *, manners: Manners, accept: str = "") -> bytes:
    """
    Return the body of an answer, asked patiently; an exception report is a `SourceError`.

    Parameters already in `url` stay, those of `params` win.
    """
    place, query = _split(url, params)

    def once() -> bytes:
        headers = {"Accept": accept} if accept else {}
        with request(
            "GET",
            place,
            manners=manners,
            headers=headers,
            accept=MAY_EXPLAIN | {200},
            params=query,
        ) as answer:
            body = _body(answer.iter_content(1 << 16), place)
            if answer.status_code != 200:
                raise _explained(body, place) or refusal(answer)
            announced = answer.headers.get("Content-Length")
            if announced and not answer.headers.get("Content-Encoding"):
                _complete(len(body), int(announced), place)
            return body

    return patiently(once, manners=manners)


def _body(chunks: Iterable[bytes], url: str) -> bytes:
    parts = io.BytesIO()
    for chunk in chunks:
        parts.write(chunk)
        if parts.tell() > LARGEST_ANSWER:
            template = "{url} gives more than 1 GB at once, which is refused."
            raise SourceError(template, hint="Ask for a smaller area.", url=url)
    return parts.getvalue()


def _complete(size: int, announced: int, url: str) -> None:
    if size < announced:
        raise TryAgainError(half_an_answer(url))


def _explained(body: bytes, url: str) -> SourceError | None:
    words = exception_text(body)
    if not words:
        return None
    template = "{url} refuses: {words}."
    hint = "Check the address, the layer and the area asked for."
    return SourceError(template, hint=hint, url=url, words=words.rstrip("."))


def ask_json(url: str, params: Mapping[str, str], *, manners: Manners) -> dict[str, Any]:
    """Return a JSON object; half an answer is asked for again."""

    def once() -> dict[str, Any]:
        body = ask(url, params, manners=replace(manners, attempts=1), accept=JSON)
        try:
            found = json.loads(body)
        except ValueError as error:
            if body.lstrip()[:1] == b"{":
                raise TryAgainError(half_an_answer(url)) from error
            raise _no_features(url) from error
        if not isinstance(found, dict):
            raise _no_features(url)
        return found

    return patiently(lambda: _again(once), manners=manners)


JSON = "application/geo+json, application/json"


def _again(once: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Let a busy server be asked again by the outer patience, which sees broken JSON as well."""
    try:
        return once()
    except SourceError as error:
        if error.values.get("status") in BUSY:
            raise TryAgainError(error) from error
        raise


def _no_features(url: str) -> OtherKindError:
    template = "{url} is neither a WFS nor an OGC API Features service."
    return OtherKindError(template, hint="Check the address.", url=url)


def check_total(layer: str, total: int | None) -> None:
    """Refuse to page through a whole Land."""
    if total is not None and total > MOST_FEATURES:
        template = "{layer}: the service holds {count} features, which is too much to ask for."
        hint = "Name the area that is wanted, or download the file instead."
        raise SourceError(template, hint=hint, layer=layer, count=total)


def _split(url: str, params: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    parts = urlsplit(url)
    given = {k.lower() for k in params}
    kept = {
        k: v for k, v in parse_qsl(parts.query, keep_blank_values=True) if k.lower() not in given
    }
    return urlunsplit(parts._replace(query="", fragment="")), {**kept, **params}


def plain_url(url: str) -> str:
    """
    Return an address without the parameters of one request; others (`map=`) stay.

    >>> plain_url("https://x.de/ows?map=a&SERVICE=WFS&request=GetCapabilities")
    'https://x.de/ows?map=a'
    """
    parts = urlsplit(url)
    kept = [(k, v) for k, v in parse_qsl(parts.query) if k.lower() not in OWS_WORDS]
    return urlunsplit(parts._replace(query=urlencode(kept, safe="/:"), fragment=""))


def _wfs(url: str, manners: Manners) -> FeatureService:
    place = plain_url(url)
    params = {"SERVICE": "WFS", "REQUEST": "GetCapabilities", "ACCEPTVERSIONS": "2.0.0,1.1.0"}
    body = ask(place, params, manners=manners)
    if b"<!DOCTYPE" in body[:4096] or b"<!ENTITY" in body[:4096]:
        raise _no_features(place)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise _no_features(place) from error
    if local(root.tag) != "WFS_Capabilities":
        raise _explained(body, place) or _no_features(place)
    version = root.get("version") or "2.0.0"
    limits = _constraints(root)
    return FeatureService(
        kind="wfs",
        url=place,
        layers=tuple(_feature_type(e) for e in root.iter("{*}FeatureType")),
        version="1.1.0" if version.startswith("1") else "2.0.0",
        paging=limits.get("ImplementsResultPaging", "").upper() == "TRUE",
        largest_page=_limit(limits),
        manners=manners,
    )


def _limit(constraints: Mapping[str, str]) -> int | None:
    """Return what the service gives at most at once: WFS 2.0 and 1.1 call it differently."""
    said = constraints.get("CountDefault") or constraints.get("DefaultMaxFeatures") or ""
    return int(said) if said.isdigit() and int(said) else None


def _constraints(root: _Element) -> dict[str, str]:
    """Return the constraints of the service, of GetFeature before those of the whole."""
    found: dict[str, str] = {}
    for element in root.iter("{*}Constraint"):
        value = next((e.text or "" for e in element.iter("{*}DefaultValue", "{*}Value")), "")
        found[element.get("name") or ""] = value.strip()
    return found


def _feature_type(element: _Element) -> FeatureLayer:
    name = (element.findtext("{*}Name") or "").strip()
    srs = [
        (e.text or "").strip()
        for word in ("Default", "Other")
        for e in element.iter(f"{{*}}{word}CRS", f"{{*}}{word}SRS")
    ]
    namespace = element.find("{*}Name")
    prefix = name.rpartition(":")[0] or None
    known = namespace.nsmap if namespace is not None else {}
    lower = element.findtext(".//{*}WGS84BoundingBox/{*}LowerCorner")
    upper = element.findtext(".//{*}WGS84BoundingBox/{*}UpperCorner")
    return FeatureLayer(
        name=name,
        title=(element.findtext("{*}Title") or "").strip(),
        srs=tuple(dict.fromkeys(filter(None, srs))),
        namespace=str(known.get(prefix) or "") if prefix else "",
        bounds=_bounds(f"{lower} {upper}".split()) if lower and upper else None,
    )


def _bounds(numbers: list[Any]) -> tuple[float, float, float, float] | None:
    try:
        west, south, east, north = map(
            float, numbers if len(numbers) == 4 else numbers[:2] + numbers[3:5]
        )
    except (ValueError, TypeError):
        return None
    return west, south, east, north


def _oaf(url: str, manners: Manners) -> FeatureService:
    place, _, rest = plain_url(url).partition("/collections")
    query = urlsplit(plain_url(url)).query
    base = place.partition("?")[0].rstrip("/") + ("?" + query if query else "")
    found = ask_json(join(base, "collections"), {"f": "json"}, manners=manners)
    if not isinstance(found.get("collections"), list):
        raise _no_features(url)
    wanted = rest.strip("/").partition("/")[0]
    layers = [_collection(c) for c in found["collections"] if isinstance(c, dict)]
    chosen = tuple(layer for layer in layers if wanted in {"", layer.name})
    return FeatureService(kind="oaf", url=base, layers=chosen, paging=True, manners=manners)


def join(base: str, path: str) -> str:
    """
    Return an address below `base`, whose own parameters stay.

    >>> join("https://x.de/v1?key=1", "collections")
    'https://x.de/v1/collections?key=1'
    """
    parts = urlsplit(base)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{path}"))


def _collection(entry: Mapping[str, Any]) -> FeatureLayer:
    boxes = entry.get("extent", {}).get("spatial", {}).get("bbox") or [[]]
    names = [entry.get("storageCrs"), *(entry.get("crs") or [])]
    return FeatureLayer(
        name=str(entry.get("id", "")),
        title=str(entry.get("title", "")),
        srs=tuple(dict.fromkeys(str(n) for n in names if n and not str(n).startswith("#"))),
        bounds=_bounds(list(boxes[0])),
    )

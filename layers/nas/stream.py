"""Goes through NAS files piece by piece, so that memory grows with what is kept, not with them."""

from __future__ import annotations

import re
from array import array
from typing import TYPE_CHECKING, BinaryIO, cast

from lxml import etree

from layers.nas.curves import HREF, NoRingError, curve, local
from layers.nas.door import HEAD, NAMESPACE, check_head, check_size, damaged, opened
from layers.nas.objects import ATTRIBUTES, gml_id, read_object
from layers.nas.raw import RawNas
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from lxml.etree import _Element

    from layers.source_data import Progress

CHUNK = 1 << 18
LARGEST_OBJECT = 128 << 20  # bytes; real ones have some thousands
HOLDERS = ("{*}member", "{*}featureMember")
CHANGES = ("{*}Delete", "{*}Replace", "{*}Update")
EDGES = ("{*}Curve", "{*}LineString", "{*}CompositeCurve", "{*}OrientableCurve")
SYSTEMS = ("{*}Envelope", "{*}AA_Koordinatenreferenzsystemangaben")
LINK = re.compile(rb"""href\s*=\s*["']#([^"']+)["']""")
OVERLAP = 256  # bytes a link may lie across the border of two chunks


def read_files(paths: Sequence[Path], *, progress: Progress | None = None) -> RawNas:
    """Read all wanted objects of NAS files; `SourceError` where one cannot be read."""
    raw = RawNas()
    say = progress or (lambda _step, _share: None)
    total = sum(path.stat().st_size for path in paths if path.exists()) or 1
    done = 0
    for path in sorted(paths, key=lambda p: p.name):
        size = path.stat().st_size if path.exists() else 0
        linked, own = _survey(path)
        with opened(path) as streams:
            for name, stream in streams:
                if name not in own:
                    continue
                reader = _Reader(raw, path, linked)

                def tell(share: float, size: int = size, done: int = done) -> None:
                    say("Reading the cadastre", min((done + share * size) / total, 1.0))

                reader.read(stream, tell)
        done += size
    return raw


def _survey(path: Path) -> tuple[frozenset[str], frozenset[str]]:
    """
    Look through a file for the ids of geometries that others refer to, which must be kept.

    Returns them, and the names of the XML inside that are NAS: an archive may hold others beside.
    """
    found: set[bytes] = set()
    heads: dict[str, bytes] = {}
    read = 0
    with opened(path) as streams:
        for name, stream in streams:
            rest = heads[name] = stream.read(HEAD)
            while chunk := stream.read(1 << 20):
                read += len(chunk)
                check_size(read, path)
                found.update(LINK.findall(rest))
                rest = rest[-OVERLAP:] + chunk
            found.update(LINK.findall(rest))
    own = frozenset(name for name, head in heads.items() if NAMESPACE in head)
    for name, head in heads.items():
        if name in own or not own:
            check_head(head, path)
    return frozenset(link.decode("utf-8", "replace") for link in found), own


class _Reader:
    """One XML stream; objects that wait for edges further down are read at its end."""

    def __init__(self, raw: RawNas, path: Path, linked: frozenset[str]) -> None:
        self.raw = raw
        self.path = path
        self.linked = linked
        self.shared: dict[str, Sequence[float]] = {}
        self.waiting: list[_Element] = []
        self.system = ""  # what objects without a system of their own mean

    def read(self, stream: BinaryIO, tell: Callable[[float], None]) -> None:
        kinds = [f"{{*}}{kind}" for kind in ATTRIBUTES]
        edges = EDGES if self.linked else ()
        tags = [*kinds, *HOLDERS, *CHANGES, *edges, "{*}identifier", *SYSTEMS]
        parser = etree.XMLPullParser(
            events=("end",), tag=tags, resolve_entities=False, no_network=True, load_dtd=False,
            remove_comments=True, remove_pis=True,
        )  # fmt: skip
        read = quiet = 0
        try:
            while chunk := stream.read(CHUNK):
                parser.feed(chunk)
                read, quiet = read + len(chunk), quiet + len(chunk)
                for _, element in parser.read_events():
                    quiet = 0
                    self._take(cast("_Element", element))
                self._check_quiet(quiet)
                tell(min(read / max(self.path.stat().st_size, 1), 1.0))
            parser.close()
        except etree.XMLSyntaxError as error:
            raise damaged(self.path, error.msg or "no XML") from error
        for element in self.waiting:
            self._keep(element, local(element.tag), last=True)

    def _take(self, element: _Element) -> None:
        name = local(element.tag)
        if name in ATTRIBUTES:
            self._object(element, name)
        elif name == "identifier":
            parent = element.getparent()
            if parent is not None:
                _forget_before(parent)
        elif name in {"member", "featureMember"}:
            element.clear()
            _forget_before(element)
        elif name in {"Envelope", "AA_Koordinatenreferenzsystemangaben"}:
            self._default_system(element)
        elif name in {"Delete", "Replace", "Update"}:
            self._change(element, name)
        else:
            self._edge(element)

    def _object(self, element: _Element, kind: str) -> None:
        try:
            self._keep(element, kind, last=not self.linked)
        except NoRingError:  # an edge comes further down
            parent = element.getparent()
            if parent is not None:
                _forget_before(element)
                parent.remove(element)
            self.waiting.append(element)
            return
        _forget_before(element)
        element.clear()

    def _keep(self, element: _Element, kind: str, *, last: bool) -> None:
        row = read_object(
            element, kind, self.raw, shared=self.shared, system=self.system, last=last
        )
        if row is not None:
            self.raw.rows.setdefault(kind, []).append(row)

    def _default_system(self, element: _Element) -> None:
        named = element.get("srsName") or next((e.get(HREF) for e in element.iter("{*}crs")), None)
        standard = element.findtext("{*}standard") or "true"
        if named and not self.system and standard.strip() in {"true", "1"}:
            self.system = named

    def _change(self, element: _Element, name: str) -> None:
        """Note which versions a change takes back; what it brings instead is read as an object."""
        self.raw.note(f"nba_{name.lower()}")
        ends = name != "Update" or any(
            (e.text or "").endswith("endet") for e in element.iter("{*}Name", "{*}ValueReference")
        )
        for entry in element.iter("{*}FeatureId", "{*}ResourceId"):
            key = entry.get("fid") or entry.get("rid") or ""
            if ends and (len(key) > 16 or name == "Delete"):
                self.raw.ended.add(key.rpartition(":")[2])
        _forget_before(element)

    def _edge(self, element: _Element) -> None:
        key = gml_id(element)
        if key not in self.linked:
            return
        try:
            self.shared[key] = array("d", curve(element, self.shared))
        except (NoRingError, ValueError, IndexError):
            self.raw.note("broken_edge", key)

    def _check_quiet(self, quiet: int) -> None:
        if quiet > LARGEST_OBJECT:
            template = "{path} holds an object of more than {size} MB, which is refused."
            hint = "Check that it is an ALKIS exchange file."
            size = LARGEST_OBJECT >> 20
            raise SourceError(template, hint=hint, path=self.path, size=size)


def _forget_before(element: _Element) -> None:
    """Drop what lies before an object and before what holds it: it has been read."""
    holder = element.getparent()
    for node in (element, holder):
        parent = None if node is None else node.getparent()
        if node is None or parent is None:
            return
        while node.getprevious() is not None:
            del parent[0]

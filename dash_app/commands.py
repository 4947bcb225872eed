"""What the commands of `twin` do; `dash_app.cli` parses, this module works."""

from __future__ import annotations

import re
import socket
import sys
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from dash_app.feeds import demo_feeds, feeds_beside
from dash_app.settings_file import serving_settings
from layers.city_store import open_city, read_manifest, save_city, verify
from twin.errors import SourceError, StoreError
from twin.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dash_app.i18n import Translator
    from layers.fetch import FetchReport
    from layers.sensors.config import Config
    from layers.source_data import Progress as Say
    from layers.source_data import SourceData
    from twin.city import City

    Read = Callable[[Say], Sequence[SourceData]]

ENDINGS = (
    ".pbf", ".osm", ".gz", ".bz2", ".xml", ".gml", ".json", ".geojson", ".jsonl", ".gpkg", ".shp",
    ".zip", ".tif", ".tiff", ".xyz", ".asc", ".hgt", ".csv", ".parquet", ".dat", ".epw", ".txt",
)  # fmt: skip
"""What is named so is meant as a file, even where it does not exist."""


@dataclass(frozen=True)
class Reading:
    """What of the sources is wanted: which day of the timetable, which area of large files."""

    day: str = "weekday"
    area: Path | None = None


def build_command(
    words: Translator, named: Sequence[str], out: Path | None, *, name: str, options: Reading
) -> None:
    """Read what is `named` (files, folders, addresses, or one place), build, store, say it."""
    folder = out or Path("cities") / _slug(name or Path(named[0]).name)
    read, unknown = _reader(named, options)
    with progress_bar(words) as say:
        city = _build(read, folder, say, name=name)
    _print_summary(words, city, folder)
    if unknown:
        listed = ", ".join(path.name for path in unknown[:5])
        template = "{count} files are of no kind known here and were passed over, e.g. {files}."
        note = words.text(template, count=len(unknown), files=listed)
        _console().print(note, style="yellow", highlight=False, markup=False)


def fetch_command(
    words: Translator, place: str, out: Path | None, *, only: Sequence[str], dry_run: bool
) -> bool:
    """Download the open data of a municipality; tell whether all of it came."""
    from layers.fetch import fetch  # noqa: PLC0415 - only where something is fetched

    with progress_bar(words) as say:
        report = fetch(place, out, what=only or None, dry_run=dry_run, progress=say)
    _print_fetched(words, report)
    return report.complete


def demo_command(words: Translator, out: Path, *, host: str, port: int) -> None:
    """Build the model town where it is missing or of an older version, then serve it."""
    if not _is_current_model_town(out):
        from layers.sample_city import make_sample  # noqa: PLC0415 - only when there is none

        with progress_bar(words) as say:
            city = _build(lambda step: [make_sample(progress=step)], out, say)
        _print_summary(words, city, out)
    serve_command(words, out, Serving(host, port), feeds=demo_feeds)


@dataclass(frozen=True)
class Serving:
    """Where a page is served, and the settings of a server for several people."""

    host: str
    port: int
    config: Path | None = None


def serve_command(
    words: Translator,
    folder: Path,
    at: Serving,
    *,
    feeds: Callable[[City], Config] | None = None,
) -> None:
    """
    Serve a city until Ctrl+C; the address is printed when the page can be opened.

    `feeds` gives the configuration of sensors that are read beside the page.
    """
    settings = serving_settings(at.config, at.host)
    city = open_city(folder)
    if damaged := verify(folder):
        template = "{folder} is damaged: {tables}."
        hint = "Build the city again with `twin build`."
        raise StoreError(template, hint=hint, folder=folder, tables=", ".join(damaged))
    listener = _listen(at.host, at.port)
    from dash_app.accounts.origin import is_local  # noqa: PLC0415
    from dash_app.app import create_app  # noqa: PLC0415 - a wrong folder or port is said first
    from dash_app.server import run  # noqa: PLC0415
    from layers.project_store import open_store  # noqa: PLC0415

    scheme = "https" if settings.certificate else "http"
    shown = settings.address or f"{scheme}://{at.host}:{listener.getsockname()[1]}/"
    with open_store(settings.database or None) as store:
        if settings.mode == "shared" and settings.oidc is None and not store.accounts.count():
            template = "Nobody has an account yet. Add one: {command}"
            command = f"twin accounts add {store.database.place.shown} LOGIN --role admin"
            _print(words.text(template, command=command))
        app = create_app(
            city,
            lang=words.lang,
            settings=settings,
            store=store,
            reachable=not (at.host == "localhost" or is_local(at.host)),
        )
        with ExitStack() as beside:
            if feeds is not None:
                beside.enter_context(
                    feeds_beside(
                        lambda: feeds(city), store, lambda fault: _print(words.error(fault))
                    )
                )
            run(app, listener, settings=settings, on_ready=lambda: _print(f"{city.name}: {shown}"))


def _build(
    read: Callable[[Say], Sequence[SourceData]], out: Path, say: Say, *, name: str = ""
) -> City:
    from layers.build import build_city  # noqa: PLC0415 - loads pandera, which serving never needs

    data = read(lambda step, share: say(step, 0.5 * share))
    city = build_city(data, name=name, progress=lambda step, share: say(step, 0.5 + 0.4 * share))
    say("Write the city", 0.9)
    save_city(city, out)
    say("Done", 1.0)
    return city


def _reader(named: Sequence[str], options: Reading) -> tuple[Read, Sequence[Path]]:
    """Find out what is named; return what reads it, and the files nobody knows."""
    from layers.fetch import fetched_folder  # noqa: PLC0415
    from layers.inputs import area_of, find_inputs, read_area, read_inputs  # noqa: PLC0415

    fetched = {name: fetched_folder(name) for name in named if not _is_file(name)}
    if len(named) == 1 and fetched.get(named[0], "") is None:
        from layers.overpass import read_place  # noqa: PLC0415 - osmnx only where it is needed

        return lambda say: [read_place(named[0], progress=say)], ()
    files = [str(fetched.get(name) or name) for name in named]
    inputs = find_inputs(files)
    area = read_area(options.area) if options.area else area_of(files)
    return (
        lambda say: read_inputs(inputs, area=area, day=options.day, progress=say),
        inputs.unknown,
    )


def _is_file(name: str) -> bool:
    """Tell whether a name means a file, folder or address rather than a place."""
    from layers.inputs import PREFIX  # noqa: PLC0415

    address = name.startswith(("http://", "https://")) or PREFIX.fullmatch(name) is not None
    path = Path(name)
    try:
        there = path.exists()
    except (OSError, ValueError):  # too long, or with a null character: no file, maybe a place
        there = False
    meant = (
        path.is_absolute() or name.startswith(("./", "../", "~")) or name.lower().endswith(ENDINGS)
    )
    return address or there or meant


def _is_current_model_town(folder: Path) -> bool:
    """Tell whether the model town stands there; refuse to overwrite somebody's own city."""
    if not folder.exists():
        return False
    try:
        manifest = read_manifest(folder)
    except StoreError:
        return False
    if not manifest["model_town"]:
        template = "{folder} holds another city, {name}; it is not overwritten."
        raise StoreError(
            template, hint="Choose another folder.", folder=folder, name=manifest["name"]
        )
    return not verify(folder)


def _listen(host: str, port: int) -> socket.socket:
    """Take the port before anything slow happens."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        template = "The server cannot listen on {host}, port {port}: {reason}."
        hint = "Choose another one with --port."
        reason = error.strerror or str(error)
        raise SourceError(template, hint=hint, host=host, port=str(port), reason=reason) from error


def _print_fetched(words: Translator, report: FetchReport) -> None:
    from layers.fetch import lines  # noqa: PLC0415

    for template, values in lines(report):
        _console().print(words.text(template, "", **values), highlight=False, markup=False)
    for fault in (*report.faults, *report.boundary_faults):
        sys.stderr.write(f"{words.text('Error')}: {words.error(fault)}\n")
    if not report.dry_run:
        say = words.text("Build the city with `twin build {place}`.", place=report.town.name)
        _console().print(say, highlight=False, markup=False)


def _slug(name: str) -> str:
    """
    Return a name for a folder.

    >>> _slug("Bad Münstereifel"), _slug("town.osm.pbf")
    ('bad-münstereifel', 'town')
    """
    plain = name.partition(".")[0] if name.lower().endswith(ENDINGS) else name
    return "-".join(re.findall(r"\w+", plain.casefold())) or "city"


def _print_summary(words: Translator, city: City, out: Path) -> None:
    counts = ", ".join(
        f"{words.text(TABLES[name].label)} {words.number(len(city.tables[name]))}"
        for name in ("buildings", "streets", "places", "addresses")
    )
    worst = Counter(finding.severity for finding in city.info.findings)
    console = _console()
    console.print(f"[bold]{city.name}[/bold]: {counts}", highlight=False)
    if worst["warning"] or worst["fault"]:
        console.print(
            words.text(
                "{warnings} warnings, {faults} faults in the data: `twin check` lists them.",
                warnings=worst["warning"],
                faults=worst["fault"],
            ),
            highlight=False,
        )
    console.print(words.text("Written to {folder}.", folder=out), highlight=False)


@contextmanager
def progress_bar(words: Translator) -> Iterator[Say]:
    """Show a bar on the terminal; each step is a key of the message catalogue."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    quiet = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=quiet) as bar:
        task = bar.add_task("", total=1.0)

        def say(step: str, share: float) -> None:
            bar.update(task, description=words.text(step), completed=share)

        yield say


def _console() -> Console:
    return Console(file=sys.stdout, soft_wrap=True)


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()

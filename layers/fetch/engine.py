"""Downloads many files at once: few at a host, in peace with its wishes, cancelled cleanly."""

from __future__ import annotations

import dataclasses
import shutil
import threading
import time
import zipfile
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from layers.fetch.manifest import FetchedFile
from layers.source import download
from layers.web import disk_errors
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from layers.fetch.products import Wanted
    from layers.source_data import Progress
    from layers.web import Manners

AT_A_HOST = 4  # connections; offices serve everybody
LOOK_S = 0.2  # how often progress is told
FULL = "The disk is full"
GONE = frozenset({404, 410})


@dataclass
class Outcome:
    """What became of every file wanted."""

    done: list[FetchedFile] = field(default_factory=list)
    absent: list[Wanted] = field(default_factory=list)  # the server does not know it
    failed: list[tuple[Wanted, SourceError]] = field(default_factory=list)


class Host:
    """A host's door: so many at a time, and all of them wait when it asks one to."""

    def __init__(self, manners: Manners, cancelled: threading.Event) -> None:
        self.places = threading.BoundedSemaphore(AT_A_HOST)
        self.cancelled = cancelled
        self.until = 0.0
        self.own = manners.sleep
        self.manners = dataclasses.replace(manners, sleep=self.pause)

    def pause(self, seconds: float) -> None:
        """Wait as the server asked, and let the others wait as well."""
        self.until = max(self.until, time.monotonic() + seconds)
        self._wait(seconds)

    def enter(self) -> None:
        """Wait until the host wants to be asked again."""
        left = self.until - time.monotonic()
        if left > 0:
            self._wait(left)

    def _wait(self, seconds: float) -> None:
        if self.own is time.sleep:
            self.cancelled.wait(seconds)
        else:
            self.own(seconds)
        if self.cancelled.is_set():
            raise KeyboardInterrupt


class Engine:
    """One run over files; `share` of each is noted by its worker and told by the main thread."""

    def __init__(self, folder: Path, staging: Path, manners: Manners) -> None:
        self.folder = folder
        self.staging = staging
        self.manners = manners
        self.cancelled = threading.Event()
        self.hosts: dict[str, Host] = {}
        self.shares: dict[str, float] = {}

    def run(
        self,
        wanted: Sequence[Wanted],
        *,
        workers: int,
        progress: Progress,
        keep: Callable[[FetchedFile], None],
    ) -> Outcome:
        """
        Fetch every file; `keep` is told each finished one, by the main thread.

        A file that cannot be had is listed in the outcome; a full disk ends all at once with
        `SourceError`, and so does `KeyboardInterrupt`, which `progress` may raise. What is complete
        then stays, what is half waits in the staging folder.
        """
        outcome = Outcome()
        for item in wanted:
            host = urlsplit(item.url).netloc
            self.hosts.setdefault(host, Host(self.manners, self.cancelled))
        pool = ThreadPoolExecutor(max_workers=max(1, workers), thread_name_prefix="fetch")
        running: dict[Future[FetchedFile], Wanted] = {}
        try:
            running = {pool.submit(self._fetch, item): item for item in wanted}
            while running:
                finished, _ = wait(running, timeout=LOOK_S, return_when=FIRST_COMPLETED)
                for future in finished:
                    self._note(outcome, running.pop(future), future, keep)
                progress("Downloading", self._share(wanted))
        except BaseException:
            self.cancelled.set()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            for future in running:  # finished while the others were being stopped
                if not future.cancelled() and future.exception() is None:
                    keep(future.result())
        return outcome

    def _fetch(self, item: Wanted) -> FetchedFile:
        host = self.hosts[urlsplit(item.url).netloc]
        with host.places:
            if self.cancelled.is_set():
                raise KeyboardInterrupt
            host.enter()

            def told(_step: str, share: float) -> None:
                self.shares[item.path] = share
                if self.cancelled.is_set():
                    raise KeyboardInterrupt

            source = item.product.source
            entry = download(
                item.url, source=source, cache_dir=self.staging, progress=told,
                manners=host.manners,
            )  # fmt: skip
        refuse_wrong_kind(entry.path, item)
        target = self.folder / item.path
        with disk_errors(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            entry.path.replace(target)
            entry.path.with_name(entry.path.name + ".json").unlink(missing_ok=True)
        return FetchedFile(
            item.path, item.slot, item.product.key, item.product.kind, item.url, source,
            entry.licence, entry.sha256, entry.size, entry.retrieved, entry.date,
        )  # fmt: skip

    def _note(
        self,
        outcome: Outcome,
        item: Wanted,
        future: Future[FetchedFile],
        keep: Callable[[FetchedFile], None],
    ) -> None:
        self.shares[item.path] = 1.0
        try:
            file = future.result()
        except SourceError as error:
            if error.template.startswith(FULL):
                raise
            if error.values.get("status") in GONE:
                outcome.absent.append(item)
            else:
                outcome.failed.append((item, error))
            return
        outcome.done.append(file)
        keep(file)

    def _share(self, wanted: Sequence[Wanted]) -> float:
        """Return the share done: by bytes where sizes are known, the others like the middle one."""
        known = sorted(item.size for item in wanted if item.size)
        usual = known[len(known) // 2] if known else 1
        done = sum((item.size or usual) * self.shares.get(item.path, 0.0) for item in wanted)
        return min(done / (sum(item.size or usual for item in wanted) or 1), 1.0)


def refuse_wrong_kind(path: Path, item: Wanted) -> None:
    """Refuse a file whose content does not fit its ending, such as a message in place of a tile."""
    ending = item.path.rpartition(".")[2].lower()
    with path.open("rb") as file:
        head = file.read(256)
    fits = {
        "zip": lambda: zipfile.is_zipfile(path),
        "tif": lambda: head[:4] in {b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"},
        "gml": lambda: (
            head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<") and b"<html" not in head
        ),
    }.get(ending)
    if fits is not None and not fits():
        path.unlink()
        path.with_name(path.name + ".json").unlink(missing_ok=True)
        template = "{url} gives no {ending} file."
        hint = "Try again later; if it stays so, the office has changed something."
        raise SourceError(template, hint=hint, url=item.url, ending=ending)


def refuse_full_disk(folder: Path, wanted: Sequence[Wanted]) -> None:
    """Refuse to start where what is known of the sizes does not fit."""
    needed = sum(item.size or 0 for item in wanted)
    free = shutil.disk_usage(folder).free
    if needed > free:
        template = "The disk is full: {needed} MB are to come to {folder}, {free} MB are free."
        hint = "Free some space or choose another folder."
        raise SourceError(template, hint=hint, needed=needed >> 20, folder=folder, free=free >> 20)

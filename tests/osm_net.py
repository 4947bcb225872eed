"""Our side of the line to the local server."""

from __future__ import annotations

from dataclasses import replace

from layers.overpass import Endpoints, fetch_place
from layers.web import Manners


class Net:
    """The running server and our side of the line."""

    def __init__(self, server, folder):
        self.server, self.folder, self.pauses, self.steps = server, folder, [], []
        manners = Manners(attempts=3, connect_timeout_s=5, read_timeout_s=60)
        self.endpoints = Endpoints(
            nominatim=server.url,
            overpass=(f"{server.url}/api",),
            manners=replace(manners, sleep=self.pauses.append),
        )

    def fetch(self, place, **how):
        how = {"endpoints": self.endpoints, "progress": self.note, **how}
        return fetch_place(place, cache_dir=self.folder, **how)

    def note(self, step, share):
        self.steps.append((step, share))

"""What the handlers of the API work with; `app.py` puts it together once."""

from __future__ import annotations

import uuid
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING

from dash_app.api.news import News
from dash_app.sensing.adjusting import Adjusting
from dash_app.sensing.fits import Fits
from dash_app.sensing.sensed import Sensed
from dash_app.sensing.spots import reach_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from dash_app.settings import Settings
    from dash_app.shown import Shown
    from dash_app.workspace.engine import Engine
    from dash_app.workspace.projects import Projects
    from dash_app.workspace.viewer import Viewer
    from layers.project_store import ProjectStore
    from twin.city import City


class Versions:
    """Which saved versions were run under a hash: who may see one of them may see the results."""

    def __init__(self, most: int = 2000) -> None:
        self._most = most
        self._found: OrderedDict[tuple[str, str, int], None] = OrderedDict()
        self._lock = Lock()

    def note(self, hash_: str, scenario_id: str, number: int) -> None:
        """Remember that a version has this hash."""
        with self._lock:
            self._found[hash_, scenario_id, number] = None
            self._found.move_to_end((hash_, scenario_id, number))
            while len(self._found) > self._most:
                self._found.popitem(last=False)

    def of(self, hash_: str) -> list[tuple[str, int]]:
        """Return the versions that have a hash."""
        with self._lock:
            return [(one, number) for key, one, number in self._found if key == hash_]


@dataclass(frozen=True, eq=False)
class Context:
    """The city, what works for it, and who is asking; the pages use it as well."""

    shown: Shown
    engine: Engine
    store: ProjectStore
    projects: Projects
    settings: Settings
    viewer_of: Callable[[Request], Viewer]
    news: News = field(default_factory=News)
    versions: Versions = field(default_factory=Versions)
    fits: Fits = field(default_factory=Fits)  # measurement and model
    adjusting: Adjusting = field(default_factory=Adjusting)
    instance: str = field(default_factory=lambda: uuid.uuid4().hex)  # of this start of the server

    @property
    def city(self) -> City:
        """The city that is shown."""
        return self.shown.city

    @cached_property
    def sensing(self) -> Sensed:
        """What sensors have said, as a viewer may see it."""
        return Sensed(self.store.observations, self.settings, within=reach_of(self.city))

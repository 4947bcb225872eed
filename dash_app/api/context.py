"""What the handlers of the API work with; `app.py` puts it together once."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dash_app.api.news import News

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
    instance: str = field(default_factory=lambda: uuid.uuid4().hex)  # of this start of the server

    @property
    def city(self) -> City:
        """The city that is shown."""
        return self.shown.city

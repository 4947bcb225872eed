"""The bar under the map: now, or a day played again; `assets/page_sensors.js` moves it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import html

from dash_app.components.native import Input
from dash_app.components.values import attrs, icon

if TYPE_CHECKING:
    from dash_app.i18n import Translator

SPEEDS = (10, 30, 60)
"""Minutes of the day that pass in a second."""


def day_bar(t: Translator) -> list[Any]:
    """Return the buttons, the day, the slider over it and the moment in words."""
    play, pause = t.text("Play the day"), t.text("Stop playing")
    now = t.text("now")
    speeds = [
        html.Option(t.text("{count} min a second", count=count), value=str(count))
        for count in SPEEDS
    ]
    return [
        html.Div(
            [
                html.Button(
                    html.Span(className="icon icon-sense-play", **attrs(aria_hidden="true")),
                    type="button", className="button-icon sense-play", title=play,
                    **attrs(data_sensors="play", data_play=play, data_pause=pause,
                            aria_label=play, aria_pressed="false"),
                ),
                Input(type="date", className="sense-date",
                      **attrs(data_sensors="day", aria_label=t.text("Day that is shown"))),
                Input(type="range", className="sense-moment", min=0, max=287, step=1, value=0,
                      **attrs(data_sensors="moment", aria_label=t.text("Time of the day shown"))),
                html.Span(now, className="year-now sense-shown", role="status",
                          **attrs(data_sensors_text="moment", data_now=now)),
                html.Select(speeds, className="sense-speed",
                            **attrs(data_sensors="speed", data_value="30",
                                    aria_label=t.text("Speed"))),
                html.Button([icon("sense-live"), html.Span(t.text("Back to now"))], type="button",
                            className="button-small", disabled=True,
                            **attrs(data_sensors="live")),
            ],
            className="year-part sense-bar",
            role="group",
            **attrs(aria_label=t.text("Play a day again")),
        )
    ]  # fmt: skip

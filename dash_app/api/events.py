"""What happens meanwhile, sent to the page as it happens (server-sent events)."""

import json
from collections.abc import AsyncIterator, Callable

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from dash_app.api.asking import Desk, Who
from dash_app.api.context import Context
from dash_app.api.news import Event
from dash_app.api.problems import NotNowError, ProblemRoute
from dash_app.workspace.viewer import Viewer

router = APIRouter(tags=["events"], route_class=ProblemRoute)

HEARTBEAT_S = 15.0
"""Seconds of silence after which a line is sent, so that nobody takes the line for dead."""

MOST_LISTENERS = 500
RECONNECT_MS = 2000

DESCRIPTION = """
What happens meanwhile, as server-sent events:

- `hello` `{instance, city}`: first of all; another `instance` than before means that the server
  was started anew.
- `run` `{hash, year, state}`: a year of a scenario is there, or has failed; year 0 means ranges.
- `scenario` `{id, version, hash, what, by}`: somebody changed a scenario.
- `observations` `{numbers}`: sensors have new values (an empty list: all of them); the values are
  at `/api/sensors?numbers=`.
- `alert` `{number, state}`: a value has crossed a threshold: `below`, `above`, or `ok` again.
- `closed`: the server stops; connect again later.
"""


@router.get(
    "/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
    description=DESCRIPTION,
)
async def events(request: Request, desk: Desk, who: Who) -> StreamingResponse:
    """Send what happens meanwhile."""
    if len(desk.news) >= MOST_LISTENERS or desk.news.is_closed:
        template = "Too many pages listen already."
        raise NotNowError(template, hint="Close some of them.")
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    stream = told(desk, lambda event: may_hear(who, event), request)
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


def may_hear(who: Viewer, event: Event) -> bool:
    """Tell whether somebody is told: the public hears of what is public alone."""
    if event.name in {"observations", "alert"}:  # told once for those who work here, once for all
        return bool(event.data["public"]) != who.may_edit
    return who.may_edit or event.name != "scenario" or bool(event.data.get("public"))


async def told(
    desk: Context,
    wants: Callable[[Event], bool],
    request: Request,
    heartbeat_s: float = HEARTBEAT_S,
) -> AsyncIterator[str]:
    """Give events as lines of a stream, until the page leaves or the server stops."""
    listener = desk.news.listen(wants)
    try:
        hello = Event("hello", {"instance": desk.instance, "city": desk.city.hash})
        yield f"retry: {RECONNECT_MS}\n{line_of(hello)}"
        while not desk.news.is_closed:
            event = await listener.next(heartbeat_s)
            if event is None and await request.is_disconnected():
                return
            yield line_of(event) if event else ": still here\n\n"
    finally:
        desk.news.leave(listener)


def line_of(event: Event) -> str:
    r"""
    Return an event as it is sent.

    >>> line_of(Event("run", {"year": 2045}))
    'event: run\ndata: {"year": 2045}\n\n'
    """
    return f"event: {event.name}\ndata: {json.dumps(event.data)}\n\n"

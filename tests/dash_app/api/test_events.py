"""What is sent meanwhile: who hears what, from any thread, until the page leaves."""

from __future__ import annotations

import asyncio
import json
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from dash_app.api.events import line_of, may_hear, told
from dash_app.api.news import MOST_UNREAD, Event, News
from dash_app.workspace.viewer import PUBLIC, Viewer

if TYPE_CHECKING:
    from tests.dash_app.api.conftest import Desk

PLANNER = Viewer("planner", "Ada")


class Page:
    """A browser that is there, or not."""

    def __init__(self, *, here: bool = True) -> None:
        self.here = here

    async def is_disconnected(self) -> bool:
        return not self.here


class Town:
    """As much of a context as the stream needs."""

    instance = "i1"

    def __init__(self) -> None:
        self.news = News()
        self.city = type("City", (), {"hash": "c1"})


async def heard(town: Any, count: int, page: Any = None, *, beat: float = 5.0) -> list[str]:
    """Read some lines of the stream."""
    lines = []
    stream = told(town, lambda _: True, page or Page(), beat)
    async for line in stream:
        lines.append(line)
        if len(lines) == count:
            break
    await stream.aclose()  # type: ignore[attr-defined]
    return lines


def test_a_page_hears_of_restart_and_of_what_other_threads_tell() -> None:
    town = Town()

    async def listen() -> list[str]:
        reading = asyncio.create_task(heard(town, 3))
        await asyncio.sleep(0)
        for n in (1, 2):
            teller = Thread(target=town.news.tell, args=("run",), kwargs={"hash": f"h{n}"})
            teller.start()
            teller.join()
        return await reading

    hello, first, second = asyncio.run(listen())
    assert 'event: hello\ndata: {"instance": "i1", "city": "c1"}\n\n' in hello
    assert "retry:" in hello
    assert [first, second] == [f'event: run\ndata: {{"hash": "h{n}"}}\n\n' for n in (1, 2)]
    assert len(town.news) == 0


def test_silence_is_broken_and_a_page_that_left_is_forgotten() -> None:
    town = Town()
    lines = asyncio.run(heard(town, 3, beat=0.01))
    assert lines[1:] == [": still here\n\n"] * 2
    page = Page(here=False)
    assert len(asyncio.run(heard(town, 9, page, beat=0.01))) == 1
    assert len(town.news) == 0


def test_the_end_of_the_server_ends_all() -> None:
    town = Town()

    async def listen() -> list[list[str]]:
        readers = [asyncio.create_task(heard(town, 9)) for _ in range(20)]
        await asyncio.sleep(0.01)
        assert len(town.news) == 20
        town.news.close()
        return await asyncio.gather(*readers)

    for lines in asyncio.run(listen()):
        assert lines[-1] == "event: closed\ndata: {}\n\n"
        assert len(lines) == 2
    assert len(town.news) == 0


def test_who_reads_slowly_loses_the_oldest() -> None:
    news = News()

    async def listen() -> Event | None:
        listener = news.listen()
        for n in range(MOST_UNREAD + 10):
            news.tell("run", n=n)
        await asyncio.sleep(0.01)
        return await listener.next(1.0)

    assert asyncio.run(listen()) == Event("run", {"n": 10})


def test_a_listener_whose_loop_has_ended_harms_nobody() -> None:
    news = News()

    async def listen() -> None:
        news.listen()

    asyncio.run(listen())
    news.tell("run", n=1)


@pytest.mark.parametrize(
    ("who", "event", "hears"),
    [
        (PLANNER, Event("scenario", {"public": False}), True),
        (PUBLIC, Event("scenario", {"public": False}), False),
        (PUBLIC, Event("scenario", {"public": True}), True),
        (PUBLIC, Event("run", {}), True),
    ],
)
def test_the_public_hears_of_published_scenarios_alone(
    who: Viewer, event: Event, *, hears: bool
) -> None:
    assert may_hear(who, event) is hears


def test_names_cannot_break_out_of_a_line() -> None:
    line = line_of(Event("scenario", {"by": "Eve\n\nevent: hello\ndata: {}"}))
    assert line.count("\n") == 3
    assert json.loads(line.split("data: ", 1)[1])["by"].startswith("Eve")


def test_every_year_that_is_there_is_told(desk: Desk) -> None:
    heard_of: list[dict[str, Any]] = []
    news = desk.context.news

    async def listen() -> None:
        listener = news.listen(lambda event: event.name == "run")
        loop = asyncio.get_running_loop()
        run = {"kind": "photovoltaics", "id": "roofs", "start_year": 2027}
        await loop.run_in_executor(None, lambda: desk.run(measure=run, year=2045))
        event = await listener.next(20.0)
        assert event is not None
        heard_of.append(event.data)
        news.leave(listener)

    asyncio.run(listen())
    assert heard_of[0]["year"] in {2025, 2030, 2045}
    assert heard_of[0]["state"] in {"computing", "ready"}

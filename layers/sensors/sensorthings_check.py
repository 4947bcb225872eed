"""A dry run at a SensorThings server: datastreams, last values, what is not understood."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from layers.sensors.common import Checked, described
from layers.sensors.sensorthings_mqtt import offered
from layers.sensors.sensorthings_read import readings_of, rows_of, timed
from layers.sensors.sensorthings_things import listing_of
from layers.sensors.sensorthings_web import is_refusing, sentence_of
from twin.errors import SourceError
from twin.sentences import listed, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from layers.sensors.records import Datastream, Reading, Refusal
    from layers.sensors.sensorthings_config import SensorThingsConfig
    from layers.sensors.sensorthings_things import Listing, Wanted
    from layers.sensors.sensorthings_web import Server
    from twin.sentences import Sentence


def checked(
    config: SensorThingsConfig, seconds: float, *, server: Server, clock: Callable[[], float]
) -> Checked:
    """
    Return the datastreams, and the last value of as many as there is time for.

    Raises
    ------
    SourceError
        The server cannot be reached, or gives no Datastreams.
    """
    end = time.monotonic() + seconds
    server.open()
    listing = listing_of(server, config)
    readings: list[Reading] = []
    refused: list[Refusal] = [*listing.refused]
    notes: list[Sentence] = []
    asked = 0
    for one in listing.wanted:
        if time.monotonic() > end:
            break
        try:
            found = _last(server, config, one, clock)
        except SourceError as error:
            notes.append(sentence_of(error))
            break
        asked += 1
        readings += found[0]
        refused += found[1]
    streams = [p.stream for one in listing.wanted for p in one.parts if p is not None]
    notes = [*_notes(config, listing, streams), *_of_server(server, asked, listing), *notes]
    extra = {"version": server.version, "lacks": sorted(server.lacks), "asked": asked}
    return Checked(tuple(streams), tuple(readings), tuple(refused), tuple(notes), extra)


def _last(
    server: Server, config: SensorThingsConfig, one: Wanted, clock: Callable[[], float]
) -> tuple[list[Reading], list[Refusal]]:
    """Return the last observation of a datastream."""
    orders = ("phenomenonTime desc", "")
    for order in orders:
        query: dict[str, Any] = {"$top": 1, "$orderby": order}
        url = server.address(f"{one.path}/Observations", query)
        try:
            rows = list(rows_of(server.page(url, is_probe=True).values))
        except SourceError as error:
            if not order or not is_refusing(error):
                raise
            continue
        times = [timed(row, config, int(clock() * 1000)) for row in rows]
        latest = sorted(times, key=lambda t: t.begin or 0)[-1:]
        return readings_of(one, latest, config.name)
    return [], []


def _notes(
    config: SensorThingsConfig, listing: Listing, streams: list[Datastream]
) -> Iterator[Sentence]:
    """Give what somebody should know of the datastreams."""
    if not streams:
        yield say("Not a single datastream is read.")
    if listing.left_out:
        yield say("Left out as configured: {number}.", number=listing.left_out)
    if listing.other_words:
        told = (f"{said} → {word}" for word, said in listing.other_words.items())
        yield say(
            "Observed properties without a word of the twin: {names}. Say in properties what they"
            " mean.",
            names=listed(told, 12),
        )
    if listing.unknown_units:
        told = (f"{name} ({unit or '–'})" for name, unit in listing.unknown_units.items())
        yield say(
            "No unit, or none that is known: {names}. Say it in properties.", names=listed(told, 12)
        )
    if listing.wrong_units:
        told = (f"{name} ({unit})" for name, unit in listing.wrong_units.items())
        yield say("The unit is of another kind than the property: {names}.", names=listed(told, 12))
    if listing.words_only:
        yield say(
            "The results are words: {names}. Say by categories in properties which number each is.",
            names=listed(listing.words_only, 12),
        )
    yield from _of_places([described(stream, config) for stream in streams])


def _of_places(streams: list[Datastream]) -> Iterator[Sentence]:
    lost = dict.fromkeys(stream.name for stream in streams if stream.lon is None)
    if lost:
        yield say("Without a place on the map: {names}.", names=listed(lost))
    odd = [s.name for s in streams if s.lon is not None and s.lat is not None
           and 45 <= s.lon <= 56 and 5 <= s.lat <= 16]  # fmt: skip
    if odd:
        yield say("Longitude and latitude look exchanged at {names}.", names=listed(odd))


def _of_server(server: Server, asked: int, listing: Listing) -> Iterator[Sentence]:
    """Give what somebody should know of the server."""
    yield from server.notes.values()
    if asked < len(listing.wanted):
        yield say(
            "The last values of {asked} of {all} datastreams were asked for in the time given.",
            asked=asked, all=len(listing.wanted),
        )  # fmt: skip
    place = offered(server)
    if place is not None:
        host, port = place
        yield say(
            "The server tells new observations by MQTT at {host}:{port}; mqtt = true listens"
            " there.",
            host=host, port=port,
        )  # fmt: skip

"""Entities of a SensorThings server with what belongs to them, however much it can put in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from layers.sensors.sensorthings_places import place_of
from layers.sensors.sensorthings_web import (
    TooLargeError,
    entity_path,
    is_refusing,
    is_unknown,
)
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from layers.sensors.sensorthings_config import SensorThingsConfig
    from layers.sensors.sensorthings_web import Page, Server

Entity = dict[str, Any]

EXPANDS = ("Thing/Locations,{observed},Sensor", "Thing/Locations,{observed}",
           "Thing,{observed}", "{observed}", "")  # fmt: skip
MOST_FEATURES = 200  # features of interest that are asked for, one by one


def entities_of(server: Server, config: SensorThingsConfig) -> list[Entity]:
    """
    Return Datastreams and MultiDatastreams with their Things, Locations and what they observe.

    Raises
    ------
    SourceError
        The server cannot be reached, or gives no Datastreams.
    """
    path = config.address.part
    try:
        streams = list(_entities(server, path, config.filter, "ObservedProperty"))
    except TooLargeError:
        if server.listed == 1:
            raise
        server.listed = max(1, server.listed // 10)
        return entities_of(server, config)
    multi = _multi(server, path, config.filter)
    found = _completed(server, [*streams, *multi])
    _with_features(server, found, config)
    return found


def is_of_several(stream: Mapping[str, Any]) -> bool:
    """Tell whether it is a MultiDatastream."""
    return "multiObservationDataTypes" in stream or "unitOfMeasurements" in stream


def path_of(stream: Mapping[str, Any]) -> str:
    """Return the path of a stream as its server writes it."""
    kind = "MultiDatastreams" if is_of_several(stream) else "Datastreams"
    links = stream.get("@iot.selfLink"), stream.get("Observations@iot.navigationLink")
    return entity_path(kind, stream.get("@iot.id"), *links)


def _multi(server: Server, path: str, asked: str) -> list[Entity]:
    """Return MultiDatastreams; most servers have none and say so in many ways."""
    if path.startswith("Datastreams(") or "multi" in server.lacks:
        return []
    try:
        address = path.replace("Datastreams", "MultiDatastreams")
        found = _entities(server, address, asked, "ObservedProperties")
        return [one for one in found if is_of_several(one)]
    except SourceError as error:
        if is_unknown(error) or is_refusing(error) or "url" in error.values:
            server.lacks.add("multi")
            return []
        raise


def _entities(server: Server, path: str, asked: str, observed: str) -> Iterator[Entity]:
    """Give entities with what belongs to them, as far as the server can put it in."""
    top: object = "" if path.endswith(")") else server.listed
    for expand in EXPANDS:
        if f"{path} {expand}" in server.lacks:
            continue
        query = {"$filter": asked, "$expand": expand.format(observed=observed), "$top": top}
        pages = server.pages(server.address(path, query), is_probe=bool(expand))
        try:
            first = next(pages, None)
        except SourceError as error:
            if not expand or not is_refusing(error):
                raise
            server.lacks.add(f"{path} {expand}")
            continue
        yield from _listed(server, (path, query), first, pages)
        return


def _listed(
    server: Server, asked: tuple[str, dict[str, Any]], first: Page | None, pages: Iterator[Page]
) -> Iterator[Entity]:
    """Give the entities of all pages; by `$skip` at a server that never says what follows."""
    path, query = asked
    values = first.values if first is not None else []
    is_silent = not server.has_next and len(values) >= server.listed
    yield from _objects(values)
    for page in pages:
        yield from _objects(page.values)
    before, count = values, len(values)
    while is_silent and values:
        url = server.address(path, {**query, "$skip": count})
        values = server.page(url).values
        if values == before:
            return
        yield from _objects(values)
        count, before = count + len(values), values


def _objects(values: list[Any]) -> list[Entity]:
    return [one for one in values if isinstance(one, dict)]


def _completed(server: Server, streams: list[Entity]) -> list[Entity]:
    """Return streams with Things, Locations and ObservedProperties that did not come with them."""
    things: dict[str, Entity] = {}
    if any(not _is_whole(stream.get("Thing")) for stream in streams):
        things = _things(server)
    asked: dict[str, Entity] = {}
    found = []
    for stream in streams:
        whole = {**stream, "Thing": _thing(server, stream, things, asked)}
        kind = "ObservedProperties" if is_of_several(stream) else "ObservedProperty"
        if kind not in stream:
            answer = _one(server, f"{path_of(stream)}/{kind}", asked)
            whole[kind] = answer.get("value", []) if is_of_several(stream) else answer
        found.append(whole)
    return found


def _thing(
    server: Server, stream: Entity, things: Mapping[str, Entity], asked: dict[str, Entity]
) -> Entity:
    """Return the Thing of a stream with its Locations."""
    thing = stream.get("Thing")
    if not isinstance(thing, dict) or thing.get("@iot.id") is None:
        thing = _one(server, f"{path_of(stream)}/Thing", asked)
    ident = thing.get("@iot.id")
    thing = {**things.get(str(ident), {}), **thing}
    if "Locations" not in thing and ident is not None:
        path = entity_path("Things", ident, thing.get("@iot.selfLink"))
        thing["Locations"] = _one(server, f"{path}/Locations", asked).get("value", [])
    return thing


def _things(server: Server) -> dict[str, Entity]:
    """Return Things by their ids, with Locations where the server can; {} where it has no list."""
    for expand in ("Locations", ""):
        try:
            query = {"$expand": expand, "$top": server.listed}
            pages = server.pages(server.address("Things", query), is_probe=True)
            things = [one for page in pages for one in _objects(page.values)]
        except SourceError as error:
            if not (is_unknown(error) or is_refusing(error)):
                raise
            continue
        return {str(thing.get("@iot.id")): thing for thing in things}
    return {}


def _one(server: Server, path: str, asked: dict[str, Entity]) -> Entity:
    """Return an entity or list that belongs to another; {} where there is none."""
    if path not in asked:
        try:
            asked[path] = server.get(server.address(path, {}), is_probe=True)
        except SourceError as error:
            if not (is_unknown(error) or is_refusing(error)):
                raise
            asked[path] = {}
    return asked[path]


def _is_whole(thing: object) -> bool:
    return isinstance(thing, dict) and "name" in thing and "Locations" in thing


def _with_features(server: Server, streams: list[Entity], config: SensorThingsConfig) -> None:
    """Put the feature of interest of the last observation to streams that have no place else."""
    if "*" in config.at:
        return
    asked: dict[str, Entity] = {}
    for stream in streams:
        place = place_of(stream["Thing"].get("Locations"), stream.get("observedArea"))
        is_told = place.lon is not None or str(stream["Thing"].get("@iot.id")) in config.at
        if is_told or len(asked) >= MOST_FEATURES:
            continue
        path = f"{path_of(stream)}/Observations?$top=1&$expand=FeatureOfInterest"
        values = _objects(_one(server, path, asked).get("value") or [])
        stream["feature"] = values[0].get("FeatureOfInterest") if values else None

"""Measures on heat supply: heating systems, heat networks and what feeds these."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from pydantic import Field, field_validator, model_validator

from twin.classes import NETWORK_SOURCES
from twin.errors import ModelError
from twin.measures.base import (
    SOURCE,
    Begun,
    BuildingMeasure,
    Mask,
    Measure,
    Order,
    begin_with,
    changed,
    due_rows,
    heated,
    schedule_of,
)
from twin.measures.supply_area import AutoNetwork, ground, served, unknown_streets
from twin.selection import Area, describe, lots, ranked
from twin.selection.columns import heat_demand
from twin.selection.resolve import member, round_half_up
from twin.sentences import Problem, Sentence, Word, WrongValueError, listed, say
from twin.state import NetworkPlan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from twin.state import State

Own = Literal[
    "gas_boiler", "oil_boiler", "biomass_boiler", "direct_electric", "air_heat_pump",
    "brine_heat_pump", "hybrid_heat_pump",
]  # fmt: skip
"""Heating that a building has for itself; for district heat there is the heat network."""

Sources = dict[Literal[NETWORK_SOURCES], float]  # type: ignore[valid-type]


class HeatingChange(BuildingMeasure):
    """Exchange the heating of buildings."""

    kind: Literal["heating_change"] = "heating_change"
    to: Own
    outside_networks: bool = False  # leave out the areas of networks, standing and planned

    def eligible(self, state: State) -> Mask:
        """Heated, otherwise than asked for, on no network."""
        stock = state.stock
        mask = heated(state) & ~stock["system"].isin([self.to, "district_heat"]).to_numpy()
        if self.outside_networks:
            for ids in state.supply_areas.values():
                mask &= ~member(stock.index, ids)
        return np.asarray(mask)

    def advance(self, state: State, begun: Begun, *, since: int, year: int) -> State:
        """Set the system and its year; who went on a network meanwhile stays there."""
        rows, years = due_rows(state, begun, since=since, year=year)
        own = (state.stock["system"] != "district_heat").to_numpy()[rows]
        values = {
            "system": self.to,
            "system_source": SOURCE,
            "system_year": years[own],
            "system_year_source": SOURCE,
        }
        return state.replace(stock=changed(state.stock, rows[own], values))

    def summary(self) -> Sentence:
        """Return the measure in one line."""
        to, who, when = Word(self.to, "stock.system"), describe(self.select), self._when()
        if self.outside_networks:
            return say(
                "Heating to {to} outside of heat networks: {who}, {when}", to=to, who=who, when=when
            )
        return say("Heating to {to}: {who}, {when}", to=to, who=who, when=when)

    def _fits(self) -> Sentence | None:
        return say("It is for heated buildings with another system, not on a heat network.")


def check_sources(sources: Mapping[str, float] | None) -> None:
    """Refuse shares that do not make a whole."""
    if sources is None:
        return
    if any(share < 0 for share in sources.values()):
        raise WrongValueError(say("A source has a negative share."), say("Give 0 to 1."))
    total = sum(sources.values())
    if abs(total - 1) > 1e-6:
        raise WrongValueError(
            say("The sources of the network sum to {total}, not to 1.", total=round(total, 6)),
            say("Give the share of each source in the yearly heat, 0.6 for 60 %."),
        )


class HeatNetwork(Measure):
    """
    Build a heat network, or extend one, and connect buildings to it.

    Served are the heated buildings in the `area`, or those that are connected from one of the
    `streets`, or those at streets that `auto` finds, inside the area where one is drawn; each
    connected group of these is a network of its own, `id:1` the largest. Of the buildings served
    `connection_percent` are connected, in the order given, at the pace given. Without `sources` the
    network of this id must be there already and is extended.
    """

    kind: Literal["heat_network"] = "heat_network"
    network_id: str = ""  # the id of the measure where empty
    name: str = ""
    area: Area | None = None
    streets: tuple[str, ...] = ()
    auto: AutoNetwork | None = None
    connection_percent: float = Field(60.0, gt=0, le=100)
    order: Order = "largest_first"
    sources: Sources | None = None
    flow_c: float = Field(80.0, ge=25, le=160)
    return_c: float = Field(50.0, ge=5, le=120)

    @model_validator(mode="after")
    def _complete(self) -> HeatNetwork:
        if self.area is None and not self.streets and self.auto is None:
            raise WrongValueError(
                say("It is not said where the network runs."),
                say("Give area, streets or auto."),
            )
        if self.return_c >= self.flow_c:
            raise WrongValueError(
                say("The return ({back} °C) is not colder than the flow ({flow} °C).",
                    back=self.return_c, flow=self.flow_c),
                say("Choose a lower return_c."),
            )  # fmt: skip
        return self

    @field_validator("sources", mode="after")
    @classmethod
    def _whole(cls, value: Sources | None) -> Sources | None:
        check_sources(value)
        return value

    @property
    def network(self) -> str:
        """The id of the network."""
        return self.network_id or self.id

    def served(self, state: State) -> dict[str, pd.Index[str]]:
        """Return the ids of the heated buildings that each network is meant for, by its id."""
        found = served(state, self.area, self.streets, self.auto)
        return {f"{self.network}{number}": ids for number, ids in found.items()}

    def announce(self, state: State) -> State:
        """Return the state with the area of the networks known, before they are built."""
        if unknown_streets(state, self.streets) or self._no_streets(state):
            return state
        areas = dict(state.supply_areas)
        for network, ids in self.served(state).items():
            areas[network] = areas[network].union(ids) if network in areas else ids
        return state.replace(supply_areas=areas)

    def begin(self, state: State) -> Begun:
        """Decide who is connected to which network and when."""
        if faults := self._faults(state):
            return Begun(faults=tuple(faults))
        areas = self._announced(state) or self.served(state)
        rows = {key: state.stock.index.get_indexer(ids) for key, ids in areas.items()}
        rows = {key: found[found >= 0] for key, found in rows.items()}
        rows = {key: found for key, found in rows.items() if len(found)}
        if not rows:
            return Begun(faults=(self._nobody(),))
        free = (state.stock["system"] != "district_heat").to_numpy()
        all_free = np.concatenate([found[free[found]] for found in rows.values()])
        if len(all_free) == 0:
            what = say("All buildings that the network would serve have district heat already.")
            return Begun(faults=(Problem("not_applicable", what, say("Choose another area.")),))
        urgency = pd.Series(self._urgency(state, all_free), index=all_free)
        parts = [self._schedule(state, urgency[found[free[found]]]) for found in rows.values()]
        of = np.repeat(list(rows), [len(part) for part in parts])
        more = {"networks": tuple(rows), "of": of.astype(object)}
        return begin_with(state, pd.concat(parts), more=more)

    def _announced(self, state: State) -> dict[str, pd.Index[str]]:
        """Return what was found automatically in the first stage; it stays that way."""
        if self.auto is None:
            return {}
        mine = f"{self.network}:"
        return {key: ids for key, ids in state.supply_areas.items() if key.startswith(mine)}

    def _faults(self, state: State) -> list[Problem]:
        faults = []
        if lost := unknown_streets(state, self.streets):
            faults.append(
                Problem(
                    "unknown_street",
                    say("There is no street {ids}.", ids=listed(lost)),
                    say("Ids are those of the links in the table of streets."),
                )
            )
        if missing := self._no_streets(state):
            faults.append(missing)
        stands = bool(networks_of(state, self.network))
        if self.sources is not None and stands:
            faults.append(
                Problem(
                    "network_exists",
                    say("There is a network {network} already.", network=self.network),
                    say("Choose another network_id, or leave out the sources to extend it."),
                )
            )
        if self.sources is None and not stands:
            faults.append(unknown_network(self.network, state))
        return faults

    def _no_streets(self, state: State) -> Problem | None:
        """Say where streets are needed to find the buildings and the city has none."""
        if self.auto is None and not self.streets:
            return None
        try:
            ground(state)
        except ModelError as error:
            hint = Sentence(error.hint, error.values)
            return Problem("no_streets", Sentence(error.template, error.values), hint)
        return None

    def _nobody(self) -> Problem:
        if self.auto is not None:
            return Problem(
                "empty",
                say("No street reaches {threshold} kWh/(m·a) in an area large enough.",
                    threshold=self.auto.threshold_kwh_m),
                say("Lower threshold_kwh_m or minimum_mwh."),
            )  # fmt: skip
        return Problem(
            "empty",
            say("No heated building would be served by the network."),
            say("Widen the area or name other streets."),
        )

    def _urgency(self, state: State, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return what decides who comes first, highest first."""
        if self.order == "random":
            return 1 - lots(state.stock.index[rows], self.id)
        return heat_demand(state, rows, per_area=self.order == "worst_first").to_numpy(float)

    def _schedule(self, state: State, urgency: pd.Series[float]) -> pd.Series[int]:
        """Return the years of those connected to one network, by id; given by row of the stock."""
        ids = state.stock.index[urgency.index.to_numpy()]
        order = ranked(np.asarray(urgency, float), ids, highest=True)
        order = order[: round_half_up(len(ids) * self.connection_percent / 100)]
        position = (np.arange(len(order)) + 0.5) / max(len(order), 1)
        return schedule_of(self._years(position), ids[order])

    def advance(self, state: State, begun: Begun, *, since: int, year: int) -> State:
        """Build the networks when the measure begins; connect those whose turn it is."""
        if since < self.start_year <= year and self.sources is not None:
            plans = {key: self._plan(state, key) for key in begun.more["networks"]}
            state = state.replace(networks={**state.networks, **plans})
        rows, years = due_rows(state, begun, since=since, year=year)
        network = pd.Series(begun.more["of"], index=begun.years.index)[state.stock.index[rows]]
        values = {
            "system": "district_heat",
            "system_source": SOURCE,
            "system_year": years,
            "system_year_source": SOURCE,
            "network_id": network.to_numpy(),
        }
        return state.replace(stock=changed(state.stock, rows, values))

    def _plan(self, state: State, network: str) -> NetworkPlan:
        number = network.removeprefix(self.network).replace(":", " ")
        return NetworkPlan(
            id=network,
            name=f"{self.name or self.network}{number}",
            start_year=self.start_year,
            sources=dict(self.sources or {}),
            area=self.area.geometry(state.city.crs) if self.area and not self.auto else None,
            streets=self.streets,
            flow_c=self.flow_c,
            return_c=self.return_c,
        )

    def summary(self) -> Sentence:
        """Return the measure in one line."""
        return say(
            "Heat network {name} {where}, {percent} % connected, {when}",
            name=self.name or self.network, where=self._where(),
            percent=self.connection_percent, when=self._when(),
        )  # fmt: skip

    def _where(self) -> Sentence:
        if self.auto is not None:
            threshold = self.auto.threshold_kwh_m
            return say("where streets reach {threshold} kWh/(m·a)", threshold=threshold)
        if self.area is not None:
            return say("in the drawn area")
        return say("along {count} streets", count=len(self.streets))


class NetworkSources(Measure):
    """Change what feeds a heat network, and how hot it is, from a year on."""

    kind: Literal["network_sources"] = "network_sources"
    network_id: str
    sources: Sources
    flow_c: float | None = Field(None, ge=25, le=160)
    return_c: float | None = Field(None, ge=5, le=120)

    @field_validator("sources", mode="after")
    @classmethod
    def _whole(cls, value: Sources) -> Sources:
        check_sources(value)
        return value

    @model_validator(mode="after")
    def _at_once(self) -> NetworkSources:
        if self.pace_percent is not None or self.end_year is not None:
            raise WrongValueError(
                say("The sources of a network change at once; they have no pace."),
                say(
                    "Leave out pace_percent and end_year; give several measures for several years."
                ),
            )
        return self

    def begin(self, state: State) -> Begun:
        """Find the network."""
        if networks_of(state, self.network_id):
            return Begun()
        return Begun(faults=(unknown_network(self.network_id, state),))

    def advance(self, state: State, begun: Begun, *, since: int, year: int) -> State:
        """Exchange the plan of the network, once."""
        if since >= self.start_year or year < self.start_year:
            return state
        new = {key: self._changed(state.networks[key])
               for key in networks_of(state, self.network_id)}  # fmt: skip
        return state.replace(networks={**state.networks, **new})

    def _changed(self, old: NetworkPlan) -> NetworkPlan:
        flow = old.flow_c if self.flow_c is None else self.flow_c
        back = old.return_c if self.return_c is None else self.return_c
        return dataclasses.replace(old, sources=dict(self.sources), flow_c=flow, return_c=back)

    def summary(self) -> Sentence:
        """Return the measure in one line."""
        parts = tuple(
            say("{share} % {source}", share=round(share * 100, 6),
                source=Word(source, "network.source"))
            for source, share in self.sources.items() if share > 0
        )  # fmt: skip
        return say(
            "Sources of network {network}: {parts}, {when}",
            network=self.network_id, parts=parts, when=self._since(),
        )  # fmt: skip


def networks_of(state: State, network: str) -> list[str]:
    """Return the ids of a network, or of all that were found automatically under its id."""
    return [key for key in state.networks if key == network or key.startswith(f"{network}:")]


def unknown_network(network: str, state: State) -> Problem:
    """Return what to say where a network is not there."""
    what = say("There is no network {network} when the measure begins.", network=network)
    if state.networks:
        return Problem(
            "unknown_network", what, say("Networks are: {known}.", known=listed(state.networks))
        )
    return Problem(
        "unknown_network", what, say("Put a heat network with sources before it in the list.")
    )

"""The measure that builds: new houses on an area."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pydantic import Field, model_validator

from twin.classes import AGE_CLASSES, BUILDING_USES, REFURBISHMENT, SIZE_CLASSES
from twin.measures.base import SOURCE, Begun, Measure, begin_with
from twin.measures.city_change import with_rows
from twin.measures.heat import Own  # noqa: TC001 - pydantic reads it
from twin.measures.plots import footprints
from twin.selection import Area  # noqa: TC001 - pydantic reads it
from twin.sentences import Problem, Sentence, Word, WrongValueError, say

if TYPE_CHECKING:
    from twin.assumptions import Assumptions
    from twin.state import State

LAST_YEAR = {age: 9999 if age == AGE_CLASSES[-1] else int(age[-4:]) for age in AGE_CLASSES}


@dataclass(frozen=True)
class House:
    """What one of the new buildings is."""

    footprint_m2: float
    storeys: float
    height_m: float
    floor_area_m2: float
    heated_m2: float
    dwellings: float
    residents: float


class NewDevelopment(Measure):
    """
    Build new buildings of one type on an area, on places that keep their distance.

    Their number follows from `dwellings` or from `floor_area_m2` (gross) and the usual building of
    the type (`measures.footprint`, `measures.storeys`, `measures.dwellings`). Ids are the id of the
    measure with a number; the same area gives the same places.
    """

    kind: Literal["new_development"] = "new_development"
    area: Area
    dwellings: int | None = Field(None, ge=1, le=20_000)
    floor_area_m2: float | None = Field(None, gt=0, le=5_000_000)
    use: Literal[BUILDING_USES] = "residential"  # type: ignore[valid-type]
    size_class: Literal[SIZE_CLASSES] = "apartments"  # type: ignore[valid-type]
    storeys: int | None = Field(None, ge=1, le=60)
    system: Own = "air_heat_pump"
    standard: Literal[REFURBISHMENT] = "existing"  # type: ignore[valid-type]  # of its year

    @model_validator(mode="after")
    def _one_of_two(self) -> NewDevelopment:
        if (self.dwellings is None) == (self.floor_area_m2 is None):
            raise WrongValueError(
                say("It is not said how much is built."), say("Give dwellings or floor_area_m2.")
            )
        if self.dwellings is not None and self.size_class == "non_residential":
            raise WrongValueError(
                say("Non-residential buildings have no dwellings."), say("Give floor_area_m2.")
            )
        return self

    def usual(self, given: Assumptions) -> House:
        """Return the usual building of the type."""
        kind = self.size_class
        usual = given[f"measures.storeys.{kind}"]
        storeys = float(self.storeys or usual)
        footprint = given[f"measures.footprint.{kind}"]
        floor = footprint * storeys
        height = given.by_class("storey_height").get(kind) or given["storey_height.apartments"]
        dwellings = 0.0
        if kind != "non_residential":
            dwellings = max(round(given[f"measures.dwellings.{kind}"] * storeys / usual), 1)
        return House(
            footprint, storeys, storeys * height, floor, floor * given["measures.heated_share"],
            float(dwellings), dwellings * given["residents_per_dwelling"],
        )  # fmt: skip

    def count(self, given: Assumptions) -> int:
        """Return how many buildings it takes."""
        return int(np.ceil(self._buildings_needed(self.usual(given)) - 1e-9))

    def _buildings_needed(self, usual: House) -> float:
        if self.dwellings is not None:
            return self.dwellings / usual.dwellings
        return (self.floor_area_m2 or 0.0) / usual.floor_area_m2

    def house(self, given: Assumptions) -> House:
        """Return one of the buildings: the usual one, smaller so that all sum to what is asked."""
        usual = self.usual(given)
        scale = self._buildings_needed(usual) / self.count(given)
        sizes = ("footprint_m2", "floor_area_m2", "heated_m2", "dwellings", "residents")
        return dataclasses.replace(usual, **{name: getattr(usual, name) * scale for name in sizes})

    def begin(self, state: State) -> Begun:
        """Find places for all buildings."""
        given = state.assumptions
        wanted = self.count(given)
        area = self.area.geometry(state.city.crs)
        found = footprints(
            area, state.city.buildings.geometry.array,
            size_m2=self.house(given).footprint_m2, spacing_m=given["measures.spacing"],
        )[:wanted]  # fmt: skip
        if len(found) < wanted:
            what = say(
                "The area has room for {room} of {wanted} buildings.",
                room=len(found), wanted=wanted,
            )  # fmt: skip
            hint = say("Draw a larger area, build less, or higher with storeys.")
            return Begun(faults=(Problem("no_room", what, hint),))
        ids = pd.Index([f"{self.id}:{n:04d}" for n in range(1, wanted + 1)], dtype="str")
        if taken := int(ids.isin(state.city.buildings.index).sum()):
            what = say("{count} buildings have ids of this measure already.", count=taken)
            return Begun(faults=(Problem("ids_taken", what, say("Choose another id.")),))
        position = (np.arange(wanted) + 0.5) / wanted
        years = pd.Series(self._years(position), index=ids)
        return begin_with(state, years, more={"places": pd.Series(found, index=ids, dtype=object)})

    def advance(self, state: State, begun: Begun, *, since: int, year: int) -> State:
        """Put the buildings of these years into the city and the stock."""
        due = begun.due(since, year)
        if len(due) == 0:
            return state
        places = gpd.GeoSeries(
            begun.more["places"].reindex(due.index).to_numpy(), index=due.index, crs=state.city.crs
        )
        house = self.house(state.assumptions)
        where = _where(state, places)
        rows = {
            "buildings": self._buildings(house, places, due, where),
            "roofs": _roofs(house, places),
            "envelopes": _envelopes(house, places),
        }
        stock = self._stock(state, house, due, where)
        return state.replace(city=with_rows(state.city, _filled(state, rows)), stock=stock)

    def _buildings(
        self, house: House, places: gpd.GeoSeries, years: pd.Series[int], where: pd.DataFrame
    ) -> gpd.GeoDataFrame:
        data = {
            "has_parts": False, "use": self.use, "size_class": self.size_class,
            "height_m": house.height_m, "min_height_m": 0.0, "storeys": house.storeys,
            "roof_type": "flat", "footprint_m2": house.footprint_m2,
            "year_built": years.to_numpy(float), "age_class": _ages(years),
            "floor_area_m2": house.floor_area_m2, "dwellings": house.dwellings,
            "residents": house.residents, "district_id": where["district_id"].to_numpy(),
            "block_id": where["block_id"].to_numpy(),
        }  # fmt: skip
        sourced = (
            "use", "size_class", "height", "storeys", "roof_type", "year_built", "age_class",
            "floor_area", "dwellings", "residents",
        )  # fmt: skip
        sources = {f"{name}_source": SOURCE for name in sourced}
        return gpd.GeoDataFrame(data | sources, index=places.index, geometry=places)

    def _stock(
        self, state: State, house: House, years: pd.Series[int], where: pd.DataFrame
    ) -> pd.DataFrame:
        stock = state.stock
        warm = stock["set_point_c"][stock["heated_area_m2"] > 0]
        values = {
            "use": self.use, "size_class": self.size_class, "age_class": _ages(years),
            "heated_area_m2": house.heated_m2, "dwellings": house.dwellings,
            "residents": house.residents, "year_built": years.to_numpy(float),
            "refurbishment": self.standard, "system": self.system,
            "system_year": years.to_numpy(float),
            "set_point_c": float(warm.median()) if len(warm) else 20.0,
            "pv_kwp": 0.0, "battery_kwh": 0.0,
            "district_id": where["district_id"].to_numpy(),
            "block_id": where["block_id"].to_numpy(),
        }  # fmt: skip
        sources = {name: SOURCE for name in stock.columns if name.endswith("_source")}
        more = pd.DataFrame(sources | values, index=years.index)
        more = more.reindex(columns=stock.columns).astype(stock.dtypes.to_dict())
        both = pd.concat([stock, more])
        both.index.name = stock.index.name
        return both

    def summary(self) -> Sentence:
        """Return the measure in one line."""
        kind, when = Word(self.size_class, "buildings.size_class"), self._when()
        if self.dwellings is not None:
            return say(
                "New development of {dwellings} dwellings ({kind}), {when}",
                dwellings=self.dwellings, kind=kind, when=when,
            )  # fmt: skip
        return say(
            "New development of {area} m² floor area ({kind}), {when}",
            area=self.floor_area_m2, kind=kind, when=when,
        )  # fmt: skip


def _ages(years: pd.Series[int]) -> np.ndarray:
    last = np.array([LAST_YEAR[age] for age in AGE_CLASSES])
    return np.array(AGE_CLASSES, object)[np.searchsorted(last, years.to_numpy())]


def _where(state: State, places: gpd.GeoSeries) -> pd.DataFrame:
    """Return district and block that hold the middle of each place."""
    middle = shapely.centroid(places.to_numpy())
    found = {}
    for column, areas in (("district_id", state.city.districts), ("block_id", state.city.blocks)):
        point, area = areas.sindex.query(middle, predicate="within")
        keys = np.full(len(places), None, object)
        # where areas lie over each other the smallest counts
        order = np.argsort(-areas.geometry.area.to_numpy()[area], kind="stable")
        keys[point[order]] = areas.index.to_numpy(object)[area[order]]
        found[column] = keys
    return pd.DataFrame(found, index=places.index)


def _roofs(house: House, places: gpd.GeoSeries) -> gpd.GeoDataFrame:
    data = {
        "building_id": places.index, "area_m2": house.footprint_m2, "tilt_deg": 0.0,
        "plane_source": SOURCE,
    }  # fmt: skip
    index = pd.Index([f"{key}:roof" for key in places.index], dtype="str")
    return gpd.GeoDataFrame(data, index=index, geometry=places.to_numpy(), crs=places.crs)


def _envelopes(house: House, places: gpd.GeoSeries) -> pd.DataFrame:
    """Return walls of the square footprint, one to each side."""
    wall = np.sqrt(house.footprint_m2) * house.height_m
    walls = {f"wall_{side}_m2": wall for side in ("north", "east", "south", "west")}
    data = walls | {
        "party_wall_m2": 0.0, "roof_m2": house.footprint_m2, "ground_m2": house.footprint_m2,
        "volume_m3": house.footprint_m2 * house.height_m, "envelope_source": SOURCE,
    }  # fmt: skip
    return pd.DataFrame(data, index=places.index)


def _filled(state: State, rows: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Give every table its columns; what a new building leaves open is missing."""
    found = {}
    for name, more in rows.items():
        table = state.city.tables[name]
        found[name] = more.reindex(columns=table.columns)
    return found

"""One generated town from landscape to tables."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.sample_city import civic, green, growth, houses, links, lots, network, people
from layers.sample_city.attributes import facing, furnish
from layers.sample_city.figures import rows_of
from layers.sample_city.landscape import CRS, Landscape, read_landscape

if TYPE_CHECKING:
    from collections.abc import Callable

Array = np.ndarray[Any, Any]
SOURCE = "estimated:model_town"


@dataclass(frozen=True)
class Plan:
    """Streets and ground before anything is built."""

    landscape: Landscape
    fields: gpd.GeoDataFrame
    pieces: gpd.GeoDataFrame
    blocks: gpd.GeoDataFrame
    ways: Array  # unbent lines the pieces were cut from
    first_cut: int  # ways from here on only divide settled fields
    land: Array
    block_of_land: Array
    runs: lots.Runs
    frontage: pd.DataFrame
    chosen: pd.DataFrame  # facilities and their land


def make_town(
    districts: pd.DataFrame,
    *,
    seed: int,
    prefix: str,
    radius_m: float | None,
    say: Callable[[str, float], None],
) -> dict[str, gpd.GeoDataFrame]:
    """Return every table of one town; ids start with `prefix`."""
    rng = np.random.default_rng(seed)
    say("Lay out streets", 0.05)
    plan = make_plan(read_landscape(districts, radius_m=radius_m), seed, rng)
    say("Build houses", 0.3)
    buildings = build_everything(plan, prefix, rng)
    plan = without_empty_blocks(plan, buildings.geometry.to_numpy())
    say("Plant trees and write the tables", 0.7)
    return make_tables(plan, buildings, prefix, rng)


def make_plan(landscape: Landscape, seed: int, rng: np.random.Generator) -> Plan:
    """Grow fields, blocks, streets and plots."""
    fields, bounds = growth.plan_fields(landscape, rng)
    cuts, stubs = growth.cut_blocks(fields, rng)
    own = np.concatenate([bounds, cuts])
    ways = np.concatenate([landscape.roads.geometry.to_numpy(), own, stubs])
    pieces = network.node_lines(landscape, own, stubs)
    blocks = network.faces_of(pieces, fields, landscape)
    pieces = pieces[pieces["rank"] >= 0].reset_index(drop=True)
    pieces, blocks = network.bend(landscape, seed, pieces, blocks)
    sides = network.beside(pieces, blocks)
    kind = blocks["kind"].to_numpy()
    pieces["class"], keep = network.connect(pieces, network.classify(pieces, sides, kind))
    built = blocks["kind"].str.startswith(("housing", "industry")).to_numpy()
    pieces["inside"] = np.append(built, False)[sides].any(axis=1)
    middle = shapely.line_interpolate_point(pieces.geometry.to_numpy(), 0.5, normalized=True)
    pieces["bridge"] = shapely.intersects(landscape.corridors, middle) & (pieces["rank"] < 3)
    pieces = pieces[keep].reset_index(drop=True)
    pieces["name"] = _names(pieces, rng)
    land, block_of_land = lots.plots_of(blocks, pieces, built)
    where = blocks.iloc[block_of_land][["kind", "district", "growth", "core_m", "field"]]
    where = where.reset_index(drop=True)
    chosen = civic.choose_ground(landscape.districts, land, where)
    runs = lots.runs_of(land)
    frontage = _frontage(runs, where, pieces, chosen, landscape)
    first_cut = len(landscape.roads) + len(bounds)
    return Plan(
        landscape,
        fields,
        pieces,
        blocks,
        ways,
        first_cut,
        land,
        block_of_land,
        runs,
        frontage,
        chosen,
    )


def without_empty_blocks(plan: Plan, shapes: Array) -> Plan:
    """Give blocks that stayed empty back to green, and their streets to the fields."""
    blocks, pieces = plan.blocks, plan.pieces.copy()
    _, used = shapely.STRtree(blocks.geometry.to_numpy()).query(
        shapely.centroid(shapes), predicate="intersects"
    )
    built = blocks["kind"].str.startswith(("housing", "industry")).to_numpy()
    empty = np.asarray(built & ~np.isin(np.arange(len(blocks)), used))
    core = blocks["core_m"].to_numpy()
    green_kind = np.where((core < 500) & (blocks.area > 3500), "park", "meadow")
    green_kind = np.where((core < 700) & (green_kind != "park"), "grass", green_kind)
    blocks = blocks.assign(kind=np.where(empty, green_kind, blocks["kind"]))
    sides = network.beside(pieces, blocks)
    classes = network.classify(pieces, sides, blocks["kind"].to_numpy())
    pieces["class"], _ = network.connect(pieces, classes)
    pieces["inside"] = np.append(built & ~empty, False)[sides].any(axis=1)
    idle = (pieces["class"] == "track") & (pieces["way"] >= plan.first_cut)
    pieces = pieces[~idle].reset_index(drop=True)
    pieces["name"] = pieces["name"].mask(pieces["class"] == "track", None)
    return replace(plan, blocks=blocks, pieces=pieces)


def _names(pieces: gpd.GeoDataFrame, rng: Any) -> Array:
    """One name for each line of streets in town; tracks have none."""
    named = ((pieces["class"] != "track") & (pieces["inside"] | (pieces["rank"] < 3))).to_numpy()
    code = np.unique(pieces["way"].to_numpy()[named], return_inverse=True)[1]
    names = np.full(len(pieces), None, object)
    names[named] = links.street_names(int(code.max()) + 1 if len(code) else 0, rng)[code]
    return names


def _frontage(
    runs: lots.Runs,
    where: pd.DataFrame,
    pieces: gpd.GeoDataFrame,
    chosen: pd.DataFrame,
    landscape: Landscape,
) -> pd.DataFrame:
    """Describe each run: the plot's values, the street piece it faces, whether it is free."""
    frame = where.iloc[runs.land].reset_index(drop=True)
    street = np.flatnonzero((pieces["class"] != "track").to_numpy())
    middle = shapely.points(runs.place(runs.start + runs.length / 2))
    tree = shapely.STRtree(pieces.geometry.to_numpy()[street])
    run, found = tree.query_nearest(middle, all_matches=False, max_distance=13)
    piece = np.full(len(frame), -1)
    piece[run] = street[found]
    frame["piece"] = piece
    frame["street"] = piece >= 0
    taken = set() if chosen.empty else set(chosen["land"])
    frame["taken"] = (frame["kind"] != "housing") | np.isin(runs.land, list(taken))
    radius = landscape.districts["name"].map(houses.CLOSED_WITHIN_M).fillna(0).to_numpy()
    frame["closed_m"] = radius[frame["district"]]
    return frame


def build_everything(plan: Plan, prefix: str, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return all buildings with attributes and the columns place and detail."""
    districts, runs, land = plan.landscape.districts, plan.runs, plan.land
    civic_rows, civic_shapes = civic.build_facilities(plan.chosen, districts, land)
    units, shapes = houses.build_homes(districts, runs, plan.frontage, land, rng)
    flats = (units["type"] != "garages").to_numpy()
    homes, home_shapes = units[flats].reset_index(drop=True), shapes[flats]
    homes["facing_deg"] = facing(home_shapes)
    homes = furnish(homes, districts, rng)
    homes = homes.join(people.ground_floors(homes, rng))
    homes["use"] = np.where(homes["place"].notna(), "mixed", "residential")
    rows, row_shapes = units[~flats].reset_index(drop=True), shapes[~flats]
    halls, hall_shapes = houses.build_halls(runs, plan.frontage, land, rng)
    annexes, annex_shapes = houses.build_annexes(homes, runs, shapes, land, rng)
    _, clubs = civic.sports_grounds(plan.blocks)
    huts = civic.allotment_sheds(plan.blocks, rng)
    others = [
        (rows, row_shapes, "garages"), (halls, hall_shapes, "hall"), (annexes, annex_shapes, ""),
        (_bare(len(clubs)), clubs, "club"), (_bare(len(huts)), huts, "hut"),
    ]  # fmt: skip
    plain = [_simple(frame, kind, rng) for frame, _, kind in others]
    table = pd.concat([homes, civic_rows, *plain], ignore_index=True)
    geometry = np.concatenate([home_shapes, civic_shapes, *(s for _, s, _ in others)])
    return _finish(plan, table, geometry, prefix)


def _bare(count: int) -> pd.DataFrame:
    return pd.DataFrame({"type": [""] * count, "piece": -1})


SIMPLE = {
    "garages": ("garage", 2.6), "garage": ("garage", 2.7), "shed": ("shed", 2.5),
    "hut": ("shed", 2.6), "barn": ("agriculture", 6.5), "club": ("sport", 4.2),
    "industry_medium": ("commercial", 8.0), "industry_large": ("industrial", 11.5),
}  # fmt: skip
"""Use and usual height [m] of buildings nobody lives in."""


def _simple(frame: pd.DataFrame, kind: str, rng: Any) -> pd.DataFrame:
    """Give garages, sheds, barns and halls their use, height and roof."""
    key = frame["type"] if kind in ("", "hall") else pd.Series(kind, index=frame.index)
    n = len(frame)
    pitched = key.isin(["barn", "hut", "shed"]).to_numpy()
    rise = np.where(key == "barn", 2.6, 0.7)
    spread = np.where(key.isin(["industry_medium", "industry_large"]), 0.28, 0.06)
    height = key.map({k: v[1] for k, v in SIMPLE.items()}).to_numpy(float)
    use = key.map({k: v[0] for k, v in SIMPLE.items()}).to_numpy(object)
    logistics = (use == "industrial") & (rng.random(n) < 0.3)
    return frame.assign(
        use=np.where(logistics, "storage", use),
        height_m=height * (1 + spread * rng.standard_normal(n)).clip(0.55, 1.7)
        + np.where(pitched, rise, 0),
        storeys=1.0,
        roof_type=np.where(pitched, "gabled", "flat"),
        roof_height_m=np.where(pitched, rise, 0.0),
        place=None,
        detail=None,
        name=None,
    )


def _finish(plan: Plan, table: pd.DataFrame, geometry: Array, prefix: str) -> gpd.GeoDataFrame:
    """Add what all buildings share: district, address, areas, labels, keys."""
    points = shapely.centroid(geometry)
    areas = plan.landscape.districts
    ids = np.full(len(table), None, object)
    found, area = shapely.STRtree(areas.geometry.to_numpy()).query(points, predicate="intersects")
    ids[found] = areas.index.to_numpy()[area]
    known = table["district"].notna().to_numpy()  # a house counts where it was planned
    ids[known] = areas.index.to_numpy()[table["district"][known].astype(int)]
    table["district_id"] = ids
    piece = table["piece"].fillna(-1).astype(int).to_numpy()
    addressed = table["use"].isin(["residential", "mixed", "commercial", "industrial", "storage"])
    addressed |= table["place"].notna()
    piece = np.where(addressed, _nearest_street(plan, geometry, piece), -1)
    address = people.house_numbers(plan.pieces, plan.ways, piece, geometry)
    table = table.join(address)
    table["locality"] = table["street"].mask(table["street"].notna(), people.LOCALITY)
    table["footprint_m2"] = shapely.area(geometry)
    table["floor_area_m2"] = table["footprint_m2"] * table["storeys"].clip(lower=1)
    lived = table["use"].isin(["residential", "mixed"])
    table["size_class"] = table["size_class"].where(lived, "non_residential")
    table["dwellings"] = table["dwellings"].where(lived, 0.0)
    table["residents"] = table["residents"].where(lived, 0.0)
    table["min_height_m"] = 0.0
    table["has_parts"] = False
    for column in ("use", "size_class", "height", "storeys", "roof_type", "roof_height",
                   "year_built", "age_class", "floor_area", "dwellings", "residents"):  # fmt: skip
        table[f"{column}_source"] = SOURCE
    without = table["year_built"].isna()
    table.loc[without, ["year_built_source", "age_class_source"]] = None
    table.index = [f"{prefix}building_{i}" for i in range(len(table))]
    return gpd.GeoDataFrame(table.round({"height_m": 2, "roof_height_m": 2, "footprint_m2": 2,
        "floor_area_m2": 1, "roof_direction_deg": 1}), geometry=geometry, crs=CRS)  # fmt: skip


def _nearest_street(plan: Plan, geometry: Array, piece: Array) -> Array:
    """Fill in the nearest named street for buildings that face none."""
    named = np.flatnonzero(plan.pieces["name"].notna().to_numpy())
    missing = np.flatnonzero(piece < 0)
    tree = shapely.STRtree(plan.pieces.geometry.to_numpy()[named])
    row, found = tree.query_nearest(geometry[missing], all_matches=False, max_distance=80)
    piece = piece.copy()
    piece[missing[row]] = named[found]
    return piece


def make_tables(
    plan: Plan, buildings: gpd.GeoDataFrame, prefix: str, rng: np.random.Generator
) -> dict[str, gpd.GeoDataFrame]:
    """Return all tables, keyed."""
    landscape, pieces = plan.landscape, plan.pieces
    motorways = links.motorway_links(landscape, pieces)
    streets, nodes = links.street_table(pieces, motorways, prefix, rng)
    streets["length_m"] = streets.length.round(2)
    streets[["speed_source", "lanes_source"]] = SOURCE
    streets["is_tunnel"] = False
    edge = landscape.domain.boundary
    nodes["is_boundary"] = shapely.dwithin(nodes.geometry.to_numpy(), edge, 12.0)
    points, nodes = people.crossing_tables(streets, nodes)
    homes = buildings[buildings["street"].notna()]
    pitches = civic.sports_grounds(plan.blocks)[0]
    parks = plan.blocks[plan.blocks["kind"] == "park"].geometry.to_numpy()
    play = shapely.centroid(parks)
    extras = [("pitch", pitches)]
    extras += [(row.landuse, plan.land[[row.land]]) for row in rows_of(plan.chosen)]
    areas = landscape.districts
    tables = {
        "buildings": buildings,
        "streets": streets,
        "nodes": nodes,
        "street_points": points,
        "railways": _railways(landscape),
        "landuse": green.landuse_table(plan.blocks, extras, landscape),
        "water": green.water_table(landscape),
        "trees": green.tree_table(
            plan.blocks, plan.land, pieces, buildings.geometry.to_numpy(), rng
        ),
        "places": people.place_table(buildings, landscape, play, people.LOCALITY),
        "stops": people.stop_table(pieces, landscape, rng),
        "addresses": gpd.GeoDataFrame(
            homes[["street", "housenumber", "locality"]].assign(building_id=homes.index),
            geometry=shapely.point_on_surface(homes.geometry.to_numpy()),
            crs=CRS,
        ),
        "districts": areas[["name", "geometry"]].assign(
            level=10.0,
            area_m2=areas.area.round(1),
            residents=areas["residents"].astype(float),
            residents_source="estimated:published_figures",
            boundary_source=SOURCE,
        ),
    }
    for name in ("street_points", "railways", "landuse", "water", "trees", "places", "stops",
                 "addresses"):  # fmt: skip
        tables[name].index = [f"{prefix}{name}_{i}" for i in range(len(tables[name]))]
    return tables


def _railways(landscape: Landscape) -> gpd.GeoDataFrame:
    """Two tracks on every line."""
    lines = landscape.railways
    both = [lines.geometry.offset_curve(d) for d in (2.1, -2.1)]
    return gpd.GeoDataFrame(
        {
            "name": ["Modellstrecke " + n for n in lines["name"]] * 2,
            "class": "rail",
            "is_service": False,
            "is_bridge": False,
            "is_tunnel": False,
            "electrified": "contact_line",
        },
        geometry=pd.concat(both).to_numpy(),
        crs=CRS,
    )

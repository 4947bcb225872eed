"""What people look for: addresses, places, stops, crossings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.sample_city.landscape import CRS

if TYPE_CHECKING:
    from layers.sample_city.landscape import Landscape

Array = np.ndarray[Any, Any]
LOCALITY = "Musterstadt"
SOURCE = "estimated:model_town"

GROUND_FLOOR = (
    ("shop", "clothes", 0.22), ("shop", "books", 0.08), ("food", "restaurant", 0.2),
    ("food", "cafe", 0.1), ("daily_needs", "bakery", 0.14), ("health", "pharmacy", 0.06),
    ("health", "doctors", 0.08), ("bank_post", "bank", 0.05), ("work", "office", 0.07),
)  # fmt: skip
"""Class, kind and share of what lies under the flats of a high street."""


def house_numbers(
    pieces: gpd.GeoDataFrame, ways: Array, piece: Array, shapes: Array
) -> pd.DataFrame:
    """
    Return street and housenumber: odd on the left, even on the right, along the street.

    `piece` names the street piece each of `shapes` faces (-1: none), `ways` the lines that the
    pieces were cut from.
    """
    has = piece >= 0
    names = pieces["name"].to_numpy(object)[piece]
    way = pieces["way"].to_numpy()[piece]
    line = ways[np.where(has, way, 0)]
    middle = shapely.centroid(shapes)
    at = shapely.line_locate_point(line, middle)
    a = shapely.get_coordinates(shapely.line_interpolate_point(line, np.maximum(at - 4, 0)))
    b = shapely.get_coordinates(shapely.line_interpolate_point(line, at + 4))
    p = shapely.get_coordinates(middle)
    left = (b[:, 0] - a[:, 0]) * (p[:, 1] - a[:, 1]) > (b[:, 1] - a[:, 1]) * (p[:, 0] - a[:, 0])
    frame = pd.DataFrame({"street": names, "left": left, "at": at, "way": way})
    frame = frame[has & frame["street"].notna()].sort_values(["street", "way", "at"], kind="stable")
    order = frame.groupby(["street", "left"]).cumcount()
    number = order * 2 + np.where(frame["left"], 1, 2)
    result = pd.DataFrame({"street": frame["street"], "housenumber": number.astype(str)})
    return result.reindex(range(len(shapes)))


def ground_floors(homes: pd.DataFrame, rng: Any) -> pd.DataFrame:
    """Return class and detail of the use below the flats where there is one."""
    street = ((homes["kind"] == "closed") & (rng.random(len(homes)) < 0.42)).to_numpy()
    weights = np.array([w for *_, w in GROUND_FLOOR])
    pick = rng.choice(len(GROUND_FLOOR), len(homes), p=weights / weights.sum())
    kinds = np.array([g[:2] for g in GROUND_FLOOR], object)[pick]
    frame = pd.DataFrame(kinds, columns=["place", "detail"], index=homes.index)
    return frame.where(np.column_stack([street, street]), None)


def place_table(
    buildings: gpd.GeoDataFrame, landscape: Landscape, playgrounds: Array, name: str
) -> gpd.GeoDataFrame:
    """Return settlements, facilities, shops and playgrounds; keys are given by the caller."""
    town = landscape.districts
    largest = town["residents"].to_numpy().argmax()
    centres = shapely.points(town[["x", "y"]].to_numpy(float))
    settled = pd.DataFrame(
        {
            "name": [name, *town["name"]],
            "class": ["town" if len(town) > 6 else "village", *["suburb"] * len(town)],
            "population": [float(town["residents"].sum()), *town["residents"].astype(float)],
            "population_source": "estimated:published_figures",
        }
    ).assign(geometry=[centres[largest], *centres])
    inside = buildings[buildings["place"].notna()]
    served = pd.DataFrame(
        {
            "name": inside["name"],
            "class": inside["place"],
            "detail": inside["detail"],
            "street": inside["street"],
            "housenumber": inside["housenumber"],
            "locality": LOCALITY,
            "building_id": inside.index,
        }
    ).assign(geometry=shapely.point_on_surface(inside.geometry.to_numpy()))
    play = pd.DataFrame({"class": ["playground"] * len(playgrounds)}).assign(geometry=playgrounds)
    rows = pd.concat([settled, served, play], ignore_index=True)
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=CRS)


def stop_table(pieces: gpd.GeoDataFrame, landscape: Landscape, rng: Any) -> gpd.GeoDataFrame:
    """Return bus stops on both sides of the main streets in town, and the railway stations."""
    main = pieces[(pieces["rank"] < 3) & pieces["inside"] & (pieces.length > 60)]
    middle = shapely.line_interpolate_point(main.geometry.to_numpy(), 0.5, normalized=True)
    chosen: list[int] = []
    tree = shapely.STRtree(middle) if len(middle) else None
    blocked = np.zeros(len(middle), bool)
    for i in rng.permutation(len(middle)):  # a stop about every 330 m
        if not blocked[i] and tree is not None:
            chosen.append(int(i))
            blocked[tree.query(middle[i], predicate="dwithin", distance=330)] = True
    chosen.sort()
    a = shapely.get_coordinates(middle[chosen])
    line = main.geometry.to_numpy()[chosen]
    b = shapely.get_coordinates(shapely.line_interpolate_point(line, shapely.length(line) / 2 + 2))
    normal = np.column_stack([a[:, 1] - b[:, 1], b[:, 0] - a[:, 0]])
    normal /= np.maximum(np.hypot(*normal.T), 1e-9)[:, None]
    names = main["name"].to_numpy(object)[chosen]
    both = np.concatenate([a + 6.0 * normal, b + (b - a) * 4 - 6.0 * normal])
    bus = gpd.GeoDataFrame(
        {"name": np.tile(names, 2), "class": "bus"}, geometry=shapely.points(both), crs=CRS
    )
    rail = landscape.stations[landscape.stations.intersects(landscape.domain)]
    rail = gpd.GeoDataFrame(
        {"name": "Modellbahnhof " + rail["name"].astype(str), "class": "rail"},
        geometry=rail.geometry.to_numpy(),
        crs=CRS,
    )
    return pd.concat([bus, rail], ignore_index=True)


def crossing_tables(
    streets: gpd.GeoDataFrame, nodes: gpd.GeoDataFrame
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return street_points and nodes with control: signals where main roads meet, else the rule."""
    car = streets[streets["allow_car"] & (streets["class"] != "motorway")]
    main = car["class"].isin(["primary", "secondary", "tertiary"])
    arms = car.groupby("from_node").size().reindex(nodes.index).fillna(0)
    main_arms = car[main].groupby("from_node").size().reindex(nodes.index).fillna(0)
    ramps = streets[streets["is_ramp"]]
    at_ramp = nodes.index.isin([*ramps["from_node"], *ramps["to_node"]]) & (main_arms > 0)
    signals = (main_arms >= 3) | at_ramp
    give_way = ~signals & (main_arms > 0) & (arms > main_arms)
    right = ~signals & ~give_way & (arms >= 3)
    control = np.select(
        [signals, give_way, right], ["signals", "give_way", "priority_to_right"], "none"
    )
    town = car[main & (car["speed_kmh"] <= 50) & car.index.str.endswith(":f")]
    zebra = town[give_way[town["from_node"]].to_numpy() & (town["length_m"] > 70)].iloc[::4]
    lit = nodes[signals.to_numpy()]
    points = pd.concat(
        [
            lit[["geometry"]].assign(**{"class": "signals"}),
            gpd.GeoDataFrame(
                {"class": "crossing_zebra", "link_id": zebra.index},
                geometry=shapely.line_interpolate_point(zebra.geometry.to_numpy(), 14.0),
                crs=CRS,
            ),
        ],
        ignore_index=True,
    )  # fmt: skip
    return points.assign(blocks_car=False), nodes.assign(control=control)

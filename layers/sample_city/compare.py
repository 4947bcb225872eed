"""
Holds the model town against its figures and against a real town, in two small tables.

`python -m layers.sample_city.compare town.osm.pbf` prints both.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from layers.sample_city.figures import AGE_PERIODS, TYPES, read_districts

if TYPE_CHECKING:
    from collections.abc import Mapping

CELL_M = 100.0
SETTLED_SHARE = 0.05
MAIN_BUILDING_M2 = 50.0
"""Smaller footprints are taken for garages and sheds, in both towns alike."""

STREETS = ("primary", "secondary", "tertiary", "unclassified", "residential", "living_street",
           "pedestrian")  # fmt: skip


def density(tables: Mapping[str, Any]) -> dict[str, float]:
    """
    Return densities of a town on its settled ground.

    Settled are the 100 m cells with buildings on at least 5 % of their ground (a building counts
    where its centre lies); streets are counted by centre line, where their middle lies. Main
    buildings have 50 m² and more.
    """
    buildings = tables["buildings"]
    buildings = buildings[buildings["part_of"].isna()]
    area = shapely.area(buildings.geometry.to_numpy())
    cell = _cells(shapely.centroid(buildings.geometry.to_numpy()))
    main = area >= MAIN_BUILDING_M2
    covered = pd.Series(area).groupby(cell).sum() / CELL_M**2
    settled = covered.index[covered >= SETTLED_SHARE].to_numpy()
    on_ground = np.isin(cell, settled)
    hectares = len(settled) * CELL_M**2 / 1e4
    streets = tables["streets"]
    streets = streets[streets["class"].isin(STREETS) & ~streets["is_ramp"]]
    line = streets.geometry.to_numpy()
    middle = shapely.line_interpolate_point(line, 0.5, normalized=True)
    share = np.where(streets["reverse_id"].notna(), 0.5, 1.0)
    inside = np.isin(_cells(middle), settled)
    return {
        "settled area (km²)": hectares / 100,
        "street km per km²": (shapely.length(line) * share)[inside].sum() / 1000 / hectares * 100,
        "main buildings per ha": (main & on_ground).sum() / hectares,
        "all buildings per ha": on_ground.sum() / hectares,
        "dwellings per ha": np.nansum(buildings["dwellings"].to_numpy()[on_ground]) / hectares,
        "mean footprint of main buildings (m²)": float(area[main & on_ground].mean()),
        "median footprint of main buildings (m²)": float(np.median(area[main & on_ground])),
        "building coverage (%)": area[on_ground].sum() / hectares / 100,
    }


def _cells(points: Any) -> Any:
    index = np.floor(shapely.get_coordinates(points) / CELL_M).astype(np.int64)
    return index[:, 0] * 1_000_000 + index[:, 1]


def calibration(tables: Mapping[str, Any]) -> pd.DataFrame:
    """
    Return published and generated figures, one row per district and figure.

    Detached houses are counted with the census' other types, semi-detached with the rows.
    """
    target = read_districts()
    buildings = tables["buildings"]
    homes = buildings[buildings["use"].isin(["residential", "mixed"])]
    wanted = {"residents": target["residents"], "homes": target["residential_buildings"]}
    wanted |= {name: target[name] for name in AGE_PERIODS}
    sums = {kind: target[list(columns)].sum(axis=1) for kind, columns in TYPES.items()}
    sums["terraced"] = sums["terraced"] + sums.pop("semi")
    wanted |= sums
    district = homes["district_id"]
    got: dict[str, Any] = {"residents": homes["residents"].groupby(district).sum()}
    marks = {"homes": homes["use"].notna()} | _marks(homes)
    got |= {name: mark.groupby(district).sum() for name, mark in marks.items()}
    both = {"published": pd.DataFrame(wanted), "generated": pd.DataFrame(got)}
    long = {
        name: frame.melt(ignore_index=False, var_name="figure").set_index("figure", append=True)
        for name, frame in both.items()
    }
    table = pd.concat({name: frame["value"] for name, frame in long.items()}, axis=1)
    table = table.loc[table.index.get_level_values(0).isin(district.unique())]
    table = table.fillna(0).astype(int).rename(index=target["name"].to_dict(), level=0)
    return table.rename_axis(["district", "figure"])


def _marks(homes: Any) -> dict[str, Any]:
    """Which homes count to which census period and type."""
    year, dwellings, size = homes["year_built"], homes["dwellings"], homes["size_class"]
    marks = {name: year.between(*span) for name, span in AGE_PERIODS.items()}
    flats = size.isin(["apartments", "large_apartments"])
    return marks | {
        "detached": size == "detached",
        "terraced": size == "terraced",
        "multi_3_6": flats & dwellings.between(3, 6),
        "multi_7_12": flats & dwellings.between(7, 12),
        "multi_13": flats & (dwellings >= 13),
    }


def compare(towns: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Return the densities of several towns side by side."""
    return pd.DataFrame({name: density(tables) for name, tables in towns.items()}).round(1)


def _main(paths: list[str]) -> None:
    from layers.build import build_city  # noqa: PLC0415 - only the command reads real towns
    from layers.osm import read_osm  # noqa: PLC0415
    from layers.sample_city import make_sample  # noqa: PLC0415

    model = make_sample().tables
    towns = {"model town": model}
    towns |= {Path(path).stem: build_city(read_osm(Path(path))).tables for path in paths}
    write = sys.stdout.write
    write(compare(towns).to_string() + "\n\n")
    write(calibration(model).to_string() + "\n")


if __name__ == "__main__":
    _main(sys.argv[1:])

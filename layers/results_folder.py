"""
The answer to a scenario on disk: tables people can use elsewhere, written whole or not at all.

| file | what |
|---|---|
| results.json | what it is: city, scenario, years, versions; indicators; fit of mobility |
| scenario.json | the scenario as it was run |
| indicators.csv | every indicator by city, district and Baublock, with its range; `publish` |
| explain.json | formula, inputs, assumptions and drivers of the city's indicators |
| buildings.parquet | results by building and year, not for publication |
| hourly_YEAR.csv | profiles of the city [kW] |
| money.csv | who pays what, by year [EUR/a] |
| networks.csv | heat networks by year: heat, losses, plant, price, against own heating |
| transformers.csv | peak and backfeed of assumed transformer areas in the last year |
| mobility.csv | trips, person-km and minutes of a weekday by year, zone and mode; `publish` |
| passengers.csv | who rides which line of public transport in the last year |
| missing_links.csv | streets that, made calm to cycle on, would join most people per metre |
| gains.csv | who reaches what faster or slower than today, by group; `publish` |
| benefit.csv | what travellers gain in hours and EUR a weekday against today, by year and mode |
| counts.csv | traffic of today on counted streets before and after its correction, where given |
| trips_YEAR.omx | expected trips from zone to zone in the last year, not for publication |
| map.gpkg | Baublöcke, pipes, streets and zones by year, buildings of the last year |

What is of mobility is absent where a city has no streets or no zones.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from contextlib import contextmanager
from fnmatch import fnmatch
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from layers.results_mobility import (
    building_columns,
    fitted,
    mobility_tables,
    street_map,
    write_trips,
    zone_map,
)
from layers.web import disk_errors
from twin.energy.heat_grid.density import PRIVATE_BELOW
from twin.errors import StoreError
from twin.scenario import dump

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from twin.indicators import Explanation
    from twin.simulate.results import Results, YearResults

FORMAT = "troisdorf-twin-results"
MANIFEST = "results.json"
OWN = (
    MANIFEST, "scenario.json", "indicators.csv", "explain.json", "buildings.parquet",
    "hourly_*.csv", "money.csv", "networks.csv", "transformers.csv", "mobility.csv", "gains.csv",
    "benefit.csv", "counts.csv", "passengers.csv", "missing_links.csv", "trips_*.omx", "map.gpkg*",
    "report.html", "plots", ".*", "Thumbs.db", "desktop.ini",
)  # fmt: skip
"""What a folder of results holds, with what programs that open it leave; else it is foreign."""


@contextmanager
def writing_results(folder: Path) -> Iterator[Path]:
    """
    Give a folder to write into that takes the place of `folder` at the end, or never.

    Raises
    ------
    StoreError
        `folder` holds something else than results, may not be written, or the disk is full.
    """
    folder = Path(folder)
    refuse_foreign(folder)
    with disk_errors(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            yield stage
            stage.chmod(0o755)
            _swap(stage, folder)
        except BaseException:
            shutil.rmtree(stage, ignore_errors=True)
            raise


def write_results(
    stage: Path, results: Results, indicators: pd.DataFrame, told: Iterable[Explanation]
) -> None:
    """
    Write the tables of one answer into a folder given by `writing_results`.

    Parameters
    ----------
    indicators
        Table of `indicator_table`, with `low` and `high` where a range was worked out.
    told
        Explanations of the city's indicators.
    """
    (stage / "scenario.json").write_text(dump(results.scenario), encoding="utf-8")
    table = indicators.assign(publish=publishable(indicators, results)).reset_index()
    table.to_csv(stage / "indicators.csv", index=False, lineterminator="\n")
    _write_json(stage / "explain.json", _explained(list(told)))
    by_year = {year: building_table(found) for year, found in results.years.items()}
    pd.concat(by_year, names=["year"]).reset_index().to_parquet(stage / "buildings.parquet")
    for year, found in results.years.items():
        _write_hours(stage / f"hourly_{year}.csv", found)
    tables = {**_more_tables(results), **mobility_tables(results)}
    for name, table in tables.items():
        table.to_csv(stage / f"{name}.csv", lineterminator="\n")
    write_trips(stage / f"trips_{results.last.year}.omx", results.last)
    _write_map(stage / "map.gpkg", results, indicators)
    _write_json(stage / MANIFEST, _manifest(results, indicators))


def building_table(found: YearResults) -> pd.DataFrame:
    """Return the results by building, with what it reaches in which time and the noise it hears."""
    return pd.concat([found.buildings, building_columns(found)], axis=1)


def _more_tables(results: Results) -> dict[str, pd.DataFrame]:
    """Return the tables of money, heat networks and transformer areas by their name."""
    years = results.years.items()
    money = {year: found.money.rename_axis("payment") for year, found in years}
    networks = {year: _networks(found) for year, found in years}
    transformers: pd.DataFrame = results.last.answers["transformers"]
    return {
        "money": pd.concat(money, names=["year"]),
        "networks": pd.concat(networks, names=["year"]),
        "transformers": transformers.rename_axis("transformer_id"),
    }


def _networks(found: YearResults) -> pd.DataFrame:
    """Return the networks of a year, with how many customers would pay more for own heating."""
    against = found.answers["against_own_heating"]
    network = found.state.stock["network_id"].reindex(against.index)
    cheaper = (against["saving_eur_a"] > 0).groupby(network).mean() if len(against) else None
    table = found.networks.copy()
    table["cheaper_share"] = float("nan") if cheaper is None else cheaper.reindex(table.index)
    return table


def _explained(told: list[Explanation]) -> dict[str, Any]:
    """Return explanations that name their assumptions, and every assumption once in full."""
    used = {entry.name: vars(entry) for each in told for entry in each.assumptions}
    named = [
        {**each.as_dict(), "assumptions": [entry.name for entry in each.assumptions]}
        for each in told
    ]
    return {"indicators": named, "assumptions": used}


def publishable(indicators: pd.DataFrame, results: Results) -> list[bool]:
    """Tell which rows may be shown to everyone: no Baublock of fewer than five heated buildings."""
    few = {
        (area, year)
        for year, found in results.years.items()
        for area, count in _heated(found).items()
        if count < PRIVATE_BELOW
    }
    names = ("level", "area", "year")
    rows = zip(*(indicators.index.get_level_values(name) for name in names), strict=True)
    return [level != "block" or (area, year) not in few for level, area, year in rows]


def _heated(found: YearResults) -> pd.Series[int]:
    """Return the number of heated buildings of every Baublock."""
    heated = found.buildings.loc[found.buildings["heated_area_m2"] > 0, "block_id"]
    counts: pd.Series[int] = heated.value_counts()
    return counts.reindex(found.state.city.blocks.index, fill_value=0)


def _write_hours(path: Path, found: YearResults) -> None:
    hourly = found.hourly.rename(columns=lambda name: name.removesuffix("_w") + "_kw") / 1000
    hourly.round(3).to_csv(path, index_label="hour", lineterminator="\n")


def _write_map(path: Path, results: Results, indicators: pd.DataFrame) -> None:
    for year, found in results.years.items():
        layers = {
            "blocks": block_map(found, indicators, year),
            "pipes": found.pipes,
            "streets": street_map(found),
            "zones": zone_map(found),
        }
        for name, table in layers.items():
            if len(table):
                table.to_file(path, layer=f"{name}_{year}", driver="GPKG")
    last = results.last
    shapes = last.state.city.buildings.geometry.reindex(last.buildings.index)
    buildings = gpd.GeoDataFrame(building_table(last), geometry=shapes, crs=last.state.city.crs)
    buildings.to_file(path, layer=f"buildings_{last.year}", driver="GPKG")


def block_map(found: YearResults, indicators: pd.DataFrame, year: int) -> gpd.GeoDataFrame:
    """
    Return the Baublöcke of a year with their indicators as columns.

    `publish` is false where so few buildings stand that a figure would speak of single people.
    """
    blocks: gpd.GeoDataFrame = found.state.city.blocks[["geometry"]]
    if not len(blocks):
        return blocks
    values = indicators["value"].xs(("block", year), level=("level", "year")).reset_index()
    wide = values.pivot_table(values="value", index="area", columns="indicator")
    table = blocks.join(wide)
    table["buildings"] = _heated(found).to_numpy()
    table["publish"] = table["buildings"] >= PRIVATE_BELOW
    return table


def _manifest(results: Results, indicators: pd.DataFrame) -> dict[str, Any]:
    city = results.last.state.city
    whole = indicators.xs("city", level="level").droplevel("area").reset_index()
    mobility = fitted(results)
    return {
        "format": FORMAT,
        "twin_version": version("troisdorf-twin"),
        "city": {"name": city.name, "data_date": results.data_date, "crs": city.crs},
        "scenario": {"name": results.scenario.name, "hash": results.scenario.hash},
        "years": list(results.years),
        "own_assumptions": dict(results.scenario.assumptions),
        "notes": [str(note) for note in results.notes],
        "indicators": json.loads(whole.to_json(orient="records")),
        **({} if mobility is None else {"mobility": mobility}),
    }


def _write_json(path: Path, content: Any) -> None:
    text = json.dumps(content, ensure_ascii=False, indent=1, default=str)
    path.write_text(text + "\n", encoding="utf-8")


def refuse_foreign(folder: Path) -> None:
    """Raise a StoreError where a folder holds something else than results, before they are made."""
    hint = "Choose an empty or new folder."
    if folder.is_file():
        raise StoreError("{folder} is a file, but results are a folder.", hint=hint, folder=folder)
    if folder.is_dir() and any(folder.iterdir()) and not _is_ours(folder):
        template = "{folder} holds other files; results are not written among them."
        raise StoreError(template, hint=hint, folder=folder)


def _is_ours(folder: Path) -> bool:
    """Tell whether a folder holds results and nothing that somebody put beside them."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    named = isinstance(manifest, dict) and manifest.get("format") == FORMAT
    return named and all(any(fnmatch(e.name, own) for own in OWN) for e in folder.iterdir())


def _swap(stage: Path, folder: Path) -> None:
    """Put the new folder in the place of the old one; the old one goes when the new one stands."""
    if not folder.exists():
        stage.replace(folder)
        return
    old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    folder.replace(old)
    try:
        stage.replace(folder)
    except BaseException:
        old.replace(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)

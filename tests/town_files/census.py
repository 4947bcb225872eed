"""Census grid files about a town, as the statistical offices publish them for 2011 and 2022."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

if TYPE_CHECKING:
    from pathlib import Path

GRID = "EPSG:3035"
LIVING = ("residential", "mixed")
AGES = {
    2011: [1918, 1948, 1978, 1986, 1990, 1995, 2000, 2004, 2008, 2100],
    2022: [1918, 1948, 1978, 1990, 2000, 2010, 2019, 2100],
}
AGE_COLUMNS = [
    "Vor1919", "a1919bis1948", "a1949bis1978", "a1979bis1990", "a1991bis2000", "a2001bis2010",
    "a2011bis2019", "a2020undspaeter",
]  # fmt: skip
SIZE_COLUMNS = [
    "FreiEFH", "EFH_DHH", "EFH_Reihenhaus", "Freist_ZFH", "ZFH_DHH", "ZFH_Reihenhaus",
    "MFH_3bis6Wohnungen", "MFH_7bis12Wohnungen", "MFH_13undmehrWohnungen", "AndererGebaeudetyp",
]  # fmt: skip
HEATING_COLUMNS = [
    "Fernheizung", "Etagenheizung", "Blockheizung", "Zentralheizung", "Einzel_Mehrraumoefen",
    "keine_Heizung",
]  # fmt: skip
HEATING = ["district", "flat", "block", "central", "stove", "none"]
DASH = "–"


def write_census(
    tables: dict[str, pd.DataFrame], folder: Path, *, year: int = 2022, encoding: str = "utf-8-sig"
) -> list[Path]:
    """
    Write the residential buildings of `tables` as official grid files; return their paths.

    Residents, dwellings and buildings come whole; counts of a class below 3 are suppressed (2022:
    a dash, 2011: the row is missing), as the offices do. Buildings without residents or dwellings
    count none; years, types and heating come only from buildings that have them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    homes = _homes(tables["buildings"])
    writer = _write_2022 if year == 2022 else _write_2011
    return writer(homes, folder, encoding)


def _homes(buildings: gpd.GeoDataFrame) -> pd.DataFrame:
    whole = buildings[buildings["part_of"].isna()]
    homes = whole[whole["use"].isin(LIVING) | whole["residents"].fillna(0).gt(0)]
    points = gpd.GeoSeries(shapely.point_on_surface(homes.geometry.array), crs=buildings.crs)
    there = points.to_crs(GRID)
    dwellings = homes["dwellings"].fillna(0).round().astype(int)
    return pd.DataFrame(
        {
            "x": (there.x // 100 * 100).astype(int).to_numpy(),
            "y": (there.y // 100 * 100).astype(int).to_numpy(),
            "residents": homes["residents"].fillna(0).round().astype(int).to_numpy(),
            "dwellings": dwellings.to_numpy(),
            "year": homes["year_built"].to_numpy(dtype=float),
            "size": _size_code(homes, dwellings).to_numpy(),
            "heating": homes["heating"].astype("object").map(HEATING.index, na_action="ignore")
            .astype(float).to_numpy(),
        }
    )  # fmt: skip


def _size_code(homes: pd.DataFrame, dwellings: pd.Series) -> pd.Series:
    """Give the code of GEBTYPGROESSE from 0; semi-detached houses are not told apart here."""
    two = dwellings.ge(2)
    kind = homes["size_class"].astype("object")
    code = np.select(
        [kind == "detached", kind == "terraced", dwellings >= 13, dwellings >= 7, dwellings >= 3],
        [np.where(two, 3, 0), np.where(two, 5, 2), 8, 7, 6],
        default=9,
    )
    return pd.Series(code, index=homes.index)


def _sums(homes: pd.DataFrame, size_m: int) -> pd.DataFrame:
    cell = homes.assign(x=homes["x"] // size_m * size_m, y=homes["y"] // size_m * size_m)
    sums = cell.groupby(["y", "x"])[["residents", "dwellings"]].sum()
    return sums.assign(buildings=cell.groupby(["y", "x"]).size())


def _by_class(homes: pd.DataFrame, size_m: int, code: pd.Series, classes: int, unit: str):
    """Count buildings or dwellings of each class in each cell."""
    known = code.notna()
    cell = homes[known].assign(
        x=homes["x"] // size_m * size_m, y=homes["y"] // size_m * size_m, code=code[known]
    )
    weight = cell["dwellings"] if unit == "dwellings" else 1
    table = cell.assign(n=weight).pivot_table(
        index=["y", "x"], columns="code", values="n", aggfunc="sum", fill_value=0
    )
    return table.reindex(columns=range(classes), fill_value=0).astype(int)


def _age_code(homes: pd.DataFrame, year: int) -> pd.Series:
    code = pd.Series(np.searchsorted(AGES[year], homes["year"]), index=homes.index, dtype=float)
    return code.where(homes["year"].notna())


def _write_2022(homes: pd.DataFrame, folder: Path, encoding: str) -> list[Path]:
    paths = []
    for size_m, label in ((100, "100m"), (1000, "1km")):
        sums = _sums(homes, size_m)
        lived_in = sums[sums["residents"] > 0]
        themes = {
            "Zensus2022_Bevoelkerungszahl": lived_in[["residents"]].set_axis(["Einwohner"], axis=1),
            "Zensus2022_Gebaeude_nach_Baujahr_in_MZ_Klassen": _theme(
                sums["buildings"], "Insgesamt_Gebaeude",
                _by_class(homes, size_m, _age_code(homes, 2022), 8, "buildings"), AGE_COLUMNS,
            ),
            "Zensus2022_Gebaeude_mit_Wohnraum_nach_Gebaeudetyp_Groesse": _theme(
                sums["buildings"], "Insgesamt_Gebaeude",
                _by_class(homes, size_m, homes["size"], 10, "buildings"), SIZE_COLUMNS,
            ),
            "Zensus2022_Wohnungen_nach_Gebaeudetyp_Groesse": _theme(
                sums["dwellings"], "Insgesamt_Wohnungen",
                _by_class(homes, size_m, homes["size"], 10, "dwellings"), SIZE_COLUMNS,
            ),
            "Zensus2022_Heizungsart": _theme(
                sums["dwellings"], "Insgesamt_Heizungsart",
                _by_class(homes, size_m, homes["heating"], 6, "dwellings"), HEATING_COLUMNS,
            ),
        }  # fmt: skip
        for name, table in themes.items():
            path = folder / f"{name}_{label}-Gitter.csv"
            _write_wide(table, path, size_m, label, encoding)
            paths.append(path)
    return paths


def _theme(total: pd.Series, total_name: str, classes: pd.DataFrame, names: list[str]):
    """Put the total before the classes, small counts suppressed."""
    shown = classes.set_axis(names, axis=1).reindex(total.index, fill_value=0)
    hidden = shown.astype("object").mask(shown < 3, DASH)
    hidden.insert(0, total_name, total)
    return hidden.assign(werterlaeuternde_Zeichen="")


def _write_wide(table: pd.DataFrame, path: Path, size_m: int, label: str, encoding: str) -> None:
    y, x = (table.index.get_level_values(name) for name in ("y", "x"))
    ids = [f"CRS3035RES{size_m}mN{n}E{e}" for n, e in zip(y, x, strict=True)]
    frame = table.reset_index(drop=True)
    frame.insert(0, f"GITTER_ID_{label}", ids)
    frame.insert(1, f"x_mp_{label}", x + size_m // 2)
    frame.insert(2, f"y_mp_{label}", y + size_m // 2)
    frame.to_csv(path, sep=";", index=False, encoding=encoding, lineterminator="\r\n")


def _write_2011(homes: pd.DataFrame, folder: Path, encoding: str) -> list[Path]:
    sums = _sums(homes, 100)
    people = sums.reset_index()
    people_file = folder / "Zensus_Bevoelkerung_100m-Gitter.csv"
    pd.DataFrame(
        {
            "Gitter_ID_100m": _long_ids(people),
            "x_mp_100m": people["x"] + 50,
            "y_mp_100m": people["y"] + 50,
            "Einwohner": people["residents"].where(people["residents"] > 0, -1),
        }
    ).to_csv(people_file, sep=";", index=False, encoding=encoding)
    ages = _by_class(homes, 100, _age_code(homes, 2011), 10, "buildings")
    sizes = _by_class(homes, 100, homes["size"], 10, "buildings")
    heated = _by_class(homes, 100, homes["heating"], 6, "dwellings")
    buildings = folder / "Geb100m.csv"
    _write_long(
        [("INSGESAMT", sums[["buildings"]].set_axis([-1], axis=1)), ("BAUJAHR_MZ", ages),
         ("GEBTYPGROESSE", sizes)],
        buildings, encoding,
    )  # fmt: skip
    dwellings = folder / "Wohnungen100m.csv"
    _write_long(
        [("INSGESAMT", sums[["dwellings"]].set_axis([-1], axis=1)), ("HEIZTYP", heated)],
        dwellings, encoding,
    )  # fmt: skip
    return [people_file, buildings, dwellings]


def _long_ids(cells: pd.DataFrame) -> list[str]:
    return [f"CRS3035RES100mN{n}E{e}" for n, e in zip(cells["y"], cells["x"], strict=True)]


def _write_long(themes: list[tuple[str, pd.DataFrame]], path: Path, encoding: str) -> None:
    """Write one row a cell and class, with the short id; counts of a class below 3 are missing."""
    parts = []
    for feature, table in themes:
        rows = table.melt(var_name="code", value_name="Anzahl", ignore_index=False).reset_index()
        rows = rows[rows["Anzahl"] >= (1 if feature == "INSGESAMT" else 3)]
        parts.append(rows.assign(Merkmal=feature, code=rows["code"] + 1))
    rows = pd.concat(parts, ignore_index=True)
    pd.DataFrame(
        {
            "Gitter_ID_100m": "100mN" + (rows["y"] // 100).astype(str)
            + "E" + (rows["x"] // 100).astype(str),
            "Gitter_ID_100m_neu": _long_ids(rows),
            "Merkmal": rows["Merkmal"],
            "Auspraegung_Code": rows["code"],
            "Auspraegung_Text": "für die Prüfung",
            "Anzahl": rows["Anzahl"],
            "Anzahl_q": 0,
        }
    ).to_csv(path, sep=";", index=False, encoding=encoding)  # fmt: skip

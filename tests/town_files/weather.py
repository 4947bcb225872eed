"""Weather of the made-up town, written as the DWD and EnergyPlus write it."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from pathlib import Path

RW, HW = 3_793_500, 2_689_500  # the square kilometre of Cologne, EPSG:3034

HEAD = """Koordinatensystem : Lambert konform konisch
Rechtswert        : {rw} Meter
Hochwert          : {hw} Meter
Hoehenlage        : 55 Meter ueber NN
Erstellung des Datensatzes im Mai 2016

Art des TRY       : mittleres Jahr
Bezugszeitraum    : 1995-2012
Datenbasis        : made up for tests

Reihenfolge der Parameter:
RW Rechtswert [m]
B  Direkte Sonnenbestrahlungsstaerke (horiz. Ebene) [W/m^2]


     RW      HW MM DD HH     t    p  WR   WG N    x  RF    B    D   A    E IL
***
"""

HEAD_2010 = """TRY05   made up for tests
Station: {station}                           WMO-Nummer: 10410
Lage: 51°24'N <- B.   6°58'O <- L.   152 Meter ueber NN
Zeitpunkt der Erstellung: November 2010

Art des TRY    : mittleres Jahr
Bezugszeitraum : 1988-2007

 RG    IS  MM  DD  HH  N   WR    WG     t       p      x  RF   W     B     D IK     A      E IL
***
"""


def simple_year() -> pd.DataFrame:
    """
    Give 8,760 hours by formula: a cosine over the year and one over the day.

    Columns are those of a test reference year; B and D are the means of the hour that ends at HH.
    """
    every = pd.date_range("2015-01-01", periods=8760, freq="h")
    hour, day = every.hour.to_numpy() + 0.5, every.day_of_year.to_numpy()
    declination = np.radians(23.45 * np.sin(2 * np.pi * (284 + day) / 365))
    lat = np.radians(50.9)
    angle = np.radians(15 * (hour - 12.5))  # 7° E keeps the time of 15° E
    up = np.sin(lat) * np.sin(declination) + np.cos(lat) * np.cos(declination) * np.cos(angle)
    up = np.maximum(up, 0)
    cloudy = (day % 3 == 0).astype(float)
    year = {
        "MM": every.month,
        "DD": every.day,
        "HH": every.hour + 1,
        "t": 10 - 9 * np.cos(2 * np.pi * (day - 20) / 365) - 3 * np.cos(2 * np.pi * hour / 24),
        "p": 1013,
        "WR": (day * 7) % 360,
        "WG": 2.5 + 1.5 * np.sin(2 * np.pi * day / 40),
        "N": np.where(cloudy, 7, 2),
        "x": 5.0,
        "RF": 75,
        "B": np.round(700 * up**1.3 * (1 - 0.9 * cloudy)),
        "D": np.round(130 * up**0.5 * (up > 0)),
        "A": 300,
        "E": -350,
        "IL": 0,
    }
    return pd.DataFrame(year)


def write_try(path: Path, *, year: pd.DataFrame | None = None) -> Path:
    """Write a test reference year in the format of 2015 and 2045."""
    rows = simple_year() if year is None else year
    form = (
        f"{RW} {HW} {{MM:2.0f}} {{DD:2.0f}} {{HH:2.0f}} {{t:5.1f}} {{p:4.0f}} {{WR:3.0f}}"
        " {WG:4.1f} {N:1.0f} {x:4.1f} {RF:3.0f} {B:4.0f} {D:4.0f} {A:3.0f} {E:4.0f}  {IL:1.0f}"
    )
    lines = [form.format(**row) for row in rows.to_dict("records")]
    path.write_text(HEAD.format(rw=RW, hw=HW) + "\n".join(lines) + "\n", "latin-1")
    return path


def write_try_2010(path: Path, *, year: pd.DataFrame | None = None, station="Essen") -> Path:
    """Write a test reference year in the format of 2010: another order, the place in words."""
    rows = simple_year() if year is None else year
    form = (
        " 5     1  {MM:2.0f}  {DD:2.0f}  {HH:2.0f}  {N:1.0f}  {WR:3.0f}  {WG:6.1f}  {t:6.1f}"
        "  {p:7.1f}  {x:6.1f}  {RF:3.0f}   0  {B:4.0f}  {D:4.0f} 1  {A:4.0f}  {E:5.0f}  {IL:1.0f}"
    )
    lines = [form.format(**row) for row in rows.to_dict("records")]
    path.write_text(HEAD_2010.format(station=station) + "\n".join(lines) + "\n", "latin-1")
    return path


def write_station(folder: Path, *, years=(2014, 2015), station=2667, ten_minutes=False):
    """
    Write the zip files of a station of the DWD: temperature, wind and sun of whole years in UTC.

    The sun is `simple_year` again, in sums of J/cm²: of true solar hours that end 24 minutes past
    in UTC, or of ten minutes. Returns the files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    utc = pd.date_range(f"{years[0]}-01-01", f"{years[-1]}-12-31 23:00", freq="h")
    model = simple_year()
    cet = utc + pd.Timedelta(hours=1)
    row = np.minimum((cet.day_of_year - 1) * 24 + cet.hour, 8759)
    stamp = (utc + pd.Timedelta(hours=1)).strftime("%Y%m%d%H")  # the end of the hour
    key = f"{station:05d}"
    zipped = []
    t, wind, turn = (model[name].to_numpy()[row] for name in ("t", "WG", "WR"))
    zipped.append(_zip(
        folder / f"stundenwerte_TU_{key}_hist.zip", station,
        f"produkt_tu_stunde_{years[0]}0101_{years[-1]}1231_{key}.txt",
        "STATIONS_ID;MESS_DATUM;QN_9;TT_TU;RF_TU;eor",
        [f"{station:11d};{s};    3;{v:6.1f};  75.0;eor" for s, v in zip(stamp, t, strict=True)],
    ))  # fmt: skip
    zipped.append(_zip(
        folder / f"stundenwerte_FF_{key}_hist.zip", station,
        f"produkt_ff_stunde_{years[0]}0101_{years[-1]}1231_{key}.txt",
        "STATIONS_ID;MESS_DATUM;QN_3;   F;   D;eor",
        [f"{station:11d};{s};    3;{v:6.1f};{d:5.0f};eor"
         for s, v, d in zip(stamp, wind, turn, strict=True)],
    ))  # fmt: skip
    ghi, dhi = (model["B"] + model["D"]).to_numpy()[row], model["D"].to_numpy()[row]
    zipped.append(_sun(folder, station, utc, ghi, dhi, ten_minutes=ten_minutes))
    return zipped


def _sun(folder, station, utc, ghi, dhi, *, ten_minutes):
    key = f"{station:05d}"
    if ten_minutes:
        ends = [utc + pd.Timedelta(minutes=10 * (k + 1)) for k in range(6)]
        stamp = np.concatenate([e.strftime("%Y%m%d%H%M") for e in ends])
        order = np.argsort(stamp)
        joule = 600 / 1e4
        lines = [
            f"{station:11d};{s};    3;{d:8.3f};{g:8.3f};   0.100;-999;eor"
            for s, d, g in zip(
                stamp[order],
                np.tile(dhi * joule, 6)[order],
                np.tile(ghi * joule, 6)[order],
                strict=True,
            )
        ]
        name, head = "zehn_min_sd", "STATIONS_ID;MESS_DATUM;  QN;DS_10;GS_10;SD_10;LS_10;eor"
        return _zip(folder / f"10minutenwerte_SOLAR_{key}_hist.zip", station,
                    f"produkt_{name}_20140101_20151231_{key}.txt", head, lines)  # fmt: skip
    ends = utc + pd.Timedelta(minutes=84)
    # of the hour that ends 24 minutes past, 36 minutes lie in the hour before
    joule = 3600 / 1e4
    mixed = [0.6 * v + 0.4 * np.append(v[1:], v[-1]) for v in (ghi, dhi)]
    lines = [
        f"{station:11d};{s};    1; -999;{d:7.2f};{g:7.2f};   0;  90.00;{w};eor"
        for s, g, d, w in zip(
            ends.strftime("%Y%m%d%H:%M"),
            mixed[0] * joule,
            mixed[1] * joule,
            (ends + pd.Timedelta(minutes=36)).strftime("%Y%m%d%H:00"),
            strict=True,
        )
    ]
    head = (
        "STATIONS_ID;MESS_DATUM;QN_592;ATMO_LBERG;FD_LBERG;FG_LBERG;SD_LBERG;ZENIT;"
        "MESS_DATUM_WOZ;eor"
    )
    return _zip(folder / f"stundenwerte_ST_{key}_row.zip", station,
                f"produkt_st_stunde_20140101_20151231_{key}.txt", head, lines)  # fmt: skip


def _zip(path, station, name, head, lines):
    place = (
        "Stations_id;Stationshoehe;Geogr.Breite;Geogr.Laenge;von_datum;bis_datum;Stationsname\n"
        f"{station};  90.00;50.8000;  7.0000;19600101;20011231;Old Field\n"
        f"{station};  92.00;50.8646;  7.1575;20020101;        ;Köln/Bonn\n"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, (head + "\n" + "\n".join(lines) + "\n").encode("latin-1"))
        archive.writestr(f"Metadaten_Geographie_{station:05d}.txt", place.encode("latin-1"))
    return path

"""The one projected CRS of a city, chosen by its position."""

from __future__ import annotations

from twin.errors import SourceError


def utm_crs(lon: float, lat: float) -> str:
    """
    Return the EPSG code of the UTM zone for a position in degrees.

    Europe between 27° W and 45° E gets ETRS89 (EPSG:258xx) as German surveying offices use it,
    the rest of the world WGS 84 (EPSG:326xx, 327xx). The strip of Germany west of 6° E counts to
    zone 32, as in the official data of North Rhine-Westphalia.

    >>> utm_crs(7.15, 50.82), utm_crs(13.26, 53.56), utm_crs(5.9, 51.0), utm_crs(-70.7, -33.4)
    ('EPSG:25832', 'EPSG:25833', 'EPSG:25832', 'EPSG:32719')
    """
    if not (-180 <= lon <= 180 and -80 <= lat <= 84):
        template = "The position {lon}, {lat} lies outside the UTM zones (80° S to 84° N)."
        raise SourceError(template, hint="Check the order: longitude first.", lon=lon, lat=lat)
    zone = min(int((lon + 180) // 6) + 1, 60)
    if 5.8 <= lon < 6 and 47 <= lat <= 55.1:
        zone = 32
    if 28 <= zone <= 38 and 34 <= lat <= 72:
        return f"EPSG:{25800 + zone}"
    return f"EPSG:{(32600 if lat >= 0 else 32700) + zone}"

"""Small tiles for the tests: boxes and gabled houses in CityGML, whole or spoilt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.town_files.citymodel import Body, House, write_tile

if TYPE_CHECKING:
    from pathlib import Path

E, N = 364_000.0, 5_627_000.0
ALIKE = {"function": "31001_1000"}


def box_faces(x, y, z, width, depth, height, *, roof=0.0):
    """Return faces of a box whose long way is x; `roof` is the height of a gable on top."""
    low = [(x, y, z), (x + width, y, z), (x + width, y + depth, z), (x, y + depth, z)]
    high = [(a, b, z + height) for a, b, _ in low]
    faces = [("GroundSurface", [low[::-1]])]
    if not roof:
        faces.append(("RoofSurface", [high]))
        gables = ([], [], [], [])
    else:
        west, east = ((e, y + depth / 2, z + height + roof) for e in (x, x + width))
        faces.append(("RoofSurface", [[high[0], high[1], east, west]]))
        faces.append(("RoofSurface", [[high[2], high[3], west, east]]))
        gables = ([], [east], [], [west])
    for number in range(4):
        i, j = number, (number + 1) % 4
        faces.append(("WallSurface", [[low[i], low[j], high[j], *gables[number], high[i]]]))
    return faces


def house(key, x=0.0, y=0.0, *, width=12.0, depth=10.0, height=6.0, roof=0.0, z=50.0, said=None):
    """Return a house of one body, `x`, `y` in metres east and north of the corner of the tile."""
    faces = box_faces(E + x, N + y, z, width, depth, height, roof=roof)
    body = Body(key, faces, "gabled" if roof else "flat", height + roof)
    return House(key, E + x + width / 2, N + y + depth / 2, {**ALIKE, **(said or {})}, [body])


def tile(folder: Path, houses, *, name="tile", version="1.0") -> Path:
    folder.mkdir(exist_ok=True)
    return write_tile(folder / name, houses, (int(E), int(N), 1000), version)


def spoil(path: Path, *changes: tuple[str, str]) -> Path:
    """Replace text in a tile; each must be there."""
    text = path.read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, "utf-8")
    return path


def codes(data) -> dict[str, int]:
    """Return the count of every finding by code, without the prefix."""
    return {f.code.removeprefix("citymodel_"): f.count for f in data.findings}

"""Objects without an id, and the same object in several tiles."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from layers.citymodel.raw import RawModel, take_objects

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOUCHING = 2.0  # m between the two halves of a building that a tile border cuts
SAME = 0.01  # m; corners of the same object in two tiles


def root_rows(parent: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the row of the whole building of every object; parts of parts belong to it as well."""
    root = np.where(parent < 0, np.arange(len(parent)), parent)
    while (parent[root] >= 0).any():
        root = np.where(parent[root] >= 0, parent[root], root)
    return root


def name_objects(model: RawModel) -> tuple[RawModel, list[str]]:
    """Give objects without an id one that follows from their shape; return the new ids too."""
    ids = model.objects["object_id"].astype(object).to_numpy(copy=True)
    bare = np.array([not key for key in ids], dtype=bool)
    if not bare.any():
        return model, []
    prints = fingerprints(model, np.flatnonzero(bare))
    parent = model.objects["parent"].to_numpy()
    for row in map(int, np.flatnonzero(bare)):  # parents stand before their parts
        above = parent[row]
        ids[row] = f"{ids[above]}:{prints[row][:8]}" if above >= 0 else f"lod2:{prints[row][:16]}"
    named = model.objects.assign(object_id=ids)
    return dataclasses.replace(model, objects=named), list(ids[bare])


def fingerprints(model: RawModel, rows: NDArray[np.int64]) -> dict[int, str]:
    """
    Return a hash of the corners of objects at 1 cm, whatever the order of their polygons.

    That of a building includes its parts.
    """
    root = root_rows(model.objects["parent"].to_numpy())
    owner = model.corner_object
    cells = np.round(model.corners * 100).astype(np.int64)
    orders = {is_part: _sorted(owner if is_part else root[owner]) for is_part in (False, True)}
    found = {}
    for row in map(int, rows):
        order, keys = orders[bool(root[row] != row)]
        first, last = np.searchsorted(keys, [row, row + 1])
        corners = np.unique(cells[order[first:last]], axis=0)
        found[row] = hashlib.sha256(corners.tobytes()).hexdigest()
    return found


def _sorted(keys: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    order = np.argsort(keys, kind="stable")
    return order, keys[order]


def _boxes(model: RawModel, root: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return west, south, east, north, low, high by object, parts included; infinite if empty."""
    count = len(root)
    low, high = np.full((count, 3), np.inf), np.full((count, 3), -np.inf)
    owner = model.corner_object
    for rows in (owner, root[owner]):
        np.minimum.at(low, rows, model.corners)
        np.maximum.at(high, rows, model.corners)
    return np.column_stack([low[:, :2], high[:, :2], low[:, 2], high[:, 2]])


def merge_same(model: RawModel) -> tuple[RawModel, dict[str, list[str]]]:
    """
    Let every id stand once.

    Of objects with the same id and place the one with the newest date stays (`twice`,
    `older_version` where they differ); halves that touch are joined (`cut_at_border`); objects
    that merely share their id get a new one (`id_reused`).
    """
    objects = model.objects
    parent = objects["parent"].to_numpy()
    root = root_rows(parent)
    again = objects["object_id"].duplicated(keep=False).to_numpy()
    seen: dict[str, list[str]] = {}
    if not again.any():
        return model, seen
    plan = _Plan(model, root, seen)
    order = _newest_first(model, np.flatnonzero(again))
    for is_part in (False, True):
        rows = [row for row in order if (parent[row] >= 0) == is_part]
        for _, group in pd.Series(rows, dtype=int).groupby(
            objects["object_id"].to_numpy()[rows], sort=True
        ):
            plan.settle(list(group))
    return plan.carried_out(), seen


def _newest_first(model: RawModel, rows: NDArray[np.int64]) -> list[int]:
    """Sort by date, newest first, then by shape, so that the order of files is all the same."""
    prints = fingerprints(model, rows)
    date = model.objects["date"].astype(object)
    known = {row: date[row] if isinstance(date[row], str) else "" for row in rows}
    by_shape = sorted((int(r) for r in rows), key=lambda row: prints[row])
    return sorted(by_shape, key=lambda row: known[row], reverse=True)


class _Plan:
    """What becomes of objects that share their id."""

    def __init__(
        self, model: RawModel, root: NDArray[np.int64], seen: dict[str, list[str]]
    ) -> None:
        self.model, self.root, self.seen = model, root, seen
        self.keep = np.ones(len(root), dtype=bool)
        self.moved = np.arange(len(root))
        self.ids = model.objects["object_id"].astype(object).to_numpy(copy=True)
        self.boxes = _boxes(model, root)

    def settle(self, rows: list[int]) -> None:
        """Decide on one id; the first of `rows` is the newest."""
        rows = [row for row in rows if self.keep[row]]
        kept = rows[:1]
        for row in rows[1:]:
            how, other = self._relation(row, kept)
            self.seen.setdefault(how, []).append(str(self.ids[row]))
            if how in ("twice", "older_version"):
                self.keep[self._family(row)] = False
            elif how == "cut_at_border":
                self.moved[row] = other
                self.keep[row] = False
            else:
                self.ids[row] = (
                    f"{self.ids[row]}:{fingerprints(self.model, np.array([row]))[row][:8]}"
                )
                kept.append(row)

    def _family(self, row: int) -> NDArray[np.bool_]:
        mine: NDArray[np.bool_] = self.root == row
        mine[row] = True
        return mine

    def _relation(self, row: int, kept: list[int]) -> tuple[str, int]:
        mine = self.boxes[row]
        for other in kept:
            box = self.boxes[other]
            if not np.isfinite(mine + box).all() or np.allclose(mine, box, rtol=0, atol=SAME):
                return "twice", other
            overlap = np.minimum(mine[2:4], box[2:4]) - np.maximum(mine[:2], box[:2])
            smaller = min(np.prod(mine[2:4] - mine[:2]), np.prod(box[2:4] - box[:2]))
            if (overlap > 0).all() and np.prod(overlap) >= 0.5 * smaller:
                return "older_version", other
            if (overlap > -TOUCHING).all() and self.root[row] == row:
                return "cut_at_border", other
        return "id_reused", kept[0]

    def carried_out(self) -> RawModel:
        """Return the model after all decisions."""
        model, moved = self.model, self.moved
        parent = model.objects["parent"].to_numpy()
        objects = model.objects.assign(
            object_id=self.ids, parent=np.where(parent >= 0, moved[np.maximum(parent, 0)], -1)
        )
        joined = np.flatnonzero(moved != np.arange(len(moved)))
        objects = _tallest(objects, joined, moved)
        address = model.addresses["object"].to_numpy(dtype=np.int64)
        changed = dataclasses.replace(
            model,
            objects=objects,
            addresses=model.addresses.assign(object=moved[address]),
            polygon_object=moved[model.polygon_object],
        )
        return take_objects(changed, self.keep)


def _tallest(objects: pd.DataFrame, joined: NDArray[np.int64], moved: NDArray[np.int64]) -> Any:
    """Give a building joined of halves the greater of their heights."""
    height = objects["measured_height"].astype(float).to_numpy(copy=True)
    for row in joined:
        height[moved[row]] = np.fmax(height[moved[row]], height[row])
    return objects.assign(measured_height=height)

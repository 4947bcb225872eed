"""Sioux Falls as the aequilibrae package ships it, and networks as TNTP files."""

from __future__ import annotations

import sqlite3
import tempfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from tests.tools.tntp_read import Net

OPTIMUM = 42.31335287107440e5  # veh min, as the TNTP library states it
BEST_FLOWS = {  # of its best known solution, (from, to): vehicles
    (1, 2): 4494.65764645642,
    (1, 3): 8119.07994804781,
    (2, 1): 4519.07994804781,
    (2, 6): 5967.33639671377,
    (3, 1): 8094.65764645642,
}


def sioux_falls() -> tuple[Net, np.ndarray]:
    """Give the network and its trips of Suwansirikul et al. (LeBlanc 1975) from the package."""
    package = Path(find_spec("aequilibrae").origin).parent
    with tempfile.TemporaryDirectory() as folder:
        names = ("project_database.sqlite", "matrices/demand.omx")
        with zipfile.ZipFile(package / "reference_files/sioux_falls.zip") as archive:
            base, matrix = (archive.extract(name, folder) for name in names)
        columns = "a_node, b_node, capacity_ab, free_flow_time, b, power"
        with sqlite3.connect(base) as link:
            table = pd.read_sql(f"select {columns} from links order by link_id", link).astype(float)
        link.close()
        with h5py.File(matrix) as file:
            trips = file["data/matrix"][:]
    none = np.zeros(len(table))
    ends = table[["a_node", "b_node"]].to_numpy(np.int32) - 1
    rest = [table[name].to_numpy() for name in ("capacity_ab", "free_flow_time", "b", "power")]
    return Net(
        24, 24, 0, ends[:, 0], ends[:, 1], rest[0], none, rest[1], rest[2], rest[3], none, 0.0, 0.0
    ), trips


def write(folder: Path, net: Net, trips: np.ndarray) -> tuple[Path, Path]:
    """Write a network and its trips as TNTP files."""
    names = "init_node term_node capacity length free_flow_time b power speed toll link_type"
    lines = [
        f"<NUMBER OF ZONES> {net.zones}", f"<NUMBER OF NODES> {net.nodes}",
        f"<FIRST THRU NODE> {net.through + 1}", f"<NUMBER OF LINKS> {len(net.tails)}",
        "<END OF METADATA>", "", "\t".join(["~", *names.split(), ";"]),
    ]  # fmt: skip
    rows = zip(
        net.tails + 1, net.heads + 1, net.capacity, net.length, net.free_time, net.alpha, net.beta,
        0 * net.toll, net.toll, 0 * net.tails, strict=True,
    )  # fmt: skip
    lines += ["\t".join(["", *(repr(value.item()) for value in row), ";"]) for row in rows]
    paths = folder / "made_net.tntp", folder / "made_trips.tntp"
    paths[0].write_text("\n".join(lines))
    lines = [
        f"<NUMBER OF ZONES> {net.zones}",
        f"<TOTAL OD FLOW> {trips.sum()}",
        "<END OF METADATA>",
    ]
    for origin, row in enumerate(trips, 1):
        pairs = [f"{d + 1} : {row[d].item()!r};" for d in np.flatnonzero(row)]
        lines += [
            "",
            f"Origin  {origin}",
            *(" ".join(pairs[i : i + 5]) for i in range(0, len(pairs), 5)),
        ]
    paths[1].write_text("\n".join(lines))
    return paths

"""The links of a contracted network with what they cost: members that behave alike are one term."""

from __future__ import annotations

import numpy as np

from twin.mobility.assignment.kernels import Curves, Links
from twin.mobility.paths.contraction import Contraction, contracted

__all__ = ["Contraction", "contracted", "small_links"]


def small_links(found: Contraction, curves: Curves, through: int) -> Links:
    """Return the links of the small graph; members that behave alike are one term."""
    owner = np.repeat(np.arange(len(found.tails)), np.diff(found.first))
    s = len(found.tails)
    grows = curves.gain[found.member] > 0
    link, member = owner[grows], found.member[grows]
    order = np.lexsort((curves.beta[member], curves.per_capacity[member], link))
    link, member = link[order], member[order]
    facts = np.array([link, curves.per_capacity[member], curves.beta[member]])
    new = np.ones(len(link), np.bool_)
    new[1:] = (np.diff(facts, axis=1) != 0).any(axis=0)
    begin = np.flatnonzero(new)
    gain = np.add.reduceat(curves.gain[member], begin) if len(begin) else np.zeros(0)
    fixed = np.array([np.bincount(owner, row[found.member], s) for row in curves.fixed])
    return Links(
        offsets=np.searchsorted(found.tails, np.arange(found.nodes + 1)).astype(np.int32),
        tails=found.tails,
        heads=found.heads,
        base=np.bincount(owner, curves.base[found.member], s).astype(float),
        term=np.searchsorted(link[begin], np.arange(s + 1)).astype(np.int32),
        gain=gain,
        per_capacity=curves.per_capacity[member[begin]],
        beta=curves.beta[member[begin]],
        fixed=np.ascontiguousarray(fixed.reshape(len(curves.fixed), s)),
        through=through,
    )

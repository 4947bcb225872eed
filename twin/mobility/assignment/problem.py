"""What is to be assigned: links with their volume-delay function, and demand by vehicle class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from twin.errors import ModelError
from twin.sentences import Sentence

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.typing import NDArray

    from twin.mobility.graph import Graph
    from twin.mobility.paths.contraction import Contraction

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]
    Bools = NDArray[np.bool_]

LEAST_FLOW = 1e-12  # demand below this [vehicles] is none: it would drown in rounding


@dataclass(frozen=True, eq=False)
class VehicleClass:
    """
    Vehicles that choose their way alike.

    `demand` is in vehicles (z, z); `pce` says how many passenger cars one stands for; `fixed` is
    what a link costs this class besides the time, in units of time, inf where it may not drive.
    """

    name: str
    demand: Floats  # (z, z) vehicles
    fixed: Floats  # (m,)
    pce: float = 1.0


@dataclass(frozen=True, eq=False)
class Problem:
    """
    A network and what wants to travel on it; arrays are by link of `graph`.

    A link takes free_time x (1 + alpha x (volume / capacity)^beta), the volume of all classes in
    passenger car units. Nodes 0 to z - 1 are the zones; nodes below `through` begin and end ways
    but are no thoroughfare. `keys` names the links so that an edited network finds them again;
    `given_links` of the graph come first in the input, the rest are connectors.
    """

    graph: Graph
    free_time: Floats
    capacity: Floats
    alpha: Floats
    beta: Floats
    classes: tuple[VehicleClass, ...]
    zones: int
    through: int = 0
    keys: pd.Index[str] | None = None
    street: Ints | None = None
    small: Contraction | None = None  # of the graph, where it is known already

    def __post_init__(self) -> None:
        """Refuse what cannot be assigned, all faults at once."""
        faults = _faults(self)
        if faults:
            raise AssignmentError(faults)


@dataclass(frozen=True)
class Fault:
    """One reason why a problem cannot be assigned."""

    error: ModelError

    @property
    def sentence(self) -> Sentence:
        """Return what is wrong, as data."""
        return Sentence(self.error.template, self.error.values)


class AssignmentError(ModelError):
    """A problem that cannot be assigned; `faults` lists every reason."""

    def __init__(self, faults: list[ModelError]) -> None:
        self.faults = [Fault(error) for error in faults]
        super().__init__("The traffic assignment cannot begin: {count} faults.", count=len(faults))

    def __str__(self) -> str:
        """Return the English sentence with every fault on its own line."""
        return "\n  - ".join([super().__str__(), *(str(fault.error) for fault in self.faults)])


def _faults(problem: Problem) -> list[ModelError]:
    faults = _shape_faults(problem)
    if not faults:  # values cannot be looked at in arrays of another size
        faults = [*_link_faults(problem), *_class_faults(problem)]
    return faults


def _shape_faults(problem: Problem) -> list[ModelError]:
    m, n, z = problem.graph.m, problem.graph.n, problem.zones
    faults = []
    if not 0 <= z <= n or not 0 <= problem.through <= n:
        template = "{zones} zones and first through node {through} do not fit {nodes} nodes."
        hint = "Zones are the first nodes; all lie in the network."
        values = {"zones": z, "through": problem.through + 1, "nodes": n}
        faults.append(ModelError(template, hint=hint, **values))
    if m and not (_inside(problem.graph.tails, n) and _inside(problem.graph.heads, n)):
        template = "A link begins or ends at a node outside 1 to {nodes}."
        faults.append(ModelError(template, nodes=n))
    names = ("free_time", "capacity", "alpha", "beta")
    columns = {name: getattr(problem, name) for name in names}
    columns |= {f"fixed cost of {item.name}": item.fixed for item in problem.classes}
    for name, values in columns.items():
        if np.shape(values) != (m,):
            template = "There are {given} values of {column} for {links} links."
            faults.append(ModelError(template, given=np.size(values), column=name, links=m))
    for item in problem.classes:
        if np.shape(item.demand) != (z, z):
            template = "The demand of class {name} is a matrix of {shape}, there are {zones} zones."
            hint = "Give a matrix of the zones of this network."
            shape = " x ".join(map(str, np.shape(item.demand)))
            faults.append(ModelError(template, hint=hint, name=item.name, shape=shape, zones=z))
    return faults


def _inside(nodes: Ints, n: int) -> bool:
    return bool(nodes.min() >= 0 and nodes.max() < n)


def _link_faults(problem: Problem) -> list[ModelError]:
    grows = (problem.free_time > 0) & (problem.alpha > 0)
    checks: tuple[tuple[Bools, Callable[..., ModelError]], ...] = (
        (~_sound(problem.free_time), _no_time),
        (~(_sound(problem.alpha) & _sound(problem.beta)), _no_curve),
        (np.isnan(problem.capacity) | (grows & ~(problem.capacity > 0)), _no_capacity),
    )
    found = []
    for wrong, fault in checks:
        links = np.flatnonzero(wrong)
        if len(links):
            places = problem.graph.order[links]  # as the input counted them
            found.append(fault(count=len(links), link=int(places.min()) + 1))
    return found


def _sound(values: Floats) -> Bools:
    return np.isfinite(values) & (values >= 0)


def _no_time(count: int, link: int) -> ModelError:
    template = "{count} links have a free-flow time that is negative or no number (link {link})."
    return ModelError(template, hint="Times are 0 or more.", count=count, link=link)


def _no_curve(count: int, link: int) -> ModelError:
    template = "{count} links have a negative or missing alpha or beta (link {link})."
    hint = "Both are 0 or more; alpha 0 keeps the time constant."
    return ModelError(template, hint=hint, count=count, link=link)


def _no_capacity(count: int, link: int) -> ModelError:
    template = "{count} links have no capacity above 0 (link {link})."
    hint = "Close a street instead, or set alpha to 0 where the time does not depend on traffic."
    return ModelError(template, hint=hint, count=count, link=link)


def _class_faults(problem: Problem) -> list[ModelError]:
    faults = []
    for item in problem.classes:
        if not (np.isfinite(item.pce) and item.pce > 0):
            template = "Class {name} stands for {pce} passenger cars."
            hint = "Give a number above 0."
            faults.append(ModelError(template, hint=hint, name=item.name, pce=item.pce))
        wrong = int((~(item.fixed >= 0)).sum())
        if wrong:
            template = "Class {name} has a negative cost or toll, or none, on {count} links."
            hint = "Costs besides time are 0 or more; infinity keeps the class out."
            faults.append(ModelError(template, hint=hint, name=item.name, count=wrong))
        wrong = int((~_sound(item.demand)).sum())
        if wrong:
            template = "Class {name} has demand that is negative or no number in {count} pairs."
            faults.append(ModelError(template, name=item.name, count=wrong))
    return faults

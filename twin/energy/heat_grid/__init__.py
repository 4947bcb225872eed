"""Heat networks: where they are worth examining, how they are laid out, what their heat costs."""

from twin.energy.heat_grid.costs import compare_decentral, network_price
from twin.energy.heat_grid.density import heat_density, line_density, thresholds
from twin.energy.heat_grid.design import NetworkDesign, lay_network
from twin.energy.heat_grid.plant import heat_factor
from twin.energy.heat_grid.streets import Ground, connect_points, make_ground

__all__ = [
    "Ground",
    "NetworkDesign",
    "compare_decentral",
    "connect_points",
    "heat_density",
    "heat_factor",
    "lay_network",
    "line_density",
    "make_ground",
    "network_price",
    "thresholds",
]

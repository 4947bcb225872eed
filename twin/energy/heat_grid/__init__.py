"""Heat networks: where they are worth examining, how they are laid out, what their heat costs."""

from twin.energy.heat_grid.areas import candidate_areas, sections_in_dense_blocks
from twin.energy.heat_grid.auto import auto_networks
from twin.energy.heat_grid.costs import compare_decentral, network_price
from twin.energy.heat_grid.density import heat_density, line_density, thresholds
from twin.energy.heat_grid.design import NetworkDesign
from twin.energy.heat_grid.existing import existing_network_of, existing_networks
from twin.energy.heat_grid.lay import lay_network
from twin.energy.heat_grid.plant import heat_factor
from twin.energy.heat_grid.streets import Ground, connect_points, make_ground

__all__ = [
    "Ground",
    "NetworkDesign",
    "auto_networks",
    "candidate_areas",
    "compare_decentral",
    "connect_points",
    "existing_network_of",
    "existing_networks",
    "heat_density",
    "heat_factor",
    "lay_network",
    "line_density",
    "make_ground",
    "network_price",
    "sections_in_dense_blocks",
    "thresholds",
]

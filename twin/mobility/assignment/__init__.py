"""Traffic assignment: user equilibrium of several vehicle classes on shared streets."""

from twin.mobility.assignment.analysis import Users, pairs_of, select_link, unserved_pairs
from twin.mobility.assignment.equilibrium import Equilibrium
from twin.mobility.assignment.problem import AssignmentError, Problem, VehicleClass
from twin.mobility.assignment.solving import solve
from twin.mobility.assignment.towns import link_times, problem_of, street_flow, with_vehicles

__all__ = [
    "AssignmentError",
    "Equilibrium",
    "Problem",
    "Users",
    "VehicleClass",
    "link_times",
    "pairs_of",
    "problem_of",
    "select_link",
    "solve",
    "street_flow",
    "unserved_pairs",
    "with_vehicles",
]

"""
Journeys by trying everything: no patterns, no marks, no pruning.

Round by round every trip of yesterday, today and tomorrow is ridden from its first halt to its
last; whoever is ready at a halt in time gets on. Many queries are asked at once, a column each.
"""

from __future__ import annotations

import math

import numpy as np

LATER = 10**9


def walks(feed, given):
    """Return the seconds to change by pairs of stops, rules of the timetable first."""
    stops, change = feed["stops"], given["transit.change"]
    pace = given["transit.detour"] * 3.6 / given["network.walk_speed"]
    served = set(feed["stop_times"]["stop_id"])
    ids = [stop for stop in stops.index if stop in served]
    x, y = (getattr(stops.geometry.loc[ids], axis).to_numpy() for axis in "xy")
    on_foot = np.hypot(x[:, None] - x, y[:, None] - y) * pace
    near = on_foot <= given["transit.longest_transfer"] * 60
    parent = stops["parent_id"].dropna().to_dict()
    rules = {}
    for a, b, kind, least in feed["transfers"].itertuples(index=False):
        rules.setdefault((a, b), []).append((kind, least))
    found = {}
    asked = near if not rules else np.ones_like(near)
    for i, j in np.argwhere(asked):
        a, b, walk = ids[i], ids[j], on_foot[i, j]
        seconds = walk + change if near[i, j] else math.inf
        for pairs in _from_special_to_general(a, b, parent):
            told = [_rule(*rule, walk + change) for pair in pairs for rule in rules.get(pair, [])]
            if told:
                seconds = min(told)
                break
        if seconds < math.inf:
            found[a, b] = math.ceil(seconds - 0.001)
    return found


def _from_special_to_general(a, b, parent):
    up_a, up_b = parent.get(a, "-"), parent.get(b, "-")
    return [(a, b)], [(up_a, b), (a, up_b)], [(up_a, up_b)]


def _rule(kind, least, walk):
    if kind in {"timed", "in_seat"}:
        return 0
    if kind == "impossible":
        return math.inf
    return walk if math.isnan(least) else least


def earliest(feed, given, starts, departures):
    """
    Return the earliest arrivals (rides, stops, queries) with at most so many rides.

    `starts` (stops, queries) are the seconds from the door to each stop, `departures` (queries,).
    """
    stops = feed["stops"].index
    row = {stop: i for i, stop in enumerate(stops)}
    feet = walks(feed, given)
    trips = [
        [
            (row[stop], int(arrival), int(departure), board, alight)
            for stop, arrival, departure, board, alight in halts[
                ["stop_id", "arrival_s", "departure_s", "boarding", "alighting"]
            ].itertuples(index=False)
        ]
        for _, halts in feed["stop_times"].groupby("trip_id", sort=False)
    ]
    order = np.argsort(departures, kind="stable")
    asked, longest = departures[order], given["transit.longest_journey"] * 60
    ready = np.where(np.isfinite(starts), np.ceil(starts - 0.001) + departures, LATER)[:, order]
    rides = int(given["transit.most_transfers"]) + 1
    found = np.full((rides + 1, len(stops), len(asked)), LATER)
    for k in range(1, rides + 1):
        arrived = np.full(ready.shape, LATER)
        for shift in (-86_400, 0, 86_400):
            for trip in trips:
                # whom it may concern: who set out before its end and is not long there
                first = np.searchsorted(asked, trip[0][2] + shift - longest)
                end = np.searchsorted(asked, trip[-1][1] + shift, side="right")
                if first < end:
                    _ride(trip, shift, ready[:, first:end], arrived[:, first:end])
        ready = np.full(ready.shape, LATER)
        for (a, b), seconds in feet.items():
            ready[row[b]] = np.minimum(ready[row[b]], arrived[row[a]] + seconds)
        found[k] = np.minimum(found[k - 1], arrived)
    out = np.empty_like(found)
    out[:, :, order] = np.where(found <= asked + longest, found, LATER)
    return out


def _ride(trip, shift, ready, arrived):
    aboard = np.zeros(ready.shape[1], bool)
    for stop, arrival, departure, board, alight in trip:
        if alight:
            arrived[stop][aboard & (arrival + shift < arrived[stop])] = arrival + shift
        if board:
            aboard |= ready[stop] <= departure + shift

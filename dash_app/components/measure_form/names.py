"""Names of the town that a field proposes while somebody types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dash import html

from dash_app.components.measure_form.kinds import networks_in

if TYPE_CHECKING:
    from dash_app.i18n import Translator
    from twin.city import City
    from twin.scenario import Scenario

MOST = 1500
"""Names proposed; what is typed may be any other."""


def names_for(t: Translator, city: City, scenario: Scenario, table: str) -> list[str]:
    """Return the names that a field proposes, the most frequent first where there are too many."""
    if table == "networks":
        return list(networks_in(scenario))
    if table == "blocks":
        return [str(key) for key in city.blocks.index[:MOST]]
    if table not in city.tables:
        return []
    names = city.tables[table]["name"].dropna().astype(str)
    counts = names[names != ""].value_counts()
    return sorted(counts.index[:MOST], key=str.casefold)


def name_list(t: Translator, city: City, scenario: Scenario, table: str) -> html.Datalist:
    """Return the proposals for the search fields of a table."""
    found = names_for(t, city, scenario, table)
    if table == "places":
        found = [t.text("town centre"), *found]
    return html.Datalist([html.Option(value=name) for name in found], id=f"mf-names-{table}")


def district_options(city: City) -> list[html.Option]:
    """Return the districts by name."""
    names = city.districts["name"].fillna("").astype(str)
    order = names.str.casefold().sort_values().index
    return [html.Option(names[key] or str(key), value=str(key)) for key in order]

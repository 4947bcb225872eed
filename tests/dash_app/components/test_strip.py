"""The strip says what is shown, what it means, and what is not known yet."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from dash_app.components.explain import explain
from dash_app.components.strip import CARDS, card_choice, strip
from dash_app.i18n import translator
from tests.dash_app.components.seen import by_class, drawings, marks, text_of, with_data
from twin.compare import difference
from twin.errors import ModelError
from twin.indicators import INDICATORS, lacking

if TYPE_CHECKING:
    from dash_app.workspace.work import Work

DE = translator("de")


def card(tree: Any, name: str) -> Any:
    (found,) = with_data(tree, work="panel", indicator=name)
    return found


def test_the_switch_shows_all_sides_and_what_is_pressed(work: Work) -> None:
    tree = strip(DE, work)
    buttons = with_data(tree, work="show")
    assert [getattr(b, "data-shown") for b in buttons] == ["base", "a", "b", "diff"]
    assert [getattr(b, "aria-pressed") for b in buttons] == ["false", "true", "false", "false"]
    assert text_of(by_class(tree, "strip-name")) == "Warm walls"
    assert "Ist-Zustand A B A \u2212 B" in text_of(tree)


def test_without_scenarios_only_today_can_be_shown(work: Work) -> None:
    alone = replace(work, a=None, b=None, shown="base")
    assert [b.disabled for b in with_data(strip(DE, alone), work="show")] == [
        False, True, True, True
    ]  # fmt: skip
    assert "verglichen mit" not in text_of(strip(DE, alone))


def test_values_and_changes_agree_with_the_comparison_of_the_model(work: Work) -> None:
    assert work.a is not None
    assert work.base.results is not None
    assert work.a.results is not None
    table = difference(work.base.results, work.a.results).xs(
        ("city", "city", 2030), level=("level", "area", "year")
    )
    row = table.loc["heat_demand"]
    found = text_of(card(strip(DE, work), "heat_demand"))
    assert f"{round(row['after'], -1):.0f}" in found.replace(".", "")
    assert f"{abs(row['percent']):.0f}\u202f% weniger als ohne Maßnahmen , besser" in found
    assert row["change"] < 0


def test_the_difference_is_after_less_before_with_its_sign(work: Work) -> None:
    found = strip(DE, replace(work, shown="diff"))
    text = text_of(card(found, "heat_demand"))
    assert "\u2212907" in text
    assert "als in B" in text
    assert "verglichen mit: B" in text_of(found)


def test_today_shows_targets_and_a_scenario_does_not_call_them_missed(work: Work) -> None:
    text = text_of(card(strip(DE, replace(work, shown="base")), "heat_demand"))
    assert "Ziel 2030: 900, noch \u221253\u202f%" in text
    assert "kein Zielwert" in text_of(card(strip(DE, replace(work, shown="base")), "annual_cost"))


def test_old_numbers_never_look_fresh(work: Work) -> None:
    assert work.a is not None
    earlier = replace(work, a=replace(work.a, results=None, stale=work.base.results))
    waiting = replace(work, a=replace(work.a, results=None))
    for state in (earlier, waiting):
        tree = strip(DE, state)
        assert len(by_class(tree, "is-stale")) == len(CARDS[""])
        assert "wird neu berechnet" in text_of(card(tree, "heat_demand"))
        assert "besser" not in text_of(card(tree, "heat_demand"))


def test_what_failed_says_why(work: Work) -> None:
    assert work.a is not None
    why = ModelError("The city {city} has no traffic zones.", city="Müllekoven")
    failed = strip(DE, replace(work, a=replace(work.a, results=None, problem=why)))
    found = card(failed, "heat_demand")
    assert "is-failed" in found.className
    assert "Müllekoven" in found.title


def test_a_side_without_a_year_is_stale_only_there(work: Work) -> None:
    assert work.a is not None
    assert work.a.results is not None
    part = replace(work.a.results, years={2025: work.a.results.years[2025]})
    half = replace(work, a=replace(work.a, results=part))
    assert by_class(strip(DE, half), "is-stale")
    assert not by_class(strip(DE, replace(half, year=2025)), "is-stale")


def test_people_choose_their_cards_and_nonsense_is_left_out(work: Work) -> None:
    tree = strip(DE, work, cards=["pv_yield", "nonsense", "pv_yield", "delay"])
    names = [getattr(c, "data-indicator") for c in with_data(tree, work="panel")]
    assert names == ["pv_yield", "delay"]
    listed = card_choice(DE, work, cards=["pv_yield"])
    ticks = with_data(listed, work="cards", indicator="pv_yield")
    assert [t.checked for t in ticks] == [True]
    assert len([c for c in with_data(listed, work="cards") if hasattr(c, "checked")]) == len(
        INDICATORS
    )


def test_what_a_town_cannot_know_gives_way(work: Work) -> None:
    assert work.base.results is not None
    year = work.base.results.years[2030]
    sums = {k: v.assign(trips_bike=float("nan"), near_school=float("nan"))
            for k, v in year.sums.items()}  # fmt: skip
    poor = replace(work.base.results, years={2030: replace(year, sums=sums)})
    side = replace(work.base, results=poor)
    tree = strip(DE, replace(work, base=side, a=None, b=None, shown="base"))
    names = [getattr(c, "data-indicator") for c in with_data(tree, work="panel")]
    assert len(names) == 5
    assert "mode_bike" not in names
    chosen = strip(DE, replace(work, base=side, shown="base"), cards=["mode_bike"])
    assert "für diese Stadt nicht bekannt" in text_of(card(chosen, "mode_bike"))


def test_the_range_is_drawn_where_it_is_known(work: Work, ranged: Work) -> None:
    assert not drawings(strip(DE, work))
    (drawn,) = drawings(card(strip(DE, ranged), "heat_demand"))
    (band,), (dot,) = marks(drawn, "rect", "range-band"), marks(drawn, "circle", "range-dot")
    assert band["x"] <= dot["cx"] <= band["x"] + band["width"]
    assert marks(drawn, "line", "range-target")
    assert marks(drawn, "line", "range-today")[0]["x1"] > dot["cx"]  # today more heat than in A


@pytest.mark.parametrize("lang", ["de", "en"])
def test_names_stay_text(work: Work, lang: str) -> None:
    tree = strip(translator(lang), replace(work, shown="b"))
    assert "<script>alert(1)</script>" in text_of(by_class(tree, "strip-name"))


def test_spreads_of_other_years_are_no_range(ranged: Work) -> None:
    assert ranged.a is not None
    assert ranged.a.spread is not None
    years = ranged.a.spread.index.get_level_values("year")
    early = pd.DataFrame(ranged.a.spread[years == 2025])
    tree = strip(DE, replace(ranged, a=replace(ranged.a, spread=early)))
    assert not drawings(card(tree, "heat_demand"))


def test_where_one_model_failed_the_other_figures_stay_and_it_says_why(work: Work) -> None:
    """Whoever lacks noise still has heat; the card of noise and its explanation tell the fault."""
    assert work.a is not None
    assert work.a.results is not None
    year = work.a.results.years[work.year]
    fault = ModelError("The noise of {street} has no source.", street="Ring")
    broken = replace(year, failed={"noise": fault})
    results = replace(work.a.results, years={**work.a.results.years, work.year: broken})
    lame = replace(work, a=replace(work.a, results=results))
    names = list(lacking(broken))
    assert names
    tree = strip(DE, lame, cards=[names[0], "heat_demand"])
    assert "Berechnung gescheitert" in text_of(card(tree, names[0]))
    assert "The noise of Ring has no source." in card(tree, names[0]).title
    assert "Berechnung gescheitert" not in text_of(card(tree, "heat_demand"))
    assert "The noise of Ring has no source." in text_of(explain(DE, lame, names[0]))

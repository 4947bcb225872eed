"""The page of a scenario: what follows, as plots and table, and where each figure comes from."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from dash_app.report.notes import notes_of
from dash_app.report.scenario_plots import as_svg
from layers.quality_report.blocks import Raw, cards, section, table
from layers.quality_report.style import STYLE
from layers.quality_report.words import safe
from twin.indicators import INDICATORS, by_year
from twin.indicators.catalogue import GROUPS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from matplotlib.figure import Figure

    from dash_app.i18n import Translator
    from twin.indicators import Explanation
    from twin.simulate.results import Results

CARDS = ("heat_demand", "final_energy", "renewable_heat", "emissions", "pv_yield", "annual_cost")
"""What stands on top, as it is in the last year."""

MORE_CARDS = ("mode_car", "emissions_traffic")
"""The same, where the city has streets and zones."""

SHOWN_DRIVERS = 6


def scenario_page(
    words: Translator,
    results: Results,
    indicators: pd.DataFrame,
    told: Sequence[Explanation],
    plots: Mapping[str, Figure],
) -> str:
    """
    Return one HTML page that needs nothing else: no script, no request to any host.

    Parameters
    ----------
    indicators
        Table of `indicator_table`, with `low` and `high` where ranges were worked out.
    told
        Explanations of the city's indicators in the last year.
    plots
        Of `scenario_plots`.
    """
    say = words.text
    city = results.last.state.city
    title = f"{results.scenario.name} – {city.name}"
    body = "".join(
        [
            f"<h1>{safe(title)}</h1>",
            _subtitle(words, results),
            cards(_cards(words, indicators, results.last.year)),
            section(say("Measures"), _measures(words, results)),
            section(say("What follows"), *(_plot(plot) for plot in plots.values())),
            section(say("Indicators"), _table(words, indicators)),
            section(say("Where the figures come from"), *(_told(words, entry) for entry in told)),
            section(say("Sources and licences"), _sources(words, results)),
        ]
    )
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    return (
        f'<!DOCTYPE html>\n<html lang="{safe(words.lang)}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{safe(title)}</title><style>{STYLE}{MORE_STYLE}</style></head>"
        f"<body><main>{body}</main></body></html>\n"
    )


MORE_STYLE = """
.card b{font-size:21px;line-height:28px}
.plot{display:block;background:#fff;border-radius:8px;border:1px solid var(--line);padding:12px}
.plot svg{max-width:760px}
details{background:var(--surface);border:1px solid var(--line);border-radius:8px;margin:0 0 8px;
padding:8px 16px}summary{cursor:pointer;font-weight:540}
"""


def _subtitle(words: Translator, results: Results) -> str:
    about = words.text(
        "Data of {date}. Modelled values, no meter readings; prices of 2025.",
        date=words.date(results.data_date) if results.data_date else "–",
    )
    parts = [f'<p class="quiet">{safe(about)}</p>']
    if results.last.state.city.info.model_town:
        model = words.text("Model town after Troisdorf's figures, no survey.")
        parts.append(f'<p class="notice">{safe(model)}</p>')
    parts += [f'<p class="notice">{safe(note)}</p>' for note in notes_of(words, results)]
    return "".join(parts)


def _cards(words: Translator, indicators: pd.DataFrame, year: int) -> list[tuple[str, str]]:
    value = by_year(indicators)
    known = [name for name in MORE_CARDS if math.isfinite(value[name][year])]
    return [
        (
            f"{words.text(INDICATORS[name].label)} {year}",
            words.number(value[name][year], words.unit(INDICATORS[name].unit)),
        )
        for name in (*CARDS, *known)
    ]


def _measures(words: Translator, results: Results) -> str:
    if not results.scenario.measures:
        return f"<p>{safe(words.text('No measures: the town goes on as it is.'))}</p>"
    items = [
        f"<li>{safe(words.sentence(measure.summary()))}</li>"
        for measure in results.scenario.measures
        if measure.enabled
    ]
    return f"<ol>{''.join(items)}</ol>"


def _plot(figure: Figure) -> str:
    title = figure.axes[0].get_title(loc="left")
    return f'<figure class="plot" role="img" aria-label="{safe(title)}">{as_svg(figure)}</figure>'


def _table(words: Translator, indicators: pd.DataFrame) -> str:
    columns = [name for name in ("value", "low", "high") if name in indicators]
    whole = {name: by_year(indicators, name) for name in columns}
    years = list(whole["value"]["emissions"])
    parts = []
    for group, heading in GROUPS.items():
        names = [n for n, indicator in INDICATORS.items() if indicator.group == group]
        rows = [
            [_name(words, name), *(_cell(words, whole, name, year) for year in years)]
            for name in names
        ]
        head = [words.text(heading), *map(str, years)]
        parts.append(table(head, rows, label=words.text(heading), numbers=len(years)))
    return "".join(parts)


def _name(words: Translator, name: str) -> Raw:
    indicator = INDICATORS[name]
    return Raw(
        f"{safe(words.text(indicator.label))} <small>{safe(words.unit(indicator.unit))}</small>"
    )


def _cell(
    words: Translator, whole: Mapping[str, dict[str, dict[int, float]]], name: str, year: int
) -> Raw:
    """Return a value with its range below it where there is one."""
    each = {column: found[name][year] for column, found in whole.items()}
    shown = safe(words.number(each["value"]))
    if each.get("high", 0.0) > each.get("low", 0.0):
        ends = f"{words.number(each['low'])} – {words.number(each['high'])}"
        shown += f'<br><small class="quiet">{safe(ends)}</small>'
    return Raw(shown)


def _told(words: Translator, entry: Explanation) -> str:
    say = words.text
    value = words.number(entry.value, words.unit(entry.unit))
    head = f"{say(entry.label)} {entry.year}: {value}"
    parts = [f"<p>{safe(say(entry.formula))}</p>", _firmness(words, entry)]
    if entry.drivers:
        rows = [_driver(words, entry, driver) for driver in entry.drivers[:SHOWN_DRIVERS]]
        columns = [say("What moves it most"), say("Low end"), say("High end"), say("Source")]
        parts.append(table(columns, rows, label=say("What moves it most")))
    count = say("{count} assumptions go in; explain.json lists each with range and source.",
                count=len(entry.assumptions))  # fmt: skip
    parts.append(f'<p class="quiet">{safe(count)}</p>')
    return f"<details><summary>{safe(head)}</summary>{''.join(parts)}</details>"


def _firmness(words: Translator, entry: Explanation) -> str:
    rows = []
    for given in entry.inputs:
        shares = ", ".join(
            f"{words.word(kind, 'source')} {_percent(words, share)}"
            for kind, share in given.shares.items()
        )
        rows.append([words.text(given.label), shares])
    title = words.text("How firm its inputs are, by heated area")
    return table([words.text("Input"), title], rows, label=title) if rows else ""


def _percent(words: Translator, share: float) -> str:
    """Return a share in percent; what is little is not nothing."""
    few = 0 < share < 0.0005
    return f"< {words.number(0.1, '%')}" if few else words.number(round(100 * share, 1), "%")


def _driver(words: Translator, entry: Explanation, driver: Any) -> list[str]:
    named = [a for a in entry.assumptions if f"{a.name}.".startswith(f"{driver.name}.")]
    source = f"{named[0].status}: {named[0].source}" if named else ""
    ends = (driver.at_low, driver.at_high)
    return [driver.name, *(words.number(end, words.unit(entry.unit)) for end in ends), source]


def _sources(words: Translator, results: Results) -> str:
    rows = [
        [source.title, source.attribution, source.licence, words.date(source.date) or "–"]
        for source in results.last.state.city.info.sources
    ]
    head = [words.text(name) for name in ("Source", "Attribution", "Licence", "Date")]
    return table(head, rows, label=words.text("Sources and licences"))

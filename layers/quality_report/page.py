"""The quality report as one HTML file that needs nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from layers.quality_report.blocks import Raw, cards, figure, section, table
from layers.quality_report.figures import quality_report
from layers.quality_report.plots import KINDS, stacked
from layers.quality_report.stock import stock_sections
from layers.quality_report.style import STYLE
from layers.quality_report.words import Words, plain_number, safe
from twin.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable

    from layers.quality_report.words import Number
    from twin.city import City


def report_html(
    city: City, *, lang: str, words: Callable[[str], str], number: Number = plain_number
) -> str:
    """
    Return the quality report of a city as one HTML page: no script, no request to any host.

    Parameters
    ----------
    city
        Its `info` holds findings, sources and, under `report["matching"]`, the match figures.
    lang
        Code of the language for the page, "de" or "en".
    words
        Turns an English text into that language.
    number
        Writes a value (or None) with a unit.
    """
    report = quality_report(city)
    speak = Words(lang, words, number)
    title = f"{speak.say('Quality report')}: {city.name}"
    body = "".join(
        [
            _head(report, title, speak),
            _summary(report, speak),
            section(speak.say("How firm the values are"), *_firmness(report, speak)),
            stock_sections(report["matching"], speak),
            section(speak.say("What was noticed"), _findings(report, speak)),
            section(speak.say("Sources and licences"), _sources(report, speak)),
            section(speak.say("What the city holds"), _rows(report, speak)),
        ]
    )
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!DOCTYPE html>\n<html lang="{safe(lang)}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{safe(title)}</title><style>{STYLE}</style></head>"
        f"<body><main>{body}</main></body></html>\n"
    )


def _head(report: dict[str, Any], title: str, words: Words) -> str:
    city = report["city"]
    facts = [
        (words.say("Data as of"), city["data_date"] or "–"),
        (words.say("Coordinate system"), city["crs"]),
    ]
    line = " · ".join(f"{safe(name)}: {safe(value)}" for name, value in facts)
    notice = ""
    if city["model_town"]:
        text = words.say("This town is generated from published figures. No building is real.")
        notice = f'<p class="notice">{safe(text)}</p>'
    code = f"{safe(words.say('Content hash'))}: <code>{safe(city['hash'])}</code>"
    return f'<h1>{safe(title)}</h1><p class="quiet">{line} · {code}</p>{notice}'


def _summary(report: dict[str, Any], words: Words) -> str:
    """Return the values to look at first."""
    counts = dict.fromkeys(SEVERITY, 0)
    for finding in report["findings"]:
        counts[finding["severity"]] += 1
    pairs = [(words.say("Buildings"), words.number(report["rows"].get("buildings", 0), ""))]
    stock = report["matching"].get("stock")
    if stock and len(report["matching"].get("sources", {})) > 1:
        several = sum(n for known, n in stock["known_by"].items() if " " in known)
        share = several / stock["buildings"] if stock["buildings"] else None
        pairs.append((words.say("Known to several sources"), words.percent(share)))
    height = next((e for e in report["completeness"] if e["column"] == "height_m"), None)
    if height:
        firm = sum(height[kind] for kind in ("measured", "registered", "tagged"))
        pairs.append((words.say("Heights not estimated"), words.percent(firm / height["rows"])))
    pairs.append((words.say("Faults"), words.number(counts["fault"], "")))
    pairs.append((words.say("Warnings"), words.number(counts["warning"], "")))
    return cards(pairs)


def _kind_names(words: Words) -> dict[str, str]:
    return {
        "measured": words.say("Measured"),
        "registered": words.say("Registered"),
        "tagged": words.say("Tagged"),
        "estimated": words.say("Estimated"),
        "unknown": words.say("Unknown"),
        "missing": words.say("Missing"),
    }


def _firmness(report: dict[str, Any], words: Words) -> list[str]:
    """Return one plot a table: how its values divide among the kinds of source."""
    names = _kind_names(words)
    legend = "".join(
        f'<li><i class="kind-{kind}"></i>{safe(name)}</li>' for kind, name in names.items()
    )
    parts = [f'<ul class="legend">{legend}</ul>'] if report["completeness"] else []
    for key in dict.fromkeys(entry["table"] for entry in report["completeness"]):
        entries = [entry for entry in report["completeness"] if entry["table"] == key]
        parts.append(_firmness_of(TABLES[key].label, key, entries, words))
    return parts


def _firmness_of(label: str, key: str, entries: list[dict[str, Any]], words: Words) -> str:
    title = words.say(label)
    names = _kind_names(words)
    rows = [
        (words.say(TABLES[key].column(e["column"]).label), {kind: e[kind] for kind in KINDS})
        for e in entries
    ]
    about = words.fill("{count} rows.", count=entries[0]["rows"])
    seen = [kind for kind in KINDS if any(counts[kind] for _, counts in rows)]
    shown = [
        [
            name,
            *(
                words.percent(counts[kind] / sum(counts.values())) if counts[kind] else "–"
                for kind in seen
            ),
        ]
        for name, counts in rows
    ]
    head = [words.say("Value"), *(names[kind] for kind in seen)]
    beside = table(head, shown, label=title, numbers=len(seen))
    return figure(title, stacked(f"firm-{key}", rows, title=title, about=about), beside)


SEVERITY = {"fault": "Fault", "warning": "Warning", "info": "Note"}


def _findings(report: dict[str, Any], words: Words) -> str:
    """Return every finding, faults first, the frequent ones first."""
    if not report["findings"]:
        return f"<p>{safe(words.say('Nothing was noticed while building.'))}</p>"
    rank = list(SEVERITY)
    order = sorted(report["findings"], key=lambda f: (rank.index(f["severity"]), -f["count"]))
    names = {
        "fault": words.say("Fault"),
        "warning": words.say("Warning"),
        "info": words.say("Note"),
    }
    rows = [
        [
            Raw(f'<span class="{f["severity"]}">{safe(names[f["severity"]])}</span>'),
            words.say(TABLES[f["table"]].label) if f["table"] in TABLES else f["table"],
            _sentence(f, words),
            ", ".join(f["examples"]),
        ]
        for f in order
    ]
    head = [words.say("Kind"), words.say("Table"), words.say("What"), words.say("Examples")]
    return table(head, rows, label=words.say("What was noticed"))


def _sentence(finding: dict[str, Any], words: Words) -> str:
    column = ""
    if finding["column"] and finding["table"] in TABLES:
        column = words.say(TABLES[finding["table"]].column(finding["column"]).label)
    return words.fill(
        finding["message"], count=finding["count"], total=finding["total"], column=column
    )


def _sources(report: dict[str, Any], words: Words) -> str:
    if not report["sources"]:
        return f"<p>{safe(words.say('No source is named in this city.'))}</p>"
    rows = [
        [
            words.say(source["title"]),
            Raw(_link(source["licence_url"], source["licence"])),
            words.say(source["attribution"]),
            source["date"] or "–",
            source["retrieved"] or "–",
        ]
        for source in report["sources"]
    ]
    head = [
        words.say("Source"), words.say("Licence"), words.say("Credit line"),
        words.say("Data as of"), words.say("Read on"),
    ]  # fmt: skip
    return table(head, rows, label=words.say("Sources and licences"))


def _link(url: str, text: str) -> str:
    """Return a link; only to web addresses, a source may name anything."""
    if not url.startswith(("https://", "http://")):
        return safe(text)
    return f'<a href="{safe(url)}" rel="noreferrer">{safe(text)}</a>'


def _rows(report: dict[str, Any], words: Words) -> str:
    rows = [
        [words.say(TABLES[name].label), words.number(count, "")]
        for name, count in report["rows"].items()
        if count
    ]
    head = [words.say("Table"), words.say("Rows")]
    return table(head, rows, label=words.say("What the city holds"), numbers=1)

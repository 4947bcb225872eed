"""The part of the page about matching: rates, differences, where values come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from layers.matching.trust import ranked, trust
from layers.quality_report.blocks import figure, pair_name, section, source_name, table
from layers.quality_report.plots import bars, classes, histogram
from twin.schema import BUILDINGS

if TYPE_CHECKING:
    from layers.quality_report.words import Words


def stock_sections(matching: dict[str, Any], words: Words) -> str:
    """Return everything about the building stock; nothing where nothing was matched."""
    if not matching.get("stages"):
        return ""
    return "".join(
        [
            section(words.say("One building stock"), _known_by(matching, words)),
            section(words.say("How the sources met"), _stages(matching, words)),
            _differences(matching, "areas", words.say("Differences of footprint area"), words),
            _differences(matching, "overlaps", words.say("Overlap of footprints"), words),
            _differences(matching, "heights", words.say("Differences of height"), words),
            section(words.say("Where the values come from"), _attributes(matching, words)),
        ]
    )


def _known_by(matching: dict[str, Any], words: Words) -> str:
    stock = matching["stock"]
    total = max(stock["buildings"], 1)
    rows = [
        (
            ", ".join(source_name(word, words) for word in known.split()),
            count,
            words.number(count, ""),
            words.percent(count / total),
        )
        for known, count in sorted(stock["known_by"].items(), key=lambda item: -item[1])
    ]
    title = words.say("Buildings by the sources that know them")
    about = words.fill("{count} buildings in all.", count=stock["buildings"])
    plot = bars("known", [row[:3] for row in rows], title=title, about=about)
    head = [words.say("Known to"), words.say("Count"), words.say("Proportion")]
    beside = table(head, [(a, c, d) for a, _, c, d in rows], label=title, numbers=2)
    return figure(title, plot, beside)


def _stages(matching: dict[str, Any], words: Words) -> str:
    """Return one row for each source that met the stock."""
    title = words.say("How the sources met")
    head = [
        words.say("Source"), words.say("Buildings"), words.say("Matched"), words.say("Proportion"),
        words.say("Proportion of area"), words.say("By key"), words.say("One to one"),
        words.say("One over several"), words.say("Several in one"), words.say("Mixed"),
        words.say("Offset east"), words.say("Offset north"),
    ]  # fmt: skip
    rows = [
        [
            source_name(stage["source"], words),
            *(words.number(stage[name], "") for name in ("buildings", "matched")),
            words.percent(stage["rate"]),
            words.percent(stage["area_rate"]),
            words.number(stage["by_key"], ""),
            *(words.number(count, "") for count in stage["relations"].values()),
            # what was added to the source lies the other way
            *(words.number(0.0 - shift, "m") for shift in stage["shift_m"]),
        ]
        for stage in matching["stages"]
    ]
    return table(head, rows, label=title, numbers=len(head) - 1)


def _differences(matching: dict[str, Any], theme: str, title: str, words: Words) -> str:
    """Return one plot for each two sources, with its table."""
    figures = []
    for number, entry in enumerate(matching[theme]):
        if not entry["count"]:
            continue
        name = f"{title}: {pair_name(entry, words)}"
        rows = [(label, words.number(count, "")) for label, count in classes(entry, words)]
        rows += [
            (words.say("Middle value"), words.number(entry["median"], entry["unit"])),
            (
                words.say("Mean distance from zero"),
                words.number(entry["mean_absolute"], entry["unit"]),
            ),
        ]
        head = [words.say("Difference"), words.say("Buildings")]
        if theme == "overlaps":
            head[0] = words.say("Proportion")
            rows.pop()
        plot = histogram(f"{theme}{number}", entry, title=name, words=words)
        figures.append(figure(name, plot, table(head, rows, label=name, numbers=1)))
    return section(title, *figures)


def _attributes(matching: dict[str, Any], words: Words) -> str:
    """Return for each column how many values each source gave and how often others disagree."""
    keys = list(matching["sources"])
    rules = {rule.column: rule for rule in trust().columns}
    head = [
        words.say("Value"),
        words.say("Order of trust"),
        *(source_name(key, words) for key in keys),
        words.say("Several describe"),
        words.say("Contradictions"),
    ]
    rows = [
        [
            words.say(BUILDINGS.column(column).label),
            " > ".join(
                source_name(key, words)
                for key in ranked(keys, rules[column].reasons, trust().order)
            ),
            *(words.number(entry["from"].get(key, 0), "") for key in keys),
            words.number(entry["compared"], ""),
            words.number(entry["conflicts"], ""),
        ]
        for column, entry in matching["attributes"].items()
    ]
    label = words.say("Where the values come from")
    return table(head, rows, label=label, numbers=len(head) - 2) if rows else ""

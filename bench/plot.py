"""The plot: throughput, latency and memory of every entry, as bars on logarithmic scales, in SVG. *Decisions*."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from bench.peers import ENTRIES, Entry
from bench.report import Results, figure, number

ROW, TOP, LEFT, PANEL, GAP, LABEL = 40, 84, 264, 190, 34, 62
OURS, OTHERS, INK, FAINT = "#0b5cad", "#9aa8b5", "#1b2733", "#5d6b78"


@dataclass(frozen=True, slots=True)
class Panel:
    """One measure: where it is in the results, and whether more is better."""

    fr: str
    en: str
    path: tuple[str, ...]
    unit: str


PANELS = (
    Panel("débit, 32 connexions", "throughput, 32 connections", ("phases", "32", "requests_per_s"), "/s"),
    Panel("latence p50, 1 connexion", "p50 latency, 1 connection", ("phases", "1", "latency_ms", "p50"), "ms"),
    Panel("mémoire (PSS)", "memory (PSS)", ("memory_mb",), "Mo"),
)


def svg(results: Results) -> str:
    """The whole picture, in both languages; an entry that was not measured says so."""
    entries = [entry for entry in ENTRIES if entry.name in results["entries"]]
    width = LEFT + len(PANELS) * (PANEL + GAP + LABEL)
    height = TOP + len(entries) * ROW + 34
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="system-ui, sans-serif" role="img">',
        "<title>Vigie et ses pairs, côte à côte · Vigie and its peers, side by side</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        _text(
            16,
            28,
            "Vigie et ses pairs, mesurés côte à côte · Vigie and its peers, measured side by side",
            16,
            INK,
            bold=True,
        ),
    ]
    for at, entry in enumerate(entries):
        y = TOP + at * ROW
        parts.append(_text(16, y + 14, entry.fr, 13, INK, bold=entry.name.startswith("vigie")))
        if entry.en != entry.fr:
            parts.append(_text(16, y + 29, entry.en, 11, FAINT))
    for at, panel in enumerate(PANELS):
        parts += _panel(panel, LEFT + at * (PANEL + GAP + LABEL), entries, results)
    foot = "échelles logarithmiques · logarithmic scales"
    parts += [_text(LEFT, height - 12, foot, 11, FAINT), "</svg>"]
    return "\n".join(parts) + "\n"


def _panel(panel: Panel, x: float, entries: Sequence[Entry], results: Results) -> list[str]:
    parts = [_text(x, 54, panel.fr, 13, INK, bold=True), _text(x, 70, panel.en, 11, FAINT)]
    values = {entry.name: figure(results, entry.name, *panel.path) for entry in entries}
    known = [value for value in values.values() if value]
    if not known:
        return parts
    low, high = math.floor(math.log10(min(known))), math.ceil(math.log10(max(known)))
    for at, entry in enumerate(entries):
        y, value = TOP + at * ROW + 4, values[entry.name]
        if not value:
            parts.append(_text(x, y + 16, "non mesuré · not measured", 11, FAINT))
            continue
        length = max(2.0, PANEL * (math.log10(value) - low) / max(1, high - low))
        colour = OURS if entry.name.startswith("vigie") else OTHERS
        parts.append(f'<rect x="{x:.1f}" y="{y}" width="{length:.1f}" height="22" rx="2" fill="{colour}"/>')
        parts.append(_text(x + length + 6, y + 16, f"{number(value, 'fr')} {panel.unit}", 12, INK))
    return parts


def _text(x: float, y: float, text: str, size: int, colour: str, *, bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}"{weight}>{escape(text)}</text>'

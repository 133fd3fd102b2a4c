"""What was measured, beside what was aimed at: the targets, the tables, the pages. *Decisions*: text from results.

Results are plain JSON (`docs/performance.json`), so that pages can be written again from it without measuring. They name no
machine and no path: figures from different machines do not compare, ratios of one run do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.peers import ENTRIES
from bench.upstream import STREAM_GAP_S

Results = Mapping[str, Any]
REFERENCE, PEER, OURS, FRESH = "passthrough", "litellm", "vigie", "vigie-fresh"


@dataclass(frozen=True, slots=True)
class Target:
    """A line of DESIGN's targets, named as in `seen`. `at_most`: less is better."""

    name: str
    fr: str
    en: str
    bound: float
    unit: str
    at_most: bool = True

    def met(self, value: float | None) -> bool | None:
        """None when it was not measured."""
        if value is None:
            return None
        return value <= self.bound if self.at_most else value >= self.bound


TARGETS = (
    Target("share", "débit, part du relais nu", "throughput, of the pass-through", 0.5, "", at_most=False),
    Target("litellm", "débit, contre LiteLLM", "throughput, against LiteLLM", 20, "×", at_most=False),
    Target("added-p50", "latence ajoutée, p50", "added latency, p50", 1.5, "ms"),
    Target("added-p99", "latence ajoutée, p99", "added latency, p99", 5, "ms"),
    Target(
        "fresh",
        "textes neufs, contre Presidio, par cœur",
        "fresh texts, against Presidio, a core",
        5,
        "×",
        at_most=False,
    ),
    Target("turns", "centième tour, contre le deuxième", "turn 100, against turn 2", 1.5, "×"),
    Target("first-token", "premier jeton ajouté, p50", "first token, added, p50", 3, "ms"),
    Target("lateness", "jeton retenu, morceaux entiers, p99", "token held, whole chunks, p99", 1, ""),
    Target("ready-patterns", "prêt, formats seulement", "ready, patterns only", 3, "s"),
    Target("ready", "prêt, avec les modèles", "ready, with models", 8, "s"),
    Target("memory", "mémoire (PSS)", "memory (PSS)", 600, "Mo"),
    Target("verify", "registre vérifié, enregistrements", "ledger verified, records", 100_000, "/s", at_most=False),
)


def figure(results: Results, entry: str, *path: str) -> float | None:
    """One number of an entry, or None when it is not there."""
    at: Any = results["entries"].get(entry, {})
    for name in path:
        at = at.get(name) if isinstance(at, Mapping) else None
    return float(at) if isinstance(at, (int, float)) else None


def ratio(above: float | None, below: float | None) -> float | None:
    return above / below if above is not None and below else None


def less(one: float | None, other: float | None) -> float | None:
    return one - other if one is not None and other is not None else None


def whole_chunks(added_ms: float | None) -> float | None:
    """A token that leaves with the next chunk is held for one, whatever else that takes."""
    return None if added_ms is None else max(0.0, added_ms // (STREAM_GAP_S * 1000))


def seen(results: Results) -> dict[str, float | None]:
    """What was seen of each target."""

    def speed(entry: str) -> float | None:
        return figure(results, entry, "phases", "32", "requests_per_s")

    def cpu(entry: str) -> float | None:
        return figure(results, entry, "phases", "1", "cpu_ms")

    def added(phase: str, kind: str, at: str) -> float | None:
        return less(*(figure(results, name, "phases", phase, kind, at) for name in (OURS, REFERENCE)))

    others = results["vigie"]
    return {
        "share": ratio(speed(OURS), speed(REFERENCE)),
        "litellm": ratio(speed(OURS), speed(PEER)),
        "added-p50": added("1", "latency_ms", "p50"),
        "added-p99": added("1", "latency_ms", "p99"),
        "fresh": ratio(cpu("presidio"), cpu(FRESH)),
        "turns": ratio(added("turn-100", "latency_ms", "p50"), added("turn-2", "latency_ms", "p50")),
        "first-token": added("stream", "first_token_ms", "p50"),
        "lateness": whole_chunks(added("stream", "lateness_ms", "p99")),
        "ready-patterns": others.get("start_patterns_s"),
        "ready": figure(results, OURS, "start_s"),
        "memory": figure(results, OURS, "memory_mb"),
        "verify": others.get("verified_per_s"),
    }


# ── tables ────────────────────────────────────────────────────────────────────────────────────────────────────────


def number(value: float | None, language: str) -> str:
    """Three figures that mean something, written as the language writes numbers."""
    if value is None:
        return "–"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 0.095 else 3
    text = f"{value:,.{digits}f}"
    return text.replace(",", "\u202f").replace(".", ",") if language == "fr" else text


HEADS = {
    "fr": ("", "req/s, 1", "req/s, 8", "req/s, 32", "du relais", "× LiteLLM", "p50 ms", "p99 ms", "CPU ms/appel",
           "1er jeton ms", "entre jetons p99", "mémoire Mo", "prêt s"),
    "en": ("", "req/s, 1", "req/s, 8", "req/s, 32", "of the pass-through", "× LiteLLM", "p50 ms", "p99 ms",
           "CPU ms/call", "1st token ms", "between tokens p99", "memory MB", "ready s"),
}  # fmt: skip
SKIPPED = {"fr": "non mesuré", "en": "not measured"}
YES = {"fr": {True: "oui", False: "**non**", None: "–"}, "en": {True: "yes", False: "**no**", None: "–"}}


def rows(results: Results, language: str) -> list[list[str]]:
    """The main table, a row an entry; one that was not measured says why."""

    def speed(name: str) -> float | None:
        return figure(results, name, "phases", "32", "requests_per_s")

    written = []
    for entry in ENTRIES:
        known = results["entries"].get(entry.name)
        if known is None:
            continue
        title = getattr(entry, language)
        if version := known.get("version"):
            title = f"{title} ({version})"
        if reason := known.get("skipped"):
            written.append(
                [title, f"{SKIPPED[language]} : {reason}" if language == "fr" else f"{SKIPPED[language]}: {reason}"]
            )
            continue

        def of(*path: str, name: str = entry.name) -> float | None:
            return figure(results, name, *path)

        values = [
            *(of("phases", at, "requests_per_s") for at in ("1", "8", "32")),
            ratio(speed(entry.name), speed(REFERENCE)),
            ratio(speed(entry.name), speed(PEER)),
            of("phases", "1", "latency_ms", "p50"),
            of("phases", "1", "latency_ms", "p99"),
            of("phases", "8", "cpu_ms"),
            of("phases", "stream", "first_token_ms", "p50"),
            of("phases", "stream", "gap_ms", "p99"),
            of("memory_mb"),
            of("start_s"),
        ]
        written.append([title, *(number(value, language) for value in values)])
    return written


def target_rows(results: Results, language: str) -> list[list[str]]:
    """The targets, each with its bound, what was seen, and whether it is met."""
    values, written = seen(results), []
    for one in TARGETS:
        unit = "MB" if (one.unit, language) == ("Mo", "en") else one.unit
        value = values[one.name]
        bound = f"{'≤' if one.at_most else '≥'} {number(one.bound, language)} {unit}".strip()
        shown = f"{number(value, language)} {unit if value is not None else ''}".strip()
        written.append([getattr(one, language), _tied(bound), _tied(shown), YES[language][one.met(value)]])
    return written


def _tied(text: str) -> str:
    return text.replace(" ", "\u00a0")


def markdown(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """A Markdown table; a short row (a peer that was not measured) is filled."""
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    for row in body:
        cells = [cell.replace("|", "\\|") for cell in row]
        lines.append("| " + " | ".join(cells + [""] * (len(head) - len(cells))) + " |")
    return "\n".join(lines)


def terminal(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """The same for a terminal, in columns."""
    full = [row for row in [list(head), *body] if len(row) == len(head)]
    widths = [max(len(row[at]) for row in full) for at in range(len(head))]
    lines = []
    for row in [list(head), *body]:
        if len(row) < len(head):
            lines.append(f"{row[0]:<{widths[0]}}  {' '.join(row[1:])}")
        else:
            cells = [
                f"{row[0]:<{widths[0]}}",
                *(f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True)),
            ]
            lines.append("  ".join(cells))
    return "\n".join(lines)


TARGET_HEADS = {"fr": ("", "cible", "mesuré", "atteinte"), "en": ("", "target", "measured", "met")}


def said(results: Results) -> str:
    """What the terminal shows at the end."""
    main = terminal(HEADS["fr"], rows(results, "fr"))
    aims = terminal(TARGET_HEADS["fr"], target_rows(results, "fr"))
    return f"\n{main}\n\n{aims.replace('**', '')}\n"


# ── pages ─────────────────────────────────────────────────────────────────────────────────────────────────────────

FRAME = {
    "fr": "Mesuré le {date}, Vigie {version} ; {cores} cœurs, Python {python} ; tours : {rounds}, de {seconds} s par mesure. "
    "Les rapports se comparent ; les valeurs absolues dépendent de la machine.",
    "en": "Measured on {date}, Vigie {version}; {cores} cores, Python {python}; rounds: {rounds}, of {seconds} s a figure. "
    "Ratios compare; absolute values depend on the machine.",
}


def generated(results: Results, language: str) -> dict[str, Callable[[], str]]:
    """The parts of a page that come from results, by the name of their markers."""
    known = {**results["machine"], **results["settings"], "date": results["date"], "version": results["version"]}
    frame = FRAME[language].format(**{**known, "seconds": f"{known['seconds']:g}"})
    return {
        "frame": lambda: frame,
        "figures": lambda: markdown(HEADS[language], rows(results, language)),
        "targets": lambda: markdown(TARGET_HEADS[language], target_rows(results, language)),
    }

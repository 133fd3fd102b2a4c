"""The cases of the body's own recognizers, each tried alone. *Edge* for the disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from gateway.config import CaseResult
from gateway.config.recognizer_files import RecognizerEntry, RecognizerFile
from gateway.privacy.recognizers.presidio import from_entry

NO_ARTIFACTS: Any = None
"""Presidio's parsed text: recognizers by pattern need none."""


def run_recognizer_cases(path: Path, threshold: float) -> list[CaseResult]:
    """Every case of a file that `load` found in order. `threshold`: least score of a finding."""
    file = RecognizerFile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    results = []
    for entry in file.recognizers:
        if entry.enabled:
            cases = [(text, True) for text in entry.cases.finds] + [(text, False) for text in entry.cases.leaves]
            results += [_tried(entry, text, threshold, path.name, finds=finds) for text, finds in cases]
    return results


def _tried(entry: RecognizerEntry, marked: str, threshold: float, file: str, *, finds: bool) -> CaseResult:
    text, expected = marked, []
    if finds:
        before, _, rest = marked.partition("«")
        value, _, after = rest.partition("»")
        text, expected = before + value.strip() + after, [value.strip()]
    written = entry.model_dump(exclude_none=True, exclude={"cases"})
    (recognizer, *_) = from_entry(written, entry.name, ["fr", "en"])  # the same in each of its languages
    results = recognizer.analyze(text, [entry.supported_entity], NO_ARTIFACTS)
    found = [text[one.start : one.end] for one in results if one.score >= threshold]
    differences = () if found == expected else (f"{len(expected)} attendu (expected), {len(found)} obtenu (got)",)
    return CaseResult(file, f"{entry.name}: {marked}", differences)

"""recognizers.yaml: the body's own identifiers, checked before they act, and tried on their cases."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gateway.config import ConfigurationError, load
from gateway.privacy.recognition import Recognition
from gateway.privacy.recognizers.trying import run_recognizer_cases

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CONFIG, tmp_path / "config"))


def test_the_example_s_cases_pass_and_its_values_are_found_among_the_others(place: Path) -> None:
    configuration = load(place)
    assert configuration.recognizers is not None
    results = run_recognizer_cases(configuration.recognizers, 0.4)
    assert results
    assert all(one.passed for one in results)
    recognition = Recognition(("fr",), ner=False, threshold=0.4, own=configuration.recognizers)
    text = "Le dossier USA-2026-04512, NAS 046 454 286."
    (found,) = recognition.find([text])
    assert [(text[start:end], kind) for start, end, kind, _ in found] == [
        ("USA-2026-04512", "BODY_IDENTIFIER"),
        ("046 454 286", "CA_SIN"),
    ]


@pytest.mark.parametrize(
    ("before", "after", "place_of_it"),
    [
        ("BODY_IDENTIFIER", "NUMERO_MAISON", "recognizers.yaml:5:23"),
        ("regex: '(?<", "regex: '((?<", "recognizers.yaml:7:32"),
        ("score: 0.6", "score: 6", "recognizers.yaml:7"),
        ("context:", "contexte:", "recognizers.yaml:8"),
    ],
)
def test_a_mistake_is_shown_where_it_is(place: Path, before: str, after: str, place_of_it: str) -> None:
    path = place / "recognizers.yaml"
    path.write_text(path.read_text(encoding="utf8").replace(before, after), encoding="utf8")
    with pytest.raises(ConfigurationError) as refused:
        load(place)
    assert any(str(problem).startswith(place_of_it) for problem in refused.value.problems), refused.value.problems


def test_a_case_that_is_not_met_fails(place: Path) -> None:
    path = place / "recognizers.yaml"
    path.write_text(path.read_text(encoding="utf8").replace("«USA-2026-00017»", "«USA-2026-000171»"), encoding="utf8")
    assert [one.passed for one in run_recognizer_cases(path, 0.4)].count(False) == 1


def test_a_body_may_have_none(place: Path) -> None:
    (place / "recognizers.yaml").unlink()
    assert load(place).recognizers is None

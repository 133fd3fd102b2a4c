"""What is found in sentences, where exactly, and how the recognizers are handed to Presidio."""

from __future__ import annotations

import re
from base64 import b64encode
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine

from gateway.privacy.findings import Finding
from gateway.privacy.recognizers import ENTITIES, NOT_PERSONAL, from_yaml, identify, recognizers, survey
from gateway.privacy.recognizers.regions import RECOGNIZERS, resolve
from gateway.privacy.recognizers.view import View, words

CASES = Path(__file__).with_name("recognizers_cases.txt")
MARK = re.compile(r"⟪(\w+) (.*?)⟫", re.DOTALL)


def sentences() -> list[str]:
    return [line for line in CASES.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]


def read(line: str) -> tuple[str, list[tuple[int, int, str]]]:
    """A sentence without its marks, and what they mark."""
    line = re.sub(r"\\u([0-9a-f]{4})", lambda match: chr(int(match[1], 16)), line)
    line = line.replace("\\n", "\n").replace("\\t", "\t")
    text, at, marked = "", 0, []
    for match in MARK.finditer(line):
        text += line[at : match.start()]
        marked.append((len(text), len(text) + len(match[2]), match[1]))
        text, at = text + match[2], match.end()
    return text + line[at:], marked


@pytest.mark.parametrize("line", sentences())
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, marked = read(line)
    assert [(one.start, one.end, one.type) for one in identify(text)] == marked


def test_every_entity_has_sentences_of_its_own() -> None:
    marked = {mark[2] for line in sentences() for mark in read(line)[1]}
    assert marked == set(ENTITIES)


def test_every_recognizer_names_its_source_and_its_words() -> None:
    assert all(one.source and (one.context or "optical" in one.source) and one.entities for one in RECOGNIZERS)


# ── a value written in another way ──────────────────────────────────────────────────────────────────────────────────

SIN = "130 692 544"


def of_sin(text: str) -> list[str]:
    return [text[one.start : one.end] for one in identify(text) if one.type == "CA_SIN"]


@pytest.mark.parametrize(
    "written",
    [
        "130\u00a0692\u00a0544",
        "130\u202f692\u202f544",
        "130\u2009692\u2009544",
        "130\u2011692\u2011544",
        "130–692–544",
        "130 - 692 - 544",
        "130&nbsp;692&nbsp;544",
        "130&#160;692&#xA0;544",
        r"130\u00a0692\u00a0544",
        r"130\\u00a0692\\u00a0544",
        "130%20692%20544",
        "130%C2%A0692%C2%A0544",
        "１３０　６９２　５４４",
        "١٣٠ ٦٩٢ ٥٤٤",
        "𝟏𝟑𝟎 𝟔𝟗𝟐 𝟓𝟒𝟒",
        "1\u200b3\u200b0 692 544",
        "\u202a130\u202c 692 544"[1:],
        "130\ufeff692\ufeff544",
    ],
)
def test_a_value_is_found_over_its_own_characters_however_it_is_spelled(written: str) -> None:
    assert of_sin(f"NAS\u00a0: {written}.") == [written]


def test_cues_are_read_without_case_accents_or_script() -> None:
    for cue in ("NAS", "n.a.s.", "NUMERO D'ASSURANCE SOCIALE", "Numéro d’assurance sociale", "NАS", "ＮＡＳ"):
        assert [one.score for one in identify(f"{cue} 130692544")] == [0.95], cue


def test_an_encoded_value_is_found_over_the_whole_encoded_word() -> None:
    token = b64encode(f"NAS {SIN}".encode()).decode()
    assert [(one.type, one.start, one.end) for one in identify(f"contenu={token}")] == [("CA_SIN", 8, 8 + len(token))]
    assert of_sin(f"https://exemple.ca/?nas={quote(SIN)}&x=1") == [quote(SIN)]
    assert of_sin("https://exemple.ca/?" + urlencode({"nas": "130692544"})) == ["130692544"]


def test_only_one_level_of_encoding_is_undone() -> None:
    twice = b64encode(b64encode(f"NAS {SIN}".encode()))
    assert identify(twice.decode()) == []


def test_words_before_a_text_say_what_it_is() -> None:
    assert identify("1984-03-12") == []
    assert identify("1984-03-12", before="date_naissance") == [Finding(0, 10, "DATE_OF_BIRTH", 0.95)]
    assert identify("A12 BCD", before="plaqueImmatriculation")[0].type == "LICENCE_PLATE"
    assert identify("bonjour", before="130 692 544 NAS") == []


def test_a_weak_candidate_stays_under_the_threshold() -> None:
    assert identify("Le 2125550142 est en règle.") == []
    assert [one.score for one in identify("Le 2125550142 est en règle.", threshold=0.05)] == [0.3]


def test_what_is_not_personal_is_named_when_asked_for() -> None:
    found = survey("NEQ 1165432109, sans frais 1 800 361-9596, info@exemple.ca, NAS 130 692 544")
    assert [one.type for one in found] == ["QC_NEQ", "PUBLIC_TELEPHONE", "SERVICE_MAILBOX", "CA_SIN"]
    assert {one.type for one in found[:3]} <= NOT_PERSONAL


# ── a text and its view ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_view_keeps_length_unless_a_sequence_is_undone() -> None:
    text = "Où est l’œuvre d’Émile, n° 5 ? ＡＢ ΑΒ АВ 𝐀"
    view = View(text)
    assert len(view.plain) == len(view.folded) == len(text)
    assert view.folded == "ou est l'ouvre d'emile, no 5 ? ab ab ab a"
    assert view.span(3, 9) == (3, 9)


def test_a_view_gives_the_way_back() -> None:
    text = "a&nbsp;b\u200bc%C3%A9d\\u00e9e"
    view = View(text)
    assert view.folded == "a bcedee"
    assert [text[slice(*view.span(at, at + 1))] for at in range(len(view.folded))] == [
        "a",
        "&nbsp;",
        "b",
        "c",
        "%C3%A9",
        "d",
        "\\u00e9",
        "e",
    ]


@pytest.mark.parametrize("text", ["", "\ud800", "&", "%", "\\", "&;", "%zz", "%C3", "\\u12", "&bogus;", "İıŸß", "\x00"])
def test_odd_texts_are_read_as_they_are(text: str) -> None:
    assert identify(text) == []
    assert len(View(text).folded) == len(text)


def test_the_heading_of_a_column_is_found() -> None:
    view = View("dateNaissance;nas\n1;2\n3;4\n\n5;6")
    assert [view.heading(view.plain.index(one)) for one in "1234"] == ["date naissance", "nas\n"] * 2
    assert view.heading(view.plain.index("5")) == ""


def test_names_of_fields_are_words() -> None:
    assert words("numeroAssurance_Sociale") == "numero assurance sociale"


# ── one finding for each region ─────────────────────────────────────────────────────────────────────────────────────


def test_of_equally_sure_ones_the_longest_wins_then_the_surest() -> None:
    long, short, same = Finding(0, 20, "A", 0.6), Finding(5, 10, "B", 0.7), Finding(0, 20, "C", 0.7)
    assert resolve([short, long, same]) == [same]


def test_a_certain_one_is_not_lost_in_a_longer_one_that_is_only_likely() -> None:
    likely, certain = Finding(0, 20, "A", 0.6), Finding(5, 10, "B", 0.9)
    assert resolve([likely, certain]) == [certain]


def test_a_part_makes_the_whole_of_its_type_as_sure() -> None:
    whole, part = Finding(0, 20, "ADDRESS", 0.5), Finding(13, 20, "ADDRESS", 0.9)
    assert resolve([part, whole]) == [Finding(0, 20, "ADDRESS", 0.9)]


def test_what_only_touches_is_kept() -> None:
    one, two, three = Finding(0, 5, "A", 0.5), Finding(5, 9, "B", 0.5), Finding(8, 12, "C", 0.4)
    assert resolve([three, two, one]) == [one, two]


# ── Presidio ────────────────────────────────────────────────────────────────────────────────────────────────────────


def engine(extra: list[object]) -> AnalyzerEngine:
    spacy = pytest.importorskip("spacy")
    nlp = SpacyNlpEngine(
        models=[{"lang_code": "fr", "model_name": "blank"}], ner_model_configuration=NerModelConfiguration()
    )
    nlp.nlp = {"fr": spacy.blank("fr")}
    registry = RecognizerRegistry(supported_languages=["fr"])
    for one in extra:
        registry.add_recognizer(one)
    return AnalyzerEngine(registry=registry, nlp_engine=nlp, supported_languages=["fr"])


def test_a_stock_engine_finds_the_same_with_the_same_scores() -> None:
    stock = engine([*recognizers("fr")])
    text = "NAS 130 692 544, né le 12 mars 1984, marie@exemple.ca, tél. 418 555-0142, 12, rue Principale, Rimouski"
    found = sorted(stock.analyze(text, language="fr", score_threshold=0.4), key=lambda one: one.start)
    assert [Finding(one.start, one.end, one.entity_type, one.score) for one in found] == identify(text)
    assert {one.type for one in identify(text)} <= set(stock.get_supported_entities("fr"))


def test_a_stock_engine_gives_only_what_is_asked_for() -> None:
    stock = engine([*recognizers("fr")])
    found = stock.analyze("NAS 130 692 544, marie@exemple.ca", language="fr", entities=["EMAIL_ADDRESS"])
    assert [one.entity_type for one in found] == ["EMAIL_ADDRESS"]


OFFICERS = """
recognizers:
  - name: Numéro de membre
    supported_entity: MEMBER_NUMBER
    patterns: [{name: membre, regex: '\\bM-[0-9]{5}\\b', score: 0.2}]
    context: [membre, adhérent]
  - name: Case number
    supported_language: en
    supported_entity: CASE_NUMBER
    patterns: [{name: case, regex: '\\bC[0-9]{4}\\b', score: 0.6}]
  - name: Projets secrets
    supported_languages: [fr]
    supported_entity: PROJECT
    deny_list: [Boréal, Harfang]
"""


@pytest.fixture
def officers(tmp_path: Path) -> Path:
    file = tmp_path / "recognizers.yaml"
    file.write_text(OFFICERS, encoding="utf-8")
    return file


def test_an_officers_recognizers_are_read_for_each_language(officers: Path) -> None:
    made = from_yaml(officers, ("fr", "en"))
    assert [(one.supported_entities[0], one.supported_language) for one in made] == [
        ("MEMBER_NUMBER", "fr"),
        ("MEMBER_NUMBER", "en"),
        ("CASE_NUMBER", "en"),
        ("PROJECT", "fr"),
    ]


def test_an_officers_context_words_need_no_accent_and_no_lemma(officers: Path) -> None:
    stock = engine([*from_yaml(officers, ("fr",))])
    text = "Le code M-54321 du projet Harfang; ADHERENT M-12345"
    found = stock.analyze(text, language="fr", score_threshold=0.4)
    assert [(one.entity_type, text[one.start : one.end]) for one in sorted(found, key=lambda one: one.start)] == [
        ("PROJECT", "Harfang"),
        ("MEMBER_NUMBER", "M-12345"),
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("[]", "needs a list named"),
        ("recognizers: 3", "needs a list named"),
        ("recognizers: [3]", r"recognizers\[0\]: needs to be a mapping"),
        ("recognizers: [{name: x}]", r"recognizers\[0\]"),
        ("recognizers: [{name: x, supported_entity: X, patterns: [{name: p, regex: '(', score: 1}]}]", "missing"),
        ("recognizers: [{name: x, supported_entity: X, patterns: [{name: p}]}]", "regex"),
    ],
)
def test_a_file_that_is_wrong_says_where(tmp_path: Path, content: str, reason: str) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=reason):
        from_yaml(file, ("fr",))


def test_an_officers_pattern_that_takes_too_long_is_an_error_not_a_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.privacy.recognizers.presidio.PATTERN_TIMEOUT_S", 0.05)
    file = tmp_path / "slow.yaml"
    file.write_text("recognizers: [{name: x, supported_entity: X, patterns: [{name: p, regex: '(a|aa)+$', score: 1}]}]")
    (slow,) = from_yaml(file, ("fr",))
    with pytest.raises(TimeoutError):
        slow.analyze("a" * 60 + "!", ["X"], None)

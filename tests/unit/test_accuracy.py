"""The scorer counts what it says: matches by type and overlap, leaks by character, false alarms by clean document."""

import json

import pytest

from bench.accuracy import breakdown, from_file, presidio_less_noise, table, worst
from bench.scoring import Found, overlap, pairs, score, surest, uncovered
from tests.corpus import Document, Span, generate

TEXT = "Dossier de Luc Roy, NAS 046 454 286."
GOLD = (Span(11, 18, "PERSON"), Span(24, 35, "CA_SIN"))
LETTER = Document("1", "fr", "lettre", "letter", TEXT, GOLD)
CLEAN = Document("2", "fr", "avis", "notice", "Le pont Samuel-De Champlain rouvre.", ())


def result(*found, clean=()):
    return score("test", [LETTER, CLEAN], [list(found), list(clean)])


def test_overlap_is_intersection_over_union():
    assert overlap(Span(0, 10, "PERSON"), Found(0, 10, "PERSON")) == 1
    assert overlap(Span(0, 10, "PERSON"), Found(5, 10, "PERSON")) == 0.5
    assert overlap(Span(0, 10, "PERSON"), Found(10, 12, "PERSON")) == 0
    assert overlap(Span(0, 10, "PERSON"), Found(30, 32, "PERSON")) == 0


def test_all_found_exactly_is_perfect():
    perfect = result(Found(11, 18, "PERSON"), Found(24, 35, "CA_SIN"))
    assert (perfect.overall.f1, perfect.overall.exact_f1, perfect.leak, perfect.false_alarms) == (1, 1, 0, 0)
    assert perfect.checked_recall == 1


def test_nothing_found_leaks_everything_and_raises_no_alarm():
    nothing = result()
    assert (nothing.overall.recall, nothing.overall.precision, nothing.leak, nothing.false_alarms) == (0, 1, 1, 0)
    assert nothing.missed["1"] == list(GOLD)


def test_half_a_value_is_right_but_not_exact_and_leaks_the_rest():
    half = result(Found(15, 18, "PERSON"), Found(28, 35, "CA_SIN"))
    assert half.types["PERSON"].right == 0  # 3 of 7 characters
    assert half.types["CA_SIN"].right == 1  # 7 of 11
    assert half.types["CA_SIN"].exact == 0
    assert half.leaked == 4 + 4


def test_another_type_is_wrong_but_does_not_leak():
    other = result(Found(11, 18, "ADDRESS"), Found(24, 35, "CA_SIN"))
    assert other.types["PERSON"].recall == 0
    assert other.types["ADDRESS"].precision == 0
    assert other.leak == 0
    assert [one.type for one in other.spurious["1"]] == ["ADDRESS"]


def test_a_finding_counts_once():
    two = pairs([Span(0, 10, "PERSON")], [Found(0, 10, "PERSON"), Found(0, 9, "PERSON")])
    assert two == [(Span(0, 10, "PERSON"), Found(0, 10, "PERSON"))]


def test_of_overlapping_findings_the_surest_counts_then_the_longest():
    assert surest([Found(0, 5, "PERSON", 0.5), Found(3, 9, "ADDRESS", 0.9)]) == [Found(3, 9, "ADDRESS", 0.9)]
    assert surest([Found(0, 5, "PERSON"), Found(0, 9, "ADDRESS")]) == [Found(0, 9, "ADDRESS")]


def test_a_clean_document_with_a_finding_is_a_false_alarm():
    assert result(clean=[Found(8, 27, "PERSON"), Found(0, 2, "PERSON")]).false_alarms == 1


def test_uncovered_counts_characters_under_any_finding():
    assert uncovered(Span(10, 20, "PERSON"), [Found(0, 12, "X"), Found(11, 15, "Y")]) == 5


def test_presidios_places_and_dates_can_be_left_out():
    assert presidio_less_noise([[Found(0, 1, "ADDRESS"), Found(2, 3, "PERSON")]]) == [[Found(2, 3, "PERSON")]]


def test_the_table_has_the_targets_and_the_worst_shows_mistakes_in_context():
    one = result(Found(0, 7, "PERSON"))
    printed = table([one])
    assert all(target in printed for target in ["≥ 0.93", "≥ 0.99", "≤ 2 %", "≤ 5 %"])
    shown = worst(one, [LETTER, CLEAN], 5)
    assert "− CA_SIN" in shown
    assert "⟪046 454 286⟫" in shown
    assert "+ PERSON" in shown
    assert "avis " in breakdown([one], [LETTER, CLEAN], "kind")


def test_the_output_of_scan_is_scored_by_id(tmp_path):
    documents = generate(1, 6)
    path = tmp_path / "findings.jsonl"
    lines = [
        json.dumps(
            {"id": one.id, "spans": [{"start": s.start, "end": s.end, "type": s.type, "score": 1} for s in one.spans]}
        )
        for one in reversed(documents)
    ]
    path.write_text("\n".join(lines), "utf-8")
    found, _ = from_file(documents, path)
    assert score("scan", documents, found).overall.exact_f1 == 1
    path.write_text(lines[0], "utf-8")
    with pytest.raises(SystemExit, match="no line for 5 documents"):
        from_file(documents, path)

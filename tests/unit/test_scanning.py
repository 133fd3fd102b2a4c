"""Reading records by what repeats gives what reading them whole gives, whatever a record says and however it says it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.audit.merkle import leaf_hash, root_of, tile_root
from gateway.audit.records import canonical
from gateway.audit.scanning import Recent, Scanner
from gateway.config import load
from gateway.errors import Message
from gateway.policies import Again, Effect, Policy, Rule, Stage, decide
from gateway.policies.facts import FACTS, FactValue
from gateway.policies.recompute import mattering
from tests.recorded_calls import Calls

CONFIGURATION = load(Path(__file__).resolve().parents[2] / "config")
POLICY = CONFIGURATION.policy
RECORDS = list(Calls(CONFIGURATION, 40, days=1).records(20))

# Strings that look like the seams where records are cut.
SEAMS = [
    '},"id":"',
    '"facts":{',
    '"stages":[',
    '],"system":"',
    ',{"decision":',
    '\\"facts\\":{}',
    "é",
    "\u2028",
    "𝄞",
    "",
]
TEXT = st.sampled_from(SEAMS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    TEXT | st.integers(-5, 5) | st.booleans() | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["facts", "stages", "id", "system", "decision", "z"]) | TEXT, inner, max_size=4
        )
    ),
    max_leaves=12,
)


def scan(*bodies: bytes, policies: dict[str, Policy] | None = None, first: int = 0) -> Any:
    scanner = Scanner({POLICY.version: POLICY} if policies is None else policies)
    return scanner.scan([(first, len(bodies))], iter([(body, None) for body in bodies]))


@given(st.dictionaries(st.sampled_from(["attempts", "code", "label", "usage", "user", "zz"]), VALUES), VALUES)
def test_a_record_read_in_parts_is_the_record(more: dict[str, Any], nested: Any) -> None:
    usage = {"usage": {}} if "usage" in more else {}
    record = {**more, **usage, "kind": "other", "id": "x", "time": "t", "system": "s", "deep": nested}
    for extra in ({}, {"facts": {}, "stages": []}, {"facts": {"a": '},"id":"'}, "stages": []}):
        whole = {**record, **extra}
        findings = scan(canonical(whole))
        assert findings.wrong is None
        ((_, head),) = findings.other
        assert {name: value for name, value in head.items() if name not in extra} == record


@pytest.mark.parametrize(
    "record", [{"facts": 3, "stages": []}, {"facts": {}, "stages": 3}, {"facts": {}}, {"stages": [3]}]
)
def test_facts_and_stages_of_another_shape_are_not_let_through(record: dict[str, Any]) -> None:
    body = canonical({**record, "kind": "call.opened", "id": "x", "time": "t", "system": "s", "policy": POLICY.version})
    assert scan(body).wrong is not None


def test_nested_facts_do_not_pass_for_the_record_s_own() -> None:
    """The cut would be in `attempts`; the record's own decisions are read all the same."""
    honest = next(record for record in RECORDS if record["kind"] == "call.opened")
    forged = orjson.loads(canonical(honest))
    forged["attempts"] = [{"facts": {}, "id": "x", "stages": [], "system": "y"}]
    assert scan(canonical(forged)).wrong is None
    forged["stages"][0]["decision"]["effect"] = "deny"
    assert "stages[0] (admission): recorded deny" in str(scan(canonical(forged)).wrong)


@pytest.mark.parametrize("number", range(0, 30, 3))
def test_any_decision_that_does_not_follow_from_its_facts_is_named(number: int) -> None:
    record = orjson.loads(canonical(RECORDS[number]))
    assert scan(canonical(record)).wrong is None
    for at, stage in enumerate(record["stages"]):
        was = stage["decision"]["effect"]
        stage["decision"]["effect"] = "notify"
        wrong = scan(*[canonical({"kind": "k", "id": "x", "time": "t"})] * 3, canonical(record)).wrong
        assert wrong is not None
        assert (wrong.position, f"stages[{at}]" in str(wrong), str(wrong).endswith(f"recomputed {was}")) == (
            3,
            True,
            True,
        )
        stage["decision"]["effect"] = was


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{}", b"[]", b"null", b'{"kind":"a","id":"b"}', b'{"id":"b","kind":"a","time":3}', b"\xff",
        b'{"id":"b","kind":"a","time":"t" }', b'{"kind":"a","id":"b","time":"t"}', b'{"id":"b","id":"b","kind":"a","time":"t"}',
        b'{"id":"\\u0062","kind":"a","time":"t"}', b'{"id":"b","kind":"a","time":"t"}\n',
    ],
)  # fmt: skip
def test_what_is_not_a_canonical_record_is_refused(body: bytes) -> None:
    assert "is not a record, or not in canonical form" in str(scan(body).wrong)


def test_a_policy_that_is_not_there_is_missed() -> None:
    assert "is not there" in str(scan(canonical(RECORDS[0]), policies={}).wrong)


def test_blocks_of_256_are_folded_where_nothing_will_be_asked_inside() -> None:
    bodies = [canonical({"kind": "k", "id": str(number), "time": "t"}) for number in range(700)]
    leaves = [leaf_hash(body) for body in bodies]
    scanner = Scanner({})
    (pieces,) = scanner.scan([(200, 700)], iter([(body, None) for body in bodies]), apart=(600,)).pieces
    assert [level for level, _ in pieces] == [0] * 56 + [8] + [0] * (256 + 132)
    assert pieces[56][1] == tile_root(leaves[56:312]) == root_of(leaves[56:312])


def test_what_is_remembered_is_bounded_and_what_is_used_stays() -> None:
    recent = Recent(size=10)
    for number in range(200):
        recent.keep(number, number)
        assert recent.get(0 if number < 1 else number) == number
    recent.keep("used", 1)
    for number in range(100):
        recent.keep(("other", number), number)
        assert recent.get("used") == 1
    assert recent.get(5) is None


def values_of(kind: str) -> st.SearchStrategy[FactValue]:
    """Any value of a fact's type; among the strings, those that the example's rules compare with."""
    words = st.sampled_from(
        ["", "CA-QC", "CA-ON", "global", "PERSON", "CREDENTIAL", "exclusive", "open", "permis-assistant"]
    )
    made: dict[str, st.SearchStrategy[FactValue]] = {
        "string": words,
        "bool": st.booleans(),
        "int": st.integers(0, 4),
        "list": st.lists(words, max_size=2).map(tuple),
    }
    return made[kind]


@settings(deadline=None)
@given(st.data(), st.sampled_from([Stage.ADMISSION, Stage.INPUT, Stage.ROUTING, Stage.OUTPUT]))
def test_facts_that_no_condition_names_do_not_change_a_decision(data: st.DataObject, stage: Stage) -> None:
    names = mattering(POLICY, stage)
    seen = [fact for fact in FACTS if stage in fact.stages and fact.type != "map"]
    facts = {fact.name: data.draw(values_of(fact.type), label=fact.name) for fact in seen}
    other = {fact.name: data.draw(values_of(fact.type)) for fact in seen if fact.name not in names}
    assert decide(POLICY, stage, facts) == decide(POLICY, stage, {**facts, **other})
    again = Again({POLICY.version: POLICY}, remembered=3)
    for asked in (facts, {**facts, **other}, facts):
        assert again.decision(POLICY.version, stage, asked) == decide(POLICY, stage, asked).as_json()


def test_every_fact_that_a_condition_names_matters_however_it_is_written() -> None:
    when = 'call . hour > 3 && "x" in call. tools'
    policy = Policy.of([Rule("r", "p", 1, Stage.ADMISSION, when, Effect.DENY, "c", Message("f", "e"))])
    assert {"call.hour", "call.tools"} <= set(mattering(policy, Stage.ADMISSION))
    assert "call.model" not in mattering(policy, Stage.ADMISSION)

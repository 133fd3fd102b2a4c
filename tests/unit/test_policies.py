"""Promises 4 and 5, over generated policies and facts: order never matters, a rule more never relaxes, records recompute."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Message
from gateway.policies import (
    ConditionError,
    Decision,
    Derogation,
    Effect,
    Policy,
    Remembered,
    Rule,
    Stage,
    decide,
    recompute,
)
from gateway.policies.effects import EFFECTS_OF
from gateway.policies.facts import seen_by
from gateway.policies.rules import compile_condition

TYPES = ["PERSON", "CA_SIN", "EMAIL_ADDRESS", "CREDENTIAL"]
CONDITIONS = [
    "true",
    "size(privacy.entities) > 0",
    '"CA_SIN" in privacy.entities',
    "privacy.count > 2",
    "call.stream && !assessment.valid",
    'call.purpose == "search" || size(privacy.unassessed) > 0',
    'system.id == "a"',
]
REASON = Message("raison", "reason")
DAY = "2026-11-24"


@st.composite
def rules(draw: st.DrawFn) -> list[Rule]:
    """Rules of the input stage, of every effect that makes sense there."""
    effects = sorted(EFFECTS_OF[Stage.INPUT])
    return [
        Rule(
            f"r{index}",
            "p",
            draw(st.integers(1, 12)),
            Stage.INPUT,
            draw(st.sampled_from(CONDITIONS)),
            draw(st.sampled_from(effects)),
            "code",
            REASON,
            shadow=draw(st.booleans()),
            entities=tuple(draw(st.lists(st.sampled_from(TYPES), max_size=2, unique=True))),
        )
        for index in range(draw(st.integers(1, 8)))
    ]


@st.composite
def facts(draw: st.DrawFn) -> dict[str, object]:
    """Facts of the input stage."""
    found = tuple(sorted(draw(st.sets(st.sampled_from(TYPES)))))
    given_: dict[str, object] = {fact.name: fact.empty for fact in seen_by(Stage.INPUT)}
    return given_ | {
        "system.id": draw(st.sampled_from(["a", "b"])),
        "call.date": DAY,
        "privacy.entities": found,
        "privacy.count": draw(st.integers(len(found), 9)),
        "privacy.unassessed": found if draw(st.booleans()) else (),
        "call.stream": draw(st.booleans()),
        "assessment.valid": draw(st.booleans()),
        "call.purpose": draw(st.sampled_from(["search", "other"])),
    }


def at_least_as_strict(stricter: Decision, than: Decision) -> bool:
    """Overall, and for each type of finding."""

    def rank(transforms: Mapping[str, Effect], name: str) -> int:
        return transforms[name].rank if name in transforms else 0

    each = all(rank(stricter.transforms, name) >= rank(than.transforms, name) for name in TYPES)
    return stricter.effect.rank >= than.effect.rank and each


@given(rules(), facts(), st.randoms())
def test_the_order_of_rules_never_matters(some: list[Rule], known: dict[str, object], chance: object) -> None:
    shuffled = list(some)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = Policy.of(some), Policy.of(shuffled)
    assert one.version == other.version
    assert decide(one, Stage.INPUT, known) == decide(other, Stage.INPUT, known)  # type: ignore[arg-type]


@given(rules(), facts())
def test_a_rule_more_never_relaxes(some: list[Rule], known: dict[str, object]) -> None:
    whole = decide(Policy.of(some), Stage.INPUT, known)  # type: ignore[arg-type]
    for left_out in some:
        fewer = [rule for rule in some if rule is not left_out]
        assert at_least_as_strict(whole, decide(Policy.of(fewer), Stage.INPUT, known))  # type: ignore[arg-type]


@given(rules(), facts())
def test_a_recorded_decision_recomputes_from_the_record_alone(some: list[Rule], known: dict[str, object]) -> None:
    policy = Policy.of(some)
    decision = decide(policy, Stage.INPUT, known)  # type: ignore[arg-type]
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in known.items()}
    record = {
        "policy": policy.version,
        "facts": plain,
        "stages": [{"stage": "input", "facts": {}, "decision": decision.as_json()}],
    }
    assert recompute(record, {policy.version: Policy.from_source(policy.source)}) is None
    record["stages"][0]["decision"]["effect"] = "hold"  # type: ignore[index]
    assert recompute(record, {policy.version: policy}) is not None


@given(rules(), facts())
def test_what_is_remembered_is_what_is_decided(some: list[Rule], known: dict[str, object]) -> None:
    policy, remembered = Policy.of(some), Remembered(size=1)
    for _ in range(2):
        assert remembered.decide(policy, Stage.INPUT, known) == decide(policy, Stage.INPUT, known)  # type: ignore[arg-type]


def test_a_derogation_relaxes_one_rule_for_one_system_between_its_dates() -> None:
    rule = Rule("r", "p", 12, Stage.INPUT, "true", Effect.DENY, "code", REASON)
    known = {fact.name: fact.empty for fact in seen_by(Stage.INPUT)} | {"system.id": "a", "call.date": DAY}

    def outcome(**change: str) -> Effect:
        given_ = {"rule": "r", "system": "a", "starts": "2026-11-01", "expires": "2026-12-01"} | change
        derogation = Derogation("D-1", justification="essai", approved_by="p", **given_)
        return decide(Policy.of([rule], [derogation]), Stage.INPUT, known).effect

    assert outcome() is Effect.ALLOW
    assert outcome(system="b") is Effect.DENY
    assert outcome(rule="other") is Effect.DENY
    assert outcome(starts="2026-11-25") is Effect.DENY
    assert outcome(expires="2026-11-23") is Effect.DENY
    assert outcome(starts=DAY, expires=DAY) is Effect.ALLOW


def test_a_shadow_rule_is_recorded_and_not_enforced() -> None:
    rule = Rule("r", "p", 12, Stage.INPUT, "true", Effect.DENY, "code", REASON, shadow=True)
    known = {fact.name: fact.empty for fact in seen_by(Stage.INPUT)}
    decision = decide(Policy.of([rule]), Stage.INPUT, known)
    assert decision.effect is Effect.ALLOW
    assert [match.rule for match in decision.shadow] == ["r"]


def test_a_condition_that_fails_counts_as_met() -> None:
    rule = Rule("r", "p", 11, Stage.ACTION, "double(action.arguments.amount) > 1000.0", Effect.HOLD, "code", REASON)
    known = {fact.name: fact.empty for fact in seen_by(Stage.ACTION)}
    policy = Policy.of([rule])
    assert decide(policy, Stage.ACTION, known).effect is Effect.HOLD
    assert decide(policy, Stage.ACTION, known | {"action.arguments": {"amount": 10}}).effect is Effect.ALLOW
    assert decide(policy, Stage.ACTION, known | {"action.arguments": {"amount": 1001}}).effect is Effect.HOLD
    assert decide(policy, Stage.ACTION, known | {"action.arguments": {"amount": "beaucoup"}}).effect is Effect.HOLD


@pytest.mark.parametrize(
    ("when", "line", "column", "said"),
    [
        ("size(privacy.entites) > 0", 1, 13, "undeclared"),
        ("privacy.count == 'deux'", 1, 15, "overload"),
        ("call.stream &&", 1, 15, "Syntax"),
        ("true ||\n  nulle.part", 2, 8, "undeclared"),
        ("privacy.count", 1, 1, "true or false"),
        ("size(output.entities) > 0", 1, 12, "undeclared"),
    ],
)
def test_a_wrong_condition_says_where(when: str, line: int, column: int, said: str) -> None:
    with pytest.raises(ConditionError) as caught:
        compile_condition(Stage.INPUT, when)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert said in caught.value.reason

"""Replaying recorded calls under another policy: what changes, and what the record cannot tell."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.audit.records import canonical
from gateway.config import ConfigurationError, load, load_policy
from gateway.errors import Message
from gateway.policies import Derogation, Effect, Policy, Rule, Stage
from gateway.policies.facts import seen_by
from gateway.policies.replay import Candidate, Recorded, arguments_of, recorded
from tests.recorded_calls import Calls

ROOT = Path(__file__).resolve().parents[2]
CONFIGURATION = load(ROOT / "config")
POLICY = CONFIGURATION.policy


def calls(count: int = 60) -> list[list[Recorded]]:
    """Calls of the example body, each with all its stages."""
    whole: dict[str, list[Recorded]] = {}
    for record in Calls(CONFIGURATION, count, days=1).records(count):
        plain = orjson.loads(canonical(record))
        whole.setdefault(plain["decision"], []).extend(recorded(plain))
    return list(whole.values())


CALLS = calls()


def rule(stage: Stage, when: str, effect: Effect, **more: Any) -> Rule:
    return Rule("added", "p", 1, stage, when, effect, "code", Message("raison", "reason"), **more)


def with_rule(added: Rule) -> Policy:
    return Policy.of([*POLICY.rules, added])


def without(name: str) -> Policy:
    return Policy.of([one for one in POLICY.rules if one.id != name])


def changes(policy: Policy) -> list[str]:
    candidate = Candidate(policy)
    return [candidate.replay(call).change for call in CALLS]


def test_the_same_policy_changes_nothing() -> None:
    assert changes(POLICY) == [""] * len(CALLS)


def test_a_rule_that_refuses_is_named_and_so_are_the_calls_it_refuses() -> None:
    candidate = Candidate(with_rule(rule(Stage.ADMISSION, "call.stream", Effect.DENY)))
    for call in CALLS:
        replay = candidate.replay(call)
        if call[0].facts["call.stream"] and not replay.was.refused:
            assert (replay.change, replay.becomes.refused, replay.new) == ("refused", "admission", ("added",))
        elif not call[0].facts["call.stream"]:
            assert replay.change == ""


def test_a_call_that_was_refused_goes_further_than_its_record_tells() -> None:
    candidate = Candidate(without("personal-data-needs-an-assessment"))
    replays = [candidate.replay(call) for call in CALLS]
    admitted = [replay for replay in replays if replay.change]
    assert {replay.change for replay in admitted} == {"admitted"}
    assert all(replay.becomes.further and replay.gone == ("personal-data-needs-an-assessment",) for replay in admitted)
    assert admitted


def test_a_derogation_is_part_of_the_policy_that_is_replayed() -> None:
    derogation = Derogation(
        "D-1", "personal-data-needs-an-assessment", "recherche-documents", "…", "p.tremblay", "2026-11-01", "2026-12-01"
    )
    relaxed, again = Policy.of(POLICY.rules, [derogation]), without("personal-data-needs-an-assessment")
    for call, one, other in zip(CALLS, changes(relaxed), changes(again), strict=True):
        assert one == (other if call[0].facts["system.id"] == "recherche-documents" else "")


def test_another_transform_is_a_change_and_what_then_leaves_is_taken_into_account() -> None:
    masking = with_rule(rule(Stage.INPUT, '"PERSON" in privacy.entities', Effect.MASK, entities=("PERSON",)))
    candidate, changed = Candidate(masking), 0
    for call in CALLS:
        had = any("PERSON" in one.decision["transforms"] for one in call if one.stage is Stage.INPUT)
        replay = candidate.replay(call)
        assert replay.change == ("transformed" if had and not replay.was.refused else "")
        changed += bool(replay.change)
    assert changed


def test_what_would_leave_in_clear_was_not_recorded_and_the_replay_says_so() -> None:
    rules = [one for one in POLICY.rules if one.id != "pseudonymize-people"]
    clear = Policy.of([*rules, rule(Stage.ROUTING, "size(privacy.remaining) > 0", Effect.EXCLUDE)])
    candidate = Candidate(clear)
    unknown = [one for one in (candidate.replay(call) for call in CALLS) if one.change == "unknown"]
    assert unknown
    assert {one.missing for one in unknown} == {("privacy.remaining",)}


def test_another_deployment_is_a_change() -> None:
    preferring = with_rule(
        rule(Stage.ROUTING, 'deployment.id == "simulateur"', Effect.EXCLUDE),
    )
    found = set(changes(preferring))
    assert found <= {"", "rerouted", "refused"}
    assert found != {""}


def test_a_fact_that_was_not_recorded_is_asked_for_only_where_it_matters() -> None:
    older = [
        [replace(one, facts={name: value for name, value in one.facts.items() if name != "call.hour"}) for one in call]
        for call in CALLS
    ]
    candidate = Candidate(with_rule(rule(Stage.ADMISSION, "call.stream && call.hour < 25", Effect.DENY)))
    for call in older:
        replay = candidate.replay(call)
        if call[0].facts["call.stream"] and call[0].decision["effect"] != "deny":
            assert (replay.change, replay.missing) == ("unknown", ("call.hour",))
        else:
            assert replay.missing == ()
    weaker = Candidate(with_rule(rule(Stage.ADMISSION, "call.hour < 25", Effect.ALLOW)))
    assert [weaker.replay(call).missing for call in older] == [()] * len(older)


def action(arguments: dict[str, Any]) -> list[Recorded]:
    own = {fact.name: fact.empty for fact in seen_by(Stage.ACTION) if fact.name.startswith(("action.", "system.tools"))}
    own |= {"action.tool": "issue_payment", "action.arguments": arguments, "action.registered": True}
    facts = {**CALLS[0][0].facts, **own}
    decision = {"effect": "allow", "matches": [], "transforms": {}, "labels": [], "prefer": 0}
    return [Recorded(Stage.ACTION, facts, decision)]


@pytest.mark.parametrize(
    "when",
    ["action.arguments.amount > 10", "has(action.arguments.amount)", 'action.arguments["amount"] > 10'],
)
def test_an_argument_that_was_not_recorded_is_not_taken_for_absent(when: str) -> None:
    policy = with_rule(rule(Stage.ACTION, when, Effect.DENY))
    assert arguments_of(policy) == {".amount"}
    unknown = Candidate(policy).replay(action({}), frozenset())
    assert (unknown.change, unknown.missing) == ("unknown", ("action.arguments",))
    assert Candidate(policy).replay(action({"amount": 3}), frozenset({".amount"})).missing == ()
    assert Candidate(policy).replay(action({"amount": 30}), frozenset({".amount"})).change == "refused"


def test_arguments_that_are_referred_to_in_another_way_ask_for_the_same_rule() -> None:
    policy = with_rule(rule(Stage.ACTION, "action.arguments.exists(name, name == call.purpose)", Effect.DENY))
    (when,) = arguments_of(policy)
    assert Candidate(policy).replay(action({"amount": 3}), frozenset({".amount"})).change == "unknown"
    assert Candidate(policy).replay(action({"amount": 3}), frozenset({when})).change == ""


def test_a_candidate_is_read_from_a_directory_of_policies_alone_or_of_configuration(tmp_path: Path) -> None:
    assert load_policy(ROOT / "config", CONFIGURATION.register).version == POLICY.version
    assert load_policy(ROOT / "config" / "policies", CONFIGURATION.register).version == POLICY.version
    (tmp_path / "policies").symlink_to(ROOT / "config" / "policies")
    assert load_policy(tmp_path, CONFIGURATION.register).version == POLICY.version
    with pytest.raises(ConfigurationError, match="no policy"):
        load_policy(ROOT / "docs", CONFIGURATION.register)

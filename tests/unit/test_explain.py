"""What would have changed a decision: each counterfactual does, none of its proper subsets does, over random explanations."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from gateway.config import load
from gateway.config.cases import facts_of
from gateway.errors import Message
from gateway.policies import Decision, Effect, Facts, Policy, Rule, Stage, decide
from gateway.policies.changes import Change
from gateway.policies.effects import EFFECTS_OF
from gateway.policies.explain import Asked, Counterfactual, Question, menu_of, smallest
from gateway.policies.facts import ENTITIES, FACTS, seen_by
from gateway.policies.rules import Derogation
from gateway.policies.words import DONE, EFFECTS, KINDS, PRINCIPLES, STAGES, VALUES, label_of, value_of

CONFIGURATION = load(Path(__file__).parents[2] / "config")
POLICY = CONFIGURATION.policy
LEVELS = CONFIGURATION.register.classifications
EXPLANATIONS = 1_000
KINDS_FOUND = ["PERSON", "CA_SIN", "CREDENTIAL", "EMAIL_ADDRESS"]

# ── a policy, a call: at random, but as a gateway would have them ─────────────────────────────────────────────────

CONDITIONS: dict[Stage, list[str]] = {
    Stage.ADMISSION: [
        "call.classification_rank > 1",
        'call.classification == "sensitive"',
        "!call.purpose_registered",
        'call.purpose != "search"',
        "call.stream",
        "!assessment.valid",
        "budget.tokens_used * 2 > budget.tokens_per_day",
        "size(call.tools) > 0",
        "!call.user_known",
        "call.hour < 8 || call.hour > 18",
        "training.required && !training.valid",
        "halt.active",
        "size(call.provider_tools) > 0",
    ],
    Stage.INPUT: [
        "privacy.count > 2",
        '"CA_SIN" in privacy.entities',
        "size(privacy.unassessed) > 0",
        "size(privacy.entities) > 0 && !assessment.valid",
        "size(privacy.entities) > 1",
        "assessment.valid",
        "call.classification_rank > 0",
    ],
    Stage.ROUTING: [
        "size(privacy.remaining) > 0",
        "size(deployment.unassessed) > 0",
        "!deployment.verified",
        'deployment.subdivision != "CA-QC"',
        "deployment.tier > 4",
        "call.classification_rank > deployment.max_classification_rank",
        "size(deployment.foreign_reach) > 0 && privacy.count > 1",
        'deployment.training != "never"',
        "!deployment.contract_valid",
        "deployment.halted",
    ],
    Stage.ACTION: [
        "double(action.arguments.amount) > 1000.0",
        "10.0 > double(action.arguments.order.count)",
        'action.tool == "issue_payment"',
        "size(action.entities) > 0",
        "call.classification_rank >= 2",
    ],
    Stage.OUTPUT: ['"CA_SIN" in output.new_entities', "output.count > 1", "size(output.entities) > 0 && call.stream"],
}


def random_policy(chance: random.Random) -> Policy:
    """Rules whose conditions are one or two of those above, some with a derogation."""
    rules = []
    for number in range(chance.randint(4, 14)):
        stage = chance.choice(list(Stage))
        when = chance.choice(CONDITIONS[stage])
        if chance.random() < 0.4:
            when = f"({when}) {chance.choice(['&&', '||'])} ({chance.choice(CONDITIONS[stage])})"
        effects = sorted(EFFECTS_OF[stage], key=lambda one: one.rank)
        effect = chance.choice([effects[-1], *effects])
        kinds = tuple(chance.sample(KINDS_FOUND, chance.randint(0, 2))) if stage in (Stage.INPUT, Stage.OUTPUT) else ()
        rules.append(
            Rule(
                f"r{number}", "p", chance.randint(1, 12), stage, when, effect, "code", Message("raison", "reason"),
                shadow=chance.random() < 0.1, entities=kinds, label=chance.choice(["", "l1"]),
                weight=5 if effect is Effect.PREFER else 0,
            )
        )  # fmt: skip
    relaxed = [Derogation("D-1", chance.choice(rules).id, "s", "…", "p", "2026-01-01", "2026-12-31")]
    return Policy.of(rules, relaxed if chance.random() < 0.2 else [])


def common(chance: random.Random) -> dict[str, Any]:
    rank = chance.randrange(len(LEVELS))
    purpose = chance.choice(["citizen-service", "search", "other"])
    budget = chance.choice([0, 0, 2_000_000])
    assessed = chance.random() < 0.7
    known = chance.random() < 0.6
    return {
        "system.id": "s",
        "system.classification": LEVELS[chance.randint(0, rank)],
        "system.decision_role": chance.choice(["none", "support", "support", "exclusive"]),
        "system.purposes": ("citizen-service", "search"),
        "call.model": "assistant",
        "call.stream": chance.random() < 0.5,
        "call.purpose": purpose,
        "call.purpose_registered": purpose != "other",
        "call.classification": LEVELS[rank],
        "call.classification_rank": rank,
        "call.tools": chance.choice([(), (), ("f",)]),
        "call.provider_tools": chance.choice([(), (), (), ("web_search",)]),
        "call.unknown_fields": chance.choice([(), (), ("x",)]),
        "call.media": chance.choice([(), (), (), ("image_url",)]),
        "call.hour": chance.randrange(24),
        "call.user_known": known,
        "assessment.on_file": assessed,
        "assessment.valid": assessed and chance.random() < 0.8,
        "assessment.entities": ("EMAIL_ADDRESS", "PERSON") if assessed else (),
        "training.required": chance.random() < 0.3,
        "training.valid": known and chance.random() < 0.5,
        "budget.tokens_per_day": budget,
        "budget.tokens_used": budget * chance.choice([0, 40, 100]) // 100,
        "model.registered": chance.random() < 0.9,
        "halt.active": chance.random() < 0.05,
    }


def candidate(chance: random.Random, number: int, facts: Facts, remaining: tuple[str, ...]) -> dict[str, Any]:
    tier = chance.choice([1, 2, 4, 5, 7])
    covered = tuple(sorted(chance.sample(KINDS_FOUND, chance.randint(0, 3))))
    unknown = facts["call.unknown_fields"]
    return {
        "privacy.remaining": remaining,
        "deployment.id": f"d{number}",
        "deployment.tier": tier,
        "deployment.public_body": tier == 1,
        "deployment.foreign_reach": ("US-CLOUD-Act",) if tier >= 5 else (),
        "deployment.subdivision": "CA-QC" if tier in (1, 2, 5) else "CA-ON" if tier == 4 else "unknown",
        "deployment.routing": chance.choice(["regional", "regional", "global"]),
        "deployment.training": chance.choice(["never", "never", "unknown"]),
        "deployment.weights": chance.choice(["open", "closed"]),
        "deployment.contract_valid": chance.random() < 0.6,
        "deployment.assessment_valid": bool(covered),
        "deployment.assessment_entities": covered,
        "deployment.unassessed": tuple(kind for kind in remaining if kind not in covered),
        "deployment.max_classification_rank": chance.randrange(len(LEVELS)),
        "deployment.verified": chance.random() < 0.7,
        "deployment.traps": chance.choice([(), (), (), ("trap",)]),
        "deployment.suspended": chance.random() < 0.1,
        "deployment.halted": chance.random() < 0.05,
        "deployment.unknown_fields": chance.choice([unknown, ()]),
    }


def random_call(chance: random.Random, policy: Policy) -> Question:
    """The stages that a call under this policy goes through, until it is refused."""
    facts = common(chance)
    stages: list[Asked] = [(Stage.ADMISSION, facts_of(Stage.ADMISSION, facts))]
    question = Question(policy, tuple(stages), LEVELS)
    if outcome(question)[0]:
        return question
    found = tuple(sorted(chance.sample(KINDS_FOUND, chance.choice([0, 1, 1, 2, 3]))))
    facts |= {
        "privacy.entities": found,
        "privacy.count": len(found) and len(found) + chance.randrange(3),
        "privacy.unassessed": tuple(kind for kind in found if kind not in facts["assessment.entities"]),
    }
    stages.append((Stage.INPUT, facts_of(Stage.INPUT, facts)))
    decision = decide(policy, *stages[1])
    if decision.effect is not Effect.DENY:
        remaining = tuple(kind for kind in found if kind not in decision.transforms)
        for number in range(chance.randint(1, 3)):
            own = candidate(chance, number, facts, remaining)
            stages.append((Stage.ROUTING, facts_of(Stage.ROUTING, {**facts, **own})))
        if not outcome(Question(policy, tuple(stages)))[0]:
            new = tuple(sorted(chance.sample(KINDS_FOUND, chance.choice([0, 0, 1, 2]))))
            own = {"output.entities": new, "output.new_entities": new, "output.count": len(new)}
            stages.append((Stage.OUTPUT, facts_of(Stage.OUTPUT, {**common_of(facts), **own})))
    return Question(policy, tuple(stages), LEVELS)


def common_of(facts: Facts) -> dict[str, Any]:
    names = {fact.name for fact in seen_by(Stage.OUTPUT)}
    return {name: value for name, value in facts.items() if name in names}


def random_action(chance: random.Random, policy: Policy) -> Question:
    arguments = {"amount": chance.choice([5, 1_500, "1500.5"]), "order": {"count": chance.choice([3, 30])}}
    own = {
        "action.tool": chance.choice(["issue_payment", "search"]),
        "action.arguments": chance.choice([arguments, {}]),
        "action.entities": tuple(sorted(chance.sample(KINDS_FOUND, chance.choice([0, 0, 1])))),
    }
    facts = facts_of(Stage.ACTION, {**common(chance), **own})
    return Question(policy, ((Stage.ACTION, facts),), LEVELS, approved=chance.random() < 0.3)


def questions() -> Iterator[Question]:
    """A thousand: half under the example body's policy, half under others, a fifth of them actions."""
    chance = random.Random(20_261_125)
    others = [random_policy(chance) for _ in range(40)]
    holding = Rule(
        "pay", "p", 11, Stage.ACTION, "double(action.arguments.amount) > 1000.0", Effect.HOLD, "c", Message("r", "r")
    )
    body = Policy.of([*POLICY.rules, holding], POLICY.derogations)
    for number in range(EXPLANATIONS):
        policy = body if number % 2 else chance.choice(others)
        yield random_action(chance, policy) if chance.random() < 0.2 else random_call(chance, policy)


# ── what comes of a question, told again from `decide` alone ──────────────────────────────────────────────────────


def outcome(question: Question) -> tuple[Any, ...]:
    """(0, deployment, transforms, labels), (1,) held or (2,) refused."""
    transforms: dict[str, Effect] = {}
    labels: set[str] = set()
    admitted: list[tuple[Any, ...]] = []
    routing = False
    for number, (stage, facts) in enumerate(question.stages):
        decision: Decision = decide(question.policy, stage, facts)
        if stage is Stage.ROUTING:
            routing = True
            if decision.effect is not Effect.EXCLUDE and not facts["deployment.halted"]:
                admitted.append((facts["deployment.tier"], -decision.prefer, number, facts["deployment.id"]))
                labels |= set(decision.labels)
        else:
            if decision.effect is Effect.DENY or (facts["halt.active"] and stage in (Stage.ADMISSION, Stage.ACTION)):
                return (2,)
            if decision.effect is Effect.HOLD and not question.approved:
                return (1,)
            transforms |= decision.transforms
            labels |= set(decision.labels)
    if routing and not admitted:
        return (2,)
    return 0, min(admitted)[3] if admitted else "", tuple(sorted(transforms.items())), tuple(sorted(labels))


def changed(was: tuple[Any, ...], becomes: tuple[Any, ...]) -> bool:
    return becomes[0] < was[0] if was[0] else becomes != was


def holds_together(facts: Facts) -> None:
    """What is true of the facts of any call: a change that broke it would prove nothing."""

    def kinds(name: str) -> set[str]:
        value = facts.get(name, ())
        assert isinstance(value, tuple)
        assert len(set(value)) == len(value)
        return set(value)

    found, remaining = kinds("privacy.entities"), kinds("privacy.remaining")
    count, used = facts.get("privacy.count", 0), facts["budget.tokens_used"]
    assert isinstance(count, int)
    assert isinstance(used, int)
    assert count >= len(found)
    assert bool(count) == bool(found)
    assert kinds("privacy.unassessed") == (found - kinds("assessment.entities") if "privacy.count" in facts else set())
    assert remaining <= found
    assert kinds("deployment.unassessed") == remaining - kinds("deployment.assessment_entities")
    assert facts["call.purpose_registered"] == (facts["call.purpose"] in kinds("system.purposes"))
    assert LEVELS[int(str(facts["call.classification_rank"]))] == facts["call.classification"]
    assert LEVELS.index(str(facts["system.classification"])) <= int(str(facts["call.classification_rank"]))
    assert facts["call.user_known"] or not facts["training.valid"]
    assert facts["assessment.on_file"] or not facts["assessment.valid"]
    assert used >= 0


def leaves_what_input_lets(question: Question) -> None:
    """What leaves for a deployment is what was found and input does not replace."""
    replaced: set[str] = set()
    for stage, facts in question.stages:
        if stage is Stage.INPUT:
            replaced = set(decide(question.policy, stage, facts).transforms)
        if stage is Stage.ROUTING:
            found = facts["privacy.entities"]
            assert isinstance(found, tuple)
            assert set(found) - replaced == set(facts["privacy.remaining"])  # type: ignore[arg-type]


def proves(question: Question, one: Counterfactual, was: tuple[Any, ...]) -> None:
    """Applied, it changes the decision; none of its proper subsets does."""
    becomes = question.with_changes(one.changes)
    assert changed(was, outcome(becomes)), names_of(one.changes)
    assert outcome(becomes)[0] == one.ending.strictness
    for _, facts in becomes.stages:
        holds_together(facts)
    leaves_what_input_lets(becomes)
    for size in range(1, len(one.changes)):
        for subset in combinations(one.changes, size):
            assert not changed(was, outcome(question.with_changes(subset))), (names_of(one.changes), names_of(subset))


def names_of(changes: Sequence[Change]) -> list[str]:
    return [one.id for one in changes]


def test_every_counterfactual_of_a_thousand_explanations_changes_the_decision_and_no_part_of_it_does() -> None:
    explained = refused = found = larger = 0
    kinds: set[str] = set()
    for question in questions():
        for _, facts in question.stages:
            holds_together(facts)
        was = outcome(question)
        result = smallest(question)
        assert result.ending.strictness == was[0]
        for one in result.counterfactuals:
            proves(question, one, was)
            kinds.update(change.id.partition(":")[0] for change in one.changes)
        if explained % 5 == 0 and result.complete:  # nothing of one change was left out
            alone = {
                one.id
                for one in menu_of(question, result.ending)
                if changed(was, outcome(question.with_changes([one])))
            }
            assert alone == {one.changes[0].id for one in result.counterfactuals if len(one.changes) == 1}
        explained += 1
        refused += bool(was[0] and result.counterfactuals)
        found += len(result.counterfactuals)
        larger += sum(len(one.changes) > 1 for one in result.counterfactuals)
    assert explained == EXPLANATIONS
    assert min(refused, found, larger) > 200, "too few to say anything"
    assert len(kinds) > 25, kinds


def rule(name: str, stage: Stage, when: str, effect: Effect, **more: Any) -> Rule:
    return Rule(name, "p", 12, stage, when, effect, "code", Message("raison", "reason"), **more)


def asked(stage: Stage, **facts: Any) -> Asked:
    return stage, facts_of(
        stage, {"system.id": "s", **{name.replace("__", "."): value for name, value in facts.items()}}
    )


def found_by(question: Question) -> list[list[str]]:
    return [names_of(one.changes) for one in smallest(question).counterfactuals]


def test_a_change_that_works_by_what_input_then_does_is_found() -> None:
    policy = Policy.of(
        [
            rule("replace", Stage.INPUT, "assessment.valid", Effect.PSEUDONYMIZE),
            rule("nothing-in-clear", Stage.ROUTING, "size(privacy.remaining) > 0", Effect.EXCLUDE),
        ]
    )
    facts: dict[str, Any] = {"assessment__valid": False, "privacy__entities": ("CA_SIN", "PERSON"), "privacy__count": 2}
    one = asked(Stage.ROUTING, **facts, privacy__remaining=("CA_SIN", "PERSON"), deployment__id="d")
    found = found_by(Question(policy, (asked(Stage.ADMISSION), asked(Stage.INPUT, **facts), one)))
    assert ["assessment"] in found
    assert ["without:privacy:CA_SIN", "without:privacy:PERSON"] in found


def test_an_action_is_let_through_by_a_person_or_by_the_number_its_rule_allows() -> None:
    when = 'action.tool == "pay" && double(action.arguments.order.amount) > 1000.0'
    policy = Policy.of([rule("pay", Stage.ACTION, when, Effect.HOLD)])
    facts = {"action__tool": "pay", "action__arguments": {"order": {"amount": "1500.5"}, "to": "x"}}
    question = Question(policy, (asked(Stage.ACTION, **facts),))
    assert found_by(question) == [["approval"], ["argument:order.amount:>1000"], ["derogation:pay"]]
    (_, one, _) = smallest(question).counterfactuals
    assert question.with_changes(one.changes).stages[0][1]["action.arguments"] == {"order": {"amount": 1000}, "to": "x"}
    approved = Question(policy, question.stages, approved=True)
    assert ["refusal"] in found_by(approved), "of what a person approved, it is their word that could have been another"


def test_a_halt_is_stronger_than_any_policy() -> None:
    question = Question(Policy.of([]), (asked(Stage.ADMISSION, halt__active=True),))
    assert found_by(question) == [["halt-lifted"]]
    halted = asked(Stage.ROUTING, deployment__id="d", deployment__halted=True)
    assert ["halt-lifted"] in found_by(Question(Policy.of([]), (asked(Stage.ADMISSION), halted)))


def test_a_classification_is_lowered_by_its_name_only_where_the_names_are_known() -> None:
    policy = Policy.of([rule("low", Stage.ADMISSION, 'call.classification != "public"', Effect.DENY)])
    facts = {"call__classification": "internal", "call__classification_rank": 1, "system__classification": "internal"}
    stages = (asked(Stage.ADMISSION, **facts),)
    assert found_by(Question(policy, stages, ("public", "internal"))) == [["classification:public"], ["derogation:low"]]
    assert found_by(Question(policy, stages, ("public", "renamed"))) == [["derogation:low"]]
    assert found_by(Question(policy, stages)) == [["derogation:low"]]


def test_a_search_that_could_not_look_at_everything_says_so() -> None:
    rules = [rule(f"r{number}", Stage.ADMISSION, "call.stream", Effect.DENY) for number in range(4)]
    question = Question(Policy.of(rules), (asked(Stage.ADMISSION, call__stream=True),))
    assert smallest(question).complete
    assert not smallest(question, most_tried=0).complete


# ── the words ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_everything_that_policy_can_say_has_its_words() -> None:
    assert set(KINDS) == set(ENTITIES)
    assert set(PRINCIPLES) == set(range(1, 13))
    assert set(STAGES) == set(Stage)
    assert set(EFFECTS) == set(Effect)
    assert set(DONE) < set(Effect)
    known: Mapping[str, Sequence[str]] = {fact.name: fact.values for fact in FACTS}
    for name, values in VALUES.items():
        assert set(values) == set(known[name]), name
    for fact in FACTS:
        for language in ("fr", "en"):
            assert label_of(fact.name, language).strip()
            assert value_of(fact.name, fact.empty, language).strip()


@pytest.mark.parametrize("question", [random_call(random.Random(seed), POLICY) for seed in range(12)])
def test_a_change_says_what_it_is_in_both_languages(question: Question) -> None:
    for one in smallest(question).counterfactuals:
        for change in one.changes:
            assert change.clause("fr", "X").startswith(("si ", "s'"))
            assert change.clause("en", "X").startswith("if ")
            assert "{" not in change.clause("fr") + change.clause("en")

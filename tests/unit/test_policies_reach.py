"""Rules that can never fire are found, and a rule that can is never said not to (`vigie check` gives no false alarm)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies import FACTS, Stage
from gateway.policies.facts import ENTITIES, seen_by
from gateway.policies.reach import can_be_true, compared_words
from gateway.policies.rules import compile_condition, environment
from gateway.policies.syntax import Node, parsed


def tree(when: str, stage: Stage = Stage.ROUTING) -> Node:
    return parsed(compile_condition(stage, when).serialize())


@pytest.mark.parametrize(
    "when",
    [
        "false",
        "false && call.stream",
        "call.stream && !call.stream",
        "call.hour > 23",
        "call.hour < 6 && call.hour > 20",
        "privacy.count < 0",
        "deployment.tier == 0",
        "deployment.tier > 7 || deployment.tier < 1",
        'call.protocol == "telepathy"',
        'deployment.subdivision == "CA-QQ"',
        'deployment.subdivision == "QC"',
        'deployment.country == "Canada"',
        'deployment.routing in ["local", "regionale"]',
        'call.model == "a" && call.model == "b"',
        'call.model == "a" && call.model != "a"',
        '"CA_NAS" in privacy.entities',
        'privacy.entities.exists(type, type in ["CA_NAS", "NOM"])',
        'privacy.entities.exists(type, type == "PERSON") && !("PERSON" in privacy.entities)',
        "size(privacy.entities) > 2 && size(privacy.entities) < 3",
        'size(privacy.entities) == 0 && "PERSON" in privacy.entities',
        "size(privacy.entities) < 0",
        '!(deployment.weights in ["open", "restricted", "closed", "unknown"])',
        'call.stream ? false : call.protocol == "x"',
        "true == false",
        "deployment.tier >= 1 == false",
        "privacy.entities.all(t, t == 'PERSON') && 'CA_SIN' in privacy.entities",
    ],
)
def test_a_condition_that_no_facts_meet_is_found(when: str) -> None:
    assert not can_be_true(tree(when))


@pytest.mark.parametrize(
    "when",
    [
        "true",
        "call.stream",
        "call.hour == 0 || call.hour == 23",
        "call.hour >= 22 || call.hour < 6",
        "budget.tokens_used >= budget.tokens_per_day",
        "budget.tokens_used > 5 && budget.tokens_per_day < 3",
        'deployment.subdivision == "US-NY"',
        'deployment.subdivision != "CA-QC"',
        'deployment.operator_home == "FR"',
        'call.model.startsWith("a") && call.model.endsWith("b")',
        'call.model.matches("^a+$") && call.model != "a"',
        'call.model != "a" && call.model != "b"',
        '!(call.purpose in ["a", "b"])',
        "privacy.count + 1 > 3",
        "size(privacy.entities) > 40",
        "size(privacy.entities) > 2 && 'PERSON' in privacy.entities",
        "privacy.entities.all(t, t == 'PERSON') && size(privacy.entities) > 0",
        "privacy.entities == ['PERSON']",
        "privacy.entities.exists_one(t, t == 'PERSON')",
        "privacy.entities.filter(t, t != 'PERSON').size() > 1",
        "privacy.entities.exists(t, t in privacy.remaining)",
        "call.tools.exists(t, t.startsWith('x'))",
        "call.tools.exists(t, t != 'a' && t != 'b')",
        "call.tools.exists(t, size(t) > 5)",
        "call.tools.exists(t, t != call.model)",
        "call.model != system.id",
        "call.stream != assessment.valid",
        "call.stream ? call.hour > 5 : call.hour < 2",
        "call.date > '2026-01-01'",
        'call.tools.exists(t, t in ["a","b","c","d","e","f","g","h","i","j","k","l"])',
        "deployment.retention_days == -1",
    ],
)
def test_a_condition_that_some_facts_meet_is_left_alone(when: str) -> None:
    assert can_be_true(tree(when))


@pytest.mark.parametrize(
    "when",
    ["double(action.arguments.amount) > 1000.0", "has(action.arguments.x)", "action.arguments.a == action.arguments.b"],
)
def test_tool_arguments_may_be_anything(when: str) -> None:
    assert can_be_true(tree(when, Stage.ACTION))


def test_every_rule_of_the_example_body_can_fire() -> None:
    from pathlib import Path

    from gateway.config import load

    for rule in load(Path(__file__).parents[2] / "config").policy.rules:
        assert can_be_true(tree(rule.when, rule.stage)), rule.id


# ── no false alarm, over generated conditions ─────────────────────────────────────────────────────────────────────

WORDS = ["PERSON", "CA_SIN", "CREDENTIAL"]
MODELS = ["a", "b", "c"]
ATOMS = [
    "call.stream",
    "assessment.valid",
    *(f"call.hour {how} {number}" for how in ("<", ">=", "==", "!=") for number in (0, 7, 23)),
    *(f"privacy.count {how} {number}" for how in ("<=", ">", "==") for number in (0, 2)),
    *(f"{number} {how} size(privacy.entities)" for how in ("<", ">=", "==") for number in (0, 1, 2)),
    *(f'call.model {how} "{word}"' for how in ("==", "!=") for word in MODELS[:2]),
    'call.model in ["a", "c"]',
    'call.protocol == "chat"',
    'call.protocol != "chat"',
    *(f'"{word}" in privacy.entities' for word in WORDS[:2]),
    'privacy.entities.exists(t, t == "PERSON")',
    'privacy.entities.exists(t, t != "PERSON")',
    'privacy.entities.all(t, t in ["PERSON", "CA_SIN"])',
    "privacy.count >= size(privacy.entities)",
    "call.hour == privacy.count",
    'call.model.startsWith("b")',
    "true",
]
CONDITIONS = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.one_of(
        st.builds("({} && {})".format, inner, inner),
        st.builds("({} || {})".format, inner, inner),
        st.builds("!({})".format, inner),
        st.builds("({} ? {} : {})".format, inner, inner, inner),
    ),
    max_leaves=7,
)
SITUATIONS = st.fixed_dictionaries(
    {
        "call.stream": st.booleans(),
        "assessment.valid": st.booleans(),
        "call.hour": st.sampled_from([0, 1, 6, 7, 8, 22, 23]),
        "call.model": st.sampled_from([*MODELS, "bb"]),
        "call.protocol": st.sampled_from(["chat", "embeddings"]),
        "privacy.entities": st.lists(st.sampled_from(WORDS), unique=True),
        "privacy.count": st.integers(0, 4),
    }
)


@settings(max_examples=300, deadline=None)
@given(CONDITIONS, st.lists(SITUATIONS, min_size=1, max_size=20))
def test_what_is_met_by_some_facts_is_never_said_to_be_impossible(when: str, situations: list[dict[str, Any]]) -> None:
    expression = compile_condition(Stage.INPUT, when)
    if can_be_true(parsed(expression.serialize())):
        return
    empty = {fact.name: fact.empty for fact in seen_by(Stage.INPUT)}
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in empty.items()}
    for situation in situations:
        activation = environment(Stage.INPUT).Activation({**plain, **situation})
        assert expression.eval(activation).value() is False, (when, situation)


def test_a_word_is_found_where_it_stands() -> None:
    when = 'call.stream || deployment.subdivision == "CA-QQ"'
    found = [(fact.name, word, offset) for fact, word, offset in compared_words(tree(when))]
    assert found == [("deployment.subdivision", "CA-QQ", when.index('"CA-QQ"'))]


def test_the_closed_sets_of_facts_are_those_of_the_configuration() -> None:
    from typing import get_args

    from gateway.config import models

    known = {fact.name: fact.values for fact in FACTS if fact.values}
    for name, annotation in [
        ("system.decision_role", models.System.model_fields["decision_role"].annotation),
        ("deployment.protocol", models.ProviderRef.model_fields["protocol"].annotation),
        ("deployment.routing", models.Processing.model_fields["routing"].annotation),
        ("deployment.guarantee", models.Processing.model_fields["guarantee"].annotation),
        ("deployment.weights", models.Deployment.model_fields["weights"].annotation),
        ("deployment.training", models.Deployment.model_fields["training"].annotation),
    ]:
        assert known[name] == get_args(annotation), name


def test_every_type_that_the_analyser_finds_is_known_to_policies() -> None:
    from gateway.privacy.pseudonyms import WORDS as FRENCH
    from gateway.privacy.recognition import _recognizers

    found = {kind for one in _recognizers("fr") for kind in one.supported_entities}
    assert found <= set(ENTITIES)
    assert set(FRENCH) == set(ENTITIES)

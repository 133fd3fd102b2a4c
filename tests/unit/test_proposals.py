"""What policy sees of an action: what its rules refer to, and never a value that may not be kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
import pytest

from gateway.audit import canonical
from gateway.errors import Message
from gateway.policies import Effect, Policy, Rule, Stage, decide
from gateway.policies.facts import seen_by
from gateway.policies.rules import Hold
from gateway.privacy import Finding
from gateway.proposals import action_facts, examine, masked_text, paths_of, terms_of
from gateway.supervision import Action

SIN = "130 692 544"
HARMLESS = {fact.name: fact.empty for fact in seen_by(Stage.ACTION)}


class Finder:
    """Finds the one number that these tests know."""

    async def find(self, texts: Sequence[str]) -> list[tuple[Finding, ...]]:
        found = []
        for text in texts:
            at = text.find(SIN)
            found.append((Finding(at, at + len(SIN), "CA_SIN", 1.0),) if at >= 0 else ())
        return found


def policy(*conditions: str, **more: Any) -> Policy:
    return Policy.of(
        Rule(f"r{number}", "p", 11, Stage.ACTION, when, Effect.HOLD, "held", Message("a", "b"), **more)
        for number, when in enumerate(conditions)
    )


@pytest.mark.parametrize(
    ("when", "paths"),
    [
        ('action.tool == "x"', ()),
        ("double(action.arguments.amount) > 1.0", (("amount",),)),
        ('action.arguments["to"]["city"] == "a"', (("to", "city"),)),
        ("has(action.arguments.to.city)", (("to", "city"),)),
        ('"amount" in action.arguments', (("amount",),)),
        ("action.arguments.items.exists(i, i.price > 3)", (("items",),)),
        ("action.arguments.items[0].price > 3", (("items", "price"),)),
        ("size(action.arguments) > 3", ((),)),
        ("action.arguments[action.tool] == 1", ((),)),
        ('"CA_SIN" in action.entities && action.arguments.a == action.arguments.b', (("a",), ("b",))),
    ],
)
def test_the_paths_that_a_rule_refers_to(when: str, paths: tuple[tuple[str, ...], ...]) -> None:
    assert paths_of(policy(when)) == paths


async def facts_of(arguments: Any, *conditions: str) -> dict[str, Any]:
    examined = await examine(Action.of("pay", arguments), Finder())
    return dict(action_facts(examined, policy(*conditions), lambda text: f"hash-of-{len(text)}-characters"))


async def test_only_what_rules_refer_to_is_a_fact_and_a_finding_is_its_type_and_a_hash() -> None:
    arguments = {"amount": 1500.5, "note": f"NAS {SIN}", "secret": SIN, "who": {"name": "A", "age": 40}}
    facts = await facts_of(
        arguments,
        "double(action.arguments.amount) > 1.0",
        'action.arguments.note == ""',
        "action.arguments.who.age > 3",
    )
    assert facts["action.arguments"] == {
        "amount": "1500.5",
        "note": "⟦CA_SIN:hash-of-15-chara⟧",
        "who": {"age": 40},
    }
    assert facts["action.entities"] == ("CA_SIN",)
    assert SIN.encode() not in canonical({"facts": {**facts, "action.entities": list(facts["action.entities"])}})


async def test_a_value_inside_json_inside_a_text_is_found_and_counted_each_time() -> None:
    arguments = {"body": orjson.dumps({"sin": SIN}).decode(), SIN: [SIN, True, None, 3]}
    examined = await examine(Action.of("pay", arguments), Finder())
    assert examined.entities == {"CA_SIN": 3}
    assert SIN not in orjson.dumps(examined.masked).decode()
    facts = await facts_of(arguments, "size(action.arguments) > 0")
    assert SIN not in orjson.dumps(facts["action.arguments"]).decode()


async def test_no_argument_hides_another_once_masked() -> None:
    examined = await examine(Action.of("pay", {f"a {SIN}": 1, f"b {SIN}": 2, SIN: 3, f" {SIN}": 4}), Finder())
    assert sorted(examined.masked.values()) == [1, 2, 3, 4]


async def test_a_rule_about_what_is_not_there_holds() -> None:
    for arguments in ({}, {"amount": "beaucoup"}, {"amount": {"x": 1}}, "not json at all", [1, 2]):
        examined = await examine(Action.of("pay", arguments), Finder())
        rules = policy("double(action.arguments.amount) > 1000.0")
        facts = {**HARMLESS, **action_facts(examined, rules, str)}
        assert decide(rules, Stage.ACTION, facts).effect is Effect.HOLD


async def test_a_small_amount_passes_whatever_its_form() -> None:
    rules = policy("double(action.arguments.amount) > 1000.0")
    for amount in (5, 5.0, 5.25, "5.25"):
        examined = await examine(Action.of("pay", {"amount": amount}), Finder())
        facts = {**HARMLESS, **action_facts(examined, rules, str)}
        assert decide(rules, Stage.ACTION, facts).effect is Effect.ALLOW


def test_a_hold_asks_the_strictest_of_what_its_rules_ask() -> None:
    rules = Policy.of(
        Rule(name, "p", 11, Stage.ACTION, "true", Effect.HOLD, "c", Message("a", "b"), hold=hold)
        for name, hold in [("a", Hold(2, 3600)), ("b", Hold(1, 60)), ("c", None)]
    )
    terms = terms_of(rules, decide(rules, Stage.ACTION, HARMLESS))
    assert (terms.rule, terms.approvals, terms.expires_s) == ("a", 2, 60)
    plain = policy("true")
    assert terms_of(plain, decide(plain, Stage.ACTION, HARMLESS)).expires_s == 600


async def test_a_person_s_words_are_masked() -> None:
    assert await masked_text(f"Le {SIN} est faux", Finder()) == "Le ⟦NAS⟧ est faux"

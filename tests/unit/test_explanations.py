"""Explanations of recorded decisions: whole, recomputed, and told to each reader without what is not theirs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner

from gateway.audit.records import canonical
from gateway.cli import main
from gateway.config import load
from gateway.config.cases import facts_of
from gateway.errors import Message, VigieError
from gateway.explanations import Explanation, Named, Reader, Telling, answer, explain, explain_facts, prose, told
from gateway.policies import Effect, Policy, Rule, Stage, decide
from gateway.policies.facts import seen_by
from tests.recorded_calls import Calls

ROOT = Path(__file__).resolve().parents[2]
CONFIGURATION = load(ROOT / "config")
POLICY = CONFIGURATION.policy
REGISTER = CONFIGURATION.register
SECRETS = {
    "simulateur",
    "cti-mistral",
    "azure-canadaeast",
    "vertex-montreal",
    "anthropic-direct",
    "Microsoft",
    "s.gagnon",
}
BY = "s.gagnon"


@cache
def calls() -> list[list[tuple[int, Mapping[str, Any]]]]:
    """The records of some calls, as the ledger gives them back."""
    whole: dict[str, list[tuple[int, Mapping[str, Any]]]] = {}
    for position, record in enumerate(Calls(CONFIGURATION, 30, days=1).records(30)):
        plain = orjson.loads(canonical(record))
        whole.setdefault(plain["decision"], []).append((position, plain))
    return list(whole.values())


def explained(records: list[tuple[int, Mapping[str, Any]]]) -> Explanation:
    return explain(records, {POLICY.version: POLICY}, REGISTER.classifications)


def tellings(one: Explanation) -> list[Telling]:
    named = {language: Named.of(REGISTER, one.system, language) for language in ("fr", "en")}
    return [Telling(one, reader, language, named[language]) for reader in Reader for language in named]


def test_every_recorded_call_is_explained_to_every_reader_in_both_languages() -> None:
    outcomes = set()
    for records in calls():
        one = explained(records)
        outcomes.add(one.outcome)
        assert one.difference == ""
        for telling in tellings(one):
            body = told(telling)
            assert orjson.loads(orjson.dumps(body)) == body
            assert body["recomputed"]["agrees"]
            assert [each["stage"] for each in body["stages"]] == [each.stage.value for each in one.stages]
            for text in (prose(telling), answer(telling)):
                assert not re.search(r"\{\w*\}|Message\(|None|\[\]", text), text
            for text in (prose(telling), answer(telling)) if telling.language == "fr" else ():
                assert re.findall(r".{20}(?<!\u00a0)[:;?!](?=\s)", text) == [], "French has a no-break space there"
    assert outcomes == {"served", "refused"}


def test_the_person_concerned_is_told_no_supplier_and_nobody_s_name() -> None:
    for records in calls():
        one = explained(records)
        for language in ("fr", "en"):
            telling = Telling(one, Reader.PERSON, language, Named.of(REGISTER, one.system, language))
            said = prose(telling) + answer(telling) + orjson.dumps(told(telling)).decode()
            assert [name for name in SECRETS if name in said] == []
            assert "deployment." not in prose(telling), "facts have plain labels"


def test_an_auditor_is_told_every_fact_and_what_is_on_trial() -> None:
    shadow = Rule(
        "on-trial", "p", 3, Stage.ADMISSION, "true", Effect.DENY, "c", Message("à l'essai", "trial"), shadow=True
    )
    policy = Policy.of([*POLICY.rules, shadow])
    one = explain_facts(policy, Stage.ADMISSION, facts_of(Stage.ADMISSION, {}))
    body = told(Telling(one, Reader.AUDITOR))
    assert [rule["standing"] for rule in body["stages"][0]["rules"]] == ["shadow"]
    assert set(body["facts"]) == set(one.facts)
    assert told(Telling(one, Reader.SUPERVISOR))["stages"][0]["rules"] == []


def test_a_decision_that_its_policy_does_not_give_is_said_to_be_so() -> None:
    records = next(one for one in calls() if len(one) == 2)
    position, opened = records[0]
    forged = orjson.loads(orjson.dumps(opened))
    forged["stages"][0]["decision"]["effect"] = "notify"
    one = explained([(position, forged), records[1]])
    assert "admission" in one.difference
    telling = Telling(one, Reader.AUDITOR)
    assert "ATTENTION" in prose(telling)
    assert "ATTENTION" in answer(telling)
    assert not told(telling)["recomputed"]["agrees"]


def test_a_refusal_that_policy_did_not_make_offers_no_change_that_would_have_changed_it() -> None:
    records = next(one for one in calls() if len(one) == 2)
    closed = {**records[1][1], "outcome": "refused", "code": "invalid_api_key", "stages": []}
    one = explained([records[0], (records[1][0], closed)])
    assert one.what_if == ()
    assert "invalid_api_key" in told(Telling(one))["outcome"]["text"]


def test_what_cannot_be_explained_is_an_error_that_says_why() -> None:
    records = calls()[0]
    with pytest.raises(VigieError, match="is not there"):
        explain(records, {})
    with pytest.raises(VigieError, match="nothing to explain"):
        explain([(0, {"kind": "deployment.suspended", "id": "x", "decision": "d"})], {POLICY.version: POLICY})


# ── people ────────────────────────────────────────────────────────────────────────────────────────────────────────

PAY = 'action.tool == "issue_payment" && double(action.arguments.amount) > 1000.0'
PAYING = Policy.of([Rule("pay", "p", 11, Stage.ACTION, PAY, Effect.HOLD, "c", Message("Un accord.", "An approval."))])


def action(*after: Mapping[str, Any]) -> Explanation:
    """A held payment, and what happened to it."""
    own = {"action.tool": "issue_payment", "action.arguments": {"amount": "1500.5"}, "action.entities": ()}
    facts = facts_of(Stage.ACTION, own)
    common = {name: value for name, value in facts.items() if not name.startswith("action.")}
    decision = decide(PAYING, Stage.ACTION, facts).as_json()
    head = {"decision": "d-1", "system": "permis-assistant", "time": "2026-11-24T15:00:00.000Z"}
    asked = {
        **head, "kind": "action.asked", "policy": PAYING.version, "facts": common, "outcome": "held", "code": "c",
        "stages": [{"stage": "action", "facts": own, "decision": decision}],
    }  # fmt: skip
    held = {**head, "kind": "action.held", "hold": "a-1", "tool": "issue_payment"}
    rest = [{**head, "hold": "a-1", **one} for one in after]
    records = orjson.loads(orjson.dumps([asked, held, *rest], default=list))
    return explain(list(enumerate(records)), {PAYING.version: PAYING})


APPROVED = {"kind": "action.decided", "verdict": "approved", "by": BY, "said": "Vu au dossier", "edited": False}


@pytest.mark.parametrize(
    ("after", "said", "changes"),
    [
        ([], "Personne n'a encore décidé", ["approval", "argument:amount:>1000", "derogation:pay"]),
        ([APPROVED, {"kind": "action.released"}], f"{BY} a approuvé l'action", ["refusal"]),
        ([{**APPROVED, "edited": True}], f"{BY} a modifié l'action", ["refusal"]),
        ([{**APPROVED, "verdict": "denied"}], f"{BY} a refusé l'action", ["approval"]),
        ([{"kind": "action.expired"}], "Personne n'a décidé à temps", ["approval"]),
        ([{"kind": "action.cancelled", "because": "halt"}], "Un arrêt d'urgence a annulé", ["approval"]),
        ([{"kind": "action.cancelled", "because": "client_left"}], "qui l'avait demandée est parti", ["approval"]),
    ],
)
def test_what_people_did_is_told_and_what_they_could_have_done(
    after: list[Mapping[str, Any]], said: str, changes: list[str]
) -> None:
    one = action(*after)
    supervisor, person = Telling(one, Reader.SUPERVISOR), Telling(one, Reader.PERSON)
    assert said in prose(supervisor)
    found = [each.changes[0].id for each in one.what_if[0].found.counterfactuals]
    assert found[: len(changes)] == changes
    for text in (prose(person), answer(person), orjson.dumps(told(person)).decode()):
        assert BY not in text
        assert "Vu au dossier" not in text
        assert "1500.5" not in text, "an action's arguments are not for everyone"
    acted = any("by" in each for each in after)
    assert ("aucune intervention d'une personne" in prose(person)) != acted
    assert told(person)["people"]["intervened"] == acted


def test_a_tool_call_within_a_call_is_a_question_of_its_own() -> None:
    opened, closed = next(one for one in calls() if len(one) == 2)
    policy = Policy.of([*POLICY.rules, *PAYING.rules])
    common = {name: tuple(one) if isinstance(one, list) else one for name, one in opened[1]["facts"].items()}
    own = {"action.tool": "issue_payment", "action.arguments": {"amount": 9_000}, "action.registered": True}
    own = {one.name: own.get(one.name, one.empty) for one in seen_by(Stage.ACTION) if one.name not in common}
    stage = {"stage": "action", "facts": own, "decision": decide(policy, Stage.ACTION, {**common, **own}).as_json()}
    asked = {**opened[1], "kind": "action.asked", "outcome": "held", "stages": [stage]}
    held = {**opened[1], "kind": "action.held", "hold": "a-1", "tool": "issue_payment"}
    del held["stages"], held["facts"], held["outcome"]
    denied = {**held, **APPROVED, "kind": "action.decided", "verdict": "denied"}
    records = [{**one, "policy": policy.version} for one in (opened[1], asked, held, denied, closed[1])]
    one = explain(list(enumerate(orjson.loads(orjson.dumps(records)))), {policy.version: policy})
    assert one.difference == ""
    assert [each.tool for each in one.what_if] == ["", "issue_payment"]
    assert [each.found.ending.strictness for each in one.what_if] == [0, 1]
    assert "a refusé l'action" in prose(Telling(one))
    assert one.outcome == "served"


def test_a_tool_s_name_cannot_imitate_the_page_around_it() -> None:
    name = "pay\u202e\n## [Approuvé](http://x) `" + "a" * 300
    facts = facts_of(Stage.ACTION, {"action.tool": name, "action.arguments": {"amount": 5_000}})
    one = explain_facts(PAYING, Stage.ACTION, facts)
    for telling in tellings(one):
        for text in (prose(telling), answer(telling)):
            assert [mark for mark in ("\u202e", "\n## [", "](", "a" * 300) if mark in text] == [], telling


# ── the answer under section 65.2 ─────────────────────────────────────────────────────────────────────────────────


def test_the_draft_answer_is_french_first_with_a_blank_for_what_a_gateway_cannot_know() -> None:
    one = explained(next(records for records in calls() if len(records) == 2))
    text = answer(Telling(one, Reader.AUDITOR, "en", Named.of(REGISTER, one.system, "en")))
    french, english = text.split("\n---\n")
    assert french.startswith("# Réponse à une demande")
    assert "article 65.2" in french
    for what in ("la décision rendue", "les renseignements personnels utilisés", "les raisons", "comment le demander",
                 "nom, fonction et coordonnées"):  # fmt: skip
        assert f"⟦À COMPLÉTER\u00a0: {what}" in french, what
    assert "droit de faire rectifier" in french
    assert "présenter ses observations" in french
    assert "n'est pas une cause" in french
    assert english.count("⟦TO COMPLETE") == french.count("⟦À COMPLÉTER")
    assert "⟦" not in answer(Telling(one)).replace("⟦À COMPLÉTER", ""), "in French alone unless English is asked for"


def test_the_draft_answer_says_when_the_section_may_not_apply() -> None:
    one = action()
    said = {
        role: answer(Telling(replace(one, facts={**one.facts, "system.decision_role": role})))
        for role in ("exclusive", "support", "none")
    }
    assert "confirmer si une personne a pris la décision" not in said["exclusive"]
    assert "confirmer si une personne a pris la décision" in said["support"]
    assert "confirmer si une personne a pris la décision" in said["none"]


# ── the command, on facts alone ───────────────────────────────────────────────────────────────────────────────────


def vigie(*arguments: str) -> Any:
    return CliRunner().invoke(main, ["policy", "explain", "--config", str(ROOT / "config"), *arguments])


def test_facts_are_explained_without_any_record(tmp_path: Path) -> None:
    facts = tmp_path / "faits.yaml"
    facts.write_text("training.required: true\n", encoding="utf8")
    done = vigie("--facts", str(facts), "--stage", "admission", "--json", "--reader", "person")
    assert done.exit_code == 0, done.output
    body = orjson.loads(done.stdout)
    assert body["outcome"]["code"] == "would_refuse"
    assert [rule["id"] for rule in body["stages"][0]["rules"]] == ["training-attested"]
    assert body["what_would_have_changed_it"][0]["smallest"][0]["changes"][0]["id"] == "training"
    english = vigie("--facts", str(facts), "--stage", "admission", "--lang", "en")
    assert "if a valid training attestation" in " ".join(english.stdout.split()).lower()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("training.requierd: true", "training.required"),
        ("training.required: beaucoup", "bool"),
        ("privacy.entities: [PERSON]", "inconnu à cette étape"),
        ("- 1", "fait: valeur"),
        ("a: [", "fait: valeur"),
        ("", "fait: valeur"),
    ],
)
def test_facts_that_cannot_be_read_are_an_error_with_a_hint(tmp_path: Path, text: str, said: str) -> None:
    facts = tmp_path / "faits.yaml"
    facts.write_text(text, encoding="utf8")
    done = vigie("--facts", str(facts), "--stage", "admission")
    assert done.exit_code == 1
    assert said in done.stderr
    assert "[facts_unusable]" in done.stderr
    assert len(done.stderr.splitlines()) == 2


def test_a_decision_or_facts_are_needed_and_not_both(tmp_path: Path) -> None:
    facts = tmp_path / "faits.yaml"
    facts.write_text("{}", encoding="utf8")
    for wrong in (
        [],
        ["--facts", str(facts)],
        ["d-1", "--facts", str(facts), "--stage", "input"],
        ["--stage", "input"],
    ):
        assert vigie(*wrong).exit_code == 2, wrong

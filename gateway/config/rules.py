"""The rules of `policies/`: what an officer wrote, checked and made into rules. *Decisions*: pure.

An error stops the file; a warning says what is legal and probably not meant: a rule that can never fire, a name that
nothing has.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping

from gateway.config.models import Catalogue, Labels, Register
from gateway.config.policy_files import HoldEntry, RuleEntry
from gateway.config.problems import Problem
from gateway.config.reading import Document, Loc
from gateway.config.shapes import seconds_of
from gateway.errors import Message
from gateway.policies import ConditionError, Effect, Rule, Stage
from gateway.policies.effects import EFFECTS_OF, TRANSFORMS
from gateway.policies.facts import ENTITIES, Fact
from gateway.policies.reach import can_be_true, compared_words
from gateway.policies.rules import Hold, compile_condition
from gateway.policies.syntax import Node, parsed

OWN_KEYS: Mapping[str, tuple[Effect, ...]] = {
    "entities": TRANSFORMS,
    "label": (Effect.LABEL,),
    "weight": (Effect.PREFER,),
    "hold": (Effect.HOLD,),
}
"""Keys of a rule that only some effects read."""


def rule_of(entry: RuleEntry, policy: str) -> Rule:
    """The rule as policies know it."""
    return Rule(
        id=entry.id,
        policy=policy,
        principle=entry.principle,
        stage=Stage(entry.stage),
        when=entry.when,
        effect=Effect(entry.effect),
        code=entry.code,
        reason=Message(entry.reason.fr, entry.reason.en),
        shadow=entry.mode == "shadow",
        entities=entry.entities,
        label=entry.label,
        weight=entry.weight,
        hold=_hold(entry.hold) if entry.hold is not None else None,
    )


def _hold(entry: HoldEntry) -> Hold:
    return Hold(entry.approvals, seconds_of(entry.expires), seconds_of(entry.escalate) if entry.escalate else 0)


def check_rule(entry: RuleEntry, loc: Loc, document: Document, known: Mapping[str, Rule]) -> Iterable[Problem]:
    """What is wrong with one rule by itself; `known`: the rules before it."""
    if entry.id in known:
        yield document.problem(
            (*loc, "id"),
            Message(f"La règle {entry.id} existe déjà.", f"The rule {entry.id} exists already."),
            Message("Lui donner un autre nom.", "Give it another name."),
        )
    stage, effect = Stage(entry.stage), Effect(entry.effect)
    if effect not in EFFECTS_OF[stage]:
        possible = ", ".join(sorted(EFFECTS_OF[stage]))
        yield document.problem(
            (*loc, "effect"),
            Message(
                f"L'effet {effect} n'a pas de sens à l'étape {stage}.",
                f"The effect {effect} makes no sense at stage {stage}.",
            ),
            Message(f"Effets possibles\u00a0: {possible}.", f"Possible effects: {possible}."),
        )
    yield from _check_keys(entry, effect, loc, document)
    yield from _check_condition(entry.when, stage, (*loc, "when"), document)


def _check_keys(entry: RuleEntry, effect: Effect, loc: Loc, document: Document) -> Iterable[Problem]:
    for key, effects in OWN_KEYS.items():
        if getattr(entry, key) and effect not in effects:
            listed = ", ".join(effects)
            yield document.problem(
                (*loc, key),
                Message(f"L'effet {effect} ne lit pas la clé {key}.", f"The effect {effect} does not read {key}."),
                Message(f"Elle va avec\u00a0: {listed}.", f"It goes with: {listed}."),
                key=True,
            )
    if effect is Effect.LABEL and not entry.label:
        yield document.problem(
            (*loc, "effect"),
            Message("Cet effet exige la clé label.", "This effect needs the key label."),
            Message("Y nommer une étiquette de labels.yaml.", "Name a label of labels.yaml there."),
        )
    hold = entry.hold
    if hold is not None and hold.escalate is not None and seconds_of(hold.escalate) >= seconds_of(hold.expires):
        yield document.problem(
            (*loc, "hold", "escalate"),
            Message("L'action sera déjà refusée.", "The action will be refused by then."),
            Message("Escalader avant l'échéance (expires).", "Escalate before it expires."),
        )
    yield from check_entities(entry.entities, (*loc, "entities"), document)


def check_entities(entities: Iterable[str], loc: Loc, document: Document) -> Iterable[Problem]:
    """Types of personal information that the analyser does not know."""
    for index, name in enumerate(entities):
        if name not in ENTITIES:
            yield document.problem(
                (*loc, index),
                Message(f"Type inconnu\u00a0: {name}.", f"Unknown type: {name}."),
                _nearest(name, ENTITIES),
            )


def _check_condition(when: str, stage: Stage, loc: Loc, document: Document) -> Iterable[Problem]:
    try:
        tree = parsed(compile_condition(stage, when).serialize())
    except ConditionError as error:
        before = when.splitlines(keepends=True)[: error.line - 1]
        line, column = document.inside(loc, sum(map(len, before)) + error.column - 1)
        yield Problem(
            document.name,
            line,
            column,
            Message(f"Condition\u00a0: {error.reason}", f"Condition: {error.reason}"),
            Message(
                "Les faits de chaque étape sont dans docs/reference/facts.md.",
                "docs/reference/facts.md lists each stage's facts.",
            ),
            document.excerpt(line),
        )
        return
    for fact, word, offset in compared_words(tree):
        if not fact.may_be(word):
            yield _never(document, loc, offset, fact, word, fact.values)
    if not can_be_true(tree):
        yield document.problem(
            loc,
            Message("Cette règle ne s'applique jamais.", "This rule can never fire."),
            Message("Corriger sa condition, ou la retirer.", "Mend its condition, or remove it."),
            severity="warning",
        )


def check_rule_names(
    entry: RuleEntry, loc: Loc, document: Document, catalogue: Catalogue, register: Register, labels: Labels
) -> Iterable[Problem]:
    """Names in a rule that nothing of the other files has."""
    wordings = [one.id for one in labels.labels]
    if entry.label and entry.label not in wordings:
        yield document.problem(
            (*loc, "label"),
            Message(f"Étiquette inconnue\u00a0: {entry.label}.", f"Unknown label: {entry.label}."),
            _nearest(entry.label, wordings),
        )
    elif any(one.id == entry.label and one.from_approval for one in labels.labels):
        yield document.problem(
            (*loc, "label"),
            Message(
                f"{entry.label} ne vient que d'une approbation inscrite.",
                f"{entry.label} comes from an approval alone.",
            ),
            Message("En choisir une autre, p. ex. generated.", "Choose another, e.g. generated."),
        )
    try:
        tree: Node = parsed(compile_condition(Stage(entry.stage), entry.when).serialize())
    except ConditionError:
        return
    known: Mapping[str, Collection[str]] = {
        "system.id": [one.id for one in register.systems],
        "system.classification": register.classifications,
        "system.purposes": [purpose for one in register.systems for purpose in one.purposes],
        "call.classification": register.classifications,
        "call.model": [one.id for one in catalogue.models],
        "deployment.id": [one.id for one in catalogue.deployments],
    }
    for fact, word, offset in compared_words(tree):
        if fact.name in known and word not in known[fact.name] and word:
            yield _never(document, (*loc, "when"), offset, fact, word, known[fact.name])


def _never(document: Document, loc: Loc, offset: int, fact: Fact, word: str, values: Collection[str]) -> Problem:
    """A comparison with a word that a fact never is."""
    line, column = document.inside(loc, offset)
    shown = re.sub(r"[^\w .:/@-]", "?", word)[:60]
    return Problem(
        document.name,
        line,
        column,
        Message(f"{fact.name} ne vaut jamais «\u00a0{shown}\u00a0».", f"{fact.name} is never '{shown}'."),
        _nearest(word, values),
        document.excerpt(line),
        "warning",
    )


def _nearest(word: str, values: Collection[str]) -> Message:
    """The nearest of the values that exist, or all of them."""
    near = difflib.get_close_matches(word, list(values), n=1)
    if near:
        return Message(f"Vouliez-vous dire «\u00a0{near[0]}\u00a0»?", f"Did you mean '{near[0]}'?")
    if not values:
        return Message("Voir docs/reference/facts.md.", "See docs/reference/facts.md.")
    listed = ", ".join(sorted(set(values)))
    return Message(f"Valeurs possibles\u00a0: {listed}.", f"Possible values: {listed}.")

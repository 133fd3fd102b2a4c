"""An explanation as text, for a terminal, a letter or a file. Pure. Lines are not wrapped: whoever shows them does."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.errors import Message
from gateway.explanations import sentences
from gateway.explanations.explained import Staged, WhatIf
from gateway.explanations.telling import Telling
from gateway.policies.words import EFFECTS, PRINCIPLES, STAGES, label_of, printable, value_of

HEADS: dict[str, Message] = {
    "decided": Message("Ce qui a été décidé", "What was decided"),
    "people": Message("Qui est intervenu", "Who intervened"),
    "changes": Message("Ce qui aurait changé la décision", "What would have changed the decision"),
    "limits": Message("Ce que cette explication ne dit pas", "What this explanation does not say"),
}
NOTHING = Message(
    "Aucun changement du menu n'aurait, à lui seul ou avec d'autres, changé la décision.",
    "No change of the menu, alone or with others, would have changed the decision.",
)
PARTIAL = Message(
    "D'autres changements n'ont pas été essayés\u00a0: la recherche est bornée.",
    "Other changes were not tried: the search is bounded.",
)
SMALLEST = Message(
    "Chaque point suffit à lui seul\u00a0; rien ne peut en être retiré. Chacun a été vérifié en décidant de nouveau.",
    "Each point is enough by itself; nothing in it can be left out. Each was checked by deciding again.",
)


def prose(telling: Telling) -> str:
    """The whole text, with a line end."""
    return "\n".join(_lines(telling)) + "\n"


def _lines(telling: Telling) -> Iterator[str]:
    one, words = telling.explanation, telling.words
    if one.decision:
        yield words(Message(f"Explication de la décision {one.decision}", f"Explanation of decision {one.decision}"))
    yield from heading_lines(telling)
    yield ""
    yield telling.outcome
    served = sentences.served_by(one, telling.deployments.get(one.deployment, ""), telling.language)
    if served:
        yield served
    if one.difference:
        yield difference(telling)
    yield from ("", _head(telling, "decided"))
    for staged in one.stages:
        yield from stage_lines(telling, staged)
    if one.decision:
        yield from ("", _head(telling, "people"))
        yield from (f"  {line}" for line in people_lines(telling))
    for asked in one.what_if:
        yield from ("", _head(telling, "changes") + _of(telling, asked))
        yield from change_lines(telling, asked)
    yield from ("", _head(telling, "limits"), f"  {words(sentences.LIMITS)}")


def heading_lines(telling: Telling) -> Iterator[str]:
    """System, body, time, policy."""
    one, named, words = telling.explanation, telling.named, telling.words
    label = words(Message("Système\u00a0: ", "System: "))
    yield label + (f"{named.system} ({one.system})" if named.system else one.system)
    if named.body:
        yield words(Message("Organisme\u00a0: ", "Body: ")) + f"{named.body} ({named.contact})"
    if one.time:
        yield words(Message("Moment\u00a0: ", "Time: ")) + sentences.moment(one.time, telling.language)
    version = one.policy if telling.openly else one.policy[:12]
    yield words(
        Message(
            f"Politique\u00a0: version {version}, {one.rules} règles", f"Policy: version {version}, {one.rules} rules"
        )
    )


def difference(telling: Telling) -> str:
    """What is said when a recorded decision is not what the policy gives."""
    return telling.words(
        Message(
            "ATTENTION\u00a0: la décision inscrite n'est pas celle que donne la politique inscrite. Le registre est à vérifier.",
            "WARNING: the recorded decision is not what the recorded policy gives; the ledger must be verified.",
        )
    ) + (f" [{telling.explanation.difference}]" if telling.openly else "")


def stage_lines(telling: Telling, one: Staged) -> Iterator[str]:
    """What a stage decided, by which rules, on which facts."""
    words, language = telling.words, telling.language
    colon = words(sentences.COLON)
    yield f"  {words(STAGES[one.stage])}{colon}{telling.stage(one)}"
    for applied in telling.rules(one):
        rule = applied.rule
        principle = words(Message(f"principe {rule.principle}", f"principle {rule.principle}"))
        yield (
            f"    – {words(rule.reason)} [{rule.id}{colon}{words(EFFECTS[rule.effect])}, {telling.standing(applied)}"
            f"{words(sentences.SEMICOLON)}{principle}, {words(PRINCIPLES[rule.principle])}]"
        )
    for name, value in telling.facts(one).items():
        code = f" [{name}]" if telling.openly else ""
        yield f"      {label_of(name, language)}{colon}{value_of(name, value, language)}{code}"


def people_lines(telling: Telling) -> Iterator[str]:
    """Who did what, or that nobody did."""
    one = telling.explanation
    for step in one.steps:
        said = f" «\u00a0{printable(step.said)}\u00a0»" if telling.openly and step.said else ""
        yield f"{sentences.moment(step.at, telling.language)}  {telling.step(step)}{said}"
    if not any(step.person for step in one.steps):
        yield telling.words(sentences.NOBODY)


def change_lines(telling: Telling, asked: WhatIf) -> Iterator[str]:
    """The smallest changes, each with what would have come of it."""
    words = telling.words
    joined = words(Message(", et ", ", and ")).join
    changes = telling.changes(asked)
    if changes:
        yield f"  {words(SMALLEST)}"
    for clauses, consequence in changes:
        text = joined(clauses)
        yield f"  – {text[:1].upper()}{text[1:]} → {consequence}."
    if not changes:
        yield f"  {words(NOTHING)}"
    if not asked.found.complete:
        yield f"  {words(PARTIAL)}"


def _of(telling: Telling, asked: WhatIf) -> str:
    if not asked.tool:
        return ""
    return telling.words(Message(f" (action «\u00a0{asked.tool}\u00a0»)", f" (action '{asked.tool}')"))


def _head(telling: Telling, name: str) -> str:
    return telling.words(HEADS[name])

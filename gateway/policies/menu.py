"""The menu of changes for some facts: what could have been otherwise, as `Change`s. Pure.

`relaxing` gives those after which a decision may be less strict, `tightening` those after which what was allowed may not be;
from what people can do most easily (the request) to what takes most (the register, the catalogue, a derogation).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gateway.errors import Message
from gateway.policies.changes import Change
from gateway.policies.effects import Stage
from gateway.policies.facts import Facts, FactValue
from gateway.policies.menu_entries import CATALOGUE, PLACES, QUEBEC, REGISTER, REQUEST, STRICTER, Entry
from gateway.policies.syntax import Bound
from gateway.policies.words import kind_of, number_of

FOUND = ("privacy.entities", "privacy.unassessed", "privacy.remaining", "deployment.unassessed")
OUTPUT = ("output.entities", "output.new_entities")
MOST_PURPOSES = 4
WORST = ("CREDENTIAL", "CA_SIN", "PERSON")
"""Types that are tried where nothing of the kind was found."""

APPROVAL = Change(
    "approval",
    Message("si une personne habilitée l'avait approuvée", "if a person who may do so had approved it"),
    approval=True,
)

REFUSAL = Change(
    "refusal",
    Message("si la personne qui l'a approuvée l'avait refusée", "if the person who approved it had refused it"),
    approval=False,
)


# ── what would have made it less strict ───────────────────────────────────────────────────────────────────────────


def relaxing(
    stages: Sequence[tuple[Stage, Facts]],
    classifications: Sequence[str],
    refusing: Sequence[str],
    bounds: Sequence[Bound] = (),
) -> Iterator[Change]:
    """Changes after which a decision may be less strict. `refusing`: the rules that refuse, which may be derogated from.

    `bounds`: those that their conditions set to numbers in a tool's arguments.
    """
    facts = stages[0][1] if stages else {}
    every: dict[str, FactValue] = {name: value for _, own in stages for name, value in own.items()}
    yield from _less_found(stages)
    yield from _in_the_request(every)
    yield from _in_the_register(every)
    yield from _classified(facts, classifications, lower=True)
    routing = [own for stage, own in stages if stage is Stage.ROUTING]
    for own in routing:
        yield from _in_the_catalogue(own)
    if routing:
        yield from _elsewhere(routing[0])
    for bound in bounds:
        yield _within(bound)
    for rule in refusing:
        yield Change(
            f"derogation:{rule}",
            Message(
                f"si une dérogation à la règle «\u00a0{rule}\u00a0» avait été en vigueur pour ce système",
                f"if a derogation from the rule '{rule}' had been in force for this system",
            ),
            derogation=rule,
        )


def _within(bound: Bound) -> Change:
    """A number on the other side of a bound, by one where the bound itself is on the wrong side."""
    name = ".".join(bound.path)
    fr, en = {
        ">": ("au plus", "at most"), ">=": ("moins de", "less than"),
        "<": ("au moins", "at least"), "<=": ("plus de", "more than"),
    }[bound.sign]  # fmt: skip
    step = {">": 0, ">=": -1, "<": 0, "<=": 1}[bound.sign]
    number = bound.number + step
    whole = int(number) if float(number).is_integer() else str(number)
    limit = int(bound.number) if float(bound.number).is_integer() else bound.number
    return Change(
        f"argument:{name}:{bound.sign}{limit}",
        Message(
            f"si l'argument «\u00a0{name}\u00a0» de l'action avait été {fr} {limit}",
            f"if the action's argument '{name}' had been {en} {limit}",
        ),
        argument=bound.path,
        number=whole,
        group=f"argument:{name}",
    )


def _less_found(stages: Sequence[tuple[Stage, Facts]]) -> Iterator[Change]:
    for lists, where in (
        (FOUND, Message("la demande n'avait contenu", "the request had held")),
        (
            ("action.entities",),
            Message("les arguments de l'action n'avaient contenu", "the action's arguments had held"),
        ),
        (OUTPUT, Message("la réponse du modèle n'avait contenu", "the model's answer had held")),
    ):
        kinds = sorted({kind for _, own in stages for name in lists for kind in _list(own, name)})
        for kind in kinds:
            name = kind_of(kind)
            yield Change(
                f"without:{lists[0].partition('.')[0]}:{kind}",
                Message(
                    f"si {where.fr} aucun renseignement de ce type\u00a0: {name.fr}",
                    f"if {where.en} nothing of this type: {name.en}",
                ),
                lists=lists,
                without=kind,
            )


def _in_the_request(facts: Facts) -> Iterator[Change]:
    """What whoever sends the request could have done otherwise."""
    for purpose in _list(facts, "system.purposes")[:MOST_PURPOSES]:
        yield Change(
            f"purpose:{purpose}",
            Message(
                f"si la finalité indiquée avait été «\u00a0{purpose}\u00a0», inscrite pour ce système",
                f"if the purpose stated had been '{purpose}', registered for this system",
            ),
            {"call.purpose": purpose, "call.purpose_registered": True},
            group="purpose",
        )
    for name, sets, said in REQUEST:
        yield Change(name, said, sets)


def _in_the_register(facts: Facts) -> Iterator[Change]:
    """What the body could have had on file, and what comes with the day."""
    found = sorted({*_list(facts, "assessment.entities"), *_list(facts, "privacy.entities")})
    yield Change(
        "assessment",
        Message(
            "si une évaluation des facteurs relatifs à la vie privée (EFVP) qui nomme ces renseignements avait été en vigueur",
            "if a privacy impact assessment that names this information had been in force",
        ),
        {
            "assessment.on_file": True,
            "assessment.valid": True,
            "assessment.entities": tuple(found),
            "privacy.unassessed": (),
        },
    )
    purpose = facts.get("call.purpose", "")
    if isinstance(purpose, str) and purpose:
        yield Change(
            "purpose-registered",
            Message(
                f"si la finalité «\u00a0{purpose}\u00a0» avait été inscrite pour ce système",
                f"if the purpose '{purpose}' had been registered for this system",
            ),
            {
                "system.purposes": tuple(sorted({*_list(facts, "system.purposes"), purpose})),
                "call.purpose_registered": True,
            },
            group="purpose",
        )
    budget = facts.get("budget.tokens_per_day", 0)
    if isinstance(budget, int) and budget > 0:
        step = max(1, budget // 100)
        most = (budget - 1) // step * step
        yield Change(
            "tokens",
            Message(
                f"si ce système avait utilisé au plus {number_of(most, 'fr')} jetons ce jour-là",
                f"if this system had used at most {number_of(most, 'en')} tokens that day",
            ),
            {"budget.tokens_used": most},
            group="tokens",
        )
        yield Change(
            "tokens-none",
            Message(
                "si ce système n'avait encore utilisé aucun jeton ce jour-là",
                "if this system had not used a token yet that day",
            ),
            {"budget.tokens_used": 0},
            group="tokens",
        )
    for name, sets, said in REGISTER:
        yield Change(name, said, sets)


def _classified(facts: Facts, classifications: Sequence[str], *, lower: bool) -> Iterator[Change]:
    """Data of another classification. The registered one follows, since a call's is never below it."""
    rank, name = facts.get("call.classification_rank"), facts.get("call.classification")
    if not isinstance(rank, int) or not 0 <= rank < len(classifications) or classifications[rank] != name:
        return  # the names have changed since, or are not known: a rank without its name would be half a change
    order = list(classifications)
    registered = str(facts.get("system.classification", ""))
    for other in range(rank - 1, -1, -1) if lower else range(rank + 1, len(order)):
        sets: dict[str, FactValue] = {"call.classification": order[other], "call.classification_rank": other}
        if registered in order and order.index(registered) > other:
            sets["system.classification"] = order[other]
        yield Change(
            f"classification:{order[other]}",
            Message(
                f"si les données avaient été de classification «\u00a0{order[other]}\u00a0»",
                f"if the data had been classified '{order[other]}'",
            ),
            sets,
            group="classification",
        )


def _in_the_catalogue(facts: Facts) -> Iterator[Change]:
    """What could have been otherwise of one candidate deployment."""
    name = str(facts.get("deployment.id", ""))
    leaving = tuple(sorted({*_list(facts, "deployment.assessment_entities"), *_list(facts, "privacy.entities")}))
    rank = facts.get("call.classification_rank", 0)
    entries: tuple[Entry, ...] = (
        *CATALOGUE,
        (
            "deployment-assessment",
            {
                "deployment.assessment_on_file": True,
                "deployment.assessment_valid": True,
                "deployment.assessment_entities": leaving,
                "deployment.unassessed": (),
            },
            Message(
                "si une évaluation en vigueur (art.\u00a070.1) avait couvert ces renseignements pour le déploiement {}",
                "if an assessment in force (s. 70.1) had covered this information for the deployment {}",
            ),
        ),
        (
            "deployment-classification",
            {"deployment.max_classification_rank": rank},
            Message(
                "si le déploiement {} avait été admis pour cette classification",
                "if the deployment {} had been admitted for that classification",
            ),
        ),
    )
    for change, sets, said in entries:
        yield Change(f"{change}:{name}", said, sets, deployment=name)


def _elsewhere(facts: Facts) -> Iterator[Change]:
    """One more deployment of the same model, with what else is true of the candidates."""
    rank = facts.get("call.classification_rank", 0)
    for name, place, said in PLACES:
        another: dict[str, FactValue] = {
            **QUEBEC,
            **place,
            "deployment.id": name,
            "deployment.operator": name,
            "deployment.max_classification_rank": rank,
            "deployment.unassessed": _list(facts, "privacy.remaining"),
            "deployment.unknown_fields": _list(facts, "call.unknown_fields"),
        }
        yield Change(f"another:{name}", said, another={**facts, **another}, group="another")


# ── what would have made it stricter ──────────────────────────────────────────────────────────────────────────────


def tightening(stages: Sequence[tuple[Stage, Facts]], classifications: Sequence[str]) -> Iterator[Change]:
    """Changes after which what was allowed may not be, or not in the same way."""
    facts = stages[0][1] if stages else {}
    every: dict[str, FactValue] = {name: value for _, own in stages for name, value in own.items()}
    yield from _less_found(stages)
    for lists, where in (
        (FOUND[:2], Message("la demande avait contenu", "the request had held")),
        (("action.entities",), Message("les arguments de l'action avaient contenu", "the action's arguments had held")),
        (OUTPUT, Message("la réponse du modèle avait contenu", "the model's answer had held")),
    ):
        seen = {kind for _, own in stages for kind in _list(own, lists[0])}
        for kind in WORST if any(lists[0] in own for _, own in stages) else ():
            word = kind_of(kind)
            if kind not in seen:
                yield Change(
                    f"found:{lists[0].partition('.')[0]}:{kind}",
                    Message(
                        f"si {where.fr} un renseignement de ce type\u00a0: {word.fr}",
                        f"if {where.en} something of this type: {word.en}",
                    ),
                    lists=lists,
                    found=kind,
                )
    yield from _classified(facts, classifications, lower=False)
    budget = every.get("budget.tokens_per_day", 0)
    if isinstance(budget, int) and budget > 0:
        step = max(1, budget // 100)
        spent = -(-budget // step) * step
        yield Change(
            "budget-spent",
            Message("si le budget de jetons du jour avait été épuisé", "if the day's token budget had been spent"),
            {"budget.tokens_used": spent},
        )
    for name, sets, said in STRICTER:
        yield Change(name, said, sets)


def _list(facts: Mapping[str, FactValue], name: str) -> tuple[str, ...]:
    value = facts.get(name, ())
    return value if isinstance(value, tuple) else ()

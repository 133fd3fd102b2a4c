"""A draft answer to a request under section 65.2 of the Loi sur l'accès, as Markdown. Pure.

The section is about a decision on a person that is based exclusively on automated processing. A gateway knows what it
decided of a call, not what the body then decided of the person: what only the body knows is a visible blank,
`⟦À COMPLÉTER : …⟧`. French first; English is added below where it is asked for, never instead. It is prepared for a person
of the body to complete and send, and is no legal advice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gateway.errors import Message
from gateway.explanations import prose, sentences
from gateway.explanations.telling import Reader, Telling
from gateway.policies import Stage
from gateway.policies.words import PRINCIPLES, kind_of

TITLE = Message(
    "Réponse à une demande – décision fondée exclusivement sur un traitement automatisé",
    "Answer to a request – decision based exclusively on automated processing",
)
ACT = Message(
    "Loi sur l'accès aux documents des organismes publics et sur la protection des renseignements personnels "
    "(RLRQ, chapitre A-2.1), article 65.2",
    "Act respecting Access to documents held by public bodies and the Protection of personal information "
    "(CQLR, chapter A-2.1), section 65.2",
)
DRAFT = Message(
    "Projet préparé à partir du registre de la passerelle. Une personne de l'organisme complète les blancs, vérifie le "
    "tout et répond. Ce n'est pas un avis juridique.",
    "Draft prepared from the gateway's ledger. A person of the body fills the blanks in, checks everything, and answers. "
    "This is not legal advice.",
)
ROLES: dict[str, Message] = {
    "exclusive": Message(
        "Le registre inscrit ce système comme rendant des décisions fondées exclusivement sur un traitement automatisé.",
        "The register has this system as making decisions based exclusively on automated processing.",
    ),
    "support": Message(
        "Le registre inscrit ce système comme soutien à une décision\u00a0: l'article 65.2 vise les décisions fondées "
        "exclusivement sur un traitement automatisé.",
        "The register has this system as support for a decision: section 65.2 is about decisions based exclusively on "
        "automated processing.",
    ),
    "none": Message(
        "Le registre n'inscrit à ce système aucun rôle dans une décision\u00a0: l'article 65.2 vise les décisions fondées "
        "exclusivement sur un traitement automatisé.",
        "The register gives this system no role in a decision: section 65.2 is about decisions based exclusively on "
        "automated processing.",
    ),
}
CALLED = Message(
    "Pour la rendre, le système a fait une demande à un modèle d'IA par la passerelle de l'organisme.",
    "To make it, the system sent a request to an AI model through the body's gateway.",
)
ACTED = Message(
    "Pour la rendre, ou à sa suite, le système a demandé à la passerelle de l'organisme la permission d'agir.",
    "To make it, or following it, the system asked the body's gateway for leave to act.",
)
HEADS = (
    Message("La décision", "The decision"),
    Message("Les renseignements personnels utilisés", "The personal information used"),
    Message(
        "Les raisons, les principaux facteurs et les paramètres",
        "The reasons, the principal factors and the parameters",
    ),
    Message("Le droit de faire rectifier", "The right to have information corrected"),
    Message("L'occasion de présenter ses observations", "The opportunity to submit observations"),
    Message("Ce que ce document ne dit pas", "What this document does not say"),
)


def answer(telling: Telling) -> str:
    """The document. What is told is what the person concerned is told, whoever prepares it."""
    french = replace(telling, reader=Reader.PERSON, language="fr")
    text = "\n".join(_document(french))
    if telling.language == "en":
        text += "\n\n---\n\n" + "\n".join(_document(replace(french, language="en")))
    return text + "\n"


def _document(telling: Telling) -> Iterator[str]:
    words = telling.words
    yield from (f"# {words(TITLE)}", "", words(ACT), "", f"> {words(DRAFT)}", "")
    yield from _reference(telling)
    for number, (head, part) in enumerate(
        zip(HEADS, (_decision, _information, _reasons, _correction, _observations, _limits), strict=True), 1
    ):
        yield from ("", f"## {number}. {words(head)}", "")
        yield from part(telling)
    yield from (
        "",
        _blank(telling, "date, nom et fonction de la personne qui répond", "date, name and position of who answers"),
    )


def _reference(telling: Telling) -> Iterator[str]:
    one, named, words = telling.explanation, telling.named, telling.words
    to, body = (
        _blank(telling, "nom et adresse de la personne concernée", "name and address of the person concerned"),
        (f"{named.body} ({named.contact})" if named.body else _blank(telling, "organisme", "body")),
    )
    lines = (
        (Message("Destinataire", "To"), to),
        (Message("Organisme", "Body"), body),
        (Message("Système d'IA", "AI system"), named.system or one.system),
        (Message("Référence", "Reference"), f"`{one.decision}`"),
        (Message("Moment", "Time"), sentences.moment(one.time, telling.language) if one.time else "—"),
    )
    colon = words(sentences.COLON)
    yield from (f"- **{words(label)}**{colon}{value}" for label, value in lines)


def _decision(telling: Telling) -> Iterator[str]:
    one, words = telling.explanation, telling.words
    role = ROLES.get(str(one.facts.get("system.decision_role", "none")), ROLES["none"])
    yield _blank(
        telling, "la décision rendue à l'égard de la personne, sa date", "the decision made about the person, its date"
    )
    yield from ("", words(role))
    if role is not ROLES["exclusive"]:
        yield ""
        yield _blank(
            telling,
            "confirmer si une personne a pris la décision\u00a0; sinon, l'article 65.2 s'applique",
            "confirm whether a person made the decision; if not, section 65.2 applies",
        )
    yield ""
    acted = all(staged.stage is Stage.ACTION for staged in one.stages)
    yield f"{words(ACTED if acted else CALLED)} {telling.outcome}"
    yield from ("", *prose.people_lines(telling))


def _information(telling: Telling) -> Iterator[str]:
    words = telling.words
    yield words(
        Message(
            "Le registre de la passerelle ne tient aucun renseignement personnel\u00a0: seulement les types détectés.",
            "The gateway's ledger holds no personal information: only the types that were detected.",
        )
    )
    yield ""
    for one in telling.explanation.stages:
        if one.stage in (Stage.INPUT, Stage.OUTPUT):
            yield f"- {telling.stage(one)}"
        kinds = one.facts.get("action.entities", ()) if one.stage is Stage.ACTION else ()
        if isinstance(kinds, tuple) and kinds:
            what = ", ".join(words(kind_of(kind)) for kind in kinds)
            yield words(
                Message(
                    f"- Détectés dans les arguments d'une action\u00a0: {what}.",
                    f"- Detected in an action's arguments: {what}.",
                )
            )
    yield ""
    yield _blank(
        telling,
        "les renseignements personnels utilisés pour rendre la décision, leur source, ceux qui ne sont pas passés par la "
        "passerelle",
        "the personal information used to make the decision, its source, that which did not pass through the gateway",
    )


def _reasons(telling: Telling) -> Iterator[str]:
    one, words = telling.explanation, telling.words
    yield _blank(
        telling,
        "les raisons, et les principaux facteurs et paramètres, de la décision rendue à l'égard de la personne",
        "the reasons for the decision made about the person, and its principal factors and parameters",
    )
    yield ""
    yield words(
        Message(
            "Voici ce que la passerelle a décidé de la demande faite au modèle, et pourquoi.",
            "This is what the gateway decided of the request made to the model, and why.",
        )
    )
    yield ""
    for staged in one.stages:
        yield f"- {telling.stage(staged)}"
        for applied in telling.rules(staged):
            rule = applied.rule
            number = words(Message(f"principe {rule.principle}", f"principle {rule.principle}"))
            principle = f"{number}, {words(PRINCIPLES[rule.principle])}"
            yield f"  - {words(rule.reason)} ({principle}{words(sentences.SEMICOLON)}{telling.standing(applied)})"
    served = sentences.served_by(one, telling.deployments.get(one.deployment, ""), telling.language)
    if served:
        yield f"- {served}"
    yield words(
        Message(
            f"- Politique en vigueur\u00a0: version `{one.policy[:12]}`, {one.rules} règles.",
            f"- Policy in force: version `{one.policy[:12]}`, {one.rules} rules.",
        )
    )
    for asked in one.what_if:
        yield from ("", f"**{words(prose.HEADS['changes'])}**", "")
        for line in prose.change_lines(telling, asked):
            item = line.strip()
            yield from (item.replace("– ", "- ", 1),) if item.startswith("– ") else ("", item, "")


def _correction(telling: Telling) -> Iterator[str]:
    yield telling.words(
        Message(
            "La personne concernée a le droit de faire rectifier les renseignements personnels utilisés pour rendre la décision.",
            "The person concerned has the right to have the personal information used to make the decision corrected.",
        )
    )
    yield ""
    yield _blank(telling, "comment le demander, à qui", "how to ask for it, and whom")


def _observations(telling: Telling) -> Iterator[str]:
    yield telling.words(
        Message(
            "La personne concernée a l'occasion de présenter ses observations à un membre du personnel de l'organisme en "
            "mesure de réviser la décision.",
            "The person concerned has the opportunity to submit observations to a member of the body's personnel who is in a "
            "position to review the decision.",
        )
    )
    yield ""
    yield _blank(
        telling, "nom, fonction et coordonnées de ce membre du personnel", "name, position and contact of that member"
    )
    if telling.named.contact:
        yield ""
        yield telling.words(
            Message(f"Adresse générale\u00a0: {telling.named.contact}", f"General address: {telling.named.contact}")
        )


def _limits(telling: Telling) -> Iterator[str]:
    yield telling.words(sentences.LIMITS)
    if telling.explanation.difference:
        yield from ("", prose.difference(telling))


def _blank(telling: Telling, fr: str, en: str) -> str:
    return telling.words(Message(f"**⟦À COMPLÉTER\u00a0: {fr}⟧**", f"**⟦TO COMPLETE: {en}⟧**"))

"""French administrative prompts of about 1 kB: one that is always the same, and any number that are all different.

*Data and decisions.* In a fresh prompt no sentence has been seen before (each carries drawn names, dates, amounts or
numbers), so that whatever remembers texts, paragraphs or sentences remembers nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

GIVEN = (
    "Mélanie Sylvain Geneviève Rachid Chloé Étienne Nadia François Aminata Hélène Jean-Philippe Thuy Carlos Josée Marius "
    "Ginette Olivier Fatoumata Réjean Isabelle Mathis Noémie Anaïs Wilfrid Colette Youssef Marie-Ève Gaétan Lina Normand"
).split()
FAMILY = (
    "Tremblay Gagnon Bouchard Côté Lavoie Nguyen Benali Ouellet Bélanger Lévesque Diallo Pelletier Saint-Pierre Fortin "
    "Castonguay Arsenault Beauchemin Haddad Létourneau Ménard Paradis Quirion Rousseau Savard Thibodeau Vaillancourt"
).split()
TOWNS = (
    "Rimouski Saguenay Trois-Rivières Gatineau Sept-Îles Longueuil Rouyn-Noranda Sherbrooke Val-d'Or Lévis Matane Alma"
).split()
STREETS = ("Saint-Jean", "des Érables", "Principale", "du Fleuve", "Cartier", "de la Montagne", "Laurier", "des Pins")
MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
SUBJECTS = (
    "le permis de rénovation",
    "l'inscription au service de garde",
    "la demande d'indemnité",
    "l'avis de cotisation",
    "le renouvellement de l'attestation",
    "la demande de révision",
    "l'aide au logement",
    "le raccordement à l'aqueduc",
)
SENTENCES = (
    "{given} {family} a écrit le {date} au sujet de {subject}, dossier {file}.",
    "La personne habite au {door}, rue {street}, à {town}, et demande une réponse avant le {date}.",
    "On peut la joindre au {phone} ou à l'adresse {mail}, de préférence après {hour}.",
    "Le montant réclamé est de {amount} $, dont {amount2} $ ont déjà été versés le {date}.",
    "Me {family2} a transmis {pages} pages de pièces justificatives le {date} pour le dossier {file}.",
    "Selon la note du {date}, {subject} exige une vérification de plus dans un délai de {days} jours ouvrables.",
    "L'agente {given2} {family2} a relevé {pages} écarts entre la déclaration de {year} et le relevé {file}.",
)
OPENING = "Résumez en trois phrases, dans un français clair, la situation décrite ci-dessous (demande {file}) :\n"
SAME_SEED = 20_261_123
SIZE = 900  # characters; about 1 kB in UTF-8

ANSWER = (
    "Voici le résumé demandé. La demande est complète et les pièces justificatives ont été reçues dans les délais prévus. "
    "Une vérification reste à faire par le service responsable avant de rendre la décision. "
    "La réponse sera transmise par écrit, avec les motifs et les recours possibles."
)
ANSWER_TOKENS = tuple(word if index == 0 else f" {word}" for index, word in enumerate(ANSWER.split(" ")))


def prompt(random: Random, size: int = SIZE) -> str:
    """One prompt of about `size` characters, in paragraphs of two sentences."""
    written = [OPENING.format(**_drawn(random))]
    length = len(written[0])
    while length < size:
        pair = " ".join(one.format(**_drawn(random)) for one in random.sample(SENTENCES, 2)) + "\n"
        written.append(pair)
        length += len(pair)
    return "".join(written)


def same() -> str:
    """The prompt that is sent again and again."""
    return prompt(Random(SAME_SEED))


def fresh(seed: int, size: int = SIZE) -> Iterator[str]:
    """Prompts that are all different; another seed gives others."""
    random = Random(seed)
    while True:
        yield prompt(random, size)


def history(turns: int) -> list[tuple[str, str]]:
    """The turns of a conversation so far, as (role, text): always the same, each different from the others."""
    asked = fresh(SAME_SEED + 1, size=300)
    said = fresh(SAME_SEED + 2, size=300)
    return [message for _ in range(turns) for message in (("user", next(asked)), ("assistant", next(said)))]


def _drawn(random: Random) -> dict[str, object]:
    draw, between = random.choice, random.randrange
    family = draw(FAMILY)
    return {
        "given": draw(GIVEN),
        "family": family,
        "given2": draw(GIVEN),
        "family2": draw(FAMILY),
        "date": f"{between(1, 29)} {draw(MONTHS)} {between(2019, 2027)}",
        "subject": draw(SUBJECTS),
        "file": f"{between(2019, 2027)}-{between(100_000, 999_999)}",
        "door": between(10, 9_999),
        "street": draw(STREETS),
        "town": draw(TOWNS),
        "phone": f"{draw((418, 450, 514, 819, 873))} {between(220, 999)}-{between(1_000, 9_999)}",
        "mail": f"{draw(GIVEN)}.{family}{between(1, 999)}@courriel.exemple".lower(),
        "hour": f"{between(8, 18)} h {between(10, 60)}",
        "amount": f"{between(1, 99)} {between(100, 999)},{between(10, 99)}",
        "amount2": f"{between(100, 999)},{between(10, 99)}",
        "pages": between(2, 240),
        "days": between(5, 120),
        "year": between(2015, 2027),
    }

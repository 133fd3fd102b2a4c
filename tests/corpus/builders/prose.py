# ruff: noqa: E501 - a sentence stays on its line
"""Long prose that looks full of names and numbers and holds no personal data: press releases, guides, plans, reviews."""

from tests.corpus.pen import Pen, builder


@builder("a", "communiqué", clean=True)
def press_release(p: Pen) -> str:
    return f"""COMMUNIQUÉ DE PRESSE
Pour diffusion immédiate

Québec, le {p.date()}. – {p.fill("{body} annonce un investissement de {amount} pour la mise à niveau de {building}.")} {p.filler("municipal")} {p.fill("Les travaux débuteront le {deadline} et toucheront {town}.")}

Faits saillants
• {p.filler("finance")}
• {p.fill("Le projet Boréal, réalisé avec {body}, comprend 312 logements.")}
• {p.filler("traps")}

Source : {p.unit()}
Renseignements : {p.service_line()}"""


@builder("b", "toponymie", clean=True)
def toponymy_note(p: Pen) -> str:
    return f"""Note sur les noms de lieux

La Commission de toponymie a officialisé {p.number(3, 40)} noms cette année. {p.fill("Parmi les plus connus, {road} et {road} conservent leur graphie; {town} a demandé une révision.")} Le trait d'union est obligatoire dans Saint-Jean-Port-Joli, Sainte-Anne-de-Beaupré et Notre-Dame-des-Prairies.

{p.fill("Sur le plan administratif, {building} relève de {body}.")} {p.filler("legal")} {p.filler("traps")} La fiche {p.digits(6)} et la carte 21L14-200-{p.digits(4)} ont été mises à jour le {p.date()}."""


@builder("a", "plan stratégique", clean=True)
def strategic_plan(p: Pen) -> str:
    return f"""PLAN STRATÉGIQUE 2026-2030

Orientation 1 – Simplifier la Vie des Citoyens
Objectif 1.1 : Réduire les délais de {p.number(5, 40)} % d'ici mars 2028. {p.filler("process")}
Orientation 2 – Miser sur le Talent
Objectif 2.1 : {p.filler("hr")}
Orientation 3 – Protéger l'Information
Objectif 3.1 : {p.filler("tech")} {p.fill("Les écarts sont suivis selon {method}.")}

Contexte. {p.fill("Depuis {case}, les attentes ont changé, comme le rappelle {body}.")} {p.filler("finance")} {p.filler("traps")}"""


@builder("b", "guide", clean=True)
def travel_guide(p: Pen) -> str:
    return f"""Se rendre au point de service

En voiture : {p.fill("emprunter {road}, puis {road}; le stationnement de {building} coûte {fee} par jour.")} En métro : station Lionel-Groulx ou station Jean-Talon. En autobus : lignes 11, 80 et 165.

Heures d'ouverture : lundi, mardi et mercredi, de 8 h 30 à 16 h 30; jeudi, de 8 h 30 à 19 h; vendredi, de 8 h 30 à 12 h. {p.filler("municipal")} {p.filler("traps", 1, 2)} {p.filler("closing")}"""


@builder("a", "ordre du jour", clean=True)
def agenda(p: Pen) -> str:
    items = p.shuffled(
        "Adoption de l'ordre du jour",
        "Suivi du Plan d'action",
        "Budget 2027",
        "Tour de table",
        "Projet Champlain",
        "Rapport de la Direction",
        "Calendrier des Fêtes",
        "Varia",
    )
    lines = "\n".join(
        f"{index + 1}. {item} ({p.number(5, 45)} min)" for index, item in enumerate(items[: p.number(5, 8)])
    )
    return f"""ORDRE DU JOUR
Rencontre d'équipe du {p.deadline()}, {p.hour()}, salle {p.pick("Champlain", "Frontenac", "Marguerite-Bourgeoys", "Laurier")}

{lines}

Documents : avis {p.digits(9)}, fiche {p.digits(10)}. {p.filler("hr")} {p.filler("traps")}
ID de la réunion : {p.digits(3)} {p.digits(3)} {p.digits(3)}"""


@builder("b", "foire aux questions", clean=True)
def faq(p: Pen) -> str:
    return f"""Foire aux questions

Quand recevrai-je mon paiement?
{p.filler("finance")}
Puis-je modifier ma demande?
Oui. {p.filler("process")} {p.filler("traps", 1, 2)}
Que faire si j'ai perdu ma carte?
Composez le {p.service_line()}. {p.filler("closing")}
Mon enfant peut-il fréquenter une autre école?
{p.filler("school")} {p.fill("Par exemple, {building} offre un programme particulier.")}"""


@builder("a", "note", clean=True)
def research_note(p: Pen) -> str:
    return f"""Note de recherche – {p.pick("vieillissement et proches aidants", "inégalités de revenu", "temps d'attente")}

{p.fill("L'étude compare deux cohortes au moyen de {method} et de {method}.")} {p.fill("Chez les personnes atteintes de {disease}, le score mesuré par {scale} diminue de 12 %.")} L'intervalle de confiance à 95 % va de 1,8 à 4,2 (p < 0,001; n = {p.digits(4)}).

{p.fill("Les limites rappellent celles que décrit {case}.")} {p.filler("health")} {p.filler("traps")} Publication n° {p.digits(9)}; DOI 10.1000/{p.digits(5)}.{p.digits(4)}."""


@builder("b", "consignes", clean=True)
def system_prompt(p: Pen) -> str:
    return f"""Tu es Boréale, l'assistante virtuelle {p.de(p.body())}. Tu réponds en français, au vouvoiement, en moins de 150 mots.

Règles :
- Ne donne jamais d'avis juridique; renvoie {p.a(p.law())}.
- Si la personne est en détresse, donne le 988 ou le 911.
- Pour une question sur {p.building()}, donne l'adresse de l'établissement.
- {p.filler("traps")}
- N'invente ni nom, ni numéro de téléphone, ni numéro de dossier.

{p.filler("process")} {p.filler("closing")}"""


@builder("a", "communiqué", lang="en", clean=True)
def press_release_english(p: Pen) -> str:
    return f"""NEWS RELEASE

QUÉBEC CITY, {p.date()} - Repairs to the Louis-Hippolyte-La Fontaine Tunnel and to the Honoré-Mercier Bridge will cost {p.amount(5000, 90000)}. {p.filler("process", 1, 2)} {p.filler("traps")}

The Charles-Le Moyne Hospital and Marie-Victorin College are not affected. Reference {p.digits(9)}.

{p.filler("closing")}"""


@builder("b", "guide", lang="en", clean=True)
def help_page_english(p: Pen) -> str:
    return f"""How to renew your card

1. Have your card at hand (four letters and eight digits).
2. Go to the Jean-Talon service point or call {p.service_line()}.
3. {p.filler("process")} {p.filler("traps")}

Opening hours: Monday to Wednesday, 8:30 a.m. to 4:30 p.m. {p.filler("closing")} Page version 2.1.0.{p.number(1, 9)}; last updated {p.date()}."""


@builder("a", "consignes", lang="mixed", clean=True)
def glossary_mixed(p: Pen) -> str:
    return f"""Glossaire – Glossary

| Français | English |
|---|---|
| assurance maladie | health insurance |
| permis de conduire | driver's licence |
| arrêt Jordan | Jordan decision |
| maladie de Parkinson | Parkinson's disease |
| pont Jacques-Cartier | Jacques Cartier Bridge |

{p.filler("process")} Translators should keep file numbers such as {p.digits(9)} unchanged. Last update: {p.day():%Y-%m-%d}."""


@builder("b", "communiqué", lang="mixed", clean=True)
def service_notice_mixed(p: Pen) -> str:
    return f"""Interruption de service / Service interruption

{p.filler("tech")} {p.fill("Le point de service de {building} demeure ouvert.")}

The online portal will be unavailable on {p.later():%Y-%m-%d}, from 8 p.m. to midnight. Incident number {p.digits(10)}. We apologize for the inconvenience.

{p.unit()} – {p.mailbox()} – {p.service_line()}"""

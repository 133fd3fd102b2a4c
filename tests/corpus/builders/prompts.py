# ruff: noqa: E501 - a sentence stays on its line
"""What people type into an assistant, and what they say in a chat window."""

from tests.corpus.pen import Pen, builder


@builder("a", "invite")
def prompt_summary(p: Pen) -> str:
    who, other = p.person(), p.person()
    return f"""{p.pick("Résume ce dossier", "Fais-moi un résumé de ce dossier en cinq points", "Rédige une réponse courtoise à partir de ce dossier")} :

{who.any_name()}, {p.pick("NAS", "numéro d'assurance sociale")} {who.sin()}, {p.pick("demeurant au", "domicilié" + who.e + " au", "habitant au")} {who.address()}, {p.pick("conteste la décision", "demande un délai", "réclame un remboursement")} du {p.date()}. {p.filler("finance", 1, 2)} {other.titled()} agit comme {p.pick("mandataire", "procureur", "personne-ressource")} (tél. {other.phone()}). {p.filler("legal")}"""


@builder("b", "invite")
def prompt_letter_request(p: Pen) -> str:
    who = p.person()
    return f"""{p.pick("Écris", "Rédige", "Prépare")} une lettre à {who.titled()} pour {p.pick("l'informer que sa demande est acceptée", "lui demander les pièces manquantes", "confirmer son rendez-vous du " + p.deadline())}. {p.pick("Ton courtois, une page au plus.", "Utilise un langage simple.", "Vouvoie la personne.")} {p.pick("Adresse", "Son adresse")} : {who.address()}. {p.pick(f"Carte de crédit au dossier : {who.card()}.", f"Paiement reçu par la carte {who.card()}.", f"Courriel : {who.email()}.")} {p.filler("closing")}"""


@builder("a", "clavardage", styles=("as-is", "unaccented"))
def chat_informal(p: Pen) -> str:
    who = p.person()
    return f"""{p.pick("allo", "bonjour", "salut")} jai un probleme avec mon dossier clicsequr
{p.pick("moi cest", "mon nom cest", "je mappelle")} {who.lower()} pis {p.pick("jhabite", "je reste")} a {p.pick("montreal", "sherbrooke", "quebec")} au {who.street().lower()}
mon tel {who.phone()} {p.pick("appelez moi", "vous pouvez texter", "rappeler svp")}
{p.pick("ma date de naissance", "ma ddn", "je suis ne" + who.e + " le")} {who.birth(p.pick("slash", "iso"))}
{p.pick("je comprend pas pk ca marche pas", "ca bug depuis hier", "jai essaye 3 fois")}"""


@builder("b", "clavardage", styles=("plain", "as-is"))
def chat_transcript(p: Pen) -> str:
    who, agent = p.person(), p.person()
    at = p.hours(7)
    return f"""[{at[0]}] {agent.given()} (agent) : Bonjour! Je m'appelle {agent.given()}. Comment puis-je vous aider?
[{at[1]}] Visiteur : Je veux {p.pick("modifier mon adresse", "savoir où en est ma demande", "annuler un paiement")}.
[{at[2]}] {agent.given()} (agent) : Bien sûr. Votre nom complet et votre numéro {p.pick("de permis de conduire", "de permis")}, s'il vous plaît?
[{at[3]}] Visiteur : {who.full()}, {who.licence()}
[{at[4]}] {agent.given()} (agent) : Merci, {who.civility} {who.surname()}. Quelle est la nouvelle adresse?
[{at[5]}] Visiteur : {who.address()}
[{at[6]}] {agent.given()} (agent) : C'est noté. {p.filler("process")}"""


@builder("a", "invite", clean=True)
def prompt_general(p: Pen) -> str:
    return p.pick(
        f"Explique-moi {p.method()} en termes simples, puis donne trois exemples tirés du secteur public. {p.filler('legal')}",
        f"Corrige ce paragraphe : « {p.filler('process', 2, 3)} »",
        f"Traduis en anglais : {p.filler('closing', 2, 3)} {p.filler('municipal')}",
        f"Compare {p.law()} et {p.law()}. Présente les différences dans un tableau de 4 colonnes. {p.filler('legal')}",
        f"Quels sont les délais prévus pour une demande d'accès? Cite les articles pertinents. {p.filler('legal', 1, 2)}",
        f"Rédige un communiqué annonçant la réouverture {p.de(p.building())} le {p.deadline()}. {p.filler('municipal')}",
    )


@builder("b", "invite", clean=True)
def prompt_code(p: Pen) -> str:
    return f"""Voici une fonction Python; trouve l'erreur et propose des essais unitaires.

```python
VERSION = "{p.number(1, 4)}.{p.number(0, 9)}.{p.number(0, 9)}.{p.number(0, 9)}"

def jours_restants(echeance, aujourd_hui):
    # La Direction veut un nombre entier, jamais négatif
    return max(0, (echeance - aujourd_hui).days)

assert jours_restants(date(2026, 12, 1), date(2026, 11, 20)) == 11
```

{p.filler("tech", 1, 2)} {p.filler("traps")} Le ticket est le {p.digits(9)}."""


@builder("a", "invite", lang="en")
def prompt_english(p: Pen) -> str:
    who = p.person()
    return f"""{p.pick("Summarize", "Rewrite in plain language", "Translate into French")}: {who.full()}, born {who.birth("long")}, called from {who.phone()} about a {p.pick("benefit claim", "parking ticket", "school bus problem")}. {p.filler("process")} {p.pick(f"SIN {who.sin()} was confirmed.", f"Credit card on file: {who.card()}.", f"Licence plate: {who.plate()}.")} {p.filler("closing")}"""


@builder("b", "invite", lang="en", clean=True)
def prompt_english_clean(p: Pen) -> str:
    return p.pick(
        f"Explain Vavilov and Dunsmuir to a new employee in 200 words. {p.filler('process')}",
        f"Draft a polite reminder that invoice {p.digits(9)} of {p.amount()} is due on {p.deadline()}. {p.filler('closing')}",
        f"Write a SQL query that counts files by status since {p.date()}. {p.filler('tech', 1, 2)}",
    )


@builder("b", "invite", lang="mixed")
def prompt_translate(p: Pen) -> str:
    who = p.person()
    return f"""Translate to English and keep the names:

{p.pick("Bonjour", "Madame, Monsieur")}, je m'appelle {who.full()} et j'habite au {who.address()}. {p.filler("opening")} Mon numéro de téléphone est le {who.phone()}{p.maybe(f" et mon numéro d'assurance sociale, le {who.sin()}")}. {p.filler("process")}

Use a formal tone, please."""


@builder("a", "invite", lang="mixed", clean=True)
def prompt_mixed_clean(p: Pen) -> str:
    return f"""Please translate this notice into English for the website:

« {p.filler("municipal", 2, 3)} {p.filler("closing")} »

Keep the place names in French (for example {p.namesake()}) and use the Government of Canada style guide, version 1.{p.number(0, 9)}.0.{p.number(1, 9)}."""


@builder("b", "invite", lang="mixed", clean=True)
def prompt_mixed_terms(p: Pen) -> str:
    return f"""Quelle est la différence entre « compliance » et « conformité » dans ce contexte?

The Act respecting Access to documents held by public bodies applies to every public body. {p.filler("legal")} The file number is {p.digits(10)} and the budget is $1,245,300.

Réponds en français, s'il te plaît, en citant l'article 63.5."""


@builder("a", "clavardage", lang="mixed")
def chat_franglais(p: Pen) -> str:
    who = p.person()
    return f"""Agent: Hi, thank you for waiting. How can I help?
Client: Bonjour, sorry my english is not so good. Mon nom c'est {who.full()}.
Agent: No problem! On peut continuer en français. Votre date de naissance?
Client: {who.birth("long")}. And my phone is {who.phone()}.
Agent: Merci. {p.filler("process")} Can you confirm your email address?
Client: {who.email()}, merci."""

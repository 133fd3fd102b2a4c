# ruff: noqa: E501 - a sentence stays on its line
"""E-mails: signatures, quoted threads, capitals, haste."""

from tests.corpus.pen import PROSE, RAW, Pen, builder
from tests.corpus.people import Person
from tests.corpus.typography import wrapped


def signature(p: Pen, who: Person, *, desk: bool = True) -> str:
    lines = [who.full() if p.rng.random() < 0.8 else who.formal(), p.title(who).capitalize(), p.unit()]
    if desk:
        lines.append(p.pick("Tél. : ", "Téléphone : ", "T ", "☎ ") + who.desk())
    if p.rng.random() < 0.7:
        lines.append(who.work_email())
    if p.rng.random() < 0.4:
        lines.append(
            p.pick(
                "Avis de confidentialité : ce courriel est destiné uniquement à la personne à qui il est adressé.",
                "Pensez à l'environnement avant d'imprimer ce courriel.",
                "Devez-vous vraiment imprimer ce courriel?",
            )
        )
    return "\n".join(lines)


@builder("a", "courriel")
def email_simple(p: Pen) -> str:
    a, b, about = p.person(), p.person(), p.person()
    return f"""De : {a.full()} <{a.work_email()}>
À : {b.full()} <{b.work_email()}>
Objet : {p.pick("Dossier", "Suivi", "Question", "Urgent :")} {p.reference()}
Date : {p.date()} {p.hour()}

Bonjour {b.given()},

{p.pick("Peux-tu", "Pourrais-tu", "Est-ce possible de")} {p.pick("vérifier", "regarder", "valider")} le dossier de {about.titled()}? {p.filler("process")}
{p.pick(f"{about.il.capitalize()} m'a rappelé ce matin du {about.phone()}.", f"Son NAM est {about.nam()}.", f"Son adresse a changé : {about.address()}.", f"Voici son NAS : {about.sin()}.")} {p.maybe(p.filler("closing"))}

{p.pick("Merci!", "Merci beaucoup,", "Bonne journée,", "Au plaisir,")}

{signature(p, a)}"""


@builder("b", "courriel", styles=RAW)
def email_thread(p: Pen) -> str:
    a, b, about = p.person(), p.person(), p.person()
    first = wrapped(
        f"Bonjour {a.given()}, je vous transmets les coordonnées de {about.titled()} : {about.email()}, {about.phone()}. "
        f"{about.il.capitalize()} demeure au {about.address()}. {p.filler('process')}",
        70,
        inside=False,
        prefix="> ",
    )
    older = wrapped(f"{p.filler('opening')} {p.filler('legal')}", 66, prefix=">> ")
    return f"""Parfait, merci {b.given()}.

J'ajoute au dossier {p.reference()} {p.pick("que sa date de naissance est le", f"qu'{about.il} est né{about.e} le")} {about.birth("long")}. {p.filler("process")}

{a.given()}

Le {p.date(30)} à {p.hour()}, {b.full()} <{b.work_email()}> a écrit :
{first}
>
{older}"""


@builder("a", "courriel", styles=("capitals",))
def email_capitals(p: Pen) -> str:
    who = p.person()
    return f"""BONJOUR,

JE VEUX SAVOIR POURQUOI MON CHÈQUE N'EST PAS ENTRÉ. {p.pick("ÇA FAIT TROIS SEMAINES QUE J'ATTENDS", "PERSONNE NE ME RAPPELLE", "C'EST LA TROISIÈME FOIS QUE J'ÉCRIS")}.
MON NOM EST {who.full()}, {p.pick("NAS", "MON NAS EST LE", "NO ASS. SOCIALE")} {who.sin()}, {p.pick("J'HABITE AU", "MON ADRESSE EST LE")} {who.address()}.
RAPPELEZ-MOI AU {who.phone()} {p.pick("AVANT MIDI", "LE PLUS VITE POSSIBLE", "SVP")}.

{p.filler("finance")}

{who.full()}"""


@builder("b", "courriel", styles=("unaccented", "as-is"))
def email_hurried(p: Pen) -> str:
    who, child = p.person(), p.child()
    return f"""allo,

desole de vous deranger encore. {p.pick("je suis le pere" if who.sex == "M" else "je suis la mere", "c'est le papa" if who.sex == "M" else "c'est la maman")} {p.of(child.lower())} {p.pick("en 3e annee", "en secondaire 2", "du groupe 42")}, son code permanent c'est {child.permanent_code()}. {p.pick("elle" if child.sex == "F" else "il")} va etre absent{child.e} demain parce qu'{child.il} a un rendez-vous.

si ya un probleme vous pouvez m'appeler {who.phone()} ou m'ecrire a {who.email().lower()}
merci
{who.lower()}"""


@builder("a", "courriel", clean=True)
def email_all_staff(p: Pen) -> str:
    return f"""De : Direction des communications <{p.mailbox()}>
À : Tout le personnel
Objet : {p.pick("Infolettre", "Note de service", "Rappel")} – {p.date()}

Bonjour à toutes et à tous,

{p.filler("hr", 2, 3)} {p.filler("tech", 1, 2)} {p.filler("traps")}

{p.fill("La cafétéria de {building} sera fermée le {deadline}. Le stationnement de {building} demeure ouvert.")}

{p.pick("Bonne semaine,", "Merci et bonne journée,", "Au plaisir de vous y voir,")}

La Direction des ressources humaines
{p.office()}
Téléphone : {p.service_line()}"""


@builder("b", "courriel", clean=True, styles=RAW)
def email_automatic_reply(p: Pen) -> str:
    return f"""From: {p.mailbox()}
Subject: =?UTF-8?Q?R=C3=A9ponse_automatique?=
Message-ID: <{p.digits(12)}.{p.digits(5)}@mx.exemple.quebec>
X-Mailer: Outlook 16.0.14326.20454

Ceci est une réponse automatique. Votre message a bien été reçu et porte le numéro {p.digits(9)}. {p.filler("closing", 1, 2)}

Nos bureaux sont ouverts du lundi au vendredi, de 8 h 30 à 12 h et de 13 h à 16 h 30. En cas d'urgence, composez le 911; pour Info-Santé, le 811.

{p.unit()}
{p.office()}"""


@builder("b", "courriel", lang="mixed")
def email_bilingual_thread(p: Pen) -> str:
    a, b, about = p.person(), p.person(), p.person()
    return f"""Hi {b.given()},

Could you please look at the file of {about.full()}? {p.pick(f"Her DOB is {about.birth('iso')}." if about.sex == "F" else f"His DOB is {about.birth('iso')}.", f"The phone number on file is {about.phone()}.")}

Thanks,
{a.given()}

-----Message d'origine-----
De : {b.full()} <{b.work_email()}>
Envoyé : {p.date(20)} {p.hour()}
À : {a.full()}
Objet : TR : dossier {p.reference()}

Bonjour,

{p.filler("opening")} {about.titled()} {p.pick("réside au", "habite au", "demeure au")} {about.address()} et peut être joint{about.e} au {about.phone()}. {p.filler("process")}

{signature(p, b)}"""


@builder("b", "courriel", lang="en", styles=PROSE)
def email_english(p: Pen) -> str:
    a, b, about = p.person(), p.person(), p.person()
    return f"""From: {a.full()} <{a.email()}>
To: {b.full()} <{b.work_email()}>
Subject: {p.pick("Follow-up", "Question about my file", "Change of address")}

Hello {b.given()},

My name is {a.full()} and I have {p.pick("moved", "changed address")}. My new address is {a.address()} and my {p.pick("cell", "phone number")} is {a.phone()}. {p.pick(f"My husband's name is {about.full()}.", f"My driver's licence is {a.licence()}.", f"My health card (RAMQ) number is {a.nam()}.")}

{p.filler("process")} {p.filler("closing")}

{p.pick("Best regards,", "Thank you,", "Regards,")}
{a.given()}"""

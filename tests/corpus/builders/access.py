# ruff: noqa: E501 - a sentence stays on its line
"""Access to information, privacy, complaints to an ombudsman; immigration services."""

from tests.corpus.marks import dumps
from tests.corpus.pen import RAW, Pen, builder


@builder("a", "demande d'accès")
def access_request(p: Pen) -> str:
    who, other = p.person(), p.person()
    return f"""DEMANDE D'ACCÈS À DES DOCUMENTS
À l'attention de la personne responsable de l'accès, {p.office()}

{p.pick("Je désire obtenir copie", "Auriez-vous l'obligeance de me transmettre copie", "Je demande l'accès")} {p.pick("de mon dossier complet", "du dossier médical de mon père, feu " + other.full() + ",", "des échanges de courriels me concernant")} pour la période {p.period()}. {p.filler("legal")}

Mes coordonnées :
{who.full()}
{who.address(chr(10))}
{who.email()} / {who.phone()}

{p.pick(f"Pour fins d'identification : né{who.e} le {who.birth('long')}.", f"Pièce jointe : copie de mon passeport ({who.passport()}).", f"N° d'assurance maladie : {who.nam()}.")}"""


@builder("b", "réponse")
def access_reply(p: Pen) -> str:
    who, officer = p.person(), p.person()
    return f"""PAR COURRIEL ({who.email()})

Objet : Votre demande d'accès n° {p.digits(5)}

{who.madame} {who.surname()},

{p.filler("opening")} {p.filler("legal", 1, 2)} Certains renseignements ont été caviardés en vertu des articles 53, 54 et 59.

{p.pick("Nous avons repéré 42 pages.", "Aucun document n'a été repéré.", "Le dossier compte 318 pages.")} {p.fill("Vous pouvez demander la révision de cette décision à la Commission d'accès à l'information, {office}.")}

{officer.full()}
Responsable de l'accès aux documents"""


@builder("a", "incident")
def incident_entry(p: Pen) -> str:
    who, other, agent = p.person(), p.person(), p.person()
    return f"""REGISTRE DES INCIDENTS DE CONFIDENTIALITÉ – entrée {p.number(2025, 2026)}-{p.digits(3)}
Renseignements visés : nom, NAS, date de naissance
Circonstances : le {p.date(90)}, une lettre destinée à {who.titled()} ({who.address()}) a été remise à {other.titled()}, {p.pick("au", "qui habite le")} {other.street()}. Elle contenait le NAS {who.sin()} et la date de naissance du client, {who.birth("iso")}.
Prise de connaissance : appel {p.of(other.full())} ({other.phone()}).
Mesures : {p.pick("la lettre a été récupérée", "la personne a détruit la lettre", "un avis a été transmis")} par {agent.full()}. {p.filler("legal")}
Risque de préjudice sérieux : {p.pick("oui", "non")}; avis à la CAI le {p.date(30)}."""


@builder("b", "plainte")
def ombudsman_complaint(p: Pen) -> str:
    who, agent = p.person(), p.person()
    return f"""Formulaire de plainte en ligne
Prénom *  {who.given()}
Nom *  {who.surname()}
Courriel *  {who.email()}
Téléphone  {who.phone()}
Organisme visé *  {p.body()}
Décrivez la situation *
{p.pick("Bonjour, je", "Je")} tente depuis des mois de corriger une erreur dans mon dossier {p.reference()}. {p.filler("finance")} L'agent{agent.e} {agent.full()} m'a dit que {p.pick("rien ne pouvait être fait", "mon dossier était fermé", "la décision était finale")}. Je vis avec {p.pick("ma mère malade", "mes deux enfants", "un handicap")} au {who.address()} et je n'ai plus les moyens d'attendre.
Résultat attendu  {p.pick("des excuses écrites", "une révision du dossier", "le remboursement complet")}"""


@builder("a", "immigration")
def francisation_note(p: Pen) -> str:
    who, teacher = p.person(), p.person()
    return f"""Francisation Québec – note au dossier
{who.any_name()} (IUC {who.immigration()}), arrivé{who.e} le {p.date(900)} muni{who.e} du passeport {who.passport()}. {who.il.capitalize()} demeure chez {p.person().full()}, {who.address()}. Niveau oral : {p.number(2, 7)}; niveau écrit : {p.number(1, 6)}.

{p.pick("Horaire demandé : soir", "A besoin d'une place en garderie", "Préfère les cours en ligne")}. Joint{who.e} au {who.phone()}. {p.filler("process")}
Enseignant{teacher.e} : {teacher.full()}"""


@builder("b", "courriel")
def immigration_email(p: Pen) -> str:
    who, lawyer = p.person(), p.person()
    return f"""Bonjour,

Je représente {who.titled()} dans sa demande {p.pick("de résidence permanente", "d'asile", "de permis de travail")}. Voici les renseignements demandés :

- Nom complet : {who.full()}
- Date de naissance : {who.birth()}
- UCI : {who.immigration()}
- Passeport : {who.passport()}
- Adresse au Québec : {who.address()}

{p.filler("legal")} {p.filler("closing")}

Me {lawyer.full()}
{lawyer.email()} – {lawyer.phone()}"""


@builder("a", "json", styles=RAW)
def web_form_json(p: Pen) -> str:
    who = p.person()
    return dumps(
        {
            "formulaire": "nous-joindre",
            "recu": f"{p.day():%Y-%m-%d}",
            "champs": [
                {"etiquette": "Nom complet", "valeur": who.full()},
                {"etiquette": "Courriel", "valeur": who.email()},
                {
                    "etiquette": "Message",
                    "valeur": f"Bonjour,\n\n{p.filler('opening')} Mon numéro de permis de conduire est le {who.licence()} et j'habite au {who.address()}.\n\nMerci,\n{who.given()}",
                },
            ],
            "jeton": f"{p.rng.getrandbits(96):024x}",
            "ip": who.ip(),
        },
        ascii_only=p.rng.random() < 0.6,
        indent=p.pick(None, 2),
    )


@builder("b", "statistiques", clean=True)
def access_statistics(p: Pen) -> str:
    rows = "\n".join(
        f"{year}-{year + 1} | {p.number(200, 999)} | {p.number(50, 99)} % | {p.number(5, 30)},{p.number(0, 9)} jours"
        for year in range(2020, 2026)
    )
    return f"""Demandes d'accès traitées

Exercice | Demandes | Acceptées | Délai moyen
{rows}

{p.filler("legal", 1, 2)} {p.filler("traps")} {p.fill("Les données proviennent de {body}; rapport {ref}, ISBN 978-2-550-91234-7.")}"""


@builder("a", "guide", clean=True)
def privacy_guide(p: Pen) -> str:
    return f"""GUIDE – {p.pick("Évaluation des facteurs relatifs à la vie privée", "Gestion des incidents de confidentialité", "Conservation et destruction")}

1. Quand faut-il l'utiliser?
{p.filler("legal", 1, 2)}
2. Qu'est-ce qu'un renseignement personnel?
Par exemple : le nom, l'adresse, le numéro d'assurance sociale (9 chiffres), le numéro d'assurance maladie (4 lettres et 8 chiffres), la date de naissance.
{p.filler("traps", 1, 2)}
3. À qui s'adresser?
{p.fill("{unit}, {office}, {box}.")}

{p.filler("process")} Version {p.number(1, 5)}.{p.number(0, 9)}.{p.number(0, 9)}.{p.number(0, 9)}, dossier {p.digits(10)}."""


@builder("a", "immigration", lang="mixed")
def immigration_mixed(p: Pen) -> str:
    who = p.person()
    return f"""Please find attached my documents / Veuillez trouver ci-joint mes documents.

Je m'appelle {who.full()}, my UCI is {who.immigration()} and my passport number is {who.passport()}. J'habite maintenant au {who.address()}. I was born on {who.birth("iso")}. {p.filler("process")}

Best regards / Cordialement,
{who.full()}
{who.phone()}"""

# ruff: noqa: E501 - a sentence stays on its line
"""Cards, lists, invitations, claims, papers lost and found; and text where French and English meet."""

from tests.corpus import identifiers
from tests.corpus.marks import bare, mark
from tests.corpus.pen import RAW, Pen, builder


@builder("a", "carte de visite", styles=RAW)
def vcard(p: Pen) -> str:
    who = p.person()
    return f"""BEGIN:VCARD
VERSION:3.0
FN:{who.full()}
ORG:{p.unit()}
TITLE:{p.title(who)}
TEL;TYPE=CELL:{who.phone()}
EMAIL;TYPE=HOME:{who.email()}
UID:{p.rng.getrandbits(32):08x}-{p.rng.getrandbits(16):04x}-4{p.rng.getrandbits(12):03x}-a{p.rng.getrandbits(12):03x}-{p.rng.getrandbits(48):012x}
REV:{p.day():%Y%m%d}T{p.digits(6)}Z
END:VCARD"""


@builder("b", "invitation", styles=RAW)
def calendar_invite(p: Pen) -> str:
    a, b, about = p.person(), p.person(), p.person()
    return f"""BEGIN:VEVENT
UID:{p.digits(12)}@agenda.exemple.quebec
DTSTART;TZID=America/Toronto:{p.later():%Y%m%d}T{p.number(10, 16)}0000
ORGANIZER;CN={a.full()}:mailto:{a.work_email()}
ATTENDEE;CN={b.full()}:mailto:{b.work_email()}
SUMMARY:Rencontre – dossier de {about.titled()}
LOCATION:Salle {p.number(1, 9)}.{p.number(10, 40)}\\, {p.building()}
DESCRIPTION:{p.filler("process")}
END:VEVENT"""


@builder("a", "liste de présences")
def attendance(p: Pen) -> str:
    people = [p.person() for _ in range(p.number(5, 9))]
    half = len(people) // 2
    return f"""{p.pick("Comité de parents", "Comité des usagers", "Conseil d'établissement")} – réunion du {p.date(90)}

Présents : {", ".join(who.full() for who in people[:half])}
Absents : {", ".join(who.initial() for who in people[half:])}

1. Ouverture à {p.hour()} par {people[0].given()}, qui souhaite la bienvenue.
2. {people[1].surname()} présente le bilan. {p.filler("school")}
3. Varia : {people[-1].titled()} a demandé un suivi par écrit. {p.filler("process")}"""


@builder("b", "formulaire")
def travel_claim(p: Pen) -> str:
    who, boss = p.person(), p.person()
    return f"""RÉCLAMATION DE FRAIS DE DÉPLACEMENT HORS QUÉBEC
Employé{who.e} : {who.any_name()}        N° d'employé : {p.digits(6)}
Passeport utilisé : {who.passport()} (échéance {p.later():%Y-%m})
Mission : {p.pick("Paris", "Bruxelles", "Dakar", "Tunis")}, {p.period()}

Hébergement : {p.amount(200, 1500)}
Repas : {p.amount(50, 600)}
Taxi (3 reçus) : {p.amount(30, 200)}
Remboursement au compte {who.account()} – {p.pick("Desjardins", "Banque Nationale", "Tangerine")}

{p.filler("finance")}
Approuvé par : {boss.full()}, le {p.date(20)}"""


@builder("a", "déclaration")
def lost_papers(p: Pen) -> str:
    who, finder = p.person(), p.person()
    return f"""DÉCLARATION DE PERTE DE DOCUMENTS

Je, {who.full()}, né{who.e} le {who.birth("long")}, déclare avoir perdu le {p.date(40)}, près {p.de(p.building())}, un portefeuille qui contenait :
– mon passeport canadien n° {who.passport()};
– mon permis de conduire ({who.licence()});
– ma carte d'assurance maladie, NAM {who.nam()};
– {p.pick(f"une carte de crédit se terminant par 4 chiffres inconnus, dont le numéro complet est {who.card()}", f"ma carte d'assurance sociale ({who.sin()})")}.

{p.filler("process")} La personne qui l'a trouvé, {finder.titled()}, a appelé du {finder.phone()}."""


@builder("b", "lettre")
def embassy_letter(p: Pen) -> str:
    who, child, agent = p.person(), p.child(), p.person()
    return f"""Objet : Parrainage {p.of(child.full())} (IUC {child.immigration()})

{p.pick("Madame, Monsieur,", "Bonjour,")}

Je confirme que l'enfant {child.given()}, titulaire du passeport {child.passport()} et né{child.e} le {child.birth("long")}, habitera avec moi au {who.address()}. {p.filler("legal")} Mon propre identifiant est le {who.immigration()}.

L'agent{agent.e} {agent.surname()} m'a demandé de joindre une preuve de revenu. {p.filler("finance")}

{who.full()}
{who.phone()}"""


@builder("a", "chèque", styles=("as-is", "plain", "ocr"))
def void_cheque(p: Pen) -> str:
    who = p.person()
    transit, institution, account = identifiers.bank_parts(p.rng)
    return f"""SPÉCIMEN                                   No {p.digits(3)}
{who.full()}
{who.address(chr(10))}

Payez à l'ordre de ______________________  $ ________
Caisse Desjardins {p.pick("de Limoilou", "du Cœur-de-l'Île", "de la Baie")}
Mémo ____________   Signature ________________
⑆{mark("BANK_ACCOUNT", f"{transit}⑉{institution}⑆ {account}")}⑈

{p.filler("finance")}"""


@builder("b", "courriel")
def bank_change(p: Pen) -> str:
    who, staff = p.person(), p.person()
    transit, _, account = identifiers.bank_parts(p.rng)
    return f"""Bonjour {staff.given()},

J'ai changé de {p.pick("caisse", "banque")}. {p.pick("Peux-tu modifier mon dépôt de paie?", "Merci de mettre mon dossier à jour.")} Nouveau compte chez {p.pick("Desjardins", "la Banque Nationale", "Scotia")} : transit {mark("BANK_ACCOUNT", transit)}, {p.pick("folio", "compte", "no de compte")} {mark("BANK_ACCOUNT", account)}. L'ancien était le {who.account()}.

{p.filler("hr")}

{who.full()} ({p.pick("matricule", "employé")} {p.digits(6)})
{who.phone()}"""


@builder("a", "relevé", styles=RAW)
def pay_slip(p: Pen) -> str:
    who = p.person()
    return f"""BULLETIN DE PAIE             Période : {p.day():%Y-%m-%d}
{who.reversed()}            Matricule {p.digits(6)}
Salaire brut     2 {p.digits(3)},{p.digits(2)}
Impôt fédéral      {p.digits(3)},{p.digits(2)}
Impôt provincial   {p.digits(3)},{p.digits(2)}
RRQ                {p.digits(3)},{p.digits(2)}
RQAP                {p.digits(2)},{p.digits(2)}
Net              1 {p.digits(3)},{p.digits(2)}
Déposé : {who.account()}
NAS : {who.sin()}"""


@builder("b", "transcription")
def licence_call(p: Pen) -> str:
    who, agent, buyer = p.person(), p.person(), p.person()
    return f"""Préposé{agent.e} : Société de l'assurance automobile, {agent.given()}.
Client : Bonjour, {agent.given()}. J'ai vendu mon auto, mais la plaque {who.plate()} est encore à mon nom.
— D'accord. Votre numéro de permis?
— {p.pick("Oui, c'est", "Alors c'est")} {who.licence()}.
— Et votre adresse, c'est toujours {who.address()}?
— Non, j'ai déménagé au {who.street()}.
— C'est noté, {who.madame.lower()} {who.surname()}. Le nom de l'acheteur?
— {buyer.full()}, {p.kin(buyer, "un ami/une amie", "un collègue/une collègue", "un voisin/une voisine")}.
— {p.filler("process")}"""


@builder("a", "note")
def home_care_route(p: Pen) -> str:
    stops = "\n".join(
        f"{at} – {who.titled()}, {who.street()}{p.pick(', code de porte à demander', ', sonner deux fois', '')} ({p.pick('pansement', 'glycémie', 'aide au bain', 'prise de sang')}) {who.phone()}"
        for at, who in zip(p.hours(4), [p.person() for _ in range(4)], strict=True)
    )
    return f"""Tournée de soins à domicile, {p.date(15)}
Infirmière : {p.person(sex="F").full()}

{stops}

{p.filler("health")}"""


@builder("b", "avis de décès")
def estate_notice(p: Pen) -> str:
    who, heir, notary = p.person(youngest=60), p.person(), p.person()
    return f"""AVIS DE CLÔTURE D'INVENTAIRE

Avis est donné que, à la suite du décès {p.of(who.full())}, en son vivant domicilié{who.e} au {who.address()}, survenu le {p.date(300)}, un inventaire des biens a été fait par {heir.full()}, chargé{heir.e} de la liquidation. L'inventaire peut être consulté à l'étude de Me {notary.full()}, notaire, {p.office()}.

{p.filler("legal")}
Dossier {p.digits(9)}"""


@builder("a", "enquête")
def youth_protection(p: Pen) -> str:
    child, mother, worker = p.child(), p.person(sex="F", youngest=25, oldest=50), p.person()
    return f"""DPJ – Évaluation du signalement (confidentiel)

L'enfant {child.given()}, {child.age} ans, a été rencontré{child.e} à l'école. {child.il.capitalize()} dit que « maman crie souvent ». La mère, {mother.full()}, {p.pick("reconnaît les faits", "nie les faits", "demande de l'aide")}; le père, {p.person(sex="M").full()}, n'a pu être joint au {mother.phone()}. Le grand-père maternel, monsieur {mother.surname()}, offre d'héberger {child.given()} au {mother.address()}.

{p.filler("justice")} {p.filler("health")}

Code permanent : {child.permanent_code()}
Intervenant{worker.e} : {worker.full()}"""


@builder("b", "sondage", styles=RAW)
def survey_tsv(p: Pen) -> str:
    lines = ["repondant\tcourriel\tcommentaire\tip"]
    for _ in range(p.number(3, 6)):
        who = p.person()
        comment = p.pick(
            f"Merci à {p.person().given()} du comptoir 3, service impeccable",
            "Trop long au téléphone, 55 minutes d'attente",
            f"Je m'appelle {who.full()} et personne ne me rappelle au {who.phone()}",
            "Le formulaire V-3201 n'est pas clair",
        )
        lines.append(f"R{p.digits(5)}\t{who.email()}\t{comment}\t{who.ip()}")
    return "\n".join(lines)


@builder("a", "courriel", lang="mixed")
def tenant_mixed(p: Pen) -> str:
    who, other, copied = p.person(), p.person(), p.person()
    return f"""Bonjour {other.given()},

J'ai bien reçu votre message. Here is the information you wanted about the tenant: {who.full()}, {who.address()}, cell {who.phone()}. Son bail se termine le 30 juin et {who.il} n'a pas payé {p.amount(500, 1500)}.

{p.filler("justice")} Let me know if you need anything else!

cc: {copied.full()} <{copied.email()}>"""


@builder("b", "note clinique", lang="mixed")
def clinic_mixed(p: Pen) -> str:
    who, doctor = p.person(), p.person()
    return f"""Pt: {who.reversed()} / NAM {who.nam()} / DDN {who.birth("iso")}
CC: {p.pick("chest pain x 2 days", "SOB on exertion", "low back pain")}. Patient anglophone, conjoint francophone. {p.filler("health", 1, 2)}
Plan: ECG today, f/u avec {doctor.doctor} {doctor.surname()} in 2 weeks. Rappeler au {who.phone()}.
{p.filler("health")}"""


@builder("a", "clavardage", lang="mixed", styles=("as-is",))
def helpdesk_mixed(p: Pen) -> str:
    who, agent = p.person(), p.person()
    return f"""{agent.given()}: Welcome to the help desk / Bienvenue au centre d'aide.
{who.given()}: hi, je suis locked out de mon compte {who.work_email()}
{agent.given()}: Can I have your full name and phone, s'il vous plaît?
{who.given()}: {who.full()}, {who.phone()}
{agent.given()}: Merci. Your temporary password is {p.secret(identifiers.password(p.rng))}
{who.given()}: merci! {p.pick("ça marche", "it works now", "un instant…")}"""


@builder("b", "lettre", lang="mixed")
def certificate_mixed(p: Pen) -> str:
    who, head = p.person(), p.person()
    return f"""ATTESTATION / CERTIFICATE

La présente atteste que / This is to certify that
{who.capitals()}
né{who.e} le / born on {who.birth("iso")}, code permanent {who.permanent_code()}
a réussi le programme / has completed the program « Techniques de bureau ».

{p.filler("school")} The official transcript bears number {p.digits(9)}.

{head.full()}, registraire / Registrar
{head.work_email("cegep-exemple.qc.ca")}"""


@builder("a", "formulaire", lang="mixed")
def bilingual_form(p: Pen) -> str:
    who = p.person()
    return f"""Nom / Name: {who.surname()}
Prénom / Given name: {who.given()}
Date de naissance / Date of birth: {who.birth("iso")}
NAS / SIN: {who.sin()}
Adresse / Address: {who.address()}
Téléphone / Telephone: {who.phone()}
Plaque / Licence plate: {who.plate()}

{p.filler("process")} Allow 20 business days."""


@builder("b", "courriel", lang="en")
def plate_english(p: Pen) -> str:
    who, other = p.person(), p.person()
    return f"""Good morning,

On {p.date(40)} a grey Honda with plate {other.plate()} hit my car on Jean-Talon Street. The driver, {other.full()}, gave me the licence number {other.licence()} and the phone number {other.phone()}. {p.filler("process")}

I live at {who.address()} and you can reach me at {who.email()}.

{who.full()}"""


@builder("a", "note", lang="en")
def case_note_english(p: Pen) -> str:
    who, kin, worker = p.person(), p.person(), p.person()
    return f"""Case note - {p.date(40)}

Met with {who.civility} {who.surname()} at home ({who.street()}). {who.il.capitalize()} lives with {p.kin(kin, "a brother/a sister", "a son/a daughter")}, {kin.full()}, and receives {p.amount(600, 1800)} a month. {who.given()}'s health card ({who.nam()}) expires soon. {p.filler("health")}

Next visit {p.deadline()}. Copy to {worker.full()}, social worker. {p.filler("process")}"""


@builder("b", "transcription", lang="en")
def immigration_call_english(p: Pen) -> str:
    who, agent = p.person(), p.person()
    return f"""Officer: Good afternoon, {agent.given()} speaking. May I have your client number?
Caller: Sure, my UCI is {who.immigration()}.
Officer: And your full name?
Caller: {who.full()}.
Officer: Which passport will you be travelling with?
Caller: Passport number {who.passport()}.
Officer: Thank you, {who.civility} {who.surname()}. {p.filler("process")} Your file number is {p.digits(9)}."""


@builder("a", "courriel")
def pronouns_email(p: Pen) -> str:
    who, boss, other = p.person(), p.person(), p.person()
    first = bare(who.given())
    return f"""Objet : Absence {p.of(who.full())}

Bonjour à tous,

{who.given()} sera en congé {p.period()}. Pour les dossiers urgents, écrivez à {other.full()} ({other.work_email()}) ou appelez au {other.desk()}. {p.filler("hr")}

{p.pick(f"Les parents de {mark('PERSON', first)} vous remercient pour vos fleurs.", f"On souhaite un bon repos à {mark('PERSON', first)}!")} {p.filler("process")}

{boss.initial()}"""

# ruff: noqa: E501 - a sentence stays on its line
"""Health and social services: progress notes, referrals, telephone triage."""

from tests.corpus.pen import Pen, builder


@builder("a", "note clinique")
def health_progress_note(p: Pen) -> str:
    who, doctor, kin = p.person(youngest=20), p.person(), p.person()
    return f"""NOTE D'ÉVOLUTION – {p.date(60)}, {p.hour()}
Usager : {who.reversed()}   NAM : {who.nam()}   DDN : {who.birth("iso")}

S : {who.civility} {who.surname()} rapporte {p.pick("une douleur lombaire depuis deux semaines", "dormir mal depuis son congé", "des étourdissements au lever", "une toux persistante")}. {p.kin(kin)}, {kin.full()} ({kin.phone()}), confirme.
O : {p.filler("health", 1, 3)}
A : {p.pick("Lombalgie mécanique", "Insomnie réactionnelle", "Hypotension orthostatique", "Bronchite")} probable.
P : {p.filler("health", 1, 2)} Discuté avec {p.pick("", "le " if doctor.sex == "M" else "la ")}{doctor.doctor} {doctor.surname()}.

{doctor.initial()}, {p.pick("inf. clin.", "M.D.", "t.s.", "erg.")}, permis {p.digits(5)}"""


@builder("b", "note clinique")
def health_social_note(p: Pen) -> str:
    who, worker, child = p.person(youngest=22, oldest=60), p.person(), p.child()
    return f"""Note d'intervention psychosociale
{p.date(90)} – {p.pick("visite à domicile", "rencontre au bureau", "entretien téléphonique")}

{who.titled()}, {who.age} ans, {p.pick("vit avec " + child.given(), "a la garde partagée " + p.of(child.given()))} (né{child.e} le {child.birth("long")}). {p.pick("La famille a déménagé au", "L'adresse au dossier est le")} {who.address()}. {p.filler("health")}

{p.pick("Forces observées", "Éléments de risque", "Motif de la rencontre")} : {p.pick("réseau familial présent, bonne collaboration", "précarité financière, isolement", "signalement retenu, situation sous surveillance")}. {who.given()} mentionne avoir reçu une lettre {p.de(p.body())} et ne pas la comprendre. {p.filler("process")}

Plan : rappeler {who.madame} au {who.phone()} d'ici le {p.deadline()}; transmettre le résumé à {worker.full()}, {p.title(worker)}.

{p.person().full()}, t.s."""


@builder("a", "référence médicale", styles=("plain", "nbsp", "ocr", "as-is", "wrapped"))
def health_referral(p: Pen) -> str:
    who, doctor, to = p.person(), p.person(), p.person()
    return f"""REQUÊTE DE SERVICES – {p.pick("Cardiologie", "Neurologie", "Imagerie médicale", "Orthopédie")}
De : {doctor.doctor} {doctor.full()}    À : {to.doctor} {to.full()}
Patient : {who.capitals()}
N° dossier : {p.digits(7)}    Ass. maladie : {who.nam()}
Naissance : {who.birth()}    Tél. : {who.phone()}

Raison de consultation : {p.pick("souffle systolique à investiguer", "céphalées récidivantes", "gonalgie droite réfractaire au traitement")}. {p.filler("health", 1, 3)}

{p.fill("Examen demandé à {hospital}.")} Priorité {p.pick("A (72 h)", "B (10 jours)", "C (28 jours)", "D (3 mois)")}."""


@builder("b", "transcription")
def health_triage_call(p: Pen) -> str:
    who, nurse = p.person(), p.person()
    return f"""[Info-Santé 811 – appel du {p.date(30)}, {p.hour()}]
INF. : Info-Santé, {nurse.given()} à l'appareil, comment puis-je vous aider?
APPELANT : Oui bonjour, {p.pick("c'est pour ma mère", "c'est pour moi", "j'appelle pour mon bébé")}, {p.pick("ça fait deux jours que la fièvre monte", "il y a une rougeur qui s'étend", "la douleur est revenue")}.
INF. : D'accord. Votre nom, s'il vous plaît?
APPELANT : {who.full()}.
INF. : Et le numéro d'assurance maladie?
APPELANT : Attendez… {who.nam()}.
INF. : Merci, {who.civility} {who.surname()}. Quelle est votre date de naissance, pour confirmer?
APPELANT : Le {who.birth("long")}.
INF. : Vous appelez bien du {who.phone()}?
APPELANT : Oui, c'est mon cellulaire.
INF. : {p.filler("health")} Si ça empire, composez le 911 ou présentez-vous à l'urgence de l'hôpital le plus proche."""


@builder("a", "note clinique", clean=True)
def health_protocol(p: Pen) -> str:
    return f"""PROTOCOLE – {p.pick("Prévention des chutes", "Administration des vaccins", "Triage à l'urgence", "Hygiène des mains")}
Version {p.number(1, 6)}.{p.number(0, 9)}.{p.number(0, 20)}.{p.number(0, 9)} – en vigueur le {p.date()}

1. {p.filler("health")}
2. {p.fill("Utiliser {scale} à l'arrivée, puis {scale} aux 8 heures.")}
3. {p.filler("health")}
4. {p.fill("En cas de doute, diriger l'usager vers {hospital}.")}

Références : ISBN 978-2-550-{p.digits(5)}-{p.digits(1)}; avis {p.digits(9)} de l'INESSS; {p.law()}.
{p.filler("traps")}
Diffusion : {p.unit()}"""


@builder("b", "note clinique", clean=True)
def health_statistics(p: Pen) -> str:
    rows = "\n".join(
        f"| {place} | {p.number(100, 9999)} | {p.number(1, 48)} h {p.number(10, 59)} | {p.number(60, 140)} % |"
        for place in p.rng.sample(
            [
                "Maisonneuve-Rosemont",
                "Pierre-Boucher",
                "Charles-Le Moyne",
                "Saint-François d'Assise",
                "Sainte-Justine",
                "Hôtel-Dieu de Lévis",
                "Fleury",
                "Jean-Talon",
                "Notre-Dame",
                "Saint-Sacrement",
            ],
            6,
        )
    )
    return f"""Tableau 4 – Fréquentation des urgences, semaine du {p.date()}

| Installation | Visites | Durée moyenne | Occupation |
|---|---:|---:|---:|
{rows}

{p.fill("Source : {body}. Données extraites le {date}.")} {p.filler("health")}"""


@builder("b", "note clinique", lang="en")
def health_english(p: Pen) -> str:
    who, doctor = p.person(), p.person()
    return f"""CONSULTATION NOTE
Patient: {who.reversed()}   DOB: {who.birth("iso")}   RAMQ: {who.nam()}

{who.civility} {who.surname()} is a {who.age}-year-old {p.pick("retired teacher", "truck driver", "nurse", "student")} seen for {p.pick("chest pain", "knee pain", "memory loss", "follow-up")}. {p.filler("health", 1, 3)}

Contact: {who.phone()}; lives at {who.address()}.
Impression discussed with Dr. {doctor.surname()}. {p.filler("health")}

Signed: {doctor.full()}, MD"""


@builder("a", "note clinique", lang="en", clean=True)
def health_english_leaflet(p: Pen) -> str:
    return f"""Before your appointment

Bring your health insurance card and the list of your medications. {p.filler("health", 1, 2)} Parking at Charles-Le Moyne Hospital costs {p.amount(8, 25)} a day. The McGill scale and the Glasgow Coma Scale are explained on page 12.

Call Info-Santé at 811 at any time. {p.filler("closing")} Leaflet number {p.digits(9)}, version 2.0.1.{p.number(1, 9)}."""

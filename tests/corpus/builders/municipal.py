# ruff: noqa: E501 - a sentence stays on its line
"""Town halls: permits, complaints, councils, parking, dogs and snow."""

from tests.corpus.pen import RAW, Pen, builder


@builder("a", "permis")
def building_permit(p: Pen) -> str:
    who, builder_, inspector = p.person(), p.person(), p.person()
    return f"""PERMIS DE {p.pick("CONSTRUCTION", "RÉNOVATION", "DÉMOLITION")} N° {p.number(2025, 2026)}-{p.digits(5)}
Requérant : {who.full()}
Adresse des travaux : {who.street()}
Adresse postale du requérant : {who.address()}
Téléphone : {who.phone()}
Exécutant des travaux : {builder_.full()} (licence RBQ {p.digits(4)}-{p.digits(4)}-01)
Matricule : {p.digits(4)}-{p.digits(2)}-{p.digits(4)}    Lot : {p.number(1, 6)} {p.digits(3)} {p.digits(3)}

{p.filler("municipal", 1, 3)}
Valeur des travaux : {p.amount(5000, 90000)}

{inspector.full()}, {p.pick("inspecteur" if inspector.sex == "M" else "inspectrice")} en bâtiment"""


@builder("b", "plainte")
def neighbour_complaint(p: Pen) -> str:
    who, other = p.person(), p.person()
    return f"""Requête 311 – n° {p.digits(8)}
Reçue le {p.date(40)} à {p.hour()} par {p.pick("téléphone", "courriel", "clavardage")}

{p.pick("La citoyenne" if who.sex == "F" else "Le citoyen")} {who.full()} ({who.phone()}) se plaint {p.pick("du bruit provenant", "de l'entreposage de débris dans la cour", "de branches qui débordent de la cour")} du {other.street()}. Selon {(who.il == "il" and "lui") or "elle"}, {p.kin(other, "le propriétaire/la propriétaire", "le locataire/la locataire")}, {other.titled()}, {p.pick("refuse de discuter", "a reçu deux avis", "serait à l'extérieur jusqu'au printemps")}. {p.filler("municipal")}

Suivi : {p.pick("inspection demandée", "avis de courtoisie remis", "constat à venir")} – {p.filler("municipal")}"""


@builder("a", "procès-verbal")
def council_minutes(p: Pen) -> str:
    mayor, clerk, a, b, citizen = (p.person() for _ in range(5))
    return f"""Procès-verbal de la séance ordinaire du conseil tenue le {p.date()} à 19 h 30, à {p.pick("la salle du conseil", "l'hôtel de ville")}

Sont présents : {mayor.full()}, {p.pick("maire" if mayor.sex == "M" else "mairesse")}; {a.full()} et {b.full()}, {p.pick("conseillers", "membres du conseil")}. Assiste également : {clerk.full()}, {p.pick("greffier" if clerk.sex == "M" else "greffière")}.

2026-{p.digits(3)}  {p.pick("Adoption de l'ordre du jour", "Dérogation mineure", "Octroi du contrat de déneigement")}
Il est proposé par {a.titled()}, appuyé par {b.titled()}, et résolu à l'unanimité d'adopter la résolution. {p.filler("municipal")}

Période de questions
{citizen.titled()}, {p.pick("résident" + citizen.e + " du", "qui habite au")} {citizen.street()}, demande {p.pick("quand la rue sera asphaltée", "si le budget inclut un passage piéton", "pourquoi la collecte a été annulée")}. {p.filler("municipal")}

La séance est levée à {p.number(20, 22)} h {p.number(10, 59)}.
{clerk.formal()}"""


@builder("b", "permis")
def dog_licence(p: Pen) -> str:
    who = p.person()
    return f"""Enregistrement d'un {p.pick("chien", "chat")} – médaille n° {p.digits(5)}
Gardien : {who.reversed()}
Naissance du gardien : {who.birth()}
Adresse : {who.address()}
Cell. : {who.phone()}  Courriel : {who.email()}
Animal : {p.pick("Caramel", "Moka", "Pixel", "Rocky", "Princesse")}, {p.pick("labrador", "croisé", "caniche", "husky")}, {p.number(1, 14)} ans, micropuce {p.digits(15)}
Tarif : {p.amount(20, 60)} – valide jusqu'au {p.deadline()}
{p.filler("municipal")}"""


@builder("a", "courriel")
def parking_permit(p: Pen) -> str:
    who, agent = p.person(), p.person()
    return f"""Bonjour,

Je viens d'emménager au {who.address()} et je voudrais une vignette de stationnement pour la zone {p.number(1, 200)}. Mon auto est une {p.pick("Toyota Corolla", "Kia Soul", "Subaru Forester", "Hyundai Elantra")} {p.number(2010, 2026)}, {p.pick("immatriculée", "plaque", "numéro de plaque")} {who.plate()}. {p.pick(f"Mon permis de conduire est le {who.licence()}.", f"Mon conjoint conduit aussi un véhicule immatriculé {who.plate()}.")} {p.filler("municipal")}

{p.pick("Merci de me rappeler au", "On peut me texter au", "Mon numéro :")} {who.phone()}.

{who.full()}

> Réponse {p.of(agent.given())} : votre demande {p.digits(9)} est en traitement. {p.filler("closing")}"""


@builder("b", "csv", styles=RAW)
def tow_log(p: Pen) -> str:
    lines = ["date;heure;plaque;lieu;proprietaire;telephone;remarque"]
    for at in p.hours(p.number(4, 7)):
        who = p.person()
        lines.append(
            f"{p.day(30):%Y-%m-%d};{at};{who.plate()};{p.road()};{who.full()};{who.phone()};{p.pick('déneigement', 'borne-fontaine', 'zone réservée')}"
        )
    return "\n".join(lines)


@builder("a", "avis public", clean=True)
def public_notice(p: Pen) -> str:
    return f"""AVIS PUBLIC
Règlement {p.number(2024, 2026)}-{p.digits(3)}

{p.fill("Avis est donné que le conseil de {town} étudiera, le {deadline} à {hour}, une demande visant un immeuble situé près de {building}.").replace("conseil de la ville", "conseil de la ville")} {p.filler("municipal", 1, 3)} {p.filler("traps")}

{p.fill("Toute personne intéressée peut consulter le projet au greffe, {office}, ou écrire à {box}.")}
Lot {p.number(1, 6)} {p.digits(3)} {p.digits(3)} du cadastre du Québec; matricule {p.digits(4)}-{p.digits(2)}-{p.digits(4)}.

Le greffier"""


@builder("b", "procès-verbal", clean=True)
def committee_minutes(p: Pen) -> str:
    return f"""COMPTE RENDU – Comité {p.pick("de circulation", "consultatif d'urbanisme", "de sécurité civile", "sur l'environnement")}
Rencontre du {p.date()}, de {p.number(8, 11)} h à {p.number(12, 16)} h

Présences : la Direction générale, le Service de l'urbanisme, le Service des travaux publics, la Sûreté du Québec.

1. {p.pick("Adoption de l'ordre du jour", "Mot de bienvenue")} – Adopté sans modification.
2. {p.fill("Signalisation près de {building} et de {road}")} – {p.filler("municipal")}
3. Suivi du projet Frontenac (contrat {p.digits(10)}) – {p.filler("finance")}
4. Varia – {p.filler("process")} {p.filler("traps")}

Prochaine rencontre : {p.deadline()}, salle Laviolette."""


@builder("b", "plainte", lang="en")
def noise_complaint_english(p: Pen) -> str:
    who, other = p.person(), p.person()
    return f"""311 request no. {p.digits(8)}

Caller {who.full()} ({who.phone()}, {who.email()}) reports {p.pick("loud music", "a barking dog", "construction at night")} at {other.street()}. The tenant is {other.civility} {other.surname()}. {p.filler("process")}

A car with plate {other.plate()} is often parked on the sidewalk. {p.filler("closing")}"""


@builder("a", "avis public", lang="en", clean=True)
def snow_notice_english(p: Pen) -> str:
    return f"""SNOW REMOVAL - Operation {p.number(1, 9)}

Parking is prohibited on Sherbrooke Street, Saint-Denis Street and René-Lévesque Boulevard from 7 p.m. to 7 a.m. {p.filler("process", 1, 2)} {p.filler("traps")} Info-Neige version 5.2.0.{p.number(1, 9)} gives the status of each street.

Towed vehicles: call 311. The Pierre-Charbonneau Centre parking lot is free overnight. {p.filler("closing")}"""


@builder("a", "avis public", lang="mixed", clean=True)
def bilingual_notice(p: Pen) -> str:
    return f"""AVIS D'ÉBULLITION / BOIL WATER ADVISORY

{p.filler("municipal")} {p.fill("Secteur visé : {road}, près de {building}.")}

Residents are asked to boil water for at least one minute. The Saint-Charles pumping station was restarted on {p.day():%Y-%m-%d}. Report {p.digits(9)}.

Renseignements / Information: {p.service_line()} – {p.mailbox()}"""

# ruff: noqa: E501 - a sentence stays on its line
"""Courts, police, inspectors: decisions, reports, statements, rolls."""

from tests.corpus.pen import RAW, Pen, builder


@builder("a", "décision", styles=("nbsp", "plain", "narrow", "wrapped"))
def decision_housing(p: Pen) -> str:
    owner, tenant, member = p.person(), p.person(), p.person()
    return f"""TRIBUNAL ADMINISTRATIF DU LOGEMENT
Bureau de {p.pick("Montréal", "Longueuil", "Gatineau")}
No dossier : {p.digits(6)} 31 {p.digits(8)} G
Date : {p.date()}
Devant {"le juge administratif" if member.sex == "M" else "la juge administrative"} : {member.full()}

{owner.full()}
Locateur – Partie demanderesse
c.
{tenant.full()}
Locataire – Partie défenderesse

D É C I S I O N

[1] Le locateur demande la résiliation du bail et le recouvrement de {p.amount()}.
[2] Il s'agit d'un bail du 1er juillet au 30 juin au loyer mensuel de {p.amount(600, 1900)} visant le logement situé au {tenant.address()}.
[3] {p.filler("justice")} {tenant.titled()} {p.pick("admet devoir le loyer", "conteste le montant réclamé", "n'était pas présent" + tenant.e + " à l'audience")}.
[4] {p.filler("justice", 1, 2)}

POUR CES MOTIFS, LE TRIBUNAL :
CONDAMNE {p.pick("la partie défenderesse", tenant.surname())} à payer {p.amount()} avec les intérêts au taux légal."""


@builder("b", "décision")
def decision_review(p: Pen) -> str:
    who, counsel, member = p.person(), p.person(), p.person()
    return f"""{p.pick("TRIBUNAL ADMINISTRATIF DU QUÉBEC", "TRIBUNAL ADMINISTRATIF DU TRAVAIL")}
Section {p.pick("des affaires sociales", "de la santé et de la sécurité du travail")}

Référence neutre : 2026 QCTA{p.pick("Q", "T")} {p.digits(4)}{p.digits(4)}
Dossier : SAS-M-{p.digits(6)}-{p.digits(4)}

{who.capitals()}, partie requérante
c.
{p.pick("RETRAITE QUÉBEC", "SOCIÉTÉ DE L'ASSURANCE AUTOMOBILE DU QUÉBEC", "COMMISSION DES NORMES, DE L'ÉQUITÉ, DE LA SANTÉ ET DE LA SÉCURITÉ DU TRAVAIL")}, partie intimée

[1] {p.pick("Le requérant" if who.sex == "M" else "La requérante")}, né{who.e} le {who.birth("long")}, conteste la décision en révision rendue le {p.date()}.
[2] {p.filler("legal")} {p.filler("justice")}
[3] {p.pick("Me", "Maître")} {counsel.full()}, qui {p.pick("représente", "assiste")} {who.titled()}, plaide que {p.pick("la preuve médicale est prépondérante", "le délai doit être prolongé", "l'intimée a commis une erreur de droit")}.
[4] {p.filler("justice", 1, 2)}

{member.full()}, j.a.t.a.q."""


@builder("a", "rapport")
def police_report(p: Pen) -> str:
    victim, suspect, witness, officer = p.person(), p.person(), p.person(), p.person()
    return f"""RAPPORT D'ÉVÉNEMENT n° {p.digits(3)}-{p.digits(6)}-{p.digits(3)}
Nature : {p.pick("vol de véhicule", "méfait", "délit de fuite", "introduction par effraction")}
Agent : {officer.full()}, matricule {p.digits(4)}

PLAIGNANT : {victim.reversed()}, né(e) le {victim.birth("iso")}, {victim.address()}, cell. {victim.phone()}
TÉMOIN : {witness.reversed()}, tél. {witness.phone()}
SUSPECT : {suspect.reversed()}, DDN {suspect.birth("iso")}, permis {suspect.licence()}

Vers {p.hour()}, {p.pick("le plaignant" if victim.sex == "M" else "la plaignante")} constate que son véhicule, {p.pick("une Honda Civic grise", "un Ford F-150 noir", "une Mazda 3 rouge")} portant la plaque {victim.plate()}, a été {p.pick("déplacé", "endommagé", "vandalisé")}. {witness.titled()} déclare avoir vu un véhicule portant la plaque {suspect.plate()} quitter les lieux en direction {p.de(p.road())}. {p.filler("justice")}"""


@builder("b", "rapport")
def probation_report(p: Pen) -> str:
    who, agent, kin = p.person(oldest=55), p.person(), p.person()
    return f"""RAPPORT PRÉSENTENCIEL – CONFIDENTIEL
Contrevenant{who.e} : {who.formal()}
Date de naissance : {who.birth()}
N° de dossier judiciaire : {p.digits(3)}-01-{p.digits(6)}-{p.digits(3)}

{p.pick("Historique social", "Situation actuelle")}
{who.titled()} réside au {who.address()} avec {p.kin(kin, "son frère/sa sœur", "son père/sa mère", "son conjoint/sa conjointe").lower()}, {kin.full()}. {p.pick("Sans emploi depuis le printemps", "À l'emploi d'un entrepôt depuis deux ans", "Aux études à temps partiel")}, {who.il} dit {p.pick("regretter ses gestes", "vouloir reprendre sa vie en main", "avoir cessé toute consommation")}. {p.filler("justice")}

Sources consultées : {p.person().full()}, {p.title(p.person(sex="M"))}; plumitif; {p.building()}.
{p.filler("legal")}

{agent.full()}, {p.pick("agent" if agent.sex == "M" else "agente")} de probation, {agent.desk()}"""


@builder("a", "constat")
def ticket_statement(p: Pen) -> str:
    who, officer = p.person(), p.person()
    return f"""CONSTAT D'INFRACTION {p.digits(3)} {p.digits(9)}
Défendeur : {who.capitals()}
{who.address()}
Permis de conduire : {who.licence()}    Plaque : {who.plate()}
Infraction : {p.pick("avoir circulé à 131 km/h dans une zone de 100 km/h", "ne pas s'être immobilisé au feu rouge", "avoir utilisé un appareil muni d'un écran en conduisant")}
Lieu : {p.road()}, à la hauteur {p.de(p.building())}
Article 329 du Code de la sécurité routière. Amende : {p.amount(60, 900)}. Points d'inaptitude : {p.number(1, 6)}.
Remarques de l'agent {officer.surname()} (mat. {p.digits(4)}) : {p.pick("conducteur collaborant", "chaussée sèche, visibilité bonne", "circulation dense")}.

{p.filler("legal")}"""


@builder("b", "tableau", styles=RAW)
def hearing_roll(p: Pen) -> str:
    at = p.hours(6)
    rows = "\n".join(
        f"{at[index]}\t{p.digits(3)}-32-{p.digits(6)}-26{p.number(1, 9)}\t{a.surname()} c. {p.pick(b.surname(), 'Ville de Laval', 'Procureur général du Québec')}\tMe {c.full()}\t{p.pick('Conférence', 'Instruction', 'Remise')}"
        for index, (a, b, c) in enumerate((p.person(), p.person(), p.person()) for _ in range(p.number(3, 6)))
    )
    return f"""RÔLE D'AUDIENCE – {p.pick("Palais de justice de Longueuil", "Palais de justice de Québec")}, salle {p.number(1, 9)}.{p.number(10, 29)}
Heure\tDossier\tParties\tProcureur\tNature
{rows}"""


@builder("a", "transcription")
def police_call(p: Pen) -> str:
    who, other = p.person(), p.person()
    return f"""911, quelle est l'adresse de votre urgence?
— {who.address()}, vite s'il vous plaît.
C'est à {p.pick("l'appartement du haut", "la porte rouge", "côté cour")}? Votre nom?
— {who.full()}. Il y a quelqu'un qui frappe à la porte, c'est {p.kin(other, "mon ex-conjoint/mon ex-conjointe", "mon voisin/ma voisine")}, {other.full()}.
Restez en ligne. Votre numéro est bien le {who.phone()}?
— Oui.
{p.pick("Une patrouille est en route.", "Les policiers arrivent dans quatre minutes.")} {other.given()} est-{other.il} {p.pick("armé", "intoxiqué", "seul")}{other.e}?
— Je ne sais pas. {p.pick("Il" if other.sex == "M" else "Elle")} conduit une auto blanche, la plaque commence par… {other.plate()}."""


@builder("b", "plainte")
def victim_statement(p: Pen) -> str:
    who, other = p.person(), p.person()
    return f"""DÉCLARATION DE LA PERSONNE PLAIGNANTE
Je, soussigné{who.e}, {who.full()}, domicilié{who.e} au {who.address()}, déclare ce qui suit :

1. Le {p.date(90)}, vers {p.hour()}, {other.titled()} m'a {p.pick("téléphoné à plusieurs reprises", "envoyé des messages menaçants", "suivi" + who.e + " jusqu'à mon travail")}.
2. {p.pick("Les appels provenaient du numéro", "Le numéro affiché était le")} {other.phone()} et les courriels, de l'adresse {other.email()}.
3. {p.filler("justice")}
4. J'ai communiqué avec {p.body()}, sans succès.

Et j'ai signé à {p.pick("Laval", "Lévis", "Rimouski")}, le {p.date(60)} :
{who.full()}"""


@builder("a", "décision", clean=True)
def case_law_summary(p: Pen) -> str:
    return f"""RÉSUMÉ DE JURISPRUDENCE

{p.fill("Dans {case}, la Cour a précisé les critères applicables; voir aussi {case}.")} {p.filler("legal", 1, 2)}

Mots clés : délai raisonnable, article 11 b) de la Charte, arrêt des procédures.
Références : 2016 CSC 27; [1999] 1 R.C.S. 688; 2019 CSC 65; J.E. 2004-{p.digits(3)}; EYB 2026-{p.digits(6)}.

{p.filler("justice", 1, 2)} {p.filler("traps")} Le dossier {p.digits(9)} est cité à titre d'exemple seulement."""


@builder("b", "décision", clean=True)
def court_notice(p: Pen) -> str:
    return f"""AVIS AUX MEMBRES DU BARREAU

{p.fill("Le greffe de {building} sera fermé le {deadline}.")} Les audiences prévues dans la salle {p.number(1, 9)}.{p.number(10, 29)} sont reportées.

{p.filler("justice", 1, 2)} {p.fill("La Directive G-{four} remplace celle du {date}.")} Le rôle numéro {p.digits(10)} est annulé. {p.filler("closing")}

Le juge en chef
La juge coordonnatrice
Le maître des rôles"""


@builder("b", "décision", lang="en")
def decision_english(p: Pen) -> str:
    who, other, member = p.person(), p.person(), p.person()
    return f"""COURT OF QUÉBEC, Small Claims Division
No.: 500-32-{p.digits(6)}-261
Date: {p.date()}

{who.full()}, Plaintiff
v.
{other.full()}, Defendant

[1] {who.civility} {who.surname()} claims {p.amount()} for {p.pick("hidden defects", "unpaid rent", "damage to a fence")} at {who.address()}.
[2] {other.civility} {other.surname()} {p.pick("denies the claim", "was absent", "made a counterclaim")}. {p.filler("process")}
[3] The principles stated in Vavilov do not apply here. {p.filler("process")}

{member.full()}, J.C.Q."""


@builder("a", "décision", lang="en", clean=True)
def legal_memo_english(p: Pen) -> str:
    return f"""MEMORANDUM

Since Jordan, delays above the ceilings are presumed unreasonable. Oakes remains the test under section 1, and Dunsmuir was replaced by Vavilov in 2019. {p.filler("process", 1, 2)}

The Charbonneau Commission and the Gomery Report are summarized in volume 3 (ISBN 978-0-660-{p.digits(5)}-{p.digits(1)}). Total cost: {p.amount(2000, 90000)}. {p.filler("closing")}"""

# ruff: noqa: E501 - a sentence stays on its line
"""Staff: hiring, pay, leave, grievances, evaluations; and parental insurance, retirement."""

from tests.corpus.pen import RAW, Pen, builder


@builder("a", "ressources humaines")
def offer_letter(p: Pen) -> str:
    who, boss = p.person(oldest=60), p.person()
    return f"""{p.pick("PERSONNEL ET CONFIDENTIEL", "OFFRE D'EMPLOI – TITULARISATION")}

{who.full()}
{who.address(chr(10))}

{who.madame},

Nous avons le plaisir de vous offrir un emploi à titre d'{"agente" if who.sex == "F" else "agent"} de {p.pick("recherche", "secrétariat", "gestion financière")} à la {p.pick("Direction des communications", "Direction de l'audit interne", "Direction des immeubles")}, au traitement annuel de {p.amount(45000, 99000)}. {p.filler("hr", 1, 2)}

Pour créer votre dossier de paie, transmettez votre spécimen de chèque à {boss.work_email()}. {p.pick(f"Nous avons au dossier le NAS {who.sin()}; avisez-nous s'il est inexact.", f"Votre date de naissance ({who.birth('iso')}) servira au calcul de la rente.")}

{boss.full()}
{p.title(boss).capitalize()}
{p.maybe(boss.desk(), 0.6)}"""


@builder("b", "ressources humaines")
def evaluation_report(p: Pen) -> str:
    who, boss = p.person(), p.person()
    return f"""ÉVALUATION DU RENDEMENT – 2025-2026
Employé : {who.reversed()}    Matricule : {p.digits(6)}
Évaluateur : {boss.full()}

1. Résultats : {p.pick("Les attentes ont été dépassées.", "Les attentes sont partiellement atteintes.")} {who.titled()} a {p.pick("mené à terme la migration du registre", "formé trois recrues", "réduit le délai de traitement de 12 %")}.
2. Comportements : {who.given()} {p.pick("fait preuve d'écoute", "doit améliorer la ponctualité", "collabore bien avec les autres équipes")}. {p.filler("hr")}
3. Commentaires de la personne évaluée : « {p.pick("J'aimerais suivre une formation en rédaction.", "Je ne suis pas d'accord avec le point 2.")} »

Signatures : {who.initial()} – {boss.initial()}"""


@builder("a", "tableau", styles=RAW)
def staff_list(p: Pen) -> str:
    sep = p.pick("\t", ";")
    people = [p.person(oldest=65) for _ in range(p.number(4, 7))]
    lines = [sep.join(["Matricule", "Nom", "Titre", "Courriel", "Poste"])]
    lines += [
        sep.join([p.digits(5), who.reversed(), p.title(who), who.work_email("exemple.gouv.qc.ca"), p.digits(4)])
        for who in people
    ]
    return "\n".join(lines)


@builder("b", "ressources humaines")
def parental_leave(p: Pen) -> str:
    who, child = p.person(youngest=22, oldest=44), p.person(youngest=0, oldest=1)
    return f"""RÉGIME QUÉBÉCOIS D'ASSURANCE PARENTALE
Demande de prestations n° {p.digits(9)}

Parent : {who.full()} (NAS {who.sin()})
Enfant : {child.full()}, né{child.e} le {child.birth("long")}
{p.pick(f"Téléphone : {who.phone()}", f"Courriel : {who.email()}")}
Dépôt direct : {who.account()}
Employeur : {p.pick("Ville de Gatineau", "Groupe Boréal inc.", "Centre de services scolaire des Navigateurs")} – relevé d'emploi W{p.digits(8)}

{p.filler("hr")} {p.filler("process")}"""


@builder("a", "ressources humaines")
def grievance(p: Pen) -> str:
    who, boss, delegate = p.person(), p.person(), p.person()
    return f"""AVIS DE GRIEF – {p.pick("Syndicat de la fonction publique", "Section locale 2051")}

Plaignant{who.e} : {who.any_name()}
Adresse personnelle : {who.address()}    Tél. : {who.phone()}

Je conteste {p.pick("la mesure disciplinaire", "le refus de vacances", "la mutation")}, selon la décision prise le {p.date(120)} par {boss.titled()}. {p.filler("hr")} {p.filler("legal")}

Correctif demandé : {p.pick("annulation de la mesure et remboursement", "reprise des journées perdues", "réintégration au poste d'attache")}.

{p.pick("Délégué syndical" if delegate.sex == "M" else "Déléguée syndicale")} : {delegate.full()}, {delegate.email()}"""


@builder("b", "curriculum vitæ")
def resume(p: Pen) -> str:
    who, reference = p.person(oldest=60), p.person()
    return f"""{who.capitals()}
{who.address()}
{who.phone()} | {who.email()}

FORMATION
2014-2017  Baccalauréat en administration, Université Laval
2012-2014  DEC, techniques de comptabilité, cégep Lionel-Groulx

EXPÉRIENCE
2021-…     {p.title(who).capitalize()}, {p.pick("Ville de Saint-Jérôme", "Revenu Québec", "CISSS de la Montérégie-Est")}
2017-2021  {p.pick("Commis", "Caissier principal", "Adjoint")} – {p.pick("Caisse Desjardins", "Groupe Jean Coutu", "Rona")}
{p.filler("hr")}

RÉFÉRENCES
{reference.full()}, {p.title(reference)}, {reference.desk()}"""


@builder("a", "retraite")
def pension_request(p: Pen) -> str:
    who, heir = p.person(youngest=58), p.person()
    return f"""Retraite Québec – Demande de {p.pick("rente de conjoint survivant", "rente de retraite", "prestation de décès")}

La personne décédée ou cotisante : {who.full()}, NAS {who.sin()}, née le {who.birth("long")}
La personne qui présente la demande : {heir.full()}
Lien : {p.pick("conjoint", "enfant", "liquidateur de la succession")}
Adresse de retour : {heir.address()}
{p.pick(f"Versement au compte {heir.account()}", f"Versement à l'étranger (IBAN) : {heir.iban()}")}

{p.filler("finance")} {p.filler("closing")}"""


@builder("b", "ressources humaines", styles=("unaccented", "as-is", "wrapped"))
def sick_call(p: Pen) -> str:
    who, boss = p.person(), p.person()
    return f"""salut {boss.lower_given()}, c'est {who.lower_given()}. je rentre pas ce matin, {p.pick("le petit fait de la fièvre", "j'ai passé la nuit à l'urgence", "mon dos a lâché")}. mon {p.pick("médecin", "docteur", "dentiste")} {p.person().lower()} m'a donné un billet jusqu'au {p.deadline()}. si c'est urgent appelle-moi sur mon cell perso {who.phone()}. peux-tu avertir {p.person().lower_given()} pour la réunion de {p.number(9, 16)} h ? {p.pick("merci bcp", "désolé du dérangement", "on se reparle")}"""


@builder("a", "ressources humaines", clean=True)
def collective_agreement(p: Pen) -> str:
    return f"""CONVENTION COLLECTIVE 2023-2028

Article {p.number(2, 40)} – {p.pick("Vacances", "Horaire de travail", "Ancienneté", "Télétravail")}
{p.number(2, 9)}.01  {p.filler("hr")}
{p.number(2, 9)}.02  {p.filler("hr")}
{p.number(2, 9)}.03  {p.filler("legal")}

Annexe C – Échelle de traitement (taux au {p.date()})
Échelon 1 : {p.amount(38000, 42000)}
Échelon 5 : {p.amount(48000, 52000)}
Échelon 9 : {p.amount(58000, 64000)}

Lettre d'entente n° {p.number(1, 30)} : {p.fill("le stationnement de {building} est gratuit la fin de semaine.")} Dépôt au ministère du Travail : DQ-2026-{p.digits(4)}."""


@builder("b", "ressources humaines", clean=True)
def job_posting(p: Pen) -> str:
    his, hers = p.pick(
        ("Agent d'aide socio-économique", "Agente d'aide socio-économique"),
        ("Technicien juridique", "Technicienne juridique"),
        ("Inspecteur en bâtiment", "Inspectrice en bâtiment"),
        ("Archiviste", "Archiviste"),
    )
    return f"""{hers.upper()} OU {his.upper()}
Concours {p.digits(5)}S-{p.digits(8)}
Lieu de travail : {p.office()}
Traitement : {p.amount(40000, 55000)} à {p.amount(60000, 90000)}
Période d'inscription : {p.period()}

{p.filler("hr", 2, 3)}

Vos qualités : Autonomie, Rigueur, Discrétion, Sens du service à la clientèle. Détenir un diplôme du cégep Marie-Victorin ou l'équivalent est un atout. {p.filler("traps")}
Pour postuler, écrire à {p.mailbox()} en précisant le numéro de l'offre ({p.digits(9)}). {p.filler("closing")}"""


@builder("b", "ressources humaines", lang="en")
def incident_report_english(p: Pen) -> str:
    who, boss, witness = p.person(), p.person(), p.person()
    return f"""WORKPLACE INCIDENT REPORT
Employee: {who.reversed()}    Employee no.: {p.digits(6)}
Supervisor: {boss.full()}, {boss.desk()}
Witness: {witness.full()}

On {p.date(60)} at {p.hour()}, {who.given()} {p.pick("slipped on wet stairs", "cut a finger while opening a box", "was shouted at by a visitor")}. {witness.given()} called security. {p.filler("work")}

Home phone: {who.phone()}    Date of birth: {who.birth()}
Emergency contact: {p.person().full()}"""


@builder("a", "ressources humaines", lang="en", clean=True)
def policy_english(p: Pen) -> str:
    return f"""TELEWORK POLICY (revision {p.number(1, 5)}.{p.number(0, 9)}.0.{p.number(0, 9)})

1. Purpose. {p.filler("work")}
2. Scope. Applies to all staff of the Marie-Guyart and Jean-Talon buildings.
3. Responsibilities. Managers approve requests; Human Resources keeps the register.
4. {p.filler("work", 1, 2)}

Form HR-{p.digits(4)} must be filed under reference {p.digits(10)}. Questions: {p.mailbox()}."""

# ruff: noqa: E501 - a sentence stays on its line
"""Schools, cégeps, universities, daycare."""

from tests.corpus.pen import RAW, Pen, builder


@builder("a", "plan d'intervention")
def intervention_plan(p: Pen) -> str:
    child, parent, teacher, other = p.child(), p.person(), p.person(), p.person()
    return f"""PLAN D'INTERVENTION – {p.number(2025, 2026)}
Élève : {child.full()}    Code permanent : {child.permanent_code()}
Date de naissance : {child.birth()}    Groupe-repère : {p.number(10, 60)}{p.number(1, 9)}

Participants : {parent.full()} ({p.pick("mère" if parent.sex == "F" else "père")}), {teacher.full()} ({p.title(teacher)}), {other.full()} ({p.pick("orthophoniste", "T.E.S.", "psychologue")})

Capacités : {child.given()} {p.pick("aime lire à voix haute", "est curieux" if child.sex == "M" else "est curieuse", "travaille bien en équipe")}.
Besoins : {p.filler("school", 1, 2)}
Moyens : {p.filler("school")}

Joindre {parent.titled()} au {parent.phone()} pour la signature."""


@builder("b", "courriel")
def teacher_email(p: Pen) -> str:
    child, parent, teacher = p.child(), p.person(), p.person()
    return f"""De : {teacher.work_email("cssexemple.gouv.qc.ca")}
À : {parent.email()}
Objet : {p.pick("Travail non remis", "Bonne nouvelle!", "Comportement en classe", "Rencontre de parents")}

Bonjour {parent.madame} {parent.surname()},

{p.pick("Je vous écris au sujet de", "Je souhaite faire le point sur")} {child.given()}, qui {p.pick("a oublié son agenda trois fois cette semaine", "a obtenu 92 % à son évaluation", "semble fatigué" + child.e + " depuis quelque temps")}. {p.filler("school", 1, 2)}

{p.pick("Seriez-vous disponible pour un appel?", "Pouvez-vous me confirmer votre présence?")} J'ai au dossier le {parent.phone()}; {p.pick("est-ce toujours le bon numéro?", "n'hésitez pas à me corriger.")}

{teacher.full()}
{p.pick("Titulaire du groupe 502", "Enseignante de 4e année" if teacher.sex == "F" else "Enseignant de 4e année")}, école {p.pick("des Grands-Vents", "Jeanne-Mance", "Saint-Louis-de-Gonzague")}"""


@builder("a", "tableau", styles=RAW)
def class_list(p: Pen) -> str:
    kids = [p.child() for _ in range(p.number(4, 7))]
    rows = "\n".join(
        f"| {index + 1} | {kid.reversed()} | {kid.permanent_code()} | {kid.birth('iso')} | {p.number(45, 99)} |"
        for index, kid in enumerate(kids)
    )
    return f"""**Groupe {p.number(101, 509)} – {p.pick("Français", "Mathématique", "Univers social")}**

| # | Élève | Code permanent | Naissance | Note |
|---|---|---|---|---|
{rows}

Moyenne du groupe : {p.number(60, 85)},{p.number(0, 9)} %"""


@builder("b", "bulletin", styles=("plain", "as-is", "ocr", "unaccented"))
def report_card(p: Pen) -> str:
    child, parent, head = p.child(), p.person(), p.person()
    return f"""BULLETIN SCOLAIRE UNIQUE – ÉTAPE {p.number(1, 3)}
Élève : {child.reversed()}            Code permanent : {child.permanent_code()}
Répondant : {parent.full()}
Adresse : {parent.address()}
Téléphone : {parent.phone()}

Discipline            Étape 1   Étape 2   Moyenne
Français, langue      {p.number(50, 99)}        {p.number(50, 99)}        {p.number(50, 99)}
Mathématique          {p.number(50, 99)}        {p.number(50, 99)}        {p.number(50, 99)}
Anglais               {p.number(50, 99)}        {p.number(50, 99)}        {p.number(50, 99)}

{p.filler("school", 1, 2)}
Direction : {head.full()}"""


@builder("a", "courriel", styles=("unaccented", "as-is", "plain"))
def student_email(p: Pen) -> str:
    who = p.person(youngest=17, oldest=30)
    return f"""Bonjour,

je suis étudiant{who.e} en {p.pick("soins infirmiers", "génie civil", "sciences humaines")} et je n'arrive pas à m'inscrire à mes cours. Mon code permanent : {who.permanent_code()}. {p.pick("Ma session commence lundi!", "La date limite est demain.", "J'ai pourtant payé mes frais.")} {p.filler("tech")}

{p.pick("Est-ce que quelqu'un peut m'aider?", "Pouvez-vous me rappeler?")} {who.phone()}

{who.full()}
{who.email()}"""


@builder("b", "formulaire")
def daycare_form(p: Pen) -> str:
    child, mother, father = p.person(youngest=1, oldest=4), p.person(sex="F"), p.person(sex="M")
    return f"""CPE {p.pick("Les Petits Castors", "La Ribambelle", "Au Pays des Merveilles")} – Fiche de l'enfant
Nom de l'enfant : {child.full()} (né{child.e} le {child.birth("long")})
NAM : {child.nam()}
Mère : {mother.full()}, {mother.phone()}
Père : {father.full()}, {father.phone()}
Personnes autorisées à venir chercher {child.given()} : {p.person().full()}; {p.person().full()}
Allergies : {p.pick("arachides", "aucune", "œufs")}
Adresse : {mother.address()}
{p.filler("school")}"""


@builder("a", "calendrier", clean=True)
def school_calendar(p: Pen) -> str:
    return f"""CALENDRIER SCOLAIRE 2026-2027

• Rentrée : 27 août 2026
• Journées pédagogiques : 18 septembre, 9 octobre, 13 novembre
• Semaine de relâche : du 1er au 5 mars 2027
• Examens du ministère : {p.deadline()}

{p.filler("school", 2, 3)} {p.filler("traps")} {p.fill("L'autobus 42 part de {building} et passe par {road}.")}

Secrétariat : poste {p.number(200, 999)}. Absences : {p.mailbox()}. Facture-école n° {p.digits(9)}."""


@builder("b", "guide", clean=True)
def course_outline(p: Pen) -> str:
    return f"""PLAN DE COURS – {p.pick("Méthodes quantitatives", "Histoire du Québec", "Introduction à la programmation")}
Sigle : {p.pick("360-300-RE", "330-910-RE", "420-1B3-EM")}    Pondération : 2-2-2

Compétences : utiliser {p.method()}, expliquer {p.method()}, discuter {p.de(p.case())}.
Manuel obligatoire : ISBN 978-2-7650-{p.digits(4)}-{p.digits(1)}, {p.amount(40, 120)}.
Évaluations : Examen 1 (30 %), Travail (30 %), Examen final (40 %).

{p.filler("school", 1, 2)} Local {p.pick("A", "B", "D")}-{p.digits(4)}, {p.building()}."""


@builder("a", "courriel", lang="en")
def school_email_english(p: Pen) -> str:
    child, parent, teacher = p.child(), p.person(), p.person()
    return f"""Dear {parent.civility} {parent.surname()},

I am writing about {child.first and child.given()}, permanent code {child.permanent_code()}, who {p.pick("was absent on Monday", "did very well on the last test", "forgot the signed form")}. We have {parent.phone()} on file as your number. {p.filler("process")}

{teacher.full()}
Homeroom teacher, {p.pick("Sir Wilfrid Laurier Elementary", "Riverside School", "Saint-Lambert Academy")}"""

# ruff: noqa: E501 - a sentence stays on its line
"""Forms and records: label and value, in the layouts of many bodies."""

from tests.corpus.pen import RAW, Pen, builder


def rows(p: Pen, *pairs: tuple[str, str], colon: str = " : ") -> str:
    return "\n".join(f"{label}{colon}{value}" for label, value in pairs)


@builder("a", "formulaire")
def form_benefit(p: Pen) -> str:
    who, spouse = p.person(), p.person()
    return f"""DEMANDE D'AIDE FINANCIÈRE DE DERNIER RECOURS
Section 1 – Identification
{
        rows(
            p,
            ("Nom de famille", who.surname()),
            ("Prénom", who.given()),
            ("NAS", who.sin()),
            ("Date de naissance", who.birth()),
            ("Adresse", who.address()),
            ("Téléphone (domicile)", who.phone()),
            *p.rng.sample(
                [
                    ("Courriel", who.email()),
                    ("État civil", p.pick("Marié", "Célibataire", "Union de fait", "Veuf")),
                    ("Langue de correspondance", "Français"),
                ],
                2,
            ),
        )
    }

Section 2 – Conjoint
{rows(p, ("Nom et prénom", spouse.reversed()), ("NAS", spouse.sin()), ("DDN", spouse.birth("iso")))}

Section 3 – Dépôt direct
{
        rows(
            p,
            ("Institution", p.pick("Desjardins", "Banque Nationale", "Banque Laurentienne")),
            ("Compte (transit-institution-folio)", who.account()),
        )
    }

{p.filler("process")} {p.filler("legal")}"""


@builder("b", "formulaire", styles=("plain", "nbsp", "as-is", "unaccented", "ocr"))
def form_health_card(p: Pen) -> str:
    who, parent = p.person(youngest=1), p.person(sex="F")
    return f"""RÉGIE DE L'ASSURANCE MALADIE DU QUÉBEC
Renouvellement de la carte d'assurance maladie

Numéro d'assurance maladie (NAM) : {who.nam()}    Expiration : {p.later():%Y-%m}
Nom : {who.surname()}    Prénom : {who.given()}
Sexe : {who.sex}    Date de naissance (AAAA-MM-JJ) : {who.birth("iso")}
Nom de la mère à la naissance : {parent.full()}
Adresse du domicile : {who.address()}
Téléphone : {who.phone()}    {p.maybe(f"Autre : {who.phone()}")}

☐ J'autorise la transmission {p.a(p.body())}
Signature : ____________________   Date : {p.day():%Y-%m-%d}
Réservé à l'administration : {p.digits(12)}"""


@builder("a", "formulaire", styles=RAW)
def form_vehicle(p: Pen) -> str:
    seller, buyer = p.person(), p.person()
    return f"""SAAQ - Transfert de propriété d'un véhicule

VENDEUR
  Nom ............ {seller.full()}
  Permis ......... {seller.licence()}
  Adresse ........ {seller.address()}
ACHETEUR
  Nom ............ {buyer.full()}
  Permis ......... {buyer.licence()}
  Téléphone ...... {buyer.phone()}
VÉHICULE
  Plaque ......... {seller.plate()}
  NIV ............ {p.pick("1HGCM82633A", "2T1BURHE5JC", "WVWZZZ1JZXW")}{p.digits(6)}
  Odomètre ....... {p.number(20, 260)} {p.digits(3)} km
  Prix ........... {p.amount(1000, 40000)}

Transaction {p.digits(10)} - point de service {p.digits(3)}"""


@builder("b", "formulaire")
def form_school(p: Pen) -> str:
    child, parent, other = p.child(), p.person(), p.person()
    return f"""FICHE D'INSCRIPTION – {p.pick("Éducation préscolaire", "Enseignement primaire", "Enseignement secondaire")}
École : {p.pick("Jeanne-Mance", "Saint-Jean-Baptiste", "Gabrielle-Roy", "des Grands-Vents")}

{rows(p, ("Élève", child.reversed()), ("Code permanent", child.permanent_code()), ("Né(e) le", child.birth()), ("Adresse", child.address()))}

Répondant 1 : {parent.full()} – {p.kin(parent, "père/mère", "tuteur/tutrice")} – cell. {parent.phone()} – {parent.email()}
Répondant 2 : {other.full()} – tél. {other.phone()}
Personne à joindre en cas d'urgence : {p.person().full()}, {p.person().phone()}

{p.maybe(f"Numéro d'assurance maladie de l'élève : {child.nam()}")}
{p.filler("school", 1, 2)}"""


@builder("a", "formulaire", clean=True)
def form_blank(p: Pen) -> str:
    return f"""FORMULAIRE {p.pick("F-2041", "V-3201", "SR-0029", "A-44")} ({p.date()})

Nom de famille : ______________________   Prénom : ______________________
Numéro d'assurance sociale : |_|_|_| |_|_|_| |_|_|_|
Date de naissance (AAAA-MM-JJ) : ________________
Adresse (numéro, rue, appartement) : ____________________________

Remplir en lettres moulées. {p.filler("process", 1, 2)} {p.filler("traps")} {p.filler("legal")}
Retourner à : {p.unit()}, {p.office()}
Formulaire n° {p.digits(9)} – Révision {p.number(1, 9)}.{p.number(0, 9)}.{p.number(0, 9)}.{p.number(0, 9)}"""


@builder("b", "formulaire", clean=True)
def form_business(p: Pen) -> str:
    nine = p.digits(9)
    return f"""DÉCLARATION DE L'ENTREPRISE
NEQ : {p.pick("11", "22", "33", "88")}{p.digits(8)}
Nom : {p.pick("Les Entreprises Boréales inc.", "9412-3456 Québec inc.", "Groupe Horizon S.E.N.C.R.L.", "Coopérative de solidarité du Fleuve")}
Numéro de TPS : {nine} RT0001
Numéro de TVQ : {p.digits(10)} TQ0001
Code d'activité économique : {p.digits(4)}
Nombre de salariés : {p.number(1, 250)}
Chiffre d'affaires : {p.amount(10000, 900000)}
Bordereau {p.digits(12)} – exercice terminé le {p.date()}

{p.filler("finance", 1, 2)} {p.filler("process")} {p.filler("traps")}"""


@builder("a", "formulaire", lang="en", styles=("plain", "as-is"))
def form_english_immigration(p: Pen) -> str:
    who = p.person()
    return f"""IMMIGRATION - REQUEST FOR SELECTION CERTIFICATE
Full name: {who.full()}
Date of birth: {who.birth("iso")}
Passport No.: {who.passport()}
UCI (unique client identifier): {who.immigration()}
Home address: {who.address()}
Email: {who.email()}
Telephone: {who.phone()}
Receipt number: {p.digits(10)}
{p.filler("process")}"""


@builder("b", "formulaire")
def form_immigration(p: Pen) -> str:
    who, sponsor = p.person(), p.person()
    return f"""DEMANDE DE CERTIFICAT DE SÉLECTION DU QUÉBEC
Requérant principal : {who.any_name()}
Identifiant unique de client (IUC) : {who.immigration()}
Passeport n° {who.passport()}, délivré le {p.date(2000)}
Né{who.e} le {who.birth("long")} à {p.pick("Port-au-Prince", "Alger", "Hanoï", "Bogota", "Dakar", "Casablanca")}
Adresse actuelle : {who.address()}
Garant : {sponsor.full()}, {sponsor.phone()}

{p.filler("opening")} {p.filler("legal")}
Numéro de demande : {p.digits(9)}"""

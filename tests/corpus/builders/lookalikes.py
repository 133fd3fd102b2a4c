# ruff: noqa: E501 - a sentence stays on its line
"""Clean text whose nouns are people's names elsewhere: ridings, menus, species, software, streets; and calls that name nobody."""

from tests.corpus import identifiers
from tests.corpus.pen import RAW, Pen, builder

RIDINGS = "Taillon Vachon Chauveau Jean-Lesage Gouin Laurier-Dorion Mercier Rosemont Sanguinet Taschereau Vanier-Les-Rivières Marquette Nelligan Robert-Baldwin Louis-Hébert Marie-Victorin Papineau Verchères Richelieu Johnson Joliette Rousseau Berthier Blainville Fabre Mille-Îles Vimont Chapleau Pontiac Labelle Bertrand Groulx".split()
DISHES = (
    "Salade César",
    "Œufs bénédictine",
    "Poires Belle-Hélène",
    "Tarte Tatin",
    "Crêpes Suzette",
    "Bœuf Stroganov",
    "Filet Wellington",
    "Pavlova aux fruits",
    "Pommes de terre Anna",
    "Sauce Mornay",
    "Soupe Parmentier",
    "Pizza Margherita",
    "Poulet général Tao",
    "Sandwich Reuben",
    "Jambon Dijon",
    "Gâteau Reine-Élisabeth",
)
SPECIES = (
    "érable à Giguère",
    "sapin de Douglas",
    "pin de Murray",
    "épinette de Norvège",
    "bernache de Hutchins",
    "mouette de Bonaparte",
    "bruant de Lincoln",
    "buse de Swainson",
    "paruline de Wilson",
    "goéland de Thayer",
    "moucherolle de Say",
    "pic de Lewis",
    "chevalier de Sibérie",
    "canard de Barbarie",
)
SOFTWARE = (
    "Jenkins",
    "Cassandra",
    "Django",
    "Grafana",
    "Oracle",
    "Ansible",
    "Kafka",
    "Haskell",
    "Galileo",
    "Maven",
    "Tomcat",
    "Bootstrap",
)
UNITS = (
    "newton",
    "pascal",
    "joule",
    "watt",
    "kelvin",
    "hertz",
    "tesla",
    "becquerel",
    "sievert",
    "volt",
    "ohm",
    "henry",
)


@builder("a", "tableau", clean=True, styles=RAW)
def ridings_table(p: Pen) -> str:
    rows = "\n".join(
        f"| {name} | {p.number(18, 60)} {p.digits(3)} | {p.number(50, 79)},{p.number(0, 9)} % |"
        for name in p.some(RIDINGS, 7, 12)
    )
    return f"""Taux de participation par circonscription

| Circonscription | Électeurs inscrits | Participation |
|---|---:|---:|
{rows}

Source : Directeur général des élections. {p.filler("legal")}"""


@builder("b", "menu", clean=True)
def cafeteria_menu(p: Pen) -> str:
    dishes = p.some(DISHES, 5, 8)
    lines = "\n".join(
        f"{day} : {dish} – {p.fee()}"
        for day, dish in zip(("Lundi", "Mardi", "Mercredi", "Jeudi", "Vendredi"), dishes, strict=False)
    )
    return f"""Cafétéria {p.de(p.building())}
Menu de la semaine du {p.date(20)}

{lines}

Allergènes : œufs, lait, noix. Carte-repas en vente à la caisse. {p.filler("hr")}"""


@builder("a", "inventaire", clean=True)
def species_inventory(p: Pen) -> str:
    found = p.some(SPECIES, 4, 7)
    lines = "\n".join(f"- {name} : {p.number(1, 80)} individus" for name in found)
    return f"""Inventaire faunique et floristique – {p.town()}
Relevé du {p.date()}, de 5 h 30 à 11 h, vent de 12 km/h (4 à l'échelle de Beaufort)

{lines}

Coordonnées : 46,8139° N, 71,2080° O. Permis SEG 2026-{p.digits(2)}-{p.digits(4)}-{p.digits(3)}-S-P. {p.filler("municipal")}"""


@builder("b", "note", clean=True)
def software_review(p: Pen) -> str:
    a, b, c = p.some(SOFTWARE, 3, 3)
    return f"""Analyse comparative des outils

L'outil {a} a été écarté, car il ne prend pas en charge {b} {p.number(1, 9)}.{p.number(0, 20)}.{p.number(0, 9)}.{p.number(1, 9)}. Le logiciel {c}, en revanche, satisfait à toutes les exigences et s'intègre avec {b}. {p.filler("tech", 1, 2)}

Recommandation : Conserver {c} jusqu'en 2028, puis réévaluer. Coût annuel : {p.amount(4000, 60000)}. {p.filler("traps")} {p.fill("La demande {ref} sera soumise à {the_unit}.")}"""


@builder("a", "tableau", clean=True, styles=RAW)
def street_works(p: Pen) -> str:
    names = p.rng.sample(
        [
            "Rachel",
            "Duluth",
            "Saint-Denis",
            "Masson",
            "Fabre",
            "Marquette",
            "Garnier",
            "Chabot",
            "Cartier",
            "Papineau",
            "Bordeaux",
            "Laurier",
            "Gilford",
            "Bernard",
            "Hutchison",
            "Jeanne-Mance",
            "Christophe-Colomb",
            "Resther",
        ],
        12,
    )
    rows = "\n".join(
        f"{names[i]};{names[i + 1]};{names[i + 2]};{p.number(40, 900)};{p.later():%Y-%m-%d}" for i in range(0, 12, 3)
    )
    return f"""rue;de;a;longueur_m;debut
{rows}"""


@builder("b", "transcription", clean=True)
def call_without_names(p: Pen) -> str:
    return f"""— Services Québec, bonjour.
— Bonjour, je voudrais savoir {p.pick("à quelle heure vous fermez", "combien coûte un certificat", "quels papiers apporter", "si je peux payer sur place")}.
— Le bureau ferme à 16 h 30. {p.filler("process")}
— Et pour {p.pick("le stationnement", "un rendez-vous", "la photo")}?
— {p.pick("C'est gratuit la première heure.", "Il faut passer par le site Web.", "Il y a une cabine au rez-de-chaussée.")} {p.fill("Nous sommes tout près de {building}.")}
— Parfait, merci beaucoup.
— Je vous en prie. {p.filler("closing")}"""


@builder("a", "clavardage", clean=True, styles=("as-is", "unaccented"))
def chat_without_names(p: Pen) -> str:
    return f"""{p.pick("allo", "bonjour", "salut")} est-ce que le bureau est ouvert {p.pick("samedi", "le 24 juin", "pendant les fêtes")}?
{p.pick("Bonjour!", "Bonjour et merci de votre patience.")} {p.filler("municipal")}
ok et c'est combien pour {p.pick("la vignette", "le permis", "l'inscription au camp de jour")}
Le tarif est de {p.fee()}. {p.filler("closing")}
{p.pick("super merci", "cool bonne journée", "ok je vais rappeler")}"""


@builder("b", "plainte", clean=True)
def anonymous_complaint(p: Pen) -> str:
    return f"""Commentaire anonyme déposé le {p.date(60)}

{p.pick("L'attente est beaucoup trop longue", "Le site ne fonctionne jamais le dimanche", "La rampe d'accès est bloquée par la neige")}. {p.fill("Je suis passé par {road} et j'ai perdu une heure.")} {p.filler("municipal")} Je ne souhaite pas laisser mes coordonnées.

Traité par : {p.unit()}. Référence {p.digits(9)}. {p.filler("process")}"""


@builder("a", "manuel", clean=True)
def lab_manual(p: Pen) -> str:
    a, b, c = p.some(UNITS, 3, 3)
    return f"""Laboratoire {p.number(1, 12)} – Unités et mesures

1. Convertir en {a}, puis en {b}; exprimer le résultat avec trois chiffres significatifs.
2. Vérifier la loi d'Ohm, le principe d'Archimède et le théorème de Pythagore.
3. Placer le bécher sur le bec Bunsen; utiliser la boîte de Petri et l'erlenmeyer.
4. Tracer la courbe de Gauss à l'aide du tableur.

Valeur attendue : 6,022 × 10^23; tolérance : {p.number(1, 9)} %. Le {c} n'est pas exigé. {p.filler("school")}"""


@builder("b", "registre", clean=True, styles=RAW)
def contract_register(p: Pen) -> str:
    sep = p.pick(";", "\t")
    lines = [sep.join(["contrat", "neq", "fournisseur", "montant", "date", "objet"])]
    for _ in range(p.number(4, 7)):
        supplier = p.pick(
            "Boréal Conseil inc.",
            "Groupe Estuaire",
            "9312-4587 Québec inc.",
            "Imprimerie Le Laurentien",
            "Excavation du Nord ltée",
            "Coop Horizon",
        )
        lines.append(
            sep.join(
                [
                    p.digits(10),
                    identifiers.neq(p.rng),
                    supplier,
                    f"{p.digits(5)},{p.digits(2)}",
                    f"{p.day():%Y-%m-%d}",
                    p.pick("Entretien", "Impression", "Déneigement", "Conseils"),
                ]
            )
        )
    return "\n".join(lines)


@builder("b", "menu", lang="en", clean=True)
def menu_english(p: Pen) -> str:
    return f"""Cafeteria, week of {p.date(20)}

Monday: Caesar salad. Tuesday: Eggs Benedict. Wednesday: Beef Wellington. Thursday: Pizza Margherita. Friday: Crêpes Suzette.
Price: {p.amount(6, 15)}. {p.filler("work")} {p.filler("traps")} Menu code {p.digits(9)}."""


@builder("a", "note", lang="en", clean=True)
def tools_english(p: Pen) -> str:
    a, b = p.some(SOFTWARE, 2, 2)
    return f"""The {a} server was replaced by {b} {p.number(1, 9)}.{p.number(0, 20)}.{p.number(0, 9)}.{p.number(1, 9)} after the audit. {p.filler("tech", 1, 2)} {p.filler("traps")}

The Stanley Cup parade will close Sherbrooke Street; see route map {p.digits(10)}. {p.filler("closing")}"""

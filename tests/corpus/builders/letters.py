# ruff: noqa: E501 - a sentence stays on its line
"""Letters between a public body and a citizen."""

from tests.corpus.pen import Pen, builder


@builder("a", "lettre")
def letter_decision(p: Pen) -> str:
    who, staff = p.person(), p.person()
    address = who.address("\n")
    theme = p.pick("process", "legal", "finance")
    return f"""{p.pick("Québec", "Montréal", "Trois-Rivières")}, le {p.date()}

{who.madame} {who.full()}
{address}

Objet : {p.pick("Décision", "Avis de décision", "Suivi de votre demande", "Demande de révision")} – dossier {p.reference()}

{who.madame},

{p.filler("opening")} {p.filler(theme, 1, 3)}

{p.pick("Nous avons tenu compte du fait que vous", "Selon nos renseignements, vous")} {p.pick(f"êtes né{who.e} le {who.birth('long')}", f"résidez au {who.street()}", f"êtes joignable au {who.phone()}")}. {p.filler("process")}

{p.filler("closing", 1, 2)}

{staff.full()}
{p.title(staff).capitalize()}
{p.unit()}
{p.maybe(f"Téléphone : {staff.desk()}")}"""


@builder("b", "lettre")
def letter_from_citizen(p: Pen) -> str:
    who, other = p.person(), p.person()
    return f"""{who.full()}
{who.address(chr(10))}
{p.maybe(f"Tél. : {who.phone()}" + chr(10), 0.7)}{p.maybe(f"Courriel : {who.email()}" + chr(10), 0.6)}
Le {p.date()}

{p.unit()}
{p.office()}

{p.pick("Madame, Monsieur,", "À qui de droit,", "Bonjour,")}

Je vous écris {p.pick("afin de contester", "pour contester", "au sujet de")} la décision rendue le {
        p.date()
    } dans le dossier {p.reference()}. {
        p.pick(
            f"Mon NAS est le {who.sin()} et ma date de naissance est le {who.birth('long')}.",
            f"Mon numéro d'assurance maladie est le {who.nam()}.",
            f"Pour m'identifier, voici mon numéro de permis de conduire : {who.licence()}.",
        )
    } {p.filler("process")}

{p.kin(other, "Mon conjoint/Ma conjointe", "Mon voisin/Ma voisine", "Mon frère/Ma sœur", "Mon père/Ma mère")}, {
        other.full()
    }, peut confirmer les faits; on peut {
        p.pick("l'appeler", "lui parler", "le joindre" if other.sex == "M" else "la joindre")
    } au {other.phone()} {p.pick("en soirée", "après 17 h", "en tout temps")}.

{
        p.pick(
            "Je demande que ma situation soit réexaminée.",
            "Je souhaite obtenir une réponse écrite dans les meilleurs délais.",
            "J'espère que vous comprendrez ma situation.",
        )
    }

{p.pick("Cordialement,", "Veuillez agréer mes salutations distinguées.", "Merci à l'avance,")}
{who.full()}"""


@builder("a", "lettre")
def letter_overpayment(p: Pen) -> str:
    who = p.person()
    return f"""AVIS DE RÉCLAMATION

Nom du prestataire : {who.reversed()}
Numéro d'assurance sociale : {who.sin()}
Adresse de correspondance : {who.address()}
N° de réclamation : {p.digits(9)}

{who.madame},

Lors de la vérification de votre dossier, nous avons constaté que vous avez reçu {p.amount()} en trop pour la période {p.period()}. {p.filler("finance", 1, 2)}

Vous pouvez payer par virement au compte {who.account()} ou communiquer avec le Service du recouvrement au {p.service_line()}.

{p.filler("legal")}"""


@builder("b", "lettre")
def letter_two_columns(p: Pen) -> str:
    who, staff = p.person(), p.person()
    return f"""PAR COURRIER {p.pick("RECOMMANDÉ", "CERTIFIÉ", "ORDINAIRE")}

Le {p.date()}

{who.capitals()}
{who.address(chr(10)).upper()}

N/Réf. : {p.reference()}
V/Réf. : {p.digits(6)}

{who.madame},

La présente confirme que votre {p.pick("permis de conduire", "permis")} numéro {who.licence()} {p.pick("est suspendu à compter du", "sera renouvelé le", "a été remis en vigueur le")} {p.deadline()}. {p.pick(f"Le véhicule immatriculé {who.plate()} ne peut circuler entre-temps.", f"La remise de la plaque {who.plate()} est exigée.")}

{p.filler("legal")} {p.filler("process")}

{p.filler("closing")}

{p.title(staff).capitalize()},
{staff.initial()}"""


@builder("a", "lettre", clean=True)
def letter_circular(p: Pen) -> str:
    return f"""Québec, le {p.date()}

AUX DIRECTRICES ET AUX DIRECTEURS

Objet : {p.pick("Application des nouvelles mesures", "Calendrier des travaux", "Rappel des obligations", "Consultation publique")}

Madame, Monsieur,

{p.fill("Par la présente, {body} vous informe que {law} a été modifiée.")} {p.filler("legal", 1, 2)} {p.filler("process", 1, 2)}

{p.fill("Des séances d'information auront lieu à compter du {deadline}, notamment à {building} et à {building}.")} {p.filler("finance")} {p.filler("traps")}

{p.filler("closing", 1, 2)}

Le sous-ministre adjoint,
{p.unit()}
{p.office()}"""


@builder("b", "lettre", clean=True)
def letter_to_citizens(p: Pen) -> str:
    return f"""Chère citoyenne, cher citoyen,

{p.filler("municipal", 2, 4)}

{p.fill("Les travaux toucheront {road} ainsi que {road}.")} Le numéro du contrat est le {p.digits(10)} et le montant prévu est de {p.amount(9000, 90000)}.

{p.fill("Pour obtenir de l'information, composez le {line} ou écrivez à {box}. Le bureau est situé au {office}.")}

{p.filler("traps")}

{p.pick("La Ville vous remercie de votre collaboration.", "Le Service des communications vous remercie.", "Merci de votre compréhension.")}"""


@builder("a", "lettre", lang="en")
def letter_english(p: Pen) -> str:
    who, staff = p.person(), p.person()
    return f"""{p.date()}

{who.civility} {who.full()}
{who.address(chr(10))}

Re: {p.pick("Your application", "Notice of decision", "Missing documents")} - File {p.reference()}

Dear {who.civility} {who.surname()},

{p.filler("opening")} {p.pick(f"According to our records, you were born on {who.birth('long')}.", f"Our records show your health insurance number as {who.nam()}.", f"We have your social insurance number as {who.sin()}.")} {p.filler("process", 1, 2)}

{p.pick(f"We tried to reach you at {who.phone()} without success.", f"A copy was sent to {who.email()}.", f"Your representative, {p.person().full()}, was also notified.")}

{p.filler("closing", 1, 2)}

{staff.full()}
{p.pick("Client Services Officer", "Compensation Agent", "Review Officer")}
Tel.: {staff.desk()}"""


@builder("b", "lettre", lang="en", clean=True)
def letter_english_notice(p: Pen) -> str:
    return f"""NOTICE TO RESIDENTS

{p.filler("process", 2, 3)} Work on the Samuel-De Champlain Bridge and on Jean-Talon Street will continue until {p.deadline()}.

The public meeting will be held at the Gabrielle-Roy Library, at {p.hour()}, in room 2. Invoice {p.digits(9)} and purchase order {p.digits(10)} refer to this project; the estimated cost is {p.amount(5000, 90000)}.

{p.filler("closing")} {p.filler("traps")} You may also write to {p.mailbox()}."""

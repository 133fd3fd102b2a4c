# ruff: noqa: E501 - a sentence stays on its line
"""Payments by card and accounts abroad, in the places where they turn up."""

from tests.corpus.marks import dumps
from tests.corpus.pen import RAW, Pen, builder


@builder("a", "formulaire", styles=("plain", "as-is", "nbsp", "ocr"))
def donation_form(p: Pen) -> str:
    who = p.person()
    return f"""Fondation de l'hôpital – {p.pick("Campagne des Fêtes", "Don à la mémoire de")} {p.maybe(p.person().full(), 0.4)}

Donateur : {who.any_name()}
☐ Chèque  ☒ Carte    Numéro : {who.card()}    Exp. : {p.number(1, 12):02}-{p.number(27, 31)}    CVV : ***
Reçu fiscal à envoyer à : {p.pick(who.email(), who.address())}
Montant : {p.amount(20, 500)}

Numéro d'enregistrement de l'organisme : {p.digits(9)} RR0001
{p.filler("finance")}"""


@builder("b", "journal", styles=RAW)
def payment_log(p: Pen) -> str:
    lines = []
    for at in p.hours(p.number(3, 6)):
        who = p.person()
        lines.append(
            f"{p.day(30):%Y-%m-%d}T{at}:{p.number(10, 59)} terminal={p.digits(8)} {p.pick('pan', 'carte', 'card')}={who.card()} {p.pick('titulaire', 'nom')}='{who.capitals()}' montant={p.number(5, 900)}.{p.number(10, 99)} {p.pick('APPROUVE', 'REFUSE')} ref={p.digits(12)}"
        )
    return "\n".join(lines)


@builder("a", "json", styles=RAW)
def order_json(p: Pen) -> str:
    who = p.person()
    return dumps(
        {
            "commande": p.digits(10),
            "date": f"{p.day():%Y-%m-%d}",
            "articles": [{"code": p.digits(6), "titre": "Carte topographique Champlain", "quantite": p.number(1, 4)}],
            "paiement": {"type": "CARTE", "numeroCarte": who.card(), "titulaire": who.full()},
            "livraison": {"nom": who.full(), "adresse": who.address(), "telephone": who.phone()},
            "ip": who.ip(),
            "total": p.number(1000, 90000) / 100,
        },
        ascii_only=p.rng.random() < 0.5,
        indent=p.pick(None, 2),
    )


@builder("b", "clavardage", styles=("as-is", "unaccented", "plain"))
def chat_payment(p: Pen) -> str:
    who, agent = p.person(), p.person()
    return f"""{agent.given()} : bonjour, service de la facturation, comment puis-je vous aider?
Visiteur {p.digits(5)} : allo mon paiement passe pas sur le site
{agent.given()} : désolé{agent.e} du dérangement, quel message voyez-vous?
Visiteur : « transaction refusée ». c'est la carte {who.card()} au nom {p.of(who.lower())}
{agent.given()} : par sécurité, ne transmettez jamais votre numéro de carte par clavardage
Visiteur : oups ok. mon tel {who.phone()} mon courriel {who.email()}
{agent.given()} : merci, {p.filler("finance").lower()}"""


@builder("a", "lettre")
def pension_abroad(p: Pen) -> str:
    who, staff = p.person(youngest=60), p.person()
    return f"""{who.madame} {who.full()}

Objet : Versement de votre rente à l'étranger

{who.madame},

Nous avons inscrit à votre dossier le compte {p.pick("IBAN", "dont l'IBAN est")} {who.iban()}. Le premier versement, de {p.amount(300, 1800)}, aura lieu le {p.deadline()}. {p.filler("finance")}

Si ce compte n'est pas le vôtre, écrivez sans délai à {staff.work_email("retraite.exemple.quebec")} en mentionnant votre NAS ({who.sin()}) et votre date de naissance ({who.birth("long")}).

{staff.full()}, {p.title(staff)}"""


@builder("b", "csv", styles=RAW)
def transfers_csv(p: Pen) -> str:
    sep = p.pick(";", "\t")
    lines = [sep.join(["lot", "beneficiaire", "iban", "bic", "montant", "devise"])]
    for _ in range(p.number(3, 6)):
        who = p.person()
        lines.append(
            sep.join(
                [
                    p.digits(6),
                    who.full(),
                    who.iban(),
                    p.pick("BNPAFRPPXXX", "DEUTDEFFXXX", "GEBABEBB36A"),
                    f"{p.number(10, 9000)},{p.number(10, 99)}",
                    "EUR",
                ]
            )
        )
    return "\n".join(lines)


@builder("a", "courriel", lang="en")
def refund_english(p: Pen) -> str:
    who, staff = p.person(), p.person()
    return f"""Subject: Refund to a foreign account

Dear {staff.civility} {staff.surname()},

Since I have moved to {p.pick("Germany", "Belgium", "Switzerland")}, please send my refund to this account: IBAN {who.iban()}, in the name of {who.full()}. The original payment was made with card {who.card()} on {p.date(90)}. {p.filler("process")}

Kind regards,
{who.given()}
{who.phone()}"""


@builder("b", "courriel", styles=("unaccented", "plain", "nbsp"))
def scholarship_email(p: Pen) -> str:
    who = p.person(youngest=18, oldest=32)
    return f"""Bonjour,

Je suis stagiaire à {p.pick("Bruxelles", "Lyon", "Genève")} et ma bourse n'est pas encore arrivée. Mon code permanent est {who.permanent_code()}; mon nouvel IBAN : {who.iban()}. {p.filler("finance")}

Pour les frais, vous pouvez débiter ma carte {who.card()}.

{p.pick("Merci d'avance,", "Bien à vous,")}
{who.full()} – {who.email()}"""

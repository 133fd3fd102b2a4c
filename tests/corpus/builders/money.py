# ruff: noqa: E501 - a sentence stays on its line
"""Invoices, payments, bank accounts, taxes, tenders."""

from tests.corpus.pen import RAW, Pen, builder


@builder("a", "facture", styles=("plain", "nbsp", "ocr", "as-is"))
def invoice_citizen(p: Pen) -> str:
    who = p.person()
    return f"""FACTURE N° {p.digits(9)}                      Date : {p.day():%Y-%m-%d}
Facturé à :
{who.full()}
{who.address(chr(10))}

Description                           Montant
{p.pick("Permis de rénovation", "Cours de natation – automne", "Extrait d'acte de naissance", "Analyse d'eau")}          {p.amount(20, 400)}
TPS {p.digits(9)} RT0001              {p.amount(1, 20)}
TVQ {p.digits(10)} TQ0001             {p.amount(1, 40)}
TOTAL                                 {p.amount(40, 500)}

Payé par carte {who.card()} exp. {p.number(1, 12):02}/{p.number(27, 31)}
Autorisation {p.digits(6)} – merci!"""


@builder("b", "courriel")
def payment_dispute(p: Pen) -> str:
    who, agent = p.person(), p.person()
    return f"""Objet : {p.pick("Paiement en double", "Carte refusée", "Remboursement demandé")} – facture {p.digits(9)}

Bonjour,

{p.pick("Ma carte a été débitée deux fois", "Je n'ai jamais reçu mon remboursement", "Le montant prélevé ne correspond pas à ma facture")} le {p.date(60)}. Il s'agit de la carte {who.card()} au nom {p.of(who.full())}. J'ai parlé à {agent.given()} au service à la clientèle, qui m'a donné le numéro de confirmation {p.digits(10)}.

{p.filler("finance")} Vous pouvez me joindre au {who.phone()} ou faire le dépôt au compte {who.account()} ({p.pick("Desjardins", "Banque Nationale", "RBC")}).

{who.full()}
{p.maybe(who.address(), 0.5)}"""


@builder("a", "formulaire")
def direct_deposit(p: Pen) -> str:
    who = p.person()
    return f"""INSCRIPTION AU DÉPÔT DIRECT

Titulaire du compte : {who.any_name()}
Nº d'assurance sociale : {who.sin()}
{p.pick(f"Transit, institution et folio : {who.account()}", f"Coordonnées bancaires (spécimen ci-joint) : {who.account()}", f"Compte à déposer : {who.account()}")}
Nom de l'établissement : Caisse Desjardins {p.pick("de Limoilou", "du Plateau-Mont-Royal", "des Rivières", "de Rimouski")}

J'autorise {p.body()} à déposer les sommes qui me sont dues. {p.filler("finance")}
Date : {p.day():%Y-%m-%d}    Signature : {who.full()}"""


@builder("b", "virement", styles=("plain", "as-is", "nbsp"))
def wire_abroad(p: Pen) -> str:
    who, heir = p.person(), p.person()
    return f"""Demande de versement à l'étranger – dossier {p.reference()}

Bénéficiaire : {heir.full()}
IBAN : {heir.iban()}
BIC : {p.pick("BNPAFRPPXXX", "DEUTDEFFXXX", "GEBABEBB36A", "UBSWCHZH80A")}
Montant : {p.amount(200, 8000)}
Motif : {p.pick("succession de feu " + who.full(), "rente au conjoint " + p.of(who.full()), "remboursement d'un trop-perçu")}

{p.filler("finance", 1, 2)}
Pour confirmer, {heir.il} peut être joint{heir.e} à {heir.email()}."""


@builder("a", "relevé", styles=RAW)
def tax_slip(p: Pen) -> str:
    who = p.person()
    return f"""RELEVÉ 1 – REVENUS D'EMPLOI ET REVENUS DIVERS        Année 2025
Code du relevé : R    N° du dernier relevé transmis : {p.digits(9)}
A- Revenus d'emploi ............. {p.number(20, 99)} {p.digits(3)},{p.digits(2)}
B- Cotisation au RRQ ............ 3 {p.digits(3)},{p.digits(2)}
E- Impôt du Québec retenu ....... {p.number(2, 19)} {p.digits(3)},{p.digits(2)}

Nom de famille, prénom et adresse du particulier
{who.capitals()}
{who.address(chr(10)).upper()}
NAS du particulier {who.sin()}
Numéro d'identification de l'employeur {p.digits(10)} RS 0001
NEQ {p.pick("11", "22", "88")}{p.digits(8)}"""


@builder("b", "transcription")
def payment_call(p: Pen) -> str:
    who, agent = p.person(), p.person()
    return f"""Agente : Service de la perception, {agent.given()}, bonjour. Je vous informe que l'appel est enregistré.
Client : Oui, je voudrais payer mon constat, le numéro c'est {p.digits(9)}.
Agente : Parfait. Le nom sur la carte?
Client : {who.full()}.
Agente : Le numéro de la carte?
Client : {p.pick("Attendez…", "OK c'est", "Alors :")} {who.card()}, expiration {p.number(1, 12):02} {p.number(27, 31)}.
Agente : Merci. Et votre code postal?
Client : {who.postal()}.
Agente : {p.filler("finance")} Votre numéro de confirmation est le {p.digits(8)}."""


@builder("a", "courriel", styles=("plain", "as-is", "unaccented"))
def supplier_thread(p: Pen) -> str:
    who, buyer = p.person(), p.person()
    return f"""Bonjour {buyer.given()},

Ci-joint la facture {p.digits(9)} pour le contrat {p.digits(10)}. Nos nouvelles coordonnées bancaires : {who.account()} ({p.pick("Banque Laurentienne", "BMO", "CIBC")}). {p.filler("finance")}

{p.pick("Merci de confirmer par retour de courriel.", "Prière de ne plus utiliser l'ancien compte.")}

{who.full()}, {p.pick("comptes clients", "facturation", "contrôleur")}
Groupe {p.pick("Boréal", "Horizon", "Estuaire")} inc. | NEQ {p.pick("11", "22")}{p.digits(8)}
{who.desk()} | {who.email()}"""


@builder("a", "facture", clean=True)
def invoice_business(p: Pen) -> str:
    nine = p.digits(9)
    return f"""FACTURE {p.digits(9)}
De : {p.pick("Fournitures Boréales inc.", "Papeterie du Fleuve ltée", "Informatique Estuaire S.E.N.C.")}
À : {p.unit()}, {p.office()}
Bon de commande : {p.digits(10)}    Contrat : {p.digits(12)}

Qté  Article                       Prix
{p.number(1, 90)}   Papier recyclé 8½ × 11        {p.amount(20, 900)}
{p.number(1, 9)}    Cartouche {p.digits(6)}            {p.amount(20, 300)}
{p.number(1, 4)}    Fauteuil modèle Champlain     {p.amount(200, 900)}

TPS {nine} RT0001 / TVQ {p.digits(10)} TQ0001
{p.filler("finance")} {p.filler("traps")} Renseignements : {p.service_line()}"""


@builder("b", "budget", clean=True)
def budget_narrative(p: Pen) -> str:
    return f"""Rapport budgétaire – {p.pick("premier", "deuxième", "troisième")} trimestre

Les dépenses s'élèvent à {p.number(10, 900)} {p.digits(3)} {p.digits(3)} $, soit {p.number(1, 99)},{p.number(0, 9)} % du budget. {p.filler("finance", 1, 2)}

{p.fill("La réfection de {road} explique une hausse de {amount}; l'agrandissement de {building}, une baisse de {amount}.")} {p.fill("Le seuil est établi selon {method}.")}

Compte budgétaire 02-{p.digits(3)}-00-{p.digits(3)}; projet {p.digits(9)}; décret {p.digits(3)}-2026. {p.filler("municipal")}"""


@builder("a", "appel d'offres", clean=True)
def tender_notice(p: Pen) -> str:
    return f"""AVIS D'APPEL D'OFFRES PUBLIC n° {p.digits(7)}
Organisme : {p.unit()}
Objet : {p.pick("Déneigement", "Entretien ménager", "Remplacement des chaudières")} – {p.building()}
Ouverture des soumissions : {p.deadline()}, à {p.hour()}
Garantie de soumission : {p.amount(5000, 50000)}

{p.filler("finance", 1, 2)} {p.filler("legal")} Les documents sont offerts sur le SEAO (avis {p.digits(8)}). {p.fill("Toute question doit être transmise à {box}.")}"""


@builder("a", "transcription", lang="en")
def payment_call_english(p: Pen) -> str:
    who, agent = p.person(), p.person()
    return f"""Agent: Thank you for calling, this is {agent.given()}. How may I help you?
Caller: I'd like to pay my {p.pick("tax bill", "ticket", "permit renewal")}, account {p.digits(9)}.
Agent: Certainly. The name on the card?
Caller: {who.full()}. The number is {who.card()}, expiry {p.number(1, 12):02}/{p.number(27, 31)}.
Agent: And the billing address?
Caller: {who.address()}.
Agent: Thank you, {who.civility} {who.surname()}. {p.filler("process")}"""


@builder("b", "facture", lang="en", clean=True)
def invoice_english(p: Pen) -> str:
    return f"""INVOICE {p.digits(9)}
Bill to: Accounts Payable, {p.office()}
PO {p.digits(10)}    Contract {p.digits(12)}    GST {p.digits(9)} RT0001

{p.number(1, 20)} x Toner cartridge {p.digits(6)}    {p.amount(20, 300)}
{p.number(1, 5)} x Champlain desk lamp    {p.amount(20, 300)}

{p.filler("process")} Terms: net 30 days. Customer service: {p.service_line()}."""


@builder("b", "virement", lang="mixed")
def wire_mixed(p: Pen) -> str:
    who = p.person()
    return f"""Hello / Bonjour,

Please find my banking details for the refund / Voici mes coordonnées bancaires pour le remboursement :

Name / Nom: {who.full()}
IBAN: {who.iban()}
Address / Adresse: {who.address()}
Date of birth / Date de naissance: {who.birth("iso")}

{p.filler("finance")} The amount of {p.amount(100, 900)} was approved on {p.day():%Y-%m-%d}.

Thank you / Merci,
{who.given()}"""

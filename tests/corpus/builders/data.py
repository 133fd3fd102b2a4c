# ruff: noqa: E501 - a sentence stays on its line
"""Structured text: tables, CSV, JSON, logs, XML, credentials."""

import json

from tests.corpus import identifiers
from tests.corpus.marks import dumps
from tests.corpus.pen import RAW, Pen, builder
from tests.corpus.typography import entities


@builder("a", "tableau", styles=RAW)
def table_markdown(p: Pen) -> str:
    rows = "\n".join(
        f"| {who.reversed()} | {who.birth('iso')} | {who.phone()} | {p.pick('Actif', 'En attente', 'Fermé')} | {p.amount()} |"
        for who in (p.person() for _ in range(p.number(3, 7)))
    )
    return f"""{p.filler("process")}

| Nom | Date de naissance | Téléphone | Statut | Solde |
|:---|:---:|---|---|---:|
{rows}

Total des dossiers : {p.digits(4)}. Mise à jour : {p.day():%Y-%m-%d}."""


@builder("b", "csv", styles=RAW)
def table_csv(p: Pen) -> str:
    sep = p.pick(",", ";", "\t")
    people = [p.person() for _ in range(p.number(3, 8))]
    lines = [sep.join(["id", "prenom", "nom", "nas", "courriel", "cp", "montant"])]
    for index, who in enumerate(people):
        lines.append(
            sep.join(
                [
                    f"{1000 + index}",
                    who.given(),
                    who.surname(),
                    who.sin(),
                    who.email(),
                    who.postal(),
                    f"{p.number(10, 9000)}.{p.number(10, 99)}",
                ]
            )
        )
    return "\n".join(lines)


@builder("a", "json", styles=RAW)
def json_record(p: Pen) -> str:
    who = p.person()
    record = {
        "dossier": p.reference(),
        "usager": {"nom": who.surname(), "prenom": who.given(), "dateNaissance": who.birth("iso"), "nam": who.nam()},
        "coordonnees": {"adresse": who.address(), "telephone": who.phone(), "courriel": who.email()},
        "statut": p.pick("OUVERT", "FERME", "EN_ATTENTE"),
        "montant": p.number(100, 90000) / 100,
        "dateDemande": f"{p.day():%Y-%m-%d}T{p.number(8, 17):02}:{p.number(10, 59)}:00-05:00",
        "idTransaction": f"{p.rng.getrandbits(128):032x}",
        "note": p.filler("process"),
    }
    return dumps(record, ascii_only=p.rng.random() < 0.5, indent=p.pick(None, 2))


@builder("b", "json", styles=RAW)
def json_in_json(p: Pen) -> str:
    who = p.person()
    inner = dumps(
        {"destinataire": who.full(), "adresse": who.address(), "permis": who.licence(), "motif": p.filler("process")},
        ascii_only=p.rng.random() < 0.5,
    )
    outer = {
        "role": "assistant",
        "tool_calls": [
            {
                "id": f"call_{p.digits(8)}",
                "type": "function",
                "function": {"name": p.pick("envoyer_lettre", "mettre_a_jour", "creer_dossier"), "arguments": inner},
            }
        ],
    }
    return dumps(outer)


@builder("a", "journal", styles=RAW)
def log_lines(p: Pen) -> str:
    day = p.day(60)
    lines = []
    for _ in range(p.number(4, 9)):
        who = p.person()
        stamp = f"{day:%Y-%m-%d} {p.number(0, 23):02}:{p.number(0, 59):02}:{p.number(0, 59):02},{p.digits(3)}"
        lines.append(
            p.pick(
                f"{stamp} INFO  [auth] connexion de {who.work_email()} depuis {who.ip()} (session {p.rng.getrandbits(64):016x})",
                f"{stamp} WARN  [portail] tentative refusée client={who.ip()} code=403 durée={p.number(2, 900)}ms",
                f"{stamp} ERROR [paie] dépôt rejeté compte={who.account()} montant={p.number(100, 4000)}.00",
                f"{stamp} INFO  [dossier] dossier={p.digits(9)} version=4.12.0.7 état=OK",
                f"{stamp} DEBUG [sql] UPDATE usager SET telephone='{who.phone()}' WHERE id={p.digits(6)}",
            )
        )
    return "\n".join(lines)


@builder("b", "xml", styles=RAW)
def xml_record(p: Pen) -> str:
    who = p.person()
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<demande id="{p.digits(9)}" version="1.2.0.4">
  <requerant>
    <nom>{who.surname()}</nom>
    <prenom>{who.given()}</prenom>
    <nas>{who.sin()}</nas>
    <naissance>{who.birth("iso")}</naissance>
    <adresse>{entities(who.address())}</adresse>
    <telephone type="mobile">{who.phone()}</telephone>
  </requerant>
  <commentaire><![CDATA[{p.filler("process")}]]></commentaire>
</demande>"""


@builder("a", "courriel technique", styles=("plain", "as-is", "nbsp"))
def credentials_mail(p: Pen) -> str:
    a, b = p.person(), p.person()
    return f"""Bonjour {b.given()},

{p.filler("tech")} Voici les accès temporaires :

Utilisateur : {b.work_email()}
{p.pick("Mot de passe", "Mot de passe temporaire", "mdp", "MDP")} : {p.secret(identifiers.password(p.rng))}
{p.maybe(f"Clé d'API : {p.secret(identifiers.api_key(p.rng))}" + chr(10), 0.6)}{p.maybe(f"Jeton : {p.secret(identifiers.jwt(p.rng))}" + chr(10), 0.4)}
{p.filler("tech")}

{a.full()}
{p.unit()} – {a.desk()}"""


@builder("b", "configuration", styles=RAW)
def credentials_file(p: Pen) -> str:
    return p.pick(
        f"""# .env du service de paie (ne pas verser au dépôt)
APP_VERSION=3.1.{p.number(0, 20)}
DATABASE_URL=postgresql://vigie:{p.secret(identifiers.password(p.rng).replace("?", "x").replace("#", "y").replace("&", "z"))}@bd.exemple.quebec:5432/paie
API_KEY={p.secret(identifiers.api_key(p.rng))}
LOG_LEVEL=info
DELAI_MS={p.number(100, 9000)}""",
        f"""curl -s https://api.exemple.quebec/v2/dossiers/{p.digits(6)} \\
  -H "Authorization: Bearer {p.secret(identifiers.jwt(p.rng))}" \\
  -H "Accept: application/json"
# {p.filler("tech")}""",
        f"""La clé suivante a été trouvée dans le dépôt par l'équipe de sécurité :

{p.secret(identifiers.pem(p.rng))}

{p.filler("tech")}""",
    )


@builder("a", "json", clean=True, styles=RAW)
def json_metrics(p: Pen) -> str:
    return json.dumps(
        {
            "version": f"{p.number(1, 9)}.{p.number(0, 20)}.{p.number(0, 9)}.{p.number(1, 200)}",
            "commit": f"{p.rng.getrandbits(160):040x}",
            "id": f"{p.rng.getrandbits(32):08x}-{p.rng.getrandbits(16):04x}-4{p.rng.getrandbits(12):03x}-a{p.rng.getrandbits(12):03x}-{p.rng.getrandbits(48):012x}",
            "facture": p.digits(9),
            "commande": p.digits(10),
            "neq": identifiers.neq(p.rng),
            "horodatage": f"{p.day():%Y-%m-%d}T{p.number(0, 23):02}:{p.number(10, 59)}:00Z",
            "lieu": p.namesake(),
            "service": p.unit(),
            "message": p.filler("tech"),
            "durees_ms": [p.number(1, 999) for _ in range(6)],
        },
        ensure_ascii=p.rng.random() < 0.5,
        indent=p.pick(None, 2),
    )


@builder("b", "csv", clean=True, styles=RAW)
def csv_budget(p: Pen) -> str:
    sep = p.pick(",", ";", "\t")
    lines = [sep.join(["poste", "direction", "2024-2025", "2025-2026", "ecart_pct"])]
    for index, unit in enumerate(
        p.some(
            [
                "Traitement et avantages",
                "Loyers",
                "Fournitures",
                "Déplacements",
                "Services professionnels",
                "Télécommunications",
                "Formation",
                "Énergie",
                "Assurances",
                "Licences",
                "Publicité",
                "Imprévus",
            ],
            4,
            6,
        )
    ):
        lines.append(
            sep.join(
                [
                    f"{5000 + index * 10}",
                    unit,
                    p.digits(7),
                    p.digits(7),
                    f"{p.number(-20, 20)},{p.number(0, 9)}" if sep != "," else f"{p.number(-20, 20)}.{p.number(0, 9)}",
                ]
            )
        )
    return "\n".join(lines)


@builder("b", "journal", lang="en", styles=RAW)
def log_english(p: Pen) -> str:
    lines = []
    for _ in range(p.number(4, 8)):
        who = p.person()
        lines.append(
            p.pick(
                f'{who.ip()} - - [{p.day(30):%d/%b/%Y}:{p.number(0, 23):02}:{p.number(10, 59)}:{p.number(10, 59)} -0500] "GET /portal/file/{p.digits(6)} HTTP/1.1" 200 {p.digits(4)}',
                f"[{p.day(30):%Y-%m-%d}] user {who.email()} reset password from {who.ip()}",
                f"[{p.day(30):%Y-%m-%d}] build 10.0.{p.digits(5)}.{p.digits(3)} deployed, ticket {p.digits(9)} closed",
            )
        )
    return "\n".join(lines)


@builder("a", "configuration", lang="en", clean=True, styles=RAW)
def release_notes_english(p: Pen) -> str:
    return f"""## Release {p.number(1, 9)}.{p.number(0, 20)}.{p.number(0, 9)}.{p.number(1, 90)}

- {p.filler("tech")}
- Fixed rounding in the Gini coefficient report (ticket {p.digits(9)})
- Renamed the "Champlain" theme to "Boreal"
- Moved the Luhn check to the validation library
- Checksum: {p.rng.getrandbits(128):032x}

{p.filler("tech")} Contact {p.mailbox()}."""


@builder("a", "json", lang="mixed", styles=RAW)
def json_ticket_mixed(p: Pen) -> str:
    who, agent = p.person(), p.person()
    return dumps(
        {
            "ticket": p.digits(7),
            "priority": p.pick("high", "low"),
            "requester": {"name": who.full(), "email": who.email(), "phone": who.phone()},
            "description": f"Bonjour, je n'arrive plus à me connecter. {p.filler('tech')} Mon adresse : {who.address()}.",
            "comments": [
                {
                    "author": agent.full(),
                    "body": f"Called the user back, asked for date of birth ({who.birth('iso')}) to confirm identity.",
                }
            ],
            "client_ip": who.ip(),
            "tags": ["login", "portail"],
        },
        ascii_only=p.rng.random() < 0.4,
        indent=p.pick(None, 2),
    )

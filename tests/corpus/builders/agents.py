# ruff: noqa: E501 - a sentence stays on its line
"""What programs and assistants pass to each other: tool results, retrieved passages, SQL, YAML, configuration."""

from tests.corpus import identifiers
from tests.corpus.marks import dumps
from tests.corpus.pen import RAW, Pen, builder


@builder("a", "résultat d'outil", styles=RAW)
def tool_result(p: Pen) -> str:
    people = [p.person() for _ in range(p.number(2, 4))]
    rows = [
        {
            "id": p.number(1000, 9999),
            "nom_complet": who.full(),
            "ddn": who.birth("iso"),
            "tel": who.phone(),
            "solde": p.number(0, 90000) / 100,
        }
        for who in people
    ]
    return dumps(
        {
            "outil": "rechercher_usager",
            "duree_ms": p.number(3, 900),
            "total": len(rows),
            "resultats": rows,
            "avis": p.filler("tech"),
        },
        ascii_only=p.rng.random() < 0.5,
    )


@builder("b", "contexte", styles=RAW)
def retrieved_passages(p: Pen) -> str:
    who, other = p.person(), p.person()
    return f"""Tu es l'assistant du centre de services. Réponds en français, uniquement à partir des extraits.

<extrait source="note_{p.digits(4)}.txt">
{who.titled()} a téléphoné le {p.date(60)} du {who.phone()}. {p.filler("finance")}
</extrait>
<extrait source="lettre_{p.digits(4)}.pdf" page="2">
{p.filler("legal")} Destinataire : {other.full()}, {other.address()}.
</extrait>

Question : {p.pick("à qui faut-il répondre en premier", "quelle adresse utiliser", "que dit la loi")} ?"""


@builder("a", "SQL", styles=RAW)
def sql_insert(p: Pen) -> str:
    people = [p.person() for _ in range(p.number(2, 5))]
    rows = ",\n  ".join(
        f"({p.number(1, 9999)}, '{who.first.replace(chr(39), ' ') and who.given()}', '{who.surname()}', '{who.sin()}', '{who.email()}', '{p.day():%Y-%m-%d}')"
        for who in people
    )
    return f"""-- reprise du lot {p.digits(9)}, schéma 2.1.0.{p.number(1, 9)}
INSERT INTO prestataire (id, prenom, nom, nas, courriel, maj) VALUES
  {rows};"""


@builder("b", "YAML", styles=RAW)
def yaml_record(p: Pen) -> str:
    who, doctor = p.person(), p.person()
    return f"""patient:
  nom: {who.surname()}
  prenom: {who.given()}
  nam: {who.nam()}
  date_naissance: {who.birth("iso")}
  adresse: "{who.address()}"
medecin_traitant: {doctor.full()}
allergies: [penicilline, latex]
rendez_vous:
  - date: {p.later():%Y-%m-%d}
    lieu: "{p.hospital()}"
    note: "{p.filler("health")}"
version: 1.0.{p.number(0, 9)}.{p.number(0, 9)}"""


@builder("a", "clavardage", styles=("as-is", "plain"))
def team_messages(p: Pen) -> str:
    a, b, client = p.person(), p.person(), p.person()
    at = p.hours(5)
    return f"""{a.full()}  {at[0]}
Quelqu'un a le dossier de {client.titled()}? Le {p.reference()}.
{b.full()}  {at[1]}
Oui! {p.pick("Elle" if client.sex == "F" else "Il")} a appelé hier du {client.phone()}. {p.filler("process")}
{a.full()}  {at[2]}
Super. Sa nouvelle adresse?
{b.full()}  {at[3]}
{client.address()}
{a.full()}  {at[4]}
Merci {b.given()} 🙏"""


@builder("b", "configuration", styles=RAW)
def leaked_config(p: Pen) -> str:
    who = p.person()
    return p.pick(
        f"""commit {p.rng.getrandbits(160):040x}
Author: {who.full()} <{who.work_email()}>
Date:   {p.day():%Y-%m-%d}

    Corrige la connexion au service de paie

-    password: "{p.secret(identifiers.password(p.rng))}"
+    password: ${{PAIE_PASSWORD}}
     timeout: 30""",
        f"""spring.datasource.url=jdbc:postgresql://bd.exemple.quebec:5432/dossiers
spring.datasource.username=app_dossiers
spring.datasource.password={p.secret(identifiers.password(p.rng))}
contact.technique={who.work_email()}
jeton.api={p.secret(identifiers.api_key(p.rng))}
serveur.version=9.0.{p.number(10, 99)}.{p.number(1, 9)}""",
        f"""Bonjour {who.given()}, comme convenu : le wifi de la salle est « Invites-2026 » et le mot de passe est {p.secret(identifiers.password(p.rng))} . Pour le VPN, ton NIP temporaire te sera donné par téléphone au {who.phone()}. {p.filler("tech")}""",
    )


@builder("a", "journal")
def access_log_note(p: Pen) -> str:
    who, analyst = p.person(), p.person()
    return f"""Analyse de l'incident {p.digits(7)}

Entre {p.number(1, 5)} h {p.number(10, 59)} et {p.number(6, 9)} h {p.number(10, 59)}, l'adresse {who.ip()} a tenté {p.number(20, 900)} connexions au compte {who.work_email()}. L'utilisateur, {who.full()}, était en congé. Une seconde adresse, {who.ip()}, correspond à son domicile. {p.filler("tech", 1, 2)}

Le mot de passe ({p.secret(identifiers.password(p.rng))}) figurait dans une liste publique; il a été réinitialisé. {p.pick("Aucune donnée n'a été consultée.", "Dossier clos.")}

{analyst.full()}, analyste en sécurité"""


@builder("b", "configuration", clean=True, styles=RAW)
def yaml_deployment(p: Pen) -> str:
    return f"""# {p.filler("tech")}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: portail-{p.pick("permis", "paie", "dossiers")}
  labels: {{version: "{p.number(1, 9)}.{p.number(0, 9)}.{p.number(0, 9)}"}}
spec:
  replicas: {p.number(2, 6)}
  template:
    spec:
      containers:
        - image: registre.exemple.quebec/portail@sha256:{p.rng.getrandbits(256):064x}
          env:
            - {{name: MOT_DE_PASSE, valueFrom: {{secretKeyRef: {{name: portail, key: mdp}}}}}}
            - {{name: DELAI_MS, value: "{p.digits(4)}"}}"""


@builder("a", "code", clean=True, styles=RAW)
def source_code(p: Pen) -> str:
    return f'''def taux_effectif(montant: Decimal, annee: int) -> Decimal:
    """Taux du barème (arrêté du {p.date()}), voir le ticket {p.digits(9)}."""
    # Le seuil vient de la table {p.number(1, 20)}; Marge et Plafond sont en dollars
    if annee < 2020:
        raise ValueError("année non prise en charge : " + str(annee))
    return (montant * TAUX[annee]).quantize(Decimal("0.01"))

# {p.filler("tech")}
ID = "{p.rng.getrandbits(32):08x}-{p.rng.getrandbits(16):04x}-4{p.rng.getrandbits(12):03x}-9{p.rng.getrandbits(12):03x}-{p.rng.getrandbits(48):012x}"
assert taux_effectif(Decimal("{p.number(100, 9999)}.50"), 2026) > 0'''


@builder("b", "résultat d'outil", lang="en", styles=RAW)
def tool_result_english(p: Pen) -> str:
    who = p.person()
    return dumps(
        {
            "tool": "get_customer",
            "ok": True,
            "customer": {
                "full_name": who.full(),
                "date_of_birth": who.birth("iso"),
                "sin": who.sin(),
                "address": who.address(),
                "mobile": who.phone(),
            },
            "last_ip": who.ip(),
            "request_id": f"{p.rng.getrandbits(128):032x}",
            "notes": p.filler("process"),
        },
        indent=p.pick(None, 2),
    )


@builder("a", "configuration", lang="en")
def credentials_english(p: Pen) -> str:
    a, b = p.person(), p.person()
    return f"""Hi {b.given()},

{p.filler("tech")} Your account is {b.email()} and the temporary password is {p.secret(identifiers.password(p.rng))}

API key for the sandbox: {p.secret(identifiers.api_key(p.rng))}

Please change both today.
{a.full()}"""


@builder("b", "journal", lang="en", clean=True, styles=RAW)
def build_log_english(p: Pen) -> str:
    lines = [
        f"[{at}:{p.number(10, 59)}] {p.pick('INFO', 'WARN')} {p.pick(f'step {p.number(1, 40)} done in {p.digits(4)} ms', f'image sha256:{p.rng.getrandbits(256):064x}', f'package champlain-ui 4.0.{p.number(1, 20)}.{p.number(1, 9)} installed', f'artifact {p.digits(12)} uploaded', 'Luhn self-test passed')}"
        for at in p.hours(p.number(5, 10))
    ]
    return "\n".join(lines)


@builder("b", "résultat d'outil", lang="mixed", clean=True, styles=RAW)
def tool_error_mixed(p: Pen) -> str:
    return dumps(
        {
            "error": {
                "code": 422,
                "message": "Unprocessable entity",
                "details": p.filler("tech"),
                "request": f"{p.rng.getrandbits(128):032x}",
            },
            "hint": "Vérifier le numéro de dossier (9 chiffres) et la date limite.",
            "docs": f"section 4.2.1.{p.number(1, 9)}",
            "retry_after": p.number(1, 60),
            "office": p.office(),
        },
        ascii_only=p.rng.random() < 0.5,
    )

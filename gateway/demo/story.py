"""What the demonstration shows: an application, a supervisor and an auditor, each with the tools that they have. *Edge*."""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
import time
from pathlib import Path
from typing import Any

import click
import orjson

from gateway.demo.provider import Provider
from gateway.demo.stage import COLLEAGUE, FAR_AWAY, SUPERVISOR, SYSTEM, Stage, vigie


def tell(stage: Stage, provider: Provider, url: str, key: str) -> None:
    """The application's side of the story, through the stock OpenAI client."""
    import openai

    client = openai.OpenAI(base_url=f"{url}/v1", api_key=key)

    def ask(text: str, model: str = "assistant") -> Any:
        stage.sent(text)
        return client.chat.completions.with_raw_response.create(
            model=model, messages=[{"role": "user", "content": text}]
        )

    stage.step("Une réponse gouvernée et étiquetée", "A governed, labelled answer")
    raw = ask("Quels documents faut-il pour un permis de rénovation\u00a0?")
    stage.provider(provider.received[-1])
    stage.answer(str(raw.parse().choices[0].message.content))
    stage.told("étiquette (label)", str(raw.headers.get("x-vigie-label")), "magenta")
    stage.told("décision", str(raw.headers.get("x-vigie-decision")), "magenta")

    stage.step("Un refus, sa raison et ce qui le changerait", "A refusal, its reason and what would change it")
    before = len(provider.received)
    try:
        ask("Résumez le dossier de Marie Tremblay, tél. 418 555-0188.", FAR_AWAY)
    except openai.PermissionDeniedError as error:
        body: Any = error.body
        stage.answer(f"403 {body['code']}\u00a0: {body['message']}")
        for candidate in body.get("candidates", []):
            stage.told(f"  {candidate['deployment']}", ", ".join(candidate["rules"]), "magenta")
        stage.told("  que faire", str(body.get("hint", "")), "magenta")
    stage.provider("rien (nothing)" if len(provider.received) == before else provider.received[-1])

    stage.step("Des valeurs pseudonymisées à l'aller, rétablies au retour", "Values pseudonymized out, restored back")
    raw = ask("Écrivez à Marie Tremblay, marie.tremblay@exemple.quebec, que son permis est prêt.")
    stage.provider(provider.received[-1])
    stage.answer(str(raw.parse().choices[0].message.content))

    stage.step("Un flux étiqueté dès le premier fragment", "A stream, labelled from its first chunk")
    text = "Confirmez le rendez-vous de Marie Tremblay."
    stage.sent(text)
    stream = client.chat.completions.create(
        model="assistant", messages=[{"role": "user", "content": text}], stream=True
    )
    click.echo(f"   {click.style('◀ application           ', fg='green')} ", nl=False)
    label = None
    for chunk in stream:
        label = label or (chunk.model_extra or {}).get("vigie")
        if chunk.choices and chunk.choices[0].delta.content:
            click.echo(chunk.choices[0].delta.content, nl=False)
    click.echo()
    stage.provider(provider.received[-1])
    stage.told("étiquette (label)", orjson.dumps(label).decode(), "magenta")


def act(stage: Stage, provider: Provider, place: Path, url: str, key: str) -> None:
    """An agent's payment is held, in its own client's call, until a supervisor decides in another terminal."""
    import openai

    stage.step("Un paiement retenu, approuvé dans un autre terminal", "A payment held, approved in a second terminal")
    client = openai.OpenAI(base_url=f"{url}/v1", api_key=key, default_headers={"x-vigie-session": "demonstration"})
    tool: Any = {"type": "function", "function": {"name": "issue_payment", "parameters": {"type": "object"}}}
    answers: list[Any] = []

    def ask() -> None:
        text = "Payez la facture du fournisseur."
        answers.append(
            client.chat.completions.create(
                model="assistant", messages=[{"role": "user", "content": text}], tools=[tool]
            )
        )

    stage.sent("(agent) Payez la facture du fournisseur.")
    agent = threading.Thread(target=ask, daemon=True, name="demo-agent")
    started = time.monotonic()
    agent.start()
    waiting = ""
    while not waiting and agent.is_alive():
        waiting = vigie(place, "holds", "--json").strip()
    stage.provider(provider.received[-1])
    if not waiting:
        raise click.ClickException("le paiement n'a pas été retenu (the payment was not held)")
    held = orjson.loads(waiting)
    stage.told(
        "l'agent attend", f"{held['action']['tool']} {orjson.dumps(held['action']['arguments']).decode()}", "red"
    )
    stage.told("$ vigie holds show", vigie(place, "holds", "show", held["id"]).strip().replace("\n", "\n" + " " * 28))
    stage.told("$ vigie holds approve", held["id"] + f" --by {SUPERVISOR}")
    vigie(place, "holds", "approve", held["id"], "--by", SUPERVISOR, "--sha256", held["action_sha256"])
    agent.join(30)
    call = answers[0].choices[0].message.tool_calls[0].function
    waited = time.monotonic() - started
    stage.answer(f"{call.name} {call.arguments}  (l'agent reprend après {waited:.0f} s; the agent goes on)")


def stop(stage: Stage, place: Path, url: str, key: str) -> None:
    """An emergency stop cuts a stream in the middle; another person resumes."""
    import openai

    stage.step("Un arrêt d'urgence coupe un flux en cours", "An emergency stop cuts a stream in the middle")
    client = openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0)
    text = "Écrivez sans fin."
    stage.sent(text)
    click.echo(f"   {click.style('◀ application           ', fg='green')} ", nl=False)
    halts: list[str] = []

    def halt() -> None:
        halts.append(vigie(place, "halt", "--scope", f"system:{SYSTEM}", "--reason", "démonstration").strip())

    person = threading.Thread(target=halt, daemon=True, name="demo-supervisor")
    try:
        for number, chunk in enumerate(
            client.chat.completions.create(model="assistant", messages=[{"role": "user", "content": text}], stream=True)
        ):
            if chunk.choices and chunk.choices[0].delta.content and number < 12:
                click.echo(chunk.choices[0].delta.content, nl=False)
            if number == 12:
                click.echo("…")
                stage.told("$ vigie halt", f"--scope system:{SYSTEM} --reason démonstration", "red")
                person.start()
    except openai.APIError as error:
        stage.answer(f"{error.code}\u00a0: {error.message}")
    person.join(30)
    try:
        client.chat.completions.create(model="assistant", messages=[{"role": "user", "content": "Bonjour"}])
    except openai.PermissionDeniedError as error:
        stage.answer(f"403 {error.code} (nouvel appel · new call)")
    stage.told("$ vigie resume", f"{halts[0]} --by {COLLEAGUE} --reason …", "cyan")
    vigie(place, "resume", halts[0], "--by", COLLEAGUE, "--reason", "fin de la démonstration")


def verify(stage: Stage, place: Path) -> None:
    """The auditor's side: verify the live ledger, export it, change one byte, and be caught."""
    stage.step("Le registre se vérifie", "The ledger verifies")
    stage.told("vigie audit verify", vigie(place, "audit", "verify").strip().replace("\n", "\n" + " " * 28))
    bundle, tampered = place / "registre.tar", place / "registre-modifie.tar"
    vigie(place, "audit", "export", "--out", str(bundle))
    tamper(bundle, tampered)
    stage.step("Une copie modifiée est repérée", "A tampered copy is caught")
    said = vigie(place, "audit", "verify", str(tampered), expect=1)
    stage.told("un mot changé", said.strip().replace("\n", "\n" + " " * 28), "red")


def tamper(bundle: Path, copy: Path) -> None:
    """A copy in which one refusal has become an answer, by someone who also mended the manifest."""
    with tarfile.open(bundle) as source:
        files = {member.name: source.extractfile(member) for member in source.getmembers()}
        contents = {name: file.read() for name, file in files.items() if file is not None}
    lines = contents["records.jsonl"].replace(b'"outcome":"refused"', b'"outcome":"served"', 1)
    manifest = orjson.loads(contents["manifest.json"])
    manifest["sha256"]["records.jsonl"] = hashlib.sha256(lines).hexdigest()
    contents |= {"records.jsonl": lines, "manifest.json": orjson.dumps(manifest)}
    with tarfile.open(copy, "w") as target:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            target.addfile(member, io.BytesIO(content))

"""`vigie demo`: the example body, played against the real gateway. *Edge*.

Three processes, as in real life: this one is the application (a stock OpenAI client), a child is the gateway, and a
small server here plays the provider, so that each step can show what the provider received and what the application
received. Everything lives in a temporary directory; nothing leaves this machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import orjson
import yaml
from aiohttp import web

from gateway.config.reading import Loader
from gateway.errors import Fault, Message

READY_WITHIN_S = 90.0
SYSTEM = "permis-assistant"
FAR_AWAY = "assistant-ontario"


@dataclass(slots=True)
class Provider:
    """The stand-in provider: remembers the last text that reached it and answers in OpenAI's wire."""

    port: int = 0
    received: list[str] = field(default_factory=list)
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def start(self) -> None:
        """Serve on a free loopback port from a thread of its own."""
        ready = threading.Event()
        threading.Thread(target=self._serve, args=(ready,), daemon=True, name="demo-provider").start()
        ready.wait(10)

    def _serve(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self.loop)
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._completions)
        runner = web.AppRunner(app, access_log=None)
        self.loop.run_until_complete(runner.setup())
        self.loop.run_until_complete(web.TCPSite(runner, "127.0.0.1", 0).start())
        self.port = int(runner.addresses[0][1])
        ready.set()
        self.loop.run_forever()

    async def _completions(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        text = str(body["messages"][-1]["content"])
        self.received.append(text)
        answer = (
            f"J'ai bien lu votre message («\u00a0{text}\u00a0»). Le permis est prêt\u00a0; on vous écrira sous peu."
        )
        if not body.get("stream"):
            return web.json_response(_completion(answer))
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        for start in range(0, len(answer), 7):
            await response.write(_chunk({"content": answer[start : start + 7]}, None))
            await asyncio.sleep(0.03)
        await response.write(_chunk({}, "stop") + b"data: [DONE]\n\n")
        return response


def _completion(text: str) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 20, "completion_tokens": 20, "total_tokens": 40}
    return {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": "mistral-small",
        "choices": [choice],
        "usage": usage,
    }


def _chunk(delta: dict[str, str], finish: str | None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    body = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "mistral-small", "choices": [choice]}
    return b"data: " + orjson.dumps(body) + b"\n\n"


class Stage:
    """The terminal: numbered steps, and who received what."""

    def __init__(self) -> None:
        self.steps = 0

    def step(self, fr: str, en: str) -> None:
        self.steps += 1
        click.echo(f"\n{click.style(f'{self.steps}. {fr}', bold=True)}\n   {click.style(en, dim=True)}")

    def told(self, who: str, text: str, color: str = "cyan") -> None:
        click.echo(f"   {click.style(f'{who:<24}', fg=color)} {text}")

    def sent(self, text: str) -> None:
        self.told("application ▶", text, "blue")

    def provider(self, text: str) -> None:
        self.told("▶ fournisseur (provider)", text, "yellow")

    def answer(self, text: str) -> None:
        self.told("◀ application", text, "green")


def play(config: Path, *, keep: bool) -> None:
    """Play the story. Raises a `Fault` if the gateway does not start, and exits 1 if a promise does not hold."""
    stage = Stage()
    click.echo(click.style("Vigie — démonstration (everything runs on this machine)", bold=True))
    provider = Provider()
    provider.start()
    with tempfile.TemporaryDirectory(prefix="vigie-demo-") as home:
        place = Path(home)
        demo_config(config, place / "config", provider.port)
        with gateway(place) as (url, key):
            tell(stage, provider, url, key)
            verify(stage, place)
            if keep:
                keep_running(url, key)


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


def demo_config(source: Path, target: Path, port: int) -> None:
    """The example body's files, its own deployment at the stand-in provider, and one deployment outside Québec."""
    shutil.copytree(source, target)
    path = target / "catalogue.yaml"
    catalogue = yaml.load(path.read_text(encoding="utf8"), Loader)  # noqa: S506 - a SafeLoader
    ours = next(
        one
        for one in catalogue["deployments"]
        if one["provider"]["protocol"] == "openai" and one["operator"]["public_body"]
    )
    ours["provider"] = {"protocol": "openai", "base_url": f"http://127.0.0.1:{port}/v1", "model": "mistral-small"}
    ours["enabled"] = True
    far = {**ours, "id": "infonuagique-ontario"}
    far["operator"] = {"name": "Exemple Cloud", "home": "CA-ON", "public_body": False, "foreign_reach": []}
    far["processing"] = {**ours["processing"], "subdivision": "CA-ON", "guarantee": "contractual"}
    far["contract"] = {"ref": "C-2026-001", "expires": "2099-12-31"}
    catalogue["deployments"].append(far)
    for model in catalogue["models"]:
        if model["id"] == "assistant":
            model["deployments"] = [ours["id"]]
    catalogue["models"].append({"id": FAR_AWAY, "kind": "chat", "deployments": [far["id"]]})
    path.write_text(yaml.safe_dump(catalogue, allow_unicode=True, sort_keys=False), encoding="utf8")
    path = target / "register.yaml"
    register = yaml.load(path.read_text(encoding="utf8"), Loader)  # noqa: S506 - a SafeLoader
    for system in register["systems"]:
        if system["id"] == SYSTEM:
            system["models"].append(FAR_AWAY)
    path.write_text(yaml.safe_dump(register, allow_unicode=True, sort_keys=False), encoding="utf8")


@contextlib.contextmanager
def gateway(place: Path) -> Iterator[tuple[str, str]]:
    """A gateway process on a free port, and a key of the demonstration's system."""
    vigie(place, "db", "upgrade")
    key = vigie(place, "key", "create", "--system", SYSTEM).strip()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with (place / "gateway.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "gateway.cli", "serve", "--host", "127.0.0.1", "--port", str(port)],
            env=environment(place),
            stdout=log,
            stderr=log,
        )
        try:
            wait_until_ready(process, url, place / "gateway.log")
            yield url, key
        finally:
            process.terminate()
            process.wait(30)


def wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Poll `/readyz`, saying so; raises a `Fault` with the log's last lines when it does not come."""
    click.echo("   démarrage de la passerelle (starting the gateway) ", nl=False)
    started = time.monotonic()
    while time.monotonic() - started < READY_WITHIN_S:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/readyz", timeout=2) as answer:  # noqa: S310
            if answer.status == 200:
                click.echo(f" prête (ready) : {time.monotonic() - started:.1f} s")
                return
        click.echo(".", nl=False)
        time.sleep(0.25)
    click.echo()
    last = log.read_text(encoding="utf8", errors="replace")[-2000:]
    raise Fault(Message("La passerelle n'a pas démarré.", "The gateway did not start."), Message(last, last))


def vigie(place: Path, *arguments: str, expect: int = 0) -> str:
    """Run another `vigie` command on the demonstration's files."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "gateway.cli", *arguments],
        env=environment(place),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != expect:
        said = done.stdout + done.stderr
        raise Fault(Message(f"vigie {arguments[0]}\u00a0: {said}", f"vigie {arguments[0]}: {said}"))
    return done.stdout + (done.stderr if expect else "")


def environment(place: Path) -> dict[str, str]:
    """The commands' configuration and data directories."""
    return {**os.environ, "VIGIE_CONFIG": str(place / "config"), "VIGIE_DATA": str(place / "data")}


def keep_running(url: str, key: str) -> None:
    """Leave the gateway up until interrupted, with what is needed to try it."""
    click.echo("\nLa passerelle reste en marche; Ctrl+C pour arrêter. The gateway stays up; Ctrl+C stops it.")
    click.echo(f"  clé (key) : {key}")
    click.echo(
        f"  curl {url}/v1/chat/completions -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' \\"
    )
    click.echo('    -d \'{"model":"assistant","messages":[{"role":"user","content":"Bonjour"}]}\'')
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            time.sleep(3600)

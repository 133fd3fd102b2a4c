"""Notices: signed, at least once and known by their id, tried again, and to nobody but the hosts of the configuration."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Self

import orjson
import pytest
from aiohttp import web
from pydantic import ValidationError
from sqlalchemy import select

from gateway.config import Configuration, EscalationStep, NoticeSettings, Settings, Target, Webhook, load
from gateway.config.models import TransparencySettings
from gateway.errors import Message
from gateway.storage import Store
from gateway.storage.tables import notices as table
from gateway.storage.tables import records as records_table
from gateway.supervision import Action, Held, Holds, Notices, Proposal, Seal, Subject
from gateway.supervision.sending import tell_people

PUBLIC = TransparencySettings(public_url="https://vigie.exemple.quebec")
KEY = b"0123456789abcdef01234567"
SIN = "130 692 544"


class Receiver:
    """Answers with the statuses it was given, then 200; keeps what came."""

    def __init__(self) -> None:
        self.port, self.statuses = 0, list[int]()
        self.got: list[tuple[dict[str, str], bytes]] = []

    async def post(self, request: web.Request) -> web.Response:
        self.got.append(({name.lower(): value for name, value in request.headers.items()}, await request.read()))
        status = self.statuses.pop(0) if self.statuses else 200
        return web.Response(status=status, headers={"location": "/elsewhere"} if status == 302 else {})


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    one = Receiver()
    app = web.Application()
    app.router.add_post("/hook", one.post)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    one.port = int(runner.addresses[0][1])
    yield one
    await runner.cleanup()


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def configured(settings: NoticeSettings) -> Configuration:
    """The example body's configuration, with other notices."""
    example = load(Path(__file__).parents[2] / "config")
    return replace(example, settings=Settings(notices=settings, transparency=PUBLIC))


def outcomes(store: Store) -> list[tuple[str, int]]:
    with store.read() as connection:
        return [(row.outcome, row.tries) for row in connection.execute(select(table).order_by(table.c.id))]


async def until(said: str, condition) -> None:
    for _ in range(400):
        if condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(said)


async def stop(running: list[asyncio.Task[None]]) -> None:
    """Cancel, and wait for the threads that still read the store."""
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_default_executor()


async def test_a_notice_is_signed_tried_again_and_known_by_its_id(
    receiver: Receiver, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.supervision.notices.EVERY_S", 0.1)
    (tmp_path / "key").write_text("whsec_" + base64.b64encode(KEY).decode())
    hook = Webhook(id="astreinte", url=f"http://127.0.0.1:{receiver.port}/hook", secret=f"file:{tmp_path / 'key'}")
    clock = Clock()
    configuration = configured(NoticeSettings(webhooks=(hook,)))
    notices = Notices(store, lambda: configuration, clock)
    other_process = Notices(store, lambda: configuration, clock)
    holds = Holds(store, Seal(b"k" * 32), clock=clock, also=notices.queue)
    receiver.statuses = [500, 302]
    running = [asyncio.create_task(one.forever()) for one in (notices, other_process)]
    action = Action.of("issue_payment", {"to": SIN})
    proposal = Proposal(
        "d-1", "chat", "key:a", Subject(system="s"), action, {"to": "⟦NAS⟧"}, "p", "r", "c", Message("a", "b")
    )
    (held,) = await asyncio.to_thread(holds.hold, proposal)
    await asyncio.to_thread(holds.approve, held.id, "m.roy", held.current_sha256)
    for tries in (1, 2, 3):
        await until("not sent", lambda tries=tries: outcomes(store)[0][1] == tries)
        clock.now += timedelta(seconds=31)
    assert outcomes(store) == [("delivered", 3)], "only what the hook asked for, once it was taken"
    assert len(receiver.got) == 3
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    for headers, body in receiver.got:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        expected = base64.b64encode(hmac.digest(KEY, signed, hashlib.sha256)).decode()
        assert headers["webhook-signature"] == f"v1,{expected}"
        assert SIN.encode() not in body
    clock.now += timedelta(days=2)
    assert [notices.destroy_old(days) for days in (3, 1)] == [0, 1], "forgotten once its time is over"
    said = orjson.loads(receiver.got[0][1])
    assert (said["type"], said["data"]["hold"], said["data"]["tool"]) == ("action.held", held.id, "issue_payment")
    await stop(running)


class MailServer:
    """Enough of SMTP (RFC 5321) to take a letter; or, when `silent`, a server that accepts and never says a word."""

    def __init__(self, *, silent: bool = False) -> None:
        self.port, self.silent = 0, silent
        self.letters: list[tuple[str, list[str], EmailMessage]] = []
        self.connected = 0
        self._over = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        self._over.set()
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connected += 1
        if self.silent:
            await self._over.wait()
        else:
            await self._converse(reader, writer)
        writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sender, recipients = "", list[str]()
        writer.write(b"220 essai ESMTP\r\n")
        while line := (await reader.readline()).decode().strip():
            verb, _, rest = line.partition(" ")
            if verb.upper() == "QUIT":
                writer.write(b"221 2.0.0\r\n")
                return
            if verb.upper() == "MAIL":
                sender = rest
            elif verb.upper() == "RCPT":
                recipients.append(rest)
            elif verb.upper() == "DATA":
                writer.write(b"354 go on\r\n")
                content = await reader.readuntil(b"\r\n.\r\n")
                letter = message_from_bytes(content[:-3], policy=default)
                assert isinstance(letter, EmailMessage)
                self.letters.append((sender, recipients, letter))
            writer.write(b"250 2.0.0 OK\r\n")
            await writer.drain()


async def test_people_are_told_by_mail_and_chat_and_the_next_ones_when_nobody_answers(
    receiver: Receiver, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with MailServer() as mail, MailServer(silent=True) as silent:
        to_mail = "mailto://127.0.0.1:{}?from=vigie@exemple.quebec&to={}@exemple.quebec"
        monkeypatch.setattr("gateway.supervision.notices.EVERY_S", 0.1)
        monkeypatch.setenv("COURRIEL", to_mail.format(mail.port, "astreinte"))
        monkeypatch.setenv("MUET", to_mail.format(silent.port, "personne"))
        monkeypatch.setenv("SALLE", f"json://127.0.0.1:{receiver.port}/hook")
        (tmp_path / "direction").write_text(to_mail.format(mail.port, "direction"))
        settings = NoticeSettings(
            email=(
                Target(id="muet", url="env:MUET", events=("held",)),
                Target(id="astreinte", url="env:COURRIEL"),
                Target(id="direction", url=f"file:{tmp_path / 'direction'}", events=()),
            ),
            chat=(Target(id="salle", url="env:SALLE", events=("held", "denied")),),
            escalation=(EscalationStep(after="5m", to=("direction",)), EscalationStep(after="8m", to=("salle",))),
        )
        clock, configuration = Clock(), configured(settings)
        processes = [Notices(store, lambda: configuration, clock) for _ in range(2)]
        holds = Holds(store, Seal(b"k" * 32), clock=clock, also=processes[0].queue)
        running = [asyncio.create_task(one.forever()) for one in processes]

        def hold(escalate_s: int = 0, system: str = "permis-assistant") -> Held:
            action = Action.of("issue_payment", {"to": SIN})
            values = (
                "d-1",
                "chat",
                "key:a",
                Subject(system=system),
                action,
                {},
                "p",
                "r",
                "c",
                Message("Montant", "Sum"),
            )
            return holds.hold(Proposal(*values, escalate_s=escalate_s))[0]

        first = await asyncio.to_thread(hold)
        # whoever takes nothing keeps nobody else from being told
        await until("not told", lambda: silent.connected and len(mail.letters) == 1 and len(receiver.got) == 1)
        sender, recipients, letter = mail.letters[0]
        assert ("vigie@exemple.quebec" in sender, recipients) == (True, ["TO:<astreinte@exemple.quebec>"])
        assert letter["subject"].replace("\u00a0", " ") == "Vigie : une action attend une décision (permis-assistant)"
        text = letter.get_body(("html", "plain")).get_content()
        assert f"https://vigie.exemple.quebec/console/holds/{first.id}" in text
        said = orjson.loads(receiver.got[0][1])
        assert first.id in said["message"]
        assert SIN not in text + str(said)

        quick = await asyncio.to_thread(hold, 60)
        await until("not told", lambda: len(mail.letters) == 2 and len(receiver.got) == 2)
        clock.now += timedelta(seconds=61)
        await until("not escalated", lambda: len(mail.letters) == 3)
        assert mail.letters[2][1] == ["TO:<direction@exemple.quebec>"]
        assert quick.id in mail.letters[2][2].get_body(("html", "plain")).get_content(), "its rule says when"
        clock.now += timedelta(seconds=240)
        await until("not escalated", lambda: len(mail.letters) == 4 and len(receiver.got) == 3)
        assert "attend toujours" in orjson.loads(receiver.got[2][1])["title"]
        await asyncio.to_thread(holds.deny, first.id, "m.roy", "non")
        await until("not told", lambda: len(receiver.got) == 4)
        clock.now += timedelta(seconds=200)
        await asyncio.sleep(0.5)
        assert (len(mail.letters), len(receiver.got)) == (4, 4), "once each, and nobody is asked about what is over"
        await stop(running)
    with store.read() as connection:
        records = [orjson.loads(body) for body in connection.execute(select(records_table.c.body)).scalars()]
    escalated = [(one["hold"], one["step"], one["to"]) for one in records if one["kind"] == "action.escalated"]
    assert sorted(escalated) == sorted(
        [(quick.id, 1, ["direction"]), (quick.id, 2, ["salle"]), (first.id, 1, ["direction"])]
    )


@pytest.mark.parametrize(
    ("url", "by_mail"),
    [
        ("json://avis.exemple.quebec/hook", False),
        ("mailto://exemple.quebec:25?to=a@b.ca&mode=insecure", True),
        ("mailto://127.0.0.1:25?to=a@b.ca", False),
        ("jsons://127.0.0.1/hook", True),
        ("nothing://127.0.0.1/hook", False),
        ("syslog://", False),
    ],
)
def test_what_others_could_read_on_the_way_is_not_sent(
    url: str, by_mail: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CIBLE", url)

    def leaves(*_: object, **__: object) -> bool:
        raise AssertionError("sent")

    monkeypatch.setattr("apprise.plugins.base.NotifyBase.notify", leaves)
    assert tell_people(Target(id="a", url="env:CIBLE"), "t", "t", by_mail=by_mail) is False


def test_a_notice_leaves_this_machine_by_https_only() -> None:
    Webhook(id="a", url="https://avis.exemple.quebec/hook", secret="env:KEY")
    Webhook(id="a", url="http://localhost:8000/hook", secret="env:KEY")
    for url in ("http://avis.exemple.quebec/hook", "http://avis.exemple.quebec:80", "ftp://a", "http://u:p@localhost/"):
        with pytest.raises(ValidationError):
            Webhook(id="a", url=url, secret="env:KEY")

"""Notices: signed, at least once and known by their id, tried again, and to nobody but the hosts of the configuration."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from aiohttp import web
from pydantic import ValidationError
from sqlalchemy import select

from gateway.config import Configuration, NoticeSettings, Settings, Webhook, load
from gateway.errors import Message
from gateway.storage import Store
from gateway.storage.tables import notices as table
from gateway.supervision import Action, Holds, Notices, Proposal, Seal, Subject

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
    return replace(example, settings=Settings(notices=settings))


def outcomes(store: Store) -> list[tuple[str, int]]:
    with store.read() as connection:
        return [(row.outcome, row.tries) for row in connection.execute(select(table).order_by(table.c.id))]


async def until(said: str, condition) -> None:
    for _ in range(400):
        if condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(said)


async def test_a_notice_is_signed_tried_again_and_known_by_its_id(
    receiver: Receiver, store: Store, tmp_path: Path
) -> None:
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
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


def test_a_notice_leaves_this_machine_by_https_only() -> None:
    Webhook(id="a", url="https://avis.exemple.quebec/hook", secret="env:KEY")
    Webhook(id="a", url="http://localhost:8000/hook", secret="env:KEY")
    for url in ("http://avis.exemple.quebec/hook", "http://avis.exemple.quebec:80", "ftp://a", "http://u:p@localhost/"):
        with pytest.raises(ValidationError):
            Webhook(id="a", url=url, secret="env:KEY")

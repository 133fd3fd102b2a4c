"""Notices of held actions to the hosts, people and chat rooms that vigie.yaml names. *Edge*: the store, and `sending`.

A notice is queued in the transaction of what it tells, so none is lost and none is made up; one process claims it, sends
it, and tries again later if it was not taken: a receiver gets it at least once, and a webhook knows it by `webhook-id`.
Nothing of an action's arguments is in it. When nobody decides, `escalating` says who is told next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import orjson
from sqlalchemy import Connection, Row, Update, delete, insert, select, update

from gateway.config import Configuration, NoticeSettings, Target, Webhook
from gateway.errors import Fault
from gateway.storage import Store
from gateway.storage.tables import holds, notices
from gateway.supervision import escalating
from gateway.supervision.held import Held
from gateway.supervision.holds import State
from gateway.supervision.keeping import text_of
from gateway.supervision.sending import TIMEOUT_S, Threads, post_webhook, tell_people
from gateway.supervision.wording import OPEN, Told, data_of, text_of_notice

EVERY_S = 1.0
CLAIM_S = 60
AT_ONCE = 20
MOST_UNDER_WAY = 100
BACKOFF_S = (5, 30, 120, 600, 3_600, 10_800, 36_000)
GONE = 410


class Notices:
    """The queue of notices, and what empties it. `configuration`: the one in force.

    `not_taken` is told the id of a target each time that it did not take a notice.
    """

    def __init__(
        self,
        store: Store,
        configuration: Callable[[], Configuration],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        not_taken: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._store, self._configuration, self._clock, self._not_taken = store, configuration, clock, not_taken
        self._threads = Threads()

    @property
    def _settings(self) -> NoticeSettings:
        return self._configuration().settings.notices

    def queue(self, connection: Connection, held: Held, what: str) -> None:
        """Have everyone who asks for it told of `what`, in the transaction that makes it so."""
        name = f"{held.id}.{what}.{held.change}"
        self._insert(connection, held, what, name, [one for one in self._settings.targets if what in one.events])
        if what == "held":
            escalating.plan(connection, held, self._settings.escalation)
        elif held.state is not State.WAITING:
            escalating.forget(connection, held)

    def escalate(self) -> int:
        """Take the steps that are due; how many. Raises `StoreUnavailable`."""
        now = text_of(self._clock())
        with self._store.read() as connection:
            if not escalating.any_due(connection, now):
                return 0
        with self._store.write() as connection:
            taken = escalating.take_due(connection, self._settings.escalation, now)
            for held, number, to in taken:
                targets = [one for one in self._settings.targets if one.id in to]
                self._insert(connection, held, "escalated", f"{held.id}.escalated.{number}", targets)
        return len(taken)

    def destroy_old(self, days: int) -> int:
        """Forget what was delivered or given up for so many days; how many."""
        old = notices.c.done_at <= text_of(self._clock() - timedelta(days=days))
        with self._store.read() as connection:
            if connection.execute(select(notices.c.id).where(old).limit(1)).first() is None:
                return 0
        with self._store.write() as connection:
            return connection.execute(delete(notices).where(old)).rowcount

    async def forever(self) -> None:
        """Send what is due and escalate what nobody answers, as long as there is anybody to tell."""
        under_way: set[asyncio.Task[None]] = set()
        async with aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_S), cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
        ) as session:
            try:
                while True:
                    await asyncio.sleep(EVERY_S)
                    if any(self._settings.targets) and len(under_way) < MOST_UNDER_WAY:
                        with suppress(Fault):  # the queue is in the store, and stays there
                            await self._turn(session, under_way)
            finally:
                for task in under_way:
                    task.cancel()

    async def _turn(self, session: aiohttp.ClientSession, under_way: set[asyncio.Task[None]]) -> None:
        """What is due now: sent side by side, so that a receiver that takes its time keeps no other waiting."""
        await asyncio.to_thread(self.escalate)
        for row in await asyncio.to_thread(self._claimed):
            sending = asyncio.create_task(self._send(session, row))
            under_way.add(sending)
            sending.add_done_callback(under_way.discard)

    def _insert(
        self, connection: Connection, held: Held, what: str, name: str, targets: list[Webhook | Target]
    ) -> None:
        rows = [
            {
                "id": name, "hook": one.id, "body": self._body(one, held, what), "tries": 0,
                "next_at": text_of(self._clock()), "outcome": "",
            }
            for one in targets
        ]  # fmt: skip
        if rows:
            connection.execute(insert(notices), rows)

    def _body(self, target: Webhook | Target, held: Held, what: str) -> bytes:
        if isinstance(target, Webhook):
            return data_of(held, what)
        configuration = self._configuration()
        system = configuration.register.system(held.system)
        told = Told(
            system.label.language if system is not None else "fr",
            ZoneInfo(configuration.settings.timezone),
            configuration.settings.transparency.public_url or "",
        )
        title, text = text_of_notice(held, what, told)
        return orjson.dumps({"title": title, "text": text, "asks": what in OPEN})

    def _still_waits(self, notice: str) -> bool:
        """People are not asked to decide on what is over."""
        with self._store.read() as connection:
            state = select(holds.c.state).where(holds.c.id == notice.partition(".")[0])
            return connection.execute(state).scalar() == State.WAITING.value

    def _claimed(self) -> list[Row[Any]]:
        """Due notices that no other process sends now."""
        now = self._clock()
        later = text_of(now + timedelta(seconds=CLAIM_S))
        due = select(notices).where(notices.c.done_at.is_(None), notices.c.next_at <= text_of(now)).limit(AT_ONCE)
        with self._store.read() as connection:
            if connection.execute(due).first() is None:
                return []
        with self._store.write() as connection:
            return [
                row
                for row in connection.execute(due).all()
                if connection.execute(_this(row).where(notices.c.next_at == row.next_at).values(next_at=later)).rowcount
            ]

    async def _send(self, session: aiohttp.ClientSession, row: Row[Any]) -> None:
        with suppress(Fault):  # claimed for `CLAIM_S`; then somebody tries again
            await self._sent(session, row)

    async def _sent(self, session: aiohttp.ClientSession, row: Row[Any]) -> None:
        settings = self._settings
        target = next((one for one in settings.targets if one.id == row.hook), None)
        body, status = bytes(row.body), 0
        if isinstance(target, Webhook):
            status = await post_webhook(session, target, row.id, int(self._clock().timestamp()), body)
        elif target is not None:
            said = orjson.loads(body)
            if said["asks"] and not await asyncio.to_thread(self._still_waits, row.id):
                await asyncio.to_thread(self._settle, row, "moot")
                return
            act = partial(tell_people, target, said["title"], said["text"], by_mail=target in settings.email)
            status = 200 if await self._threads.run(act, TIMEOUT_S) else 0
        taken = 200 <= status < 300
        given_up = target is None or status == GONE or row.tries >= len(BACKOFF_S)
        if not taken:
            self._not_taken(row.hook)
        await asyncio.to_thread(self._settle, row, "delivered" if taken else "given_up" if given_up else "")

    def _settle(self, row: Row[Any], outcome: str) -> None:
        now = self._clock()
        with self._store.write() as connection:
            if outcome:
                change: dict[str, Any] = {"done_at": text_of(now), "outcome": outcome, "tries": row.tries + 1}
            else:
                change = {"next_at": text_of(now + timedelta(seconds=BACKOFF_S[row.tries])), "tries": row.tries + 1}
            connection.execute(_this(row).values(**change))


def _this(row: Row[Any]) -> Update:
    return update(notices).where(notices.c.id == row.id, notices.c.hook == row.hook, notices.c.done_at.is_(None))

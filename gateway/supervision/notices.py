"""Notices of held actions to the hosts that vigie.yaml names. *Edge*: the store, and HTTP out.

A notice is queued in the transaction of what it tells, so none is lost and none is made up; one process claims it, sends
it, and tries again later if it was not taken: a receiver gets it at least once, and knows it by `webhook-id`. Signed as
Standard Webhooks says (HMAC-SHA-256 of id, time and body). Nothing of an action's arguments is in it. No redirect is
followed, no proxy is taken from the environment, and TLS is verified.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import orjson
from sqlalchemy import Connection, Row, Update, delete, insert, select, update

from gateway.config import Webhook, secret
from gateway.errors import Fault
from gateway.storage import Store
from gateway.storage.tables import notices
from gateway.supervision.held import Held
from gateway.supervision.keeping import text_of

EVERY_S = 1.0
CLAIM_S = 60
AT_ONCE = 20
TIMEOUT_S = 10.0
BACKOFF_S = (5, 30, 120, 600, 3_600, 10_800, 36_000)
GONE = 410


class Notices:
    """The queue of notices, and what empties it. `hooks` are those of the configuration in force."""

    def __init__(
        self,
        store: Store,
        hooks: Callable[[], Sequence[Webhook]],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store, self._hooks, self._clock = store, hooks, clock

    def queue(self, connection: Connection, held: Held, what: str) -> None:
        """Have each hook that asks for it told of `what`, in the transaction that makes it so."""
        rows = [
            {
                "id": f"{held.id}.{what}.{held.change}", "hook": hook.id, "body": _body(held, what), "tries": 0,
                "next_at": text_of(self._clock()), "outcome": "",
            }
            for hook in self._hooks()
            if what in hook.events
        ]  # fmt: skip
        if rows:
            connection.execute(insert(notices), rows)

    def destroy_old(self, days: int) -> int:
        """Forget what was delivered or given up for so many days; how many."""
        old = notices.c.done_at <= text_of(self._clock() - timedelta(days=days))
        with self._store.read() as connection:
            if connection.execute(select(notices.c.id).where(old).limit(1)).first() is None:
                return 0
        with self._store.write() as connection:
            return connection.execute(delete(notices).where(old)).rowcount

    async def forever(self) -> None:
        """Send what is due, as long as there is anybody to tell."""
        async with aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_S), cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
        ) as session:
            while True:
                await asyncio.sleep(EVERY_S)
                if not self._hooks():
                    continue
                with suppress(Fault):  # the queue is in the store, and stays there
                    for row in await asyncio.to_thread(self._claimed):
                        await self._send(session, row)

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
        hook = next((one for one in self._hooks() if one.id == row.hook), None)
        status = 0
        if hook is not None:
            with suppress(aiohttp.ClientError, OSError, TimeoutError, Fault, binascii.Error):
                headers = signed(secret(hook.secret), row.id, int(self._clock().timestamp()), bytes(row.body))
                async with session.post(
                    hook.url, data=bytes(row.body), headers=headers, allow_redirects=False
                ) as answer:
                    status = answer.status
        taken = 200 <= status < 300
        given_up = hook is None or status == GONE or row.tries >= len(BACKOFF_S)
        await asyncio.to_thread(self._settle, row, "delivered" if taken else "given_up" if given_up else "")

    def _settle(self, row: Row[Any], outcome: str) -> None:
        now = self._clock()
        with self._store.write() as connection:
            if outcome:
                change: dict[str, Any] = {"done_at": text_of(now), "outcome": outcome, "tries": row.tries + 1}
            else:
                change = {"next_at": text_of(now + timedelta(seconds=BACKOFF_S[row.tries])), "tries": row.tries + 1}
            connection.execute(_this(row).values(**change))


def signed(key: str, name: str, at_s: int, body: bytes) -> dict[str, str]:
    """The headers of Standard Webhooks 1.0 for one notice. Raises `binascii.Error` for a bad key."""
    secret_bytes = base64.b64decode(key.removeprefix("whsec_"), validate=True)
    signature = hmac.digest(secret_bytes, f"{name}.{at_s}.".encode() + body, hashlib.sha256)
    return {
        "content-type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(at_s),
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }


def _this(row: Row[Any]) -> Update:
    return update(notices).where(notices.c.id == row.id, notices.c.hook == row.hook, notices.c.done_at.is_(None))


def _body(held: Held, what: str) -> bytes:
    return orjson.dumps(
        {
            "type": f"action.{what}",
            "timestamp": held.changed_at,
            "data": {
                "hold": held.id,
                "state": held.state.value,
                "system": held.system,
                "session": held.subject.session,
                "tool": held.tool,
                "rule": held.rule,
                "reason": {"fr": held.reason.fr, "en": held.reason.en},
                "entities": dict(held.entities),
                "action_sha256": held.current_sha256,
                "created_at": held.created_at,
                "expires_at": held.hold.expires_at,
            },
        }
    )

"""Keys: create, list, revoke, authenticate."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update

from gateway.audit.appending import Entry, write_entries
from gateway.audit.records import now_text
from gateway.errors import Message, Refusal
from gateway.storage import Store, StoreUnavailable
from gateway.storage.tables import keys, signals, tree

PREFIX = "vigie"
LOOK_AGAIN_S = 0.05
READ_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Principal:
    """The holder of a valid key: an application's `system`, or a `person`; valid as of `epoch`."""

    key: str
    system: str | None
    person: str | None
    epoch: int


@dataclass(frozen=True, slots=True)
class Created:
    """A new key. `token` exists nowhere else."""

    id: str
    token: str


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """A key as it can be shown."""

    id: str
    system: str | None
    person: str | None
    created_at: str
    revoked_at: str | None

    def as_json(self) -> dict[str, Any]:
        """For a program."""
        return {name: getattr(self, name) for name in self.__slots__}


class Keys:
    """The keys of an installation. `authenticate` answers from memory, as of the last `refresh`."""

    def __init__(self, store: Store, pepper: bytes) -> None:
        self._store, self._pepper = store, pepper
        self._known: dict[str, tuple[bytes, Principal]] = {}
        self._epoch = 0
        self._read_at = 0.0
        self._reading: asyncio.Task[None] | None = None

    def create(self, *, system: str | None = None, person: str | None = None) -> Created:
        """A new key for a system or a person. Raises `StoreUnavailable`."""
        name = secrets.token_hex(6)
        secret = base64.b32encode(secrets.token_bytes(25)).decode().lower()
        with self._store.write() as connection:
            connection.execute(select(tree.c.size).with_for_update()).one()
            connection.execute(
                insert(keys).values(
                    id=name, system=system, person=person, digest=self._digest(secret), created_at=now_text()
                )
            )
            connection.execute(update(signals).values(epoch=signals.c.epoch + 1))
            write_entries(connection, [_record("key.created", name, system, person)])
        return Created(name, f"{PREFIX}_{name}_{secret}")

    def revoke(self, name: str) -> None:
        """Revoke a key. Raises a `Refusal` if there is no such active key."""
        with self._store.write() as connection:
            connection.execute(select(tree.c.size).with_for_update()).one()
            row = connection.execute(select(keys).where(keys.c.id == name, keys.c.revoked_at.is_(None))).first()
            if row is None:
                raise Refusal(
                    Message("Il n'y a pas de clé active de ce nom.", "There is no active key of this name."),
                    Message("«\u00a0vigie key list\u00a0» les montre.", "'vigie key list' shows them."),
                    code="unknown_key",
                    status=404,
                )
            connection.execute(update(keys).where(keys.c.id == name).values(revoked_at=now_text()))
            connection.execute(update(signals).values(epoch=signals.c.epoch + 1))
            write_entries(connection, [_record("key.revoked", name, row.system, row.person)])

    def list(self) -> list[KeyEntry]:
        """Every key, oldest first."""
        with self._store.read() as connection:
            rows = connection.execute(select(keys).order_by(keys.c.created_at, keys.c.id)).all()
        return [KeyEntry(row.id, row.system, row.person, row.created_at, row.revoked_at) for row in rows]

    def authenticate(self, token: str) -> Principal | None:
        """The holder of `token`, or None. Takes the same time whether the key exists or not."""
        prefix, _, rest = token.partition("_")
        name, _, secret = rest.partition("_")
        digest, principal = self._known.get(name, (b"\0" * 32, None))
        matches = hmac.compare_digest(digest, self._digest(secret))
        return principal if matches and prefix == PREFIX else None

    async def look_again(self, token: str) -> Principal | None:
        """As `authenticate`, on keys read from the store after this was called: a key may have just been made or revoked.

        Reads are shared and at least `LOOK_AGAIN_S` apart, whatever the number of those who present wrong keys. Raises
        `StoreUnavailable`.
        """
        if not token.startswith(f"{PREFIX}_"):
            return None
        asked_at = time.monotonic()
        while self._read_at < asked_at:
            if self._reading is None or self._reading.done():
                self._reading = asyncio.create_task(self._read_in_turn(), name="vigie-keys")
            await asyncio.shield(self._reading)
        return self.authenticate(token)

    async def _read_in_turn(self) -> None:
        await asyncio.sleep(max(0.0, self._read_at + LOOK_AGAIN_S - time.monotonic()))
        await self._read_within()

    async def _read_within(self) -> None:
        try:
            async with asyncio.timeout(READ_WITHIN_S):
                await asyncio.to_thread(self._read)
        except TimeoutError:
            raise StoreUnavailable(
                Message("La base ne répond pas.", "The store does not answer."),
                Message("Rétablir la base, puis réessayer.", "Mend the store, then retry."),
            ) from None

    async def refresh(self, epoch: int) -> None:
        """Read the keys again unless they are known as of `epoch`. Raises `StoreUnavailable`."""
        if self._epoch == 0 or self._epoch < epoch:
            await self._read_within()

    def _read(self) -> None:
        began = time.monotonic()
        with self._store.read() as connection:
            epoch = connection.execute(select(signals.c.epoch)).scalar_one()
            rows = connection.execute(select(keys).where(keys.c.revoked_at.is_(None))).all()
        self._known = {row.id: (row.digest, Principal(row.id, row.system, row.person, epoch)) for row in rows}
        self._epoch, self._read_at = epoch, began

    def _digest(self, secret: str) -> bytes:
        """Keyed BLAKE2b (RFC 7693). Not HMAC: its C code lets other threads in, at every call, for nothing."""
        return hashlib.blake2b(secret.encode("utf-8", "replace"), key=self._pepper, digest_size=32).digest()


def hash_user(pepper: bytes, user: str) -> str:
    """An end user as records hold them: 128 bits of a keyed hash, of no use without this installation's key."""
    return hmac.digest(pepper, user.encode(), hashlib.sha256).hex()[:32]


def _record(kind: str, key: str, system: str | None, person: str | None) -> Entry:
    return Entry.of(
        {
            "kind": kind,
            "id": f"k-{key}.{kind[4:]}",
            "time": now_text(),
            "key": key,
            "system": system or "",
            "person": person or "",
        }
    )

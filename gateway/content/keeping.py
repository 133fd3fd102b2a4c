"""Keeping what a call said, and reading it again. *Edge*: two stores.

Who owns what: the event loop owns `keep` and those who wait; one thread at a time writes what has arrived. For many calls
at once that is one transaction in each store: the keys first, so that no ciphertext is ever there whose key is not durable,
then the ciphertexts. Whatever fails (a disk that is full, a store that is gone or does not answer within `STUCK_S`), those
who wait get `ContentNotKept`, and their calls are refused.

The ledger holds the SHA-256 of the ciphertext. What is read is checked against it first: content that the ledger does not
know of (its call failed right then) is not shown, and content that it knows otherwise was altered.
"""

from __future__ import annotations

import asyncio
import hashlib
import zlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import Connection, Row, insert, select

from gateway.audit import time_text
from gateway.config import Retention, System
from gateway.content.keys import KeyStore
from gateway.content.parts import Gathered, Kept, Opened, Part, Piece, days_of, is_asked
from gateway.errors import Fault, Message, Refusal, VigieError
from gateway.storage import Seal, Store, Unreadable
from gateway.storage.tables import contents, records

BATCH = 64
MOST_WAITING = 1_024
STUCK_S = 8.0
SHOWN = [column for column in contents.c if column.name != "sealed"]


class ContentNotKept(Fault):
    """The system asks that its content be kept, and it cannot be: the call stops here."""

    code = "content_not_kept"


class ContentAltered(Fault):
    """What the store holds is not what the ledger says was kept."""

    code = "content_altered"


class Contents:
    """What was kept of calls. `keep` is the event loop's; the rest is thread-safe and raises `StoreUnavailable`."""

    def __init__(
        self,
        store: Store,
        keys: KeyStore,
        identity_key: bytes,
        retention: Callable[[], Retention],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store, self._keys, self._retention, self._clock = store, keys, retention, clock
        self._seal_of = lru_cache(maxsize=1_024)(lambda system: Seal(identity_key, _purpose(system)))
        self._waiting: list[tuple[Piece, asyncio.Future[dict[str, Any]]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def keep(self, decision: str, system: System, part: Part, content: bytes | Gathered) -> dict[str, Any]:
        """Keep a part of a call if its system asks. What the call's record says of it: `{part: {sha256, bytes, until}}`.

        Nothing, for a system that does not ask. Raises `ContentNotKept`.
        """
        if not is_asked(system, part):
            return {}
        if len(self._waiting) >= MOST_WAITING:
            raise _not_kept(Message("Trop d'appels attendent de l'être.", "Too many calls wait for that."))
        days = days_of(system, part, self._retention())
        durable: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting.append((Piece(decision, part, system.id, self._clock(), days, content), durable))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all(), name="vigie-content")
        try:
            async with asyncio.timeout(STUCK_S):
                return {part.value: await durable}
        except TimeoutError:
            raise _not_kept(Message("La base ne répond pas.", "The store does not answer.")) from None

    async def stop(self) -> None:
        """Write what has arrived."""
        if self._writing is not None:
            await self._writing

    def readable(self, decision: str) -> list[Kept]:
        """What of a decision's content can be read, as far as the rows tell. Raises a 404 or 410 `Refusal`."""
        with self._store.read() as connection:
            kept, recorded = kept_of(connection, decision), _recorded(connection, decision)
        live = [one for one in kept if one.state == "kept" and one.part in recorded]
        if not live:
            raise _destroyed() if any(one.state != "kept" for one in kept) else unknown_content()
        return live

    def open(self, decision: str) -> list[Opened]:
        """What was said of `readable`. Raises a 404 or 410 `Refusal`, `ContentAltered` or `Unreadable`."""
        live = self.readable(decision)
        chosen = select(contents.c.part, contents.c.sealed).where(contents.c.decision == decision)
        with self._store.read() as connection:
            recorded = _recorded(connection, decision)
            sealed = {part: content for part, content in connection.execute(chosen) if content is not None}
        keys = self._keys.of(decision)
        return [self._opened(one, recorded[one.part], sealed.get(one.part), keys.get(one.part)) for one in live]

    def of(self, decision: str) -> list[Kept]:
        """What is known of a decision's content. Raises a 404 `Refusal`."""
        with self._store.read() as connection:
            found = kept_of(connection, decision)
        if not found:
            raise unknown_content()
        return found

    def newest(self, *, systems: Sequence[str] | None = None, state: str = "kept", limit: int = 100) -> list[Kept]:
        """What was kept, newest first; of `systems` only unless None. `state`: kept, destroyed or all."""
        chosen = select(*SHOWN).order_by(contents.c.kept_at.desc(), contents.c.decision, contents.c.part).limit(limit)
        if systems is not None:
            chosen = chosen.where(contents.c.system.in_(systems))
        if state != "all":
            gone = contents.c.destroyed_at
            chosen = chosen.where(gone.is_(None) if state == "kept" else gone.is_not(None))
        with self._store.read() as connection:
            return [_kept(row) for row in connection.execute(chosen)]

    # ── in a thread, one at a time

    async def _write_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            try:
                written = await asyncio.to_thread(self._write, [piece for piece, _ in batch])
            except Exception as error:  # noqa: BLE001 - whatever it is, those who wait are told, and the next have their turn
                fault = _not_kept(error.message if isinstance(error, VigieError) else None)
                for _, durable in batch:
                    if not durable.done():
                        durable.set_exception(fault)
                continue
            for (_, durable), said in zip(batch, written, strict=True):
                if not durable.done():  # its call was cancelled, or waits no more: the sweeper finds what it left
                    durable.set_result(said)

    def _write(self, pieces: Sequence[Piece]) -> list[dict[str, Any]]:
        rows, keys = [], []
        for piece in pieces:
            seal, owner = self._seal_of(piece.system), _owner(piece.decision, piece.part)
            wrapped = seal.new_key(owner)
            sealed = seal.close(owner, wrapped, "content", piece.squeezed())
            due_at = time_text(piece.due_at)
            keys.append(((piece.decision, piece.part.value), wrapped, due_at))
            rows.append(
                {
                    "decision": piece.decision, "part": piece.part.value, "system": piece.system,
                    "sha256": hashlib.sha256(sealed).hexdigest(), "bytes": len(sealed),
                    "kept_at": time_text(piece.kept_at), "due_at": due_at, "sealed": sealed,
                }
            )  # fmt: skip
        self._keys.put(keys)
        with self._store.write() as connection:
            connection.execute(insert(contents), rows)
        return [{"sha256": row["sha256"], "bytes": row["bytes"], "until": row["due_at"]} for row in rows]

    def _opened(self, kept: Kept, sha256: str, sealed: bytes | None, wrapped: bytes | None) -> Opened:
        if sealed is None:  # destroyed since it was found readable
            raise _destroyed()
        if hashlib.sha256(sealed).hexdigest() != sha256:
            raise _altered()
        if wrapped is None:
            raise _key_missing()
        owner = _owner(kept.decision, kept.part)
        try:
            content = zlib.decompress(self._seal_of(kept.system).open(owner, wrapped, "content", bytes(sealed)))
        except zlib.error:
            raise Unreadable from None
        return Opened(kept, content)


class NoContents:
    """Where there is nowhere to keep anything: a system that asks for it has its calls refused."""

    async def keep(self, decision: str, system: System, part: Part, content: bytes | Gathered) -> dict[str, Any]:  # noqa: ARG002
        """Nothing, for a system that does not ask. Raises `ContentNotKept`."""
        if is_asked(system, part):
            raise _not_kept(None)
        return {}


def kept_of(connection: Connection, decision: str) -> list[Kept]:
    """The parts of a decision that were kept, the prompt first."""
    rows = connection.execute(select(*SHOWN).where(contents.c.decision == decision)).all()
    return [_kept(row) for row in sorted(rows, key=_first_prompt)]


def unknown_content() -> Refusal:
    """404: nothing was kept of a decision."""
    return Refusal(
        Message("Aucun contenu n'a été conservé de cette décision.", "No content was kept of this decision."),
        Message("«\u00a0vigie content list\u00a0» montre ce qui l'est.", "'vigie content list' shows what was."),
        code="unknown_content",
        status=404,
    )


def _recorded(connection: Connection, decision: str) -> dict[str, str]:
    """The hashes that the ledger holds of a decision's content, by part."""
    said = records.c.kind.in_(("call.opened", "call.closed"))
    found: dict[str, str] = {}
    for body in connection.execute(select(records.c.body).where(records.c.decision == decision, said)).scalars():
        for part, one in (orjson.loads(body).get("content") or {}).items():
            found[part] = one["sha256"]
    return found


def _purpose(system: str) -> bytes:
    return f"vigie: content of calls, v1: {system}".encode()


def _owner(decision: str, part: Part) -> str:
    return f"{decision}/{part.value}"


def _first_prompt(row: Row[Any]) -> bool:
    return bool(row.part != Part.PROMPT.value)


def _kept(row: Row[Any]) -> Kept:
    return Kept(
        row.decision, Part(row.part), row.system, row.sha256, row.bytes, row.kept_at, row.due_at,
        row.destroy_by, row.destroy_why, row.destroy_at, row.destroyed_at,
    )  # fmt: skip


def _not_kept(reason: Message | None) -> ContentNotKept:
    fr = f"Ce système conserve le contenu de ses appels, et cela n'a pas pu être fait. {reason.fr if reason else ''}"
    en = f"This system keeps the content of its calls, and that could not be done. {reason.en if reason else ''}"
    return ContentNotKept(
        Message(fr.strip(), en.strip()),
        Message(
            "Sans cela, rien n'est transmis ni rendu\u00a0; réessayer plus tard.",
            "Without that nothing is sent or returned; retry later.",
        ),
    )


def _destroyed() -> Refusal:
    return Refusal(
        Message("Ce contenu a été détruit.", "This content was destroyed."),
        Message("Son certificat le prouve.", "Its certificate proves it."),
        code="content_destroyed",
        status=410,
    )


def _altered() -> ContentAltered:
    return ContentAltered(
        Message(
            "Ce contenu n'est pas celui dont le registre tient l'empreinte.",
            "This content is not the one whose hash the ledger holds.",
        ),
        Message("Le restaurer d'une sauvegarde.", "Restore it from a backup."),
    )


def _key_missing() -> Fault:
    return Fault(
        Message("La clé de ce contenu est introuvable.", "This content's key cannot be found."),
        Message(
            "Vérifier que content-keys.db, ou storage.content_keys, est celui de cette installation.",
            "Check that content-keys.db, or storage.content_keys, is this installation's.",
        ),
        code="content_key_missing",
    )

"""The keys that kept content is read with. *Edge*: a small database, and nothing else in it.

Whoever loses a key loses what it sealed; so to destroy content is to leave no copy of its key. Records and ciphertexts
may be copied anywhere and kept for ever; this database is the one thing whose copies matter, and has its own place:

* SQLite: `content-keys.db` in the data directory, so a copy of `vigie.db`, whenever it was made, opens nothing;
* PostgreSQL: the table `content_keys` of the same database, or a database of its own (`storage.content_keys`), which is
  what lets its backups and its write-ahead log be kept for a shorter time than the others'.

What is guaranteed: when `destroy` returns, the files of the database hold no byte of those keys. What is not: blocks that
the file system freed, and copies of this database that were made before (docs: keep none, or for a short time).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.schema import CreateTable

from gateway.errors import Message
from gateway.storage import Store, StoreUnavailable, open_store
from gateway.storage.tables import content_keys

Name = tuple[str, str]
"""A decision's id, and which part of it."""


class KeyStore:
    """The wrapped data keys, by decision and part. Thread-safe. Methods raise `StoreUnavailable`."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def put(self, keys: Sequence[tuple[Name, bytes, str]]) -> None:
        """Keep wrapped keys, each with the time when its content is due to go; durable when this returns."""
        rows = [
            {"decision": decision, "part": part, "wrapped": wrapped, "due_at": due_at}
            for (decision, part), wrapped, due_at in keys
        ]
        with self.store.write() as connection:
            connection.execute(insert(content_keys), rows)

    def of(self, decision: str) -> dict[str, bytes]:
        """The wrapped keys of a decision's parts."""
        chosen = select(content_keys.c.part, content_keys.c.wrapped).where(content_keys.c.decision == decision)
        with self.store.read() as connection:
            return {part: bytes(wrapped) for part, wrapped in connection.execute(chosen)}

    def destroy(self, names: Sequence[Name]) -> None:
        """Leave nothing of these keys. Safe to call again: a call that was cut may have deleted and not yet erased."""
        gone = delete(content_keys).where(
            content_keys.c.decision == bindparam("a"), content_keys.c.part == bindparam("b")
        )
        with self.store.write() as connection:
            connection.execute(gone, [{"a": decision, "b": part} for decision, part in names])
        self.store.erase_deleted(content_keys.name)

    def due(self, before: str, limit: int) -> list[Name]:
        """Keys whose content should have gone before then."""
        chosen = select(content_keys.c.decision, content_keys.c.part).where(content_keys.c.due_at < before)
        with self.store.read() as connection:
            return [(row.decision, row.part) for row in connection.execute(chosen.limit(limit))]

    def after(self, decision: str, limit: int) -> list[Name]:
        """Keys in the order of decisions, from the one after `decision` on."""
        chosen = select(content_keys.c.decision, content_keys.c.part).where(content_keys.c.decision > decision)
        with self.store.read() as connection:
            found = connection.execute(chosen.order_by(content_keys.c.decision).limit(limit))
            return [(row.decision, row.part) for row in found]


def open_keys(store: Store, url: str | None, data: Path) -> KeyStore:
    """The keys beside the embedded `store`, in the same PostgreSQL, or where `url` says. Raises `StoreUnavailable`.

    Makes the table where there is none, but in a PostgreSQL, where `vigie db upgrade` does.
    """
    if url is None and not store.embedded:
        return KeyStore(store)
    apart = open_store(url or f"sqlite:///{data / 'content-keys.db'}", erasing=True)
    if apart.embedded:
        make_table(apart)
    elif content_keys.name not in apart.tables():
        apart.close()
        raise StoreUnavailable(
            Message("La base des clés de contenu n'a pas été créée.", "The database of content keys was not created."),
            Message("Exécuter «\u00a0vigie db upgrade\u00a0».", "Run 'vigie db upgrade'."),
            code="store_not_upgraded",
        )
    return KeyStore(apart)


def make_table(store: Store) -> None:
    """Make the table of keys if it is not there."""
    with store.write() as connection:
        connection.execute(CreateTable(content_keys, if_not_exists=True))

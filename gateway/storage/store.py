"""Opening a store, its transactions, and its errors in words. *Edge*."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from gateway.errors import Fault, Message

BUSY_TIMEOUT_MS = 5_000
_READ = "vigie_read"


class StoreUnavailable(Fault):
    """The store cannot be read or written now. The call that needed it is refused."""

    code = "store_unavailable"


class Store:
    """An open database. Thread-safe; each `read` or `write` takes a connection of the pool for its block."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.embedded = engine.dialect.name == "sqlite"
        self._driver_error: type[Exception] = engine.dialect.loaded_dbapi.Error
        self._file = Path(engine.url.database) if self.embedded and engine.url.database else None
        self._identity: tuple[int, int] | None = None

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction, durable when the block ends. Raises `StoreUnavailable`."""
        with self._in_words(), self.engine.begin() as connection:
            self._require_same_file()
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view. Raises `StoreUnavailable`."""
        view = {_READ: True} if self.embedded else {"isolation_level": "REPEATABLE READ"}
        with self._in_words(), self.engine.connect().execution_options(**view) as connection:
            yield connection

    def upgrade(self) -> None:
        """Bring the schema to this version's. Safe to call again, and from several processes at once."""
        from alembic import command
        from alembic.util import CommandError

        try:
            with self._in_words(), self.engine.begin() as connection:
                if not self.embedded:
                    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(86471001)")
                command.upgrade(_alembic(connection), "head")
        except CommandError:  # a revision that this version does not have
            raise StoreUnavailable(
                Message(
                    "Le schéma de la base est inconnu de cette version de Vigie.",
                    "This version of Vigie does not know the store's schema.",
                ),
                Message(
                    "Installer la version qui a écrit cette base, ou une plus récente.",
                    "Install the version that wrote this store, or a newer one.",
                ),
                code="store_too_new",
            ) from None

    def require_current(self) -> None:
        """Raises `StoreUnavailable` unless the schema is this version's."""
        from alembic.migration import MigrationContext
        from alembic.script import ScriptDirectory

        with self.read() as connection:
            there = MigrationContext.configure(connection).get_current_revision()
            wanted = ScriptDirectory.from_config(_alembic(connection)).get_current_head()
        if there != wanted:
            raise StoreUnavailable(
                Message(
                    "Le schéma de la base n'est pas celui de cette version.",
                    "The store's schema is not this version's.",
                ),
                Message("Exécuter «\u00a0vigie db upgrade\u00a0».", "Run 'vigie db upgrade'."),
                code="store_not_upgraded",
            )

    def _require_same_file(self) -> None:
        """SQLite goes on writing to a file that was removed or replaced: what it writes would be lost."""
        if self._file is None:
            return
        try:
            status = self._file.stat()
            identity = status.st_dev, status.st_ino
        except OSError:
            identity = (0, 0)
        if self._identity is None:
            self._identity = identity
        if identity != self._identity or identity == (0, 0):
            raise StoreUnavailable(
                Message(
                    "Le fichier de la base a été remplacé ou retiré pendant la marche.",
                    "The store's file was replaced or removed while running.",
                ),
                Message("Remettre le fichier, puis redémarrer.", "Put the file back, then restart."),
            )

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        """Database errors as `StoreUnavailable`; never the statement, its parameters or the URL."""
        try:
            yield
        except (SQLAlchemyError, self._driver_error) as error:
            said = str(getattr(error, "orig", error)).lower()
            unreachable = Message("La base est inaccessible.", "The store cannot be reached.")
            reason = next((message for words, message in _REASONS if words in said), unreachable)
            hint = Message("Rétablir la base, puis réessayer.", "Mend the store, then retry.")
            raise StoreUnavailable(reason, hint) from None

    def erase_deleted(self, table: str) -> None:
        """Leave nothing of the rows that were deleted from `table` in the database's files. Raises `StoreUnavailable`.

        SQLite: the whole file is written anew and the write-ahead log cut to nothing, so such a table has a file of its own,
        opened with `erasing`. PostgreSQL: the table moves to another file (`VACUUM FULL` would take along what an old snapshot
        may still see); its write-ahead log and copies keep what they have until they are recycled. Nobody can write
        meanwhile, and a reader that does not end makes it fail: nothing is said to be erased that may not be.
        """
        if not self.embedded:
            with self.write() as connection:
                for statement in _MOVE_TABLE:
                    connection.exec_driver_sql(statement.format(table=table))
            return
        with self._in_words():
            self._require_same_file()
            raw = self.engine.raw_connection()
            try:
                cursor = raw.cursor()
                cursor.execute("VACUUM")
                busy = not _cut_log(cursor)
                cursor.close()
            finally:
                raw.close()
        if busy:
            raise StoreUnavailable(_REASONS[0][1], Message("Réessayer dans un instant.", "Retry in a moment."))

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()

    def tables(self) -> list[str]:
        """The names of the tables that are there."""
        with self.read() as connection:
            return list(inspect(connection).get_table_names())


def open_store(url: str, *, erasing: bool = False) -> Store:
    """A store by SQLAlchemy URL (`sqlite:///PATH` or `postgresql://…`). Opens no connection yet.

    `erasing`: for a small database whose deleted rows must leave no trace in its files (see `Store.erase_deleted`).
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
            return Store(
                create_engine(
                    parsed,
                    pool_size=4,
                    max_overflow=4,
                    pool_pre_ping=True,
                    pool_timeout=5,
                    connect_args={"connect_timeout": 5},
                )
            )
        if parsed.get_backend_name() != "sqlite":
            raise ArgumentError(parsed.get_backend_name())
        engine = create_engine(parsed, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False})
    except (ArgumentError, ValueError):
        raise StoreUnavailable(
            Message("L'adresse de la base n'est pas valable.", "The store's URL is not valid."),
            Message("Exemples\u00a0: sqlite:///…, postgresql://….", "Examples: sqlite:///…, postgresql://…."),
        ) from None
    event.listen(engine, "connect", _configure_sqlite)
    if erasing:
        event.listen(engine, "connect", _overwrite_deleted)
    event.listen(engine, "begin", _begin_sqlite)
    return Store(engine)


def _configure_sqlite(connection: Any, _record: object) -> None:
    """WAL so that readers never wait; FULL so that a commit is on disk; transactions are begun by `_begin_sqlite`."""
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _cut_log(cursor: Any) -> bool:
    """Move the write-ahead log into the file and cut it to nothing; whether that could be done.

    SQLite waits for readers and writers, but not for another checkpoint: that is tried again.
    """
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (busy, *_) = cursor.fetchone()
        if not busy or time.monotonic() > deadline:
            return not busy
        time.sleep(0.01)


_MOVE_TABLE = (
    f"SET LOCAL lock_timeout = {BUSY_TIMEOUT_MS}",
    "LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE",
    "CREATE TEMPORARY TABLE {table}_moving ON COMMIT DROP AS TABLE {table}",
    "TRUNCATE {table}",
    "INSERT INTO {table} SELECT * FROM {table}_moving",
)


def _overwrite_deleted(connection: Any, _record: object) -> None:
    """Deleted rows are overwritten where they are; what VACUUM copies on its way is never on a disk."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.execute("PRAGMA temp_store=MEMORY")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Writers take the write lock at once: a transaction that reads first could otherwise fail to upgrade its lock."""
    reading = connection.get_execution_options().get(_READ)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _alembic(connection: Connection) -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


_REASONS = (
    (
        "database is locked",
        Message("La base est verrouillée par un autre processus.", "The store is locked by another process."),
    ),
    ("not a database", Message("Le fichier de la base est abîmé.", "The store's file is damaged.")),
    ("malformed", Message("Le fichier de la base est abîmé.", "The store's file is damaged.")),
    ("full", Message("Le disque est plein.", "The disk is full.")),
    ("no space left", Message("Le disque est plein.", "The disk is full.")),
    ("disk i/o error", Message("Le disque ne répond pas ou est plein.", "The disk does not answer or is full.")),
    ("readonly", Message("La base est en lecture seule.", "The store is read-only.")),
    (
        "unable to open database file",
        Message("Le fichier de la base ne peut pas être ouvert.", "The store's file cannot be opened."),
    ),
    ("no such table", Message("La base n'a pas été créée.", "The store has not been created.")),
    ("does not exist", Message("La base n'a pas été créée.", "The store has not been created.")),
)

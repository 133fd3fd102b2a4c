"""Statements of the hot path: written in SQLAlchemy Core, compiled once, run on the driver's own cursor. *Edge*.

A ledger transaction is a handful of tiny statements, and Core's execution costs ten times what the database does with
them (docs/decisions/0008). These run inside the caller's transaction like any other; their values go to the driver as
they are, so they are int, str, bytes or None. Driver errors leave `Store.write` as `StoreUnavailable`, as all do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ClauseElement, Connection, Dialect

Values = Mapping[str, Any]


class Prepared:
    """One statement. `make` builds it for a dialect, given its name ("sqlite", "postgresql")."""

    __slots__ = ("_compiled", "_make")

    def __init__(self, make: Callable[[str], ClauseElement]) -> None:
        self._make = make
        self._compiled: dict[str, tuple[str, list[str] | None]] = {}

    def run(self, connection: Connection, rows: Sequence[Values]) -> None:
        """Once for each of `rows`."""
        statement, names = self._for(connection.dialect)
        cursor = connection.connection.cursor()
        try:
            cursor.executemany(statement, [_in_order(row, names) for row in rows])
        finally:
            cursor.close()

    def one(self, connection: Connection, values: Values | None = None) -> Any:
        """The first row of what it returns. Raises `LookupError` when there is none."""
        statement, names = self._for(connection.dialect)
        cursor = connection.connection.cursor()
        try:
            cursor.execute(statement, _in_order(values or {}, names))
            row = cursor.fetchone()
        finally:
            cursor.close()
        if row is None:
            raise LookupError(statement)
        return row

    def _for(self, dialect: Dialect) -> tuple[str, list[str] | None]:
        known = self._compiled.get(dialect.name)
        if known is None:
            compiled: Any = self._make(dialect.name).compile(dialect=dialect)
            known = self._compiled[dialect.name] = str(compiled), compiled.positiontup
        return known


def _in_order(values: Values, names: list[str] | None) -> Any:
    """By position where the driver wants it so, by name otherwise."""
    return values if names is None else [values[name] for name in names]

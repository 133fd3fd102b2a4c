"""A running gateway whose store fails: 503 with a clear reason, nothing sent, nothing lost; it goes on by itself after."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.gateway_process import Gateway, closed_records, example_config, verify_live
from tests.system.asking import ORDINARY, ask, readiness, until
from tests.wire.conftest import StandIn, standin  # noqa: F401 - a fixture
from tests.wire.test_openai_client import answering, chunk, streaming

STREAM = {**ORDINARY, "stream": True}


@pytest.fixture
def place(tmp_path: Path, standin: StandIn) -> Path:  # noqa: F811
    example_config(tmp_path / "config", provider_port=standin.port)
    answering(standin, {"content": "Bonjour !"})
    return tmp_path


def refused(gateway: Gateway, said: str) -> None:
    """A call is refused as a passing fault, with the reason."""
    status, answer = ask(gateway)
    assert status == 503, answer
    assert answer["error"]["code"] in ("ledger_unavailable", "store_unavailable")
    assert said in answer["error"]["message"]


@pytest.fixture
def small_disk(place: Path) -> Iterator[Path]:
    """A real file system of 3 MB under `data/`; where nothing can be mounted, there is no such test."""
    data = place / "data"
    data.mkdir(mode=0o700)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m,mode=700", "tmpfs", str(data)], capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("this machine mounts nothing for us")
    yield data
    subprocess.run(["umount", "--lazy", str(data)], check=True)


def fill(disk: Path) -> Path:
    """Write until nothing more fits."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (65536, 4096, 512, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return ballast


def test_a_full_disk_refuses_and_recovers_by_itself(place: Path, small_disk: Path, standin: StandIn) -> None:  # noqa: F811
    with Gateway.start(place / "config", small_disk) as gateway:
        assert ask(gateway)[0] == 200
        ballast = fill(small_disk)
        received = len(standin.received)
        long = {**ORDINARY, "messages": [{"role": "user", "content": "Bonjour"}] * 3}
        until(lambda: ask(gateway, long)[0] == 503)  # what the write-ahead log had room for is still written
        sent = len(standin.received) - received
        refused(gateway, "disque")
        assert len(standin.received) - received == sent
        status, said = readiness(gateway)
        assert status == 503
        assert "disk" in said["checks"]["ledger"]
        streaming(standin, chunk({"content": "bonjour"}), chunk({}, "stop"), b"data: [DONE]\n\n")
        assert ask(gateway, STREAM)[0] == 503
        ballast.unlink()
        until(lambda: readiness(gateway)[0] == 200)  # nobody had to send a call
        answering(standin, {"content": "Bonjour !"})
        assert ask(gateway)[0] == 200
    served = [one for one in closed_records(place / "config", small_disk) if one["outcome"] == "served"]
    assert len(served) == 2 + sent
    assert verify_live(place / "config", small_disk) == ""


def test_an_answer_that_cannot_be_recorded_is_not_delivered(
    place: Path,
    small_disk: Path,
    standin: StandIn,  # noqa: F811
) -> None:
    """The disk fills up while the provider answers: neither a whole answer nor the end of a stream gets out."""

    async def filling(request: Any, body: Any) -> Any:
        from aiohttp import web

        from tests.wire.test_openai_client import completion, streamed

        fill(small_disk)
        if body.get("stream"):
            return await streamed(request, chunk({"content": "mot "}), chunk({}, "stop"), b"data: [DONE]\n\n")
        answer: web.Response = completion({"content": "mot" * 200_000})
        return answer

    with Gateway.start(place / "config", small_disk) as gateway:
        for body in (ORDINARY, STREAM):
            standin.behaviour = filling
            got = []
            for _ in range(200):  # until the write-ahead log has no room left
                status, said = ask(gateway, body)
                got.append(status)
                if status != 200 or (body is STREAM and "[DONE]" not in said):
                    break
            if body is ORDINARY:
                assert got[-1] == 503
            else:
                assert status == 503 or "ledger_unavailable" in said
            (small_disk / "ballast").unlink()
            until(lambda: readiness(gateway)[0] == 200)
    assert verify_live(place / "config", small_disk) == ""


def test_a_locked_store_refuses_and_goes_on(place: Path, standin: StandIn) -> None:  # noqa: F811
    with Gateway.start(place / "config", place / "data") as gateway:
        received = len(standin.received)
        other = sqlite3.connect(place / "data" / "vigie.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        refused(gateway, "verrouillée")
        assert time.monotonic() - started < 30
        assert len(standin.received) == received
        assert readiness(gateway)[0] == 503
        other.execute("ROLLBACK")
        other.close()
        until(lambda: readiness(gateway)[0] == 200)
        assert ask(gateway)[0] == 200
    assert verify_live(place / "config", place / "data") == ""


@pytest.mark.parametrize("how", ["removed", "replaced"])
def test_a_store_whose_file_is_gone_is_not_written_to(place: Path, standin: StandIn, how: str) -> None:  # noqa: F811
    """SQLite would go on writing to a file that nobody will find again."""
    path = place / "data" / "vigie.db"
    with Gateway.start(place / "config", place / "data") as gateway:
        assert ask(gateway)[0] == 200
        received = len(standin.received)
        path.rename(path.with_name("ailleurs.db"))
        if how == "replaced":
            path.write_bytes(path.with_name("ailleurs.db").read_bytes())
        refused(gateway, "remplacé ou retiré")
        assert len(standin.received) == received
        assert readiness(gateway)[0] == 503
        path.with_name("ailleurs.db").replace(path)
        until(lambda: readiness(gateway)[0] == 200)
        assert ask(gateway)[0] == 200
    assert verify_live(place / "config", place / "data") == ""


def test_a_corrupt_store_refuses(place: Path, standin: StandIn) -> None:  # noqa: F811
    """Every page but the first is overwritten, as a failing disk would."""
    path = place / "data" / "vigie.db"
    with Gateway.start(place / "config", place / "data") as gateway:
        for _ in range(3):
            assert ask(gateway)[0] == 200
        with sqlite3.connect(path) as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        other.close()
        received = len(standin.received)
        with path.open("r+b", buffering=0) as file:
            file.seek(4096)
            file.write(os.urandom(path.stat().st_size - 4096))
        status, said = ask(gateway)
        assert status == 503
        assert said["error"]["code"] in ("ledger_unavailable", "store_unavailable")
        assert len(standin.received) == received
        assert readiness(gateway)[0] == 503
        log = (place / "gateway.log").read_text(encoding="utf8")
        assert "Traceback" not in log


def test_a_signing_key_that_disappears_stops_no_call_and_no_restart_makes_another(
    place: Path,
    standin: StandIn,  # noqa: F811
) -> None:
    key = place / "data" / "ledger.key"
    with Gateway.start(place / "config", place / "data") as gateway:
        key.rename(key.with_suffix(".ailleurs"))
        assert ask(gateway)[0] == 200
    with pytest.raises(RuntimeError, match="signing_key_missing"):
        Gateway.start(place / "config", place / "data")
    key.with_suffix(".ailleurs").replace(key)
    with Gateway.start(place / "config", place / "data") as gateway:
        assert ask(gateway)[0] == 200
    assert verify_live(place / "config", place / "data") == ""

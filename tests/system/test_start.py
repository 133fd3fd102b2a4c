"""A gateway that cannot keep its promises does not start: one line that says why, a hint, exit 1, never a traceback."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.gateway_process import ROOT, VIGIE, example_config, run_vigie

POWERLESS = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]
"""Root without the capabilities that let it read and write what permissions forbid."""


@pytest.fixture(scope="module")
def ready_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`config/` and an upgraded `data/` with a record in it, made once."""
    place = tmp_path_factory.mktemp("ready-made")
    example_config(place / "config", provider_port=1)
    run_vigie("key", "create", "--system", "redaction-interne", config=place / "config", data=place / "data")
    return place


def serve(place: Path, *more: str, port: int = 0) -> subprocess.CompletedProcess[str]:
    """`vigie serve`, expected to end by itself."""
    powerless = POWERLESS if os.getuid() == 0 else []
    return subprocess.run(
        [*powerless, *VIGIE, "serve", "--host", "127.0.0.1", "--port", str(port), *more],
        env={**os.environ, "VIGIE_CONFIG": str(place / "config"), "VIGIE_DATA": str(place / "data")},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )


def says_one_line(done: subprocess.CompletedProcess[str], code: str) -> None:
    """What every failure to start looks like."""
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    first, *rest = done.stderr.splitlines()
    assert first.startswith("vigie: "), done.stderr
    assert first.endswith(f"[{code}]"), done.stderr
    assert len(rest) == 1, done.stderr
    assert rest[0].startswith("  → "), done.stderr


# ── the faults, each made on a copy ───────────────────────────────────────────────────────────────────────────────


def bad_key(place: Path) -> None:
    path = place / "config" / "vigie.yaml"
    path.write_text(path.read_text(encoding="utf8") + "\nnulle-part: 1\n", encoding="utf8")


def no_policy(place: Path) -> None:
    shutil.rmtree(place / "config" / "policies")


def not_a_database(place: Path) -> None:
    (place / "data" / "vigie.db").write_bytes(b"pas une base" * 1000)


def truncated_database(place: Path) -> None:
    path = place / "data" / "vigie.db"
    path.write_bytes(path.read_bytes()[:5000])


def schema_of_another_version(place: Path) -> None:
    from sqlalchemy import text

    from gateway.storage import open_store

    store = open_store(f"sqlite:///{place / 'data' / 'vigie.db'}")
    with store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    store.close()


def no_signing_key(place: Path) -> None:
    (place / "data" / "ledger.key").unlink()


def damaged_signing_key(place: Path) -> None:
    (place / "data" / "ledger.key").write_bytes(b"court")


def damaged_identity_key(place: Path) -> None:
    (place / "data" / "identity.key").write_bytes(b"")


def signing_key_is_a_folder(place: Path) -> None:
    (place / "data" / "ledger.key").unlink()
    (place / "data" / "ledger.key").mkdir()


def data_under_a_file(place: Path) -> None:
    shutil.rmtree(place / "data")
    (place / "fichier").touch()
    (place / "data").symlink_to(place / "fichier" / "data")


def secret_of_the_store_missing(place: Path) -> None:
    path = place / "config" / "vigie.yaml"
    path.write_text(
        path.read_text(encoding="utf8").replace("url: null", "url: env:VIGIE_ABSENTE_DE_CET_ESSAI"), encoding="utf8"
    )


def store_is_unreachable(place: Path) -> None:
    (place / "url").write_text("postgresql://moi:motdepasse@127.0.0.1:1/base", encoding="utf8")
    path = place / "config" / "vigie.yaml"
    path.write_text(
        path.read_text(encoding="utf8").replace("url: null", f"url: 'file:{place / 'url'}'"), encoding="utf8"
    )


def closed(name: str) -> Callable[[Path], None]:
    """A file or folder that its owner may only read."""

    def fault(place: Path) -> None:
        (place / name).chmod(0o400 if (place / name).is_dir() else 0o000)

    fault.__name__ = f"closed {name}"
    return fault


def read_only(place: Path) -> None:
    for path in [*(place / "data").rglob("*"), place / "data"]:
        path.chmod(0o555 if path.is_dir() else 0o444)


FAULTS: list[tuple[Callable[[Path], None], str]] = [
    (bad_key, "configuration_invalid"),
    (no_policy, "configuration_invalid"),
    (not_a_database, "store_unavailable"),
    (truncated_database, "store_unavailable"),
    (schema_of_another_version, "store_too_new"),
    (no_signing_key, "signing_key_missing"),
    (damaged_signing_key, "signing_key_missing"),
    (damaged_identity_key, "key_damaged"),
    (signing_key_is_a_folder, "file_unusable"),
    (data_under_a_file, "file_unusable"),
    (secret_of_the_store_missing, "secret_missing"),
    (store_is_unreachable, "store_unavailable"),
    (closed("data"), "store_unavailable"),
    (closed("data/identity.key"), "file_unusable"),
    (closed("data/vigie.db"), "store_unavailable"),
    (closed("config/register.yaml"), "configuration_invalid"),
    (closed("config/policies"), "configuration_invalid"),
    (closed("config"), "configuration_invalid"),
    (read_only, "store_unavailable"),
]


@pytest.fixture(scope="module")
def ended(ready_made: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, subprocess.CompletedProcess[str]]:
    """How `vigie serve` ended with each fault; several at a time, since each takes a second to start."""

    def end(fault: Callable[[Path], None]) -> subprocess.CompletedProcess[str]:
        place = tmp_path_factory.mktemp("fault") / "place"
        shutil.copytree(ready_made, place)
        fault(place)
        return serve(place)

    with ThreadPoolExecutor(4) as pool:
        return dict(
            zip((fault.__name__ for fault, _ in FAULTS), pool.map(end, (one for one, _ in FAULTS)), strict=True)
        )


@pytest.mark.parametrize(("fault", "code"), [(one.__name__, code) for one, code in FAULTS])
def test_a_fault_at_start_is_said_in_one_line(
    ended: dict[str, subprocess.CompletedProcess[str]], fault: str, code: str
) -> None:
    says_one_line(ended[fault], code)
    assert "motdepasse" not in ended[fault].stderr


def test_several_processes_stop_at_once_as_one_would(ready_made: Path, tmp_path: Path) -> None:
    shutil.copytree(ready_made, tmp_path / "place")
    damaged_identity_key(tmp_path / "place")
    says_one_line(serve(tmp_path / "place", "--workers", "2"), "key_damaged")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_port_that_is_taken_is_said(ready_made: Path, workers: str) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        done = serve(ready_made, "--workers", workers, port=port)
    says_one_line(done, "cannot_listen")
    assert str(port) in done.stderr


def test_an_address_that_is_not_ours_is_said(ready_made: Path) -> None:
    says_one_line(serve(ready_made, "--host", "nulle part"), "cannot_listen")
    says_one_line(serve(ready_made, "--host", "192.0.2.1"), "cannot_listen")

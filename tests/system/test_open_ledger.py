"""The ledger in open formats, served by a real gateway, read by verifiers that know nothing of Vigie.

One is Go's own (`tests/go/verify.go`, on Debian's golang.org/x/mod), which none of us wrote; the other is
`docs/verifier.py`, which auditors are given. The ledger is large enough to have tiles of three levels.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import shutil
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.audit.appending import Entry, write_entries
from gateway.audit.merkle import leaf_hash, root_of, tile_root, verify_inclusion
from gateway.audit.notes import read_checkpoint
from gateway.storage import open_store
from tests.gateway_process import ROOT, Gateway, example_config, run_vigie

BEFORE = 66_000
GO_MODULES = Path("/usr/share/gocode")
GO_PACKAGES = ["golang-go", "golang-golang-x-mod-dev"]


@pytest.fixture(scope="session")
def go_verifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Go program, built; Go and its packages are installed first where that can be done."""
    if shutil.which("go") is None or not (GO_MODULES / "src/golang.org/x/mod/sumdb/tlog").exists():
        if os.geteuid() == 0 and shutil.which("apt-get"):
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            subprocess.run(["apt-get", "update"], check=False, **quiet)
            install = ["apt-get", "install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120"]
            subprocess.run(
                [*install, *GO_PACKAGES], check=False, **quiet, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
            )
        if shutil.which("go") is None:
            said = f"needs Debian's {' and '.join(GO_PACKAGES)}; they could not be installed from here"
            if os.environ.get("CI"):
                pytest.fail(said)
            pytest.skip(said)
    program = tmp_path_factory.mktemp("go") / "verify"
    environment = os.environ | {"GO111MODULE": "off", "GOPATH": str(GO_MODULES), "GOFLAGS": "", "GOTOOLCHAIN": "local"}
    environment["GOCACHE"] = str(tmp_path_factory.mktemp("gocache"))
    subprocess.run(["go", "build", "-o", program, "verify.go"], cwd=ROOT / "tests/go", env=environment, check=True)
    return program


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway on a ledger that already has `BEFORE` records and their tiles."""
    place = tmp_path_factory.mktemp("open-ledger")
    config = example_config(place / "config", provider_port=9)
    data = place / "data"
    run_vigie("db", "upgrade", config=config, data=data)
    store = open_store(f"sqlite:///{data / 'vigie.db'}")
    with store.write() as connection:
        for first in range(0, BEFORE, 1_000):
            write_entries(connection, [Entry.of(a_record(number)) for number in range(first, first + 1_000)])
    store.close()
    (data / "ledger.key").write_bytes(b"\x07" * 32)
    with Gateway.start(config, data) as running:
        yield running


def a_record(number: int) -> dict[str, str]:
    decision = f"d-{number:032x}"
    return {
        "kind": "call.closed",
        "id": f"{decision}.closed",
        "time": "2026-11-24T15:00:00.000Z",
        "decision": decision,
        "system": "permis-assistant",
        "outcome": "refused",
    }


@pytest.fixture(scope="module")
def auditor(gateway: Gateway) -> str:
    return key_for(gateway, "--person", "m.roy")


def key_for(gateway: Gateway, *whose: str) -> str:
    arguments = gateway.process.args
    assert isinstance(arguments, list)
    config, data = (Path(str(arguments[arguments.index(name) + 1])) for name in ("--config", "--data"))
    return run_vigie("key", "create", *whose, config=config, data=data).strip()


def get(gateway: Gateway, path: str, key: str = "", **headers: str) -> tuple[int, bytes, dict[str, str]]:
    request = urllib.request.Request(gateway.url + path, headers=headers)
    if key:
        request.add_header("authorization", f"Bearer {key}")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read(), {name.lower(): value for name, value in answer.headers.items()}
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), {name.lower(): value for name, value in error.headers.items()}


def rehearse(gateway: Gateway) -> str:
    """A dry run leaves one record; its decision."""
    body = json.dumps({"model": "assistant", "messages": [{"role": "user", "content": "Bonjour"}]}).encode()
    request = urllib.request.Request(
        f"{gateway.url}/v1/chat/completions",
        body,
        {**gateway.authorization, "x-vigie-dry-run": "true", "content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(answer.headers["x-vigie-decision"])


def signed_size(gateway: Gateway) -> int:
    key = get(gateway, "/ledger/key")[1].decode()
    return read_checkpoint(get(gateway, "/ledger/checkpoint")[1].decode(), key).size


def wait_for_checkpoint(gateway: Gateway, beyond: int) -> int:
    deadline = time.monotonic() + 20
    while (size := signed_size(gateway)) <= beyond:
        assert time.monotonic() < deadline, "no new checkpoint in time"
        time.sleep(0.1)
    return size


@pytest.mark.timeout(400)
def test_verifiers_that_are_not_ours_read_the_served_ledger(
    gateway: Gateway, auditor: str, go_verifier: Path, tmp_path: Path
) -> None:
    key = get(gateway, "/ledger/key")[1].decode().strip()
    kept = tmp_path / "checkpoint.txt"
    kept.write_bytes(get(gateway, "/ledger/checkpoint")[1])
    before = signed_size(gateway)
    decisions = [rehearse(gateway) for _ in range(3)]
    size = wait_for_checkpoint(gateway, before)
    prefix = f"{gateway.url}/ledger"

    done = subprocess.run([go_verifier, prefix, key, kept, auditor], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines()[1:] == [f"extends {before}", f"entries {size}"]
    assert done.stdout.startswith(f"checkpoint {size} proofs ")

    secret = tmp_path / "auditor.key"
    secret.write_text(auditor)
    code, said = independent("online", prefix, "--key", key, "--expect", str(kept), "--auditor", str(secret))
    assert code == 0, said
    assert f"{size} records signed; the tiles agree, and extend what was kept" in said
    assert f"{size} records read again" in said

    status, body, _ = get(gateway, f"/v1/decisions/{decisions[1]}/proof", gateway.key)
    assert status == 200
    (proved,) = json.loads(body)["records"]
    (tmp_path / "r.json").write_bytes(proved["record"].encode())
    (tmp_path / "r.tlog-proof").write_text(proved["tlog_proof"])
    arguments = "proof", str(tmp_path / "r.json"), str(tmp_path / "r.tlog-proof"), "--key", key
    code, said = independent(*arguments)
    assert code == 0, said
    (tmp_path / "r.json").write_bytes(proved["record"].replace("dry_run", "dry_rum").encode())
    code, said = independent(*arguments)
    assert code == 1
    assert "not in the signed tree" in said


def test_a_forked_ledger_does_not_extend_what_was_kept(gateway: Gateway, go_verifier: Path, tmp_path: Path) -> None:
    """The kept checkpoint is of another history, signed by the same key: what an operator with the key could do."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from gateway.audit import Signer

    signer = Signer(Ed25519PrivateKey.from_private_bytes(b"\x07" * 32))
    key = get(gateway, "/ledger/key")[1].decode().strip()
    origin = key.partition("+")[0]
    assert signer.verifier_key(origin) == key
    kept = tmp_path / "checkpoint.txt"
    kept.write_text(signer.sign(origin, 1_000, b"\x01" * 32))
    done = subprocess.run(
        [go_verifier, f"{gateway.url}/ledger", key, kept], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 1
    assert "extends" not in done.stdout
    code, said = independent("online", f"{gateway.url}/ledger", "--key", key, "--expect", str(kept))
    assert code == 1
    assert "another history" in said
    kept.write_text(signer.sign(origin, 10_000_000, b"\x01" * 32))
    assert "older than the kept" in independent("online", f"{gateway.url}/ledger", "--expect", str(kept))[1]


def independent(*arguments: str) -> tuple[int, str]:
    """`docs/verifier.py`, which may import nothing of ours: it runs outside the project, isolated."""
    done = subprocess.run(
        [sys.executable, "-I", ROOT / "docs" / "verifier.py", *arguments],
        capture_output=True, text=True, timeout=120, cwd="/",
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_tiles_are_those_of_the_specification_and_may_be_kept_for_ever(gateway: Gateway) -> None:
    leaves = [leaf_hash(Entry.of(a_record(number)).body) for number in range(65_536)]
    status, body, headers = get(gateway, "/ledger/tile/0/x000/000")
    assert status == 404, "a group too many is not the specification's path"
    status, body, headers = get(gateway, "/ledger/tile/0/003")
    assert (status, body) == (200, b"".join(leaves[768:1024]))
    assert headers["cache-control"] == "public, max-age=31536000, immutable"
    assert headers["content-type"] == "application/octet-stream"
    roots = [tile_root(leaves[at : at + 256]) for at in range(0, 65_536, 256)]
    assert get(gateway, "/ledger/tile/1/000")[1] == b"".join(roots)
    assert get(gateway, "/ledger/tile/2/000.p/1")[1] == tile_root(roots) == root_of(leaves)
    assert get(gateway, "/ledger/tile/1/000.p/17")[1] == b"".join(roots[:17])
    assert get(gateway, "/ledger/tile/0/257.p/12")[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "0/258", "0/x001/000", "0/257.p/256", "0/257.p/0", "0/257.p/012", "0/257.p/255", "2/000.p/2", "3/000.p/1",
        "64/000.p/1", "00/000", "0/0", "0/0000", "0/x000/003", "-1/000", "0/000.p/", "0/../0/003", "", "entries", "0",
        "0/%33%33%33", "0/۰۰۳",
    ],
)  # fmt: skip
def test_what_is_not_a_tile_of_the_signed_tree_is_not_served(gateway: Gateway, path: str) -> None:
    status, body, headers = get(gateway, f"/ledger/tile/{urllib.request.quote(path, safe='/%')}")
    assert status == 404
    assert json.loads(body)["error"]["code"] in ("no_such_tile", "not_found")
    assert headers["cache-control"] == "no-store"


def test_records_are_for_auditors_only(gateway: Gateway, auditor: str) -> None:
    path = "/ledger/tile/entries/003"
    for key, expected in (
        ("", 401),
        ("vigie_x_y", 401),
        (gateway.key, 403),
        (key_for(gateway, "--person", "s.gagnon"), 403),
    ):
        status, body, headers = get(gateway, path, key)
        assert status == expected
        assert b"call.closed" not in body
        assert headers["cache-control"] == "no-store"
    assert get(gateway, "/ledger/tile//entries/003")[0] == 404
    assert get(gateway, "/ledger/tile/%65ntries/003")[0] in (401, 404)
    status, body, headers = get(gateway, path, auditor)
    assert status == 200
    assert headers["cache-control"].startswith("private")
    entries = []
    while body:
        (length,) = struct.unpack(">H", body[:2])
        entries.append(body[2 : 2 + length])
        body = body[2 + length :]
    assert entries == [Entry.of(a_record(number)).body for number in range(768, 1024)]
    status, packed, headers = get(gateway, path, auditor, **{"accept-encoding": "gzip"})
    assert headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed)[2:].startswith(entries[0])


def test_a_decision_is_shown_to_its_system_and_to_auditors(gateway: Gateway, auditor: str) -> None:
    before = signed_size(gateway)
    decision = rehearse(gateway)
    other = key_for(gateway, "--system", "permis-assistant")
    for key in (gateway.key, auditor):
        status, body, headers = get(gateway, f"/v1/decisions/{decision}", key)
        assert status == 200
        assert headers["cache-control"] == "no-store"
        shown = json.loads(body)
        assert (shown["decision"], shown["system"]) == (decision, "redaction-interne")
        assert [one["record"]["outcome"] for one in shown["records"]] == ["dry_run"]
    wait_for_checkpoint(gateway, before)
    status, body, _ = get(gateway, f"/v1/decisions/{decision}/proof", gateway.key)
    assert status == 200
    proved = json.loads(body)
    (one,) = proved["records"]
    title, index, *path = one["tlog_proof"].partition("\n\n")[0].split("\n")
    signed = read_checkpoint(one["tlog_proof"].partition("\n\n")[2], proved["key"])
    assert (title, index) == ("c2sp.org/tlog-proof@v1", f"index {one['position']}")
    leaf, hashes = leaf_hash(one["record"].encode()), [base64.b64decode(line) for line in path]
    assert verify_inclusion(leaf, one["position"], signed.size, hashes, signed.root)
    for path_ in (f"/v1/decisions/{decision}", f"/v1/decisions/{decision}/proof"):
        assert get(gateway, path_, other)[0] == 404
        assert get(gateway, path_)[0] == 401
        assert get(gateway, path_, key_for(gateway, "--person", "p.tremblay"))[0] == 403
    assert get(gateway, "/v1/decisions/d-0", auditor)[0] == 404


def test_a_revoked_auditor_reads_nothing_more(gateway: Gateway) -> None:
    key = key_for(gateway, "--person", "m.roy")
    assert get(gateway, "/ledger/tile/entries/003", key)[0] == 200
    arguments = gateway.process.args
    assert isinstance(arguments, list)
    config, data = (Path(str(arguments[arguments.index(name) + 1])) for name in ("--config", "--data"))
    run_vigie("key", "revoke", key.split("_")[1], config=config, data=data)
    assert get(gateway, "/ledger/tile/entries/003", key)[0] == 401

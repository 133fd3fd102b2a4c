"""The ledger on both stores: appended at once by many, verified, exported, and every tampering caught."""

from __future__ import annotations

import asyncio
import hashlib
import io
import subprocess
import sys
import tarfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import delete, text, update

from gateway.audit import Ledger, LedgerUnavailable, Signer, export, verify_bundle, verify_store
from gateway.audit.signing import SigningKeyMissing
from gateway.errors import Message
from gateway.identity import Keys
from gateway.policies import Effect, Policy, Rule, Stage, decide
from gateway.policies.facts import seen_by
from gateway.storage import Store, StoreUnavailable, open_store
from gateway.storage.tables import records, tree

ORIGIN = "exemple.quebec/registre"
POLICY = Policy.of(
    [Rule("r", "p", 1, Stage.ADMISSION, "call.stream", Effect.DENY, "code", Message("raison", "reason"))]
)
FACTS = {fact.name: fact.empty for fact in seen_by(Stage.ADMISSION)}


def record(kind: str, decision: str, outcome: str = "served", **more: Any) -> dict[str, Any]:
    """A record of a call with one decision in it."""
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in FACTS.items()}
    decided = decide(POLICY, Stage.ADMISSION, FACTS).as_json()
    return {
        "kind": kind,
        "id": f"{decision}.{kind}",
        "time": "2026-11-24T15:00:00.000Z",
        "decision": decision,
        "system": "s1" if int(decision[1:]) % 3 else "s2",
        "policy": POLICY.version,
        "facts": plain,
        "stages": [{"stage": "admission", "facts": {}, "decision": decided}] if kind == "call.opened" else [],
        "outcome": outcome,
        **more,
    }


@pytest.fixture
async def ledger(store: Store, tmp_path: Path) -> AsyncIterator[Ledger]:
    one = Ledger(store, Signer.open(tmp_path / "ledger.key", store), ORIGIN)
    await one.start()
    await one.publish_policy(POLICY.version, POLICY.source)
    yield one
    await one.stop()


async def some_calls(ledger: Ledger, count: int = 40) -> None:
    async def one(number: int) -> None:
        await ledger.append(record("call.opened", f"d{number}", "opened"))
        await ledger.append(record("call.closed", f"d{number}"))

    await asyncio.gather(*(one(number) for number in range(count)))


def key_of(store: Store, tmp_path: Path) -> str:
    return Signer.open(tmp_path / "ledger.key", store).verifier_key(ORIGIN)


async def test_what_was_appended_verifies_live_and_exported(ledger: Ledger, store: Store, tmp_path: Path) -> None:
    await some_calls(ledger)
    await ledger.stop()
    verdict = verify_store(store, key_of(store, tmp_path))
    assert (verdict.problem, verdict.records, verdict.decisions, verdict.unfinished) == ("", 81, 40, 0)
    signer = Signer.open(tmp_path / "ledger.key", store)
    for narrowed, expected in [
        ({}, 81),
        ({"system": "s2"}, 28),
        ({"since": "2026-11-24T15"}, 80),
        ({"until": "2026-11-24T16"}, 80),
    ]:
        bundle = tmp_path / "bundle.tar"
        count = export(store, signer, bundle, **narrowed)  # type: ignore[arg-type]
        verdict = verify_bundle(bundle)
        assert (verdict.problem, verdict.records) == ("", count)
        if "since" not in narrowed and "until" not in narrowed:
            assert count == expected


async def test_several_processes_may_append_at_once(database_url: str, store: Store, tmp_path: Path) -> None:
    signer = Signer.open(tmp_path / "ledger.key", store)
    stores = [open_store(database_url) for _ in range(3)]
    ledgers = [Ledger(one, signer, ORIGIN) for one in stores]
    for one in ledgers:
        await one.start()
    await ledgers[0].publish_policy(POLICY.version, POLICY.source)

    async def writes(number: int) -> None:
        for index in range(20):
            await ledgers[number].append(record("call.opened", f"d{number * 100 + index}", "opened"))

    await asyncio.gather(*(writes(number) for number in range(3)))
    for one in ledgers:
        await one.stop()
    for another in stores:
        another.close()
    verdict = verify_store(store, signer.verifier_key(ORIGIN))
    assert (verdict.problem, verdict.records, verdict.unfinished) == ("", 61, 60)


def changed_body(connection: Any) -> None:
    row = connection.execute(records.select().where(records.c.seq == 5)).one()
    connection.execute(
        update(records)
        .where(records.c.seq == 5)
        .values(body=row.body.replace(b"served", b"sErved").replace(b"opened", b"oPened"))
    )


def removed(connection: Any) -> None:
    connection.execute(delete(records).where(records.c.seq == 5))


def last_removed(connection: Any) -> None:
    connection.execute(delete(records).where(records.c.seq >= 20))


def swapped(connection: Any) -> None:
    rows = connection.execute(records.select().where(records.c.seq.in_([5, 6])).order_by(records.c.seq)).all()
    for seq, row in ((5, rows[1]), (6, rows[0])):
        connection.execute(update(records).where(records.c.seq == seq).values(body=row.body, leaf=row.leaf))


def tree_changed(connection: Any) -> None:
    connection.execute(update(tree).values(size=tree.c.size - 1))


@pytest.mark.parametrize("tampering", [changed_body, removed, last_removed, swapped, tree_changed])
async def test_tampering_with_the_store_is_caught(
    ledger: Ledger,
    store: Store,
    tmp_path: Path,
    tampering: Callable[[Any], None],
) -> None:
    await some_calls(ledger, 12)
    await ledger.stop()
    assert verify_store(store, key_of(store, tmp_path)).ok
    with store.write() as connection:
        tampering(connection)
    assert not verify_store(store, key_of(store, tmp_path)).ok


async def test_tampering_with_a_bundle_is_caught_even_with_its_manifest_mended(
    ledger: Ledger, store: Store, tmp_path: Path
) -> None:
    await some_calls(ledger, 6)
    await ledger.stop()
    bundle = tmp_path / "bundle.tar"
    export(store, Signer.open(tmp_path / "ledger.key", store), bundle)
    with tarfile.open(bundle) as tar:
        files = {member.name: tar.extractfile(member).read() for member in tar.getmembers()}  # type: ignore[union-attr]
    lines = files["records.jsonl"].splitlines(keepends=True)
    variants: list[dict[str, bytes]] = [
        {"records.jsonl": b"".join(lines).replace(b'"outcome":"served"', b'"outcome":"refuse"', 1)},
        {"records.jsonl": b"".join([lines[1], lines[0], *lines[2:]])},
        {"records.jsonl": b"".join(lines[:-1])},
        {"records.jsonl": b"".join([*lines, lines[-1]])},
        {"checkpoint": files["checkpoint"].replace(b"\n13\n", b"\n12\n")},
        {"key": b"exemple.quebec/registre+00000000+AQ==\n"},
        {f"policies/{POLICY.version}.json": POLICY.source.replace(b"deny", b"mask")},
    ]
    for number, variant in enumerate(variants):
        mended = files | variant
        sums = {
            name: hashlib.sha256(content).hexdigest() for name, content in mended.items() if name != "manifest.json"
        }
        mended["manifest.json"] = orjson.dumps({"format": 1, "sha256": sums})
        changed = tmp_path / f"changed-{number}.tar"
        with tarfile.open(changed, "w") as tar:
            for name, content in mended.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
        assert not verify_bundle(changed).ok, number


def test_a_file_that_is_not_a_bundle_is_said(tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_bytes(b"pas un tar")
    assert "not a readable bundle" in verify_bundle(tmp_path / "x.tar").problem


async def test_a_store_that_comes_back_is_written_again(tmp_path: Path) -> None:
    one = open_store(f"sqlite:///{tmp_path / 'v.db'}")
    one.upgrade()
    ledger = Ledger(one, Signer.open(tmp_path / "k", one), ORIGIN)
    await ledger.start()
    with one.write() as connection:
        connection.execute(text("ALTER TABLE records RENAME TO elsewhere"))
    with pytest.raises(LedgerUnavailable):
        await ledger.append(record("call.opened", "d1", "opened"))
    assert ledger.problem()
    with one.write() as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO records"))
    await ledger.append(record("call.opened", "d2", "opened"))
    assert ledger.problem() == ""
    await ledger.stop()
    with one.read() as connection:
        assert [row.decision for row in connection.execute(records.select())] == ["d2"]


async def test_a_missing_signing_key_is_never_replaced(ledger: Ledger, store: Store, tmp_path: Path) -> None:
    await some_calls(ledger, 1)
    await ledger.stop()
    (tmp_path / "ledger.key").unlink()
    with pytest.raises(SigningKeyMissing):
        Signer.open(tmp_path / "ledger.key", store)


def test_a_store_that_cannot_be_used_says_why(tmp_path: Path) -> None:
    (tmp_path / "v.db").write_bytes(b"pas une base" * 100)
    with pytest.raises(StoreUnavailable, match="damaged"):
        open_store(f"sqlite:///{tmp_path / 'v.db'}").upgrade()
    with pytest.raises(StoreUnavailable) as caught:
        open_store("postgresql://moi:motdepasse@127.0.0.1:1/base").upgrade()
    assert "motdepasse" not in str(caught.value)
    with pytest.raises(StoreUnavailable, match=r"not been created|not this version"):
        open_store(f"sqlite:///{tmp_path / 'neuve.db'}").require_current()
    with pytest.raises(StoreUnavailable):
        open_store("mysql://hote/base")


FULL_DISK = """
import asyncio, resource, signal, sys
from pathlib import Path
from gateway.audit import Ledger, LedgerUnavailable, Signer
from gateway.storage import open_store
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
place = Path(sys.argv[1])
async def main():
    store = open_store(f"sqlite:///{place / 'v.db'}")
    store.upgrade()
    ledger = Ledger(store, Signer.open(place / "k", store), "a/b")
    await ledger.start()
    resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, resource.RLIM_INFINITY))
    written = 0
    try:
        while written < 10_000:
            await ledger.append({"kind": "call.closed", "id": str(written), "time": "t", "pad": "x" * 5000})
            written += 1
    except LedgerUnavailable as error:
        print(written, error.message.en)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await ledger.append({"kind": "call.closed", "id": "after", "time": "t"})
    await ledger.stop()
asyncio.run(main())
"""


def test_a_full_disk_refuses_and_loses_nothing(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FULL_DISK, str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    written = int(done.stdout.split()[0])
    assert written > 10
    assert "disk" in done.stdout
    one = open_store(f"sqlite:///{tmp_path / 'v.db'}")
    verdict = verify_store(one, Signer.open(tmp_path / "k", one).verifier_key("a/b"))
    assert (verdict.problem, verdict.records) == ("", written + 1)


async def test_keys_are_made_listed_and_revoked_and_all_of_it_is_recorded(
    ledger: Ledger, store: Store, tmp_path: Path
) -> None:
    keys = Keys(store, b"p" * 32)
    created = keys.create(system="s1")
    await keys.refresh(1)
    principal = keys.authenticate(created.token)
    assert principal is not None
    assert principal.system == "s1"
    for wrong in (
        "",
        "vigie",
        created.token[:-1],
        created.token + "x",
        created.token.replace("vigie", "autre"),
        f"vigie_{created.id}_",
    ):
        assert keys.authenticate(wrong) is None
    assert Keys(store, b"q" * 32).authenticate(created.token) is None
    receipt = await ledger.append(record("call.opened", "d1", "opened"))
    assert receipt.epoch == principal.epoch
    Keys(store, b"p" * 32).revoke(created.id)
    receipt = await ledger.append(record("call.closed", "d1"))
    assert receipt.epoch > principal.epoch
    await keys.refresh(receipt.epoch)
    assert keys.authenticate(created.token) is None
    assert [entry.revoked_at is None for entry in keys.list()] == [False]
    with store.read() as connection:
        kinds = [row.kind for row in connection.execute(records.select().order_by(records.c.seq))]
        assert created.token.rsplit("_", 1)[1].encode() not in b"".join(
            row.body for row in connection.execute(records.select())
        )
    assert kinds == ["policy.published", "key.created", "call.opened", "key.revoked", "call.closed"]

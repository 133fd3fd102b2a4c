"""Auditing: many records by several processes, anchors from outside, another key, a witness, what is kept beside records."""

from __future__ import annotations

import asyncio
import hashlib
import json
import struct
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete, func, insert, select, text, update

from gateway.audit import Anchors, Ledger, Signer, append_now, export, verify_bundle, verify_store
from gateway.audit.appending import RecordTooLarge
from gateway.audit.ledger import publish_policy_now
from gateway.audit.merkle import Frontier, leaf_hash, root_of, tile_root
from gateway.audit.notes import COSIGNATURE, Note, VerifierKey, key_id, signature_line
from gateway.audit.records import canonical
from gateway.audit.replaying import replay_store
from gateway.audit.signing import SigningKeyMissing, add_cosignature, rotate, sign_now
from gateway.cli import main
from gateway.config import load
from gateway.errors import Message, Refusal
from gateway.policies import Effect, Policy, Rule, Stage, decide
from gateway.policies.facts import seen_by
from gateway.storage import Store, open_store
from gateway.storage.store import _alembic as alembic_config
from gateway.storage.tables import checkpoint, keys, policies, records, subtrees, tree, usage
from gateway.trace import plain, timestamp
from tests.chaos.corrupt import mended, tarred
from tests.gateway_process import ROOT
from tests.recorded_calls import Calls

CONFIGURATION = load(ROOT / "config")
ORIGIN = CONFIGURATION.settings.ledger.origin


class Audited:
    """A store with a key, to which calls are appended as the gateway would."""

    def __init__(self, store: Store, directory: Path) -> None:
        self.store, self.path = store, directory / "ledger.key"
        self.start = datetime.now(UTC) + timedelta(minutes=1)
        self.calls = Calls(CONFIGURATION, 5_000, days=2, start=self.start)
        Signer.open(self.path, store)
        publish_policy_now(store, CONFIGURATION.policy.version, CONFIGURATION.policy.source)

    @property
    def signer(self) -> Signer:
        return Signer.open(self.path, self.store)

    @property
    def key(self) -> str:
        return self.signer.verifier_key(ORIGIN)

    def after(self, calls: int) -> str:
        """The moment when that many calls had been made."""
        return timestamp(self.start + timedelta(days=2) / 5_000 * calls)

    def record(self, calls: int) -> str:
        """Append calls and sign; the checkpoint."""
        append_now(self.store, list(self.calls.records(calls)))
        return self.sign()

    def sign(self) -> str:
        with self.store.write() as connection:
            sign_now(connection, self.signer, ORIGIN)
            return str(connection.execute(select(checkpoint.c.note)).scalar_one())

    def verify(self, **more: Any) -> Any:
        return verify_store(self.store, self.key, **more)


@pytest.fixture
def audited(store: Store, tmp_path: Path) -> Audited:
    return Audited(store, tmp_path)


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Audited]:
    """One on SQLite alone, where the database matters little."""
    store = open_store(f"sqlite:///{tmp_path / 'v.db'}")
    store.upgrade()
    yield Audited(store, tmp_path)
    store.close()


def files_of(bundle: Path) -> dict[str, bytes]:
    with tarfile.open(bundle) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]


# ── many records, several processes ───────────────────────────────────────────────────────────────────────────────


def test_several_processes_find_what_one_finds(
    audited: Audited, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.audit.verify.STRETCH", 512)
    audited.record(1_100)
    alone, several = audited.verify(workers=1), audited.verify(workers=2)
    assert (alone.problem, alone.as_json()) == ("", several.as_json())
    assert alone.records > 1_500
    assert alone.decisions > 3_000
    bundle = tmp_path / "b.tar"
    for narrowed, extent in [
        ({}, "whole"),
        ({"since": audited.after(700)}, "range"),
        ({"since": audited.after(500), "until": audited.after(700), "system": "permis-assistant"}, "selection"),
    ]:
        count = export(audited.store, audited.signer, bundle, **narrowed)  # type: ignore[arg-type]
        alone, several = verify_bundle(bundle, workers=1), verify_bundle(bundle, workers=2)
        assert (alone.problem, alone.as_json()) == ("", several.as_json())
        assert (alone.records, alone.extent) == (count, extent)
        code, said = independent("bundle", str(bundle), "--key", audited.key)
        assert code == 0, said
    before = verify_bundle(bundle, recomputing=False)
    assert (before.ok, before.recomputed, before.decisions) == (True, False, alone.decisions)


def independent(*arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-I", ROOT / "docs" / "verifier.py", *arguments],
        capture_output=True, text=True, timeout=60, cwd="/",
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("workers", [1, 2])
def test_the_first_thing_wrong_is_named_with_its_place(
    sqlite: Audited, tmp_path: Path, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.audit.verify.STRETCH", 512)
    sqlite.record(900)
    bundle = tmp_path / "b.tar"
    export(sqlite.store, sqlite.signer, bundle)
    files = files_of(bundle)
    lines = files["records.jsonl"].splitlines(keepends=True)

    def verdict(*changes: tuple[int, bytes, bytes]) -> Any:
        changed = list(lines)
        for at, before, after in changes:
            assert before in changed[at]
            changed[at] = changed[at].replace(before, after, 1)
        bundle.write_bytes(tarred(list(mended({**files, "records.jsonl": b"".join(changed)}).items())))
        return verify_bundle(bundle, workers=workers)

    quiet = verdict((1_300, b'"session":""', b'"session":"x"'))
    assert (quiet.position, quiet.problem) == (
        1_300 // 256 * 256,
        "one of the records 1280 to 1535 is not the one that was exported",
    )
    at = next(at for at in range(1_290, 1_500) if b'"effect":"allow"' in lines[at])
    loud = verdict((at, b'"effect":"allow"', b'"effect":"notify"'))
    assert loud.position == at
    assert "recorded notify, recomputed allow" in loud.problem
    assert verdict((at, b'"effect":"allow"', b'"effect":"notify"'), (40, b'"key":"', b'"key": "')).position == 40
    assert verdict((1_300, b'"session":""', b'"session":"x"'), (3, b'"session":""', b'"session":"y"')).position == 0


IN_LITTLE_MEMORY = """
import resource, sys
from pathlib import Path
from gateway.audit import Signer, export, verify_bundle
from gateway.storage import open_store
store, out = open_store(sys.argv[1]), Path(sys.argv[3])
export(store, Signer.open(Path(sys.argv[2]), store), out, system="s0")
exported = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert verify_bundle(out, workers=1).extent == "selection"
print(exported, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, out.stat().st_size)
"""


def test_a_narrowed_export_of_many_records_is_written_and_read_in_little_memory(tmp_path: Path) -> None:
    """What stands between the records of one system is as long as they are; none of it may be held at once."""
    peaks = []
    for count in (6_000, 60_000):
        store = open_store(f"sqlite:///{tmp_path / f'{count}.db'}")
        store.upgrade()
        one = Audited(store, tmp_path / str(count))
        moment = "2026-11-24T15:00:00.000Z"
        for first in range(0, count, 3_000):
            batch = range(first, first + 3_000)
            append_now(store, [{"kind": "note", "id": f"n-{n}", "time": moment, "system": f"s{n % 3}"} for n in batch])
        one.sign()
        store.close()
        arguments = [str(store.engine.url), str(one.path), str(tmp_path / "b.tar")]
        done = subprocess.run(
            [sys.executable, "-c", IN_LITTLE_MEMORY, *arguments], capture_output=True, text=True, timeout=100, cwd=ROOT
        )
        assert done.returncode == 0, done.stderr
        peaks.append([int(value) for value in done.stdout.split()])
    (exported, read, size), (exported_of_ten, read_of_ten, size_of_ten) = peaks
    assert size_of_ten > 8 * size > 3_000_000
    assert exported_of_ten - exported < 8_000, "kB more to write ten times as much"
    assert read_of_ten - read < 8_000, "kB more to read ten times as much"


async def test_a_store_verifies_while_a_gateway_writes_to_it(audited: Audited) -> None:
    ledger = Ledger(audited.store, audited.signer, ORIGIN)
    await ledger.start()
    records_ = list(audited.calls.records(700))
    writing = asyncio.gather(*(ledger.append(record) for record in records_))
    seen = set()
    while not writing.done():
        verdict = await asyncio.to_thread(audited.verify, workers=1)
        assert verdict.problem == ""
        seen.add(verdict.records)
        await asyncio.sleep(0)
    await writing
    await ledger.stop()
    verdict = audited.verify()
    assert (verdict.problem, verdict.records) == ("", len(records_) + 1)


# ── what a store keeps beside its records ─────────────────────────────────────────────────────────────────────────


TAMPERINGS: dict[str, Callable[[], Any]] = {
    "tokens counted": lambda: update(usage).values(tokens=usage.c.tokens + 1),
    "keys are not": lambda: insert(keys).values(
        id="abc", system="permis-assistant", digest=b"\0" * 32, created_at="2026-11-24T15:00:00.000Z"
    ),
    "tiles that are kept": lambda: update(subtrees).where(subtrees.c.number == 1).values(hash=b"\1" * 32),
    "filed under": lambda: update(records).where(records.c.seq == 7).values(decision="d-0"),
    "bytes are not those": lambda: update(records).where(records.c.seq == 7).values(leaf=b"\1" * 32),
    "is of no record": lambda: insert(policies).values(version=hashlib.sha256(b"{}").hexdigest(), source=b"{}"),
    "what its version is the hash of": lambda: update(policies).values(source=b"{}"),
    "tree does not agree": lambda: update(checkpoint).values(size=checkpoint.c.size - 1),
    "is not there": lambda: delete(policies),
    "signature is not the key's": lambda: update(checkpoint).values(
        note=text("replace(note, '\n' || size || '\n', '\n' || (size + 1) || '\n')")
    ),
}


@pytest.mark.parametrize("said", TAMPERINGS)
def test_what_is_kept_beside_the_records_must_agree_with_them(sqlite: Audited, said: str) -> None:
    sqlite.record(300)
    key = sqlite.key
    assert verify_store(sqlite.store, key).ok
    with sqlite.store.write() as connection:
        connection.execute(TAMPERINGS[said]())
    assert said in verify_store(sqlite.store, key).problem


def test_tiles_of_a_store_that_had_none_are_made_when_it_is_upgraded(tmp_path: Path) -> None:
    """A store as it was just before tiles were kept, with 700 records in it."""
    store = open_store(f"sqlite:///{tmp_path / 'v.db'}")
    bodies = [canonical({"kind": "note", "id": f"n-{number}", "time": "t"}) for number in range(700)]
    leaves = [leaf_hash(body) for body in bodies]
    with store.write() as connection:
        config = alembic_config(connection)
        (tiles,) = [one for one in ScriptDirectory.from_config(config).walk_revisions() if "subtrees" in one.path]
        command.upgrade(config, str(tiles.down_revision))
        for seq, body in enumerate(bodies):
            row = {
                "seq": seq,
                "leaf": leaves[seq],
                "kind": "note",
                "decision": "",
                "system": "",
                "time": "t",
                "body": body,
            }
            connection.execute(insert(records).values(row))
        frontier = Frontier()
        for leaf in leaves:
            frontier.push(leaf)
        connection.execute(update(tree).values(size=frontier.size, frontier=frontier.pack()))
    store.upgrade()
    with store.read() as connection:
        kept = [tuple(row) for row in connection.execute(select(subtrees).order_by(subtrees.c.number))]
    assert kept == [(1, number, tile_root(leaves[256 * number : 256 * number + 256])) for number in range(2)]
    signer = Signer(Ed25519PrivateKey.from_private_bytes(b"\7" * 32))
    with store.write() as connection:
        sign_now(connection, signer, ORIGIN)
    assert verify_store(store, signer.verifier_key(ORIGIN)).problem == ""
    store.close()


def test_a_call_that_was_served_without_having_been_opened_is_wrong(sqlite: Audited, tmp_path: Path) -> None:
    served = [record for record in sqlite.calls.records(30) if record["outcome"] == "served"]
    append_now(sqlite.store, served[:1])
    sqlite.sign()
    assert "was served without having been opened" in sqlite.verify().problem
    export(sqlite.store, sqlite.signer, tmp_path / "b.tar")
    assert verify_bundle(tmp_path / "b.tar").position == 1
    assert "served, never opened" in independent("bundle", str(tmp_path / "b.tar"))[1]


def test_a_call_that_is_opened_twice_is_wrong(sqlite: Audited, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = [record for record in sqlite.calls.records(30) if record["kind"] == "call.opened"]
    append_now(sqlite.store, [opened[0], opened[1], opened[0]])
    sqlite.sign()
    for stretch in (4_096, 2):
        monkeypatch.setattr("gateway.audit.verify.STRETCH", stretch)
        assert "is opened twice" in sqlite.verify().problem


def test_what_a_reader_sees_stays_while_others_write(audited: Audited) -> None:
    count = select(func.count()).select_from(records)
    with audited.store.read() as connection:
        before = connection.execute(count).scalar_one()
        append_now(audited.store, list(audited.calls.records(3)))
        assert connection.execute(count).scalar_one() == before
    with audited.store.read() as connection:
        assert connection.execute(count).scalar_one() > before


@pytest.mark.parametrize("stretch", [1, 4_096])
def test_a_clock_that_goes_back_is_noted_and_fails_nothing(
    sqlite: Audited, stretch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.audit.verify.STRETCH", stretch)

    def note(number: int, moment: str) -> dict[str, str]:
        return {"kind": "note", "id": f"n-{number}", "time": moment}

    times = [f"2090-11-24T{moment}.000Z" for moment in ("15:00:00", "14:59:59", "14:00:00", "16:00:00")]
    for repeat in range(2):  # the same steps inside a stretch, and across two
        append_now(sqlite.store, [note(10 * repeat + at, moment) for at, moment in enumerate(times)])
    sqlite.sign()
    verdict = sqlite.verify()
    assert (verdict.problem, verdict.backwards) == ("", 3)


def test_what_an_entry_bundle_could_not_hold_is_not_recorded(sqlite: Audited) -> None:
    record = {"kind": "note", "id": "n", "time": "2026-11-24T15:00:00.000Z", "names": ["x" * 60_000]}
    append_now(sqlite.store, [record])
    with pytest.raises(RecordTooLarge):
        append_now(sqlite.store, [{**record, "names": ["x" * 70_000]}])


# ── anchors ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_kept_checkpoint_shows_a_ledger_put_back_to_an_earlier_state(sqlite: Audited, tmp_path: Path) -> None:
    early = sqlite.record(200)
    old = tmp_path / "old.tar"
    export(sqlite.store, sqlite.signer, old)
    late = sqlite.record(200)
    new = tmp_path / "new.tar"
    export(sqlite.store, sqlite.signer, new)
    for kept in (early, late):
        assert verify_bundle(new, anchors=Anchors(expected=kept)).ok
        assert sqlite.verify(anchors=Anchors(sqlite.key, kept)).ok
    assert verify_bundle(old, anchors=Anchors(expected=early)).ok
    assert "older than the checkpoint that was kept" in verify_bundle(old, anchors=Anchors(expected=late)).problem


def test_a_kept_checkpoint_shows_a_history_rewritten_by_whoever_has_the_key(sqlite: Audited, tmp_path: Path) -> None:
    kept = sqlite.record(200)
    bundle = tmp_path / "b.tar"
    export(sqlite.store, sqlite.signer, bundle)
    files = files_of(bundle)
    lines = files["records.jsonl"].splitlines(keepends=True)
    lines[50] = lines[50].replace(b'"session":""', b'"session":"z"')
    rewritten = sqlite.signer.sign(ORIGIN, len(lines), root_of([leaf_hash(line[:-1]) for line in lines]))
    forged = {**files, "records.jsonl": b"".join(lines), "checkpoint": rewritten.encode()}
    block = root_of([leaf_hash(line[:-1]) for line in lines[:256]]).hex().encode()
    forged["proofs.json"] = b'{"blocks":[\n"' + block + b'"\n],"subtrees":[\n]}\n'
    bundle.write_bytes(tarred(list(mended(forged).items())))
    assert verify_bundle(bundle, anchors=Anchors(sqlite.key)).ok, "by itself it is a perfect ledger"
    assert "history was rewritten" in verify_bundle(bundle, anchors=Anchors(expected=kept)).problem
    kept_path = tmp_path / "kept.txt"
    kept_path.write_text(kept)
    assert independent("bundle", str(bundle), "--expect", str(kept_path))[0] == 1


def test_a_part_is_compared_with_a_kept_checkpoint_when_it_was_exported_for_it(sqlite: Audited, tmp_path: Path) -> None:
    kept = sqlite.record(211)
    size = int(kept.split("\n")[1])
    sqlite.record(300)
    bundle, anchors = tmp_path / "b.tar", Anchors(expected=kept)
    narrowed = {"since": sqlite.after(300)}
    export(sqlite.store, sqlite.signer, bundle, **narrowed)  # type: ignore[arg-type]
    assert "does not show the tree" in verify_bundle(bundle, anchors=anchors).problem
    export(sqlite.store, sqlite.signer, bundle, against=size, **narrowed)  # type: ignore[arg-type]
    assert verify_bundle(bundle, anchors=anchors).problem == ""
    other = Signer(Ed25519PrivateKey.from_private_bytes(b"\1" * 32))
    for wrong, said in [
        (sqlite.signer.sign(ORIGIN, size, b"\1" * 32), "history was rewritten"),
        (other.sign(ORIGIN, size, Note.parse(kept).text.encode()[-33:-1]), ""),
        ("not a note", "the kept checkpoint"),
        (kept.replace("— ", "- "), "the kept checkpoint"),
    ]:
        problem = verify_bundle(bundle, anchors=Anchors(expected=wrong)).problem
        assert problem
        assert said in problem
    stranger = kept.partition("\n\n")[0] + "\n\n" + other.signature(ORIGIN, Note.parse(kept).text)
    assert "signed by no key" in verify_bundle(bundle, anchors=Anchors(expected=stranger)).problem


# ── another key ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_key_names_the_next_and_whoever_knows_the_first_can_follow(audited: Audited, tmp_path: Path) -> None:
    first, kept = audited.key, audited.record(30)
    known = [first]
    for _ in range(2):
        was, becomes = rotate(audited.store, audited.path, ORIGIN, reason="rotation")
        assert (was, audited.key) == (known[-1], becomes)
        known.append(becomes)
        with audited.store.read() as connection:
            handover = Note.parse(connection.execute(select(checkpoint.c.note)).scalar_one())
        assert all(handover.signed_by(VerifierKey.parse(key)) for key in (was, becomes))
        audited.record(30)
    bundle = tmp_path / "b.tar"
    export(audited.store, audited.signer, bundle)
    for key in known:
        assert audited.verify(anchors=Anchors(key, kept)).problem == ""
        assert verify_bundle(bundle, anchors=Anchors(key, kept)).problem == ""
        assert independent("bundle", str(bundle), "--key", key)[0] == 0
    stranger = Signer(Ed25519PrivateKey.from_private_bytes(b"\1" * 32)).verifier_key(ORIGIN)
    assert "not the one given" in verify_bundle(bundle, anchors=Anchors(stranger)).problem
    assert independent("bundle", str(bundle), "--key", stranger)[0] == 1
    assert sorted(path.name for path in tmp_path.glob("ledger.key*")) == [
        "ledger.key", "ledger.key.lock", "ledger.key.retired-1", "ledger.key.retired-2",
    ]  # fmt: skip


@pytest.mark.parametrize("moment", ["before the transaction", "after it", "between the two renames"])
def test_a_rotation_that_is_cut_is_taken_up_where_it_was(
    sqlite: Audited, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = sqlite.key
    sqlite.record(10)

    class Cut(Exception):
        pass

    def cut(*_: object) -> None:
        raise Cut

    with monkeypatch.context() as patch:
        if moment == "before the transaction":
            patch.setattr("gateway.audit.signing.keep_checkpoint", cut)
        elif moment == "after it":
            patch.setattr("gateway.audit.signing._take_place", cut)
        else:
            rename = Path.rename
            patch.setattr(Path, "rename", lambda one, to: cut() if one.name.endswith(".next") else rename(one, to))
        with pytest.raises(Cut):
            rotate(sqlite.store, sqlite.path, ORIGIN, reason="essai")
    assert (sqlite.key == first) == (moment == "before the transaction")
    sqlite.record(10)
    assert sqlite.verify(anchors=Anchors(first)).problem == ""
    rotate(sqlite.store, sqlite.path, ORIGIN, reason="encore")
    assert sqlite.verify(anchors=Anchors(first)).problem == ""


async def test_a_running_gateway_takes_up_the_new_key(audited: Audited) -> None:
    first = audited.key
    ledger = Ledger(audited.store, audited.signer, ORIGIN)
    await ledger.start()
    _, becomes = rotate(audited.store, audited.path, ORIGIN, reason="essai")
    assert ledger.verifier_key().strip() in (first, becomes), "either verifies the checkpoint that both signed"
    for record in audited.calls.records(5):
        await ledger.append(record)
    await ledger.stop()
    assert ledger.problem() == ""
    assert ledger.verifier_key().strip() == becomes
    verdict = verify_store(audited.store, becomes, anchors=Anchors(first))
    assert (verdict.problem, verdict.key) == ("", becomes)


async def test_a_gateway_whose_key_was_replaced_elsewhere_records_but_does_not_sign(sqlite: Audited) -> None:
    """A replica on another host, whose file nobody replaced: it says so, and never signs with the old key."""
    elsewhere = sqlite.path.parent / "elsewhere" / "ledger.key"
    elsewhere.parent.mkdir()
    elsewhere.write_bytes(sqlite.path.read_bytes())
    ledger = Ledger(sqlite.store, Signer.open(elsewhere, sqlite.store), ORIGIN)
    await ledger.start()
    rotate(sqlite.store, sqlite.path, ORIGIN, reason="essai")
    await ledger.append({"kind": "note", "id": "n", "time": "2026-11-24T15:00:00.000Z"})
    await ledger.stop()
    assert "did not sign its newest checkpoint" in ledger.problem()
    with pytest.raises(SigningKeyMissing):
        Signer.open(elsewhere, sqlite.store)
    sqlite.sign()
    assert sqlite.verify().problem == ""


def test_a_key_that_is_another_ledger_s_does_not_sign_this_one(sqlite: Audited) -> None:
    sqlite.record(3)
    sqlite.path.write_bytes(b"\1" * 32)
    with pytest.raises(SigningKeyMissing):
        Signer.open(sqlite.path, sqlite.store)


def test_a_lost_key_is_replaced_in_the_open_and_nobody_vouches_for_it(sqlite: Audited) -> None:
    first = sqlite.key
    sqlite.record(10)
    sqlite.path.unlink()
    with pytest.raises(SigningKeyMissing):
        rotate(sqlite.store, sqlite.path, ORIGIN, reason="perdue")
    rotate(sqlite.store, sqlite.path, ORIGIN, reason="perdue", lost=True)
    sqlite.record(10)
    verdict = sqlite.verify()
    assert (verdict.problem, verdict.unvouched) == ("", 1)
    assert "not the one given" in sqlite.verify(anchors=Anchors(first)).problem


def test_a_handover_that_the_key_before_did_not_sign_is_refused(sqlite: Audited) -> None:
    sqlite.record(3)
    thief = Signer(Ed25519PrivateKey.from_private_bytes(b"\1" * 32))
    moment = "2026-11-24T15:00:00.000Z"
    key = thief.verifier_key(ORIGIN)
    note = thief.signed_note(ORIGIN, f"vigie ledger key rotation v1\n{ORIGIN}\n{key}\n{moment}\n")
    record = {
        "kind": "ledger.rotated",
        "id": "l",
        "time": moment,
        "previous": sqlite.key,
        "key": key,
        "note": note,
        "reason": "",
    }
    append_now(sqlite.store, [record])
    sqlite.sign()
    assert "the key before did not sign" in sqlite.verify().problem


# ── a witness ─────────────────────────────────────────────────────────────────────────────────────────────────────


WITNESS = Ed25519PrivateKey.from_private_bytes(b"\5" * 32)
WITNESS_KEY = VerifierKey("temoin.exemple/w1", COSIGNATURE, WITNESS.public_key().public_bytes_raw())


def cosigned(note: str, moment: int = 1_795_000_000) -> str:
    """As a C2SP witness cosigns."""
    body = f"cosignature/v1\ntime {moment}\n{Note.parse(note).text}"
    signature = struct.pack(">Q", moment) + WITNESS.sign(body.encode())
    identity = key_id(WITNESS_KEY.name, WITNESS_KEY.public, COSIGNATURE)
    return note + signature_line(WITNESS_KEY.name, identity, signature)


def test_a_witness_s_cosignature_is_kept_exported_and_checked(audited: Audited, tmp_path: Path) -> None:
    note = audited.record(20)
    bundle, witness = tmp_path / "b.tar", str(WITNESS_KEY)
    assert "no checkpoint is cosigned" in audited.verify(anchors=Anchors(witnesses=(witness,))).problem
    with pytest.raises(Refusal):
        add_cosignature(audited.store, note, witness)
    with pytest.raises(Refusal):
        add_cosignature(audited.store, cosigned(note).replace("exemple/w1", "exemple/w2"), witness)
    assert add_cosignature(audited.store, cosigned(note), witness) == 1_795_000_000
    add_cosignature(audited.store, cosigned(note), witness)
    assert audited.sign() == cosigned(note), "kept once, until the ledger grows"
    export(audited.store, audited.signer, bundle)
    verdict = verify_bundle(bundle, anchors=Anchors(audited.key, witnesses=(witness,)))
    assert (verdict.problem, verdict.cosigned) == ("", {"temoin.exemple/w1": "2026-11-18T11:06:40Z"})
    assert independent("bundle", str(bundle), "--key", audited.key)[0] == 0
    newer = audited.record(20)
    assert "no checkpoint" in audited.verify(anchors=Anchors(witnesses=(witness,))).problem
    assert audited.verify(anchors=Anchors(expected=cosigned(note), witnesses=(witness,))).problem == ""
    with pytest.raises(Refusal) as refused:
        add_cosignature(audited.store, cosigned(note), witness)
    assert refused.value.code == "checkpoint_moved_on"
    broken = cosigned(newer)[:-8] + "AAAAAA=\n"
    assert audited.verify(anchors=Anchors(expected=broken, witnesses=(witness,))).problem


# ── replay, and the command line ──────────────────────────────────────────────────────────────────────────────────


def test_a_replay_counts_by_rule_system_and_model(audited: Audited) -> None:
    audited.record(300)
    stricter = Policy.of(
        [
            *CONFIGURATION.policy.rules,
            Rule("no-streams", "p", 1, Stage.ADMISSION, "call.stream", Effect.DENY, "c", Message("r", "r")),
        ]
    )
    comparison = replay_store(audited.store, stricter)
    assert comparison.calls == 300
    assert comparison.changes["refused"] == comparison.changed == comparison.new["no-streams"]
    assert 50 < comparison.changed < 250
    for counts in (comparison.systems, comparison.models):
        assert sum(one["calls"] for one in counts.values()) == 300
        assert sum(one["refused"] for one in counts.values()) == comparison.changed
    one = replay_store(audited.store, stricter, system="permis-assistant")
    assert one.calls == comparison.systems["permis-assistant"]["calls"]
    assert replay_store(audited.store, stricter, since=audited.after(400)).calls == 0
    cut = replay_store(audited.store, stricter, since=audited.after(100))
    assert 190 <= cut.calls <= 201
    assert orjson.dumps(comparison.as_json())


def test_an_action_that_was_asked_for_is_replayed_by_itself(sqlite: Audited) -> None:
    facts = {fact.name: fact.empty for fact in seen_by(Stage.ACTION)}
    own = {"action.tool": "issue_payment", "action.arguments": {}, "action.entities": ()}
    decision = decide(CONFIGURATION.policy, Stage.ACTION, {**facts, **own}).as_json()
    record = {
        "kind": "action.asked",
        "id": "a-1.asked",
        "time": "2090-11-24T15:00:00.000Z",
        "decision": "a-1",
        "system": "permis-assistant",
        "policy": CONFIGURATION.policy.version,
        "facts": plain({name: value for name, value in facts.items() if name not in own}),
        "stages": [{"stage": "action", "facts": plain(own), "decision": decision}],
    }
    append_now(sqlite.store, [record, {"kind": "action.held", "id": "a-2", "time": "2090-11-24T15:00:00.000Z"}])
    sqlite.sign()
    assert sqlite.verify().problem == ""
    when = 'action.tool == "issue_payment"'
    held = Rule("payments", "p", 11, Stage.ACTION, when, Effect.HOLD, "c", Message("r", "r"))
    comparison = replay_store(sqlite.store, Policy.of([*CONFIGURATION.policy.rules, held]))
    assert (comparison.calls, comparison.changed, comparison.new["payments"]) == (1, 1, 1)


def test_the_commands_of_an_auditor(tmp_path: Path) -> None:
    config, data, bundle = ROOT / "config", tmp_path / "data", tmp_path / "b.tar"
    data.mkdir()
    store = open_store(f"sqlite:///{data / 'vigie.db'}")
    store.upgrade()
    audited = Audited(store, data)
    kept = tmp_path / "kept.txt"
    kept.write_text(audited.record(60))
    append_now(store, list(audited.calls.records(40)))  # as a crash leaves them: durable, not signed
    store.close()

    def vigie(*arguments: str, code: int = 0) -> str:
        done = CliRunner().invoke(main, [*arguments, "--config", str(config), "--data", str(data)])
        assert done.exit_code == code, done.output
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.stdout

    assert "En ordre" in vigie("audit", "verify", "--expect", str(kept))
    assert "100 " not in vigie(
        "audit", "export", "--out", str(bundle), "--since", audited.after(30), "--against", str(kept)
    )
    verdict = json.loads(vigie("audit", "verify", str(bundle), "--json", "--expect", str(kept), "--no-recompute"))
    assert (verdict["ok"], verdict["extent"], verdict["recomputed"]) == (True, "range", False)
    assert verdict["tree_size"] > 150
    key_file = tmp_path / "key.txt"
    key_file.write_text(verdict["key"] + "\n")
    assert "En ordre" in vigie("audit", "verify", str(bundle), "--key", str(key_file))
    assert "ÉCHEC" in vigie("audit", "verify", str(bundle), "--key", str(WITNESS_KEY), code=1)
    becomes = vigie("audit", "rotate-key", "--reason", "essai").strip()
    assert vigie("audit", "export", "--out", str(bundle))
    assert "En ordre" in vigie("audit", "verify", str(bundle), "--key", str(key_file))
    assert becomes in vigie("audit", "verify", str(bundle))
    decision = orjson.loads(files_of(bundle)["records.jsonl"].splitlines()[5])["decision"]
    vigie("audit", "prove", decision, "--out", str(tmp_path / "proofs"))
    for record in (tmp_path / "proofs").glob("*.json"):
        code, said = independent("proof", str(record), str(record.with_suffix("")) + ".tlog-proof", "--key", becomes)
        assert code == 0, said
    for wrong in (
        ("prove", "d-0"),
        ("export", "--out", str(bundle), "--since", "hier"),
        ("export", "--out", "/nowhere/b.tar"),
    ):
        assert vigie("audit", *wrong, code=1) == ""
    assert "0 changeraient" in vigie("policy", "replay", "--policy", str(config), "--since", "2020-01-01")
    assert vigie("policy", "replay", "--policy", str(ROOT / "docs"), "--since", "2026-11-01", code=2) == ""
    assert vigie("audit", "export", "--out", str(bundle), "--since", "2100-01-01", code=1) == ""

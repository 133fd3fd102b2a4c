"""Corrupt an exported bundle in thousands of ways, and have it caught by `vigie audit verify` and by `docs/verifier.py`.

Some corruptions are of raw bytes, as disks and networks make them. Others are a forger's: the manifest is made again to fit,
counts are mended, an older checkpoint that was really signed is put in, everything is signed again with another key. The
verifiers are given what an auditor has: the first key, which the body published, and the newest checkpoint, kept apart.

    python -m tests.chaos.corrupt --corruptions 5000 --seed 1
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib.util
import io
import json
import random
import sqlite3
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.audit import Anchors, Signer, append_now, export, verify_bundle, verify_store
from gateway.audit.ledger import publish_policy_now
from gateway.audit.merkle import leaf_hash, root_of
from gateway.audit.notes import read_checkpoint
from gateway.audit.signing import rotate, sign_now
from gateway.config import load
from gateway.identity import Keys
from gateway.policies import Derogation, Policy
from gateway.storage import StoreUnavailable, open_store
from gateway.storage.tables import checkpoint
from tests.recorded_calls import Calls

ROOT = Path(__file__).resolve().parents[2]
ORIGIN = "exemple.quebec/registre"
Files = dict[str, bytes]


@dataclass
class Bundles:
    """What is corrupted: bundles of one ledger, each as its files; and what an auditor knows of it.

    Of a whole ledger the first key is enough: it names its successor there. Of a part, the present one is known.
    """

    files: list[Files]
    pins: list[str]
    first_key: str
    newest: str
    older: str


@dataclass
class Report:
    """Counts of a run. `missed` is empty when every corruption that changes the meaning was caught by both."""

    changed: Counter[str] = field(default_factory=Counter)
    same: Counter[str] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)


def make(directory: Path) -> Bundles:
    """A ledger with two policies, keys, a rotation, and calls; exported whole, by time, and by system."""
    configuration = load(ROOT / "config")
    store = open_store(f"sqlite:///{directory / 'v.db'}")
    store.upgrade()
    path = directory / "ledger.key"
    signer = Signer.open(path, store)
    first_key = signer.verifier_key(ORIGIN)
    derogation = Derogation("D-1", "text-only", "permis-assistant", "essai", "p.tremblay", "2026-11-01", "2026-12-01")
    relaxed = Policy.of(configuration.policy.rules, [derogation])
    calls = Calls(configuration, 200, days=1)
    publish_policy_now(store, configuration.policy.version, configuration.policy.source)
    append_now(store, list(calls.records(80)))
    with store.write() as connection:
        sign_now(connection, signer, ORIGIN)
        older = str(connection.execute(checkpoint.select()).one().note)
    publish_policy_now(store, relaxed.version, relaxed.source)
    Keys(store, b"p" * 32).create(system="permis-assistant")
    rotate(store, path, ORIGIN, reason="essai")
    calls = Calls(replace(configuration, policy=relaxed), 200, days=1, seed=2, first=80)
    append_now(store, list(calls.records(120)))
    signer = Signer.open(path, store)
    with store.write() as connection:
        sign_now(connection, signer, ORIGIN)
        newest = str(connection.execute(checkpoint.select()).one().note)
    size = read_checkpoint(newest, signer.verifier_key(ORIGIN)).size
    files = []
    for narrowed in ({}, {}, {"system": "permis-assistant"}, {"since": "2026-11-01T08"}):
        export(store, signer, directory / "b.tar", against=size, **narrowed)  # type: ignore[arg-type]
        with tarfile.open(directory / "b.tar") as tar:
            files.append({member.name: tar.extractfile(member).read() for member in tar})  # type: ignore[union-attr]
    store.close()
    present = signer.verifier_key(ORIGIN)
    return Bundles(files, [first_key, present, present, present], first_key, newest, older)


# ── corruptions ───────────────────────────────────────────────────────────────────────────────────────────────────


def tarred(files: list[tuple[str, bytes]]) -> bytes:
    """A tar of these files, in this order, twice the same name included."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, content in files:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


def mended(files: Files) -> Files:
    """With a manifest that fits."""
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items() if name != "manifest.json"}
    return {**files, "manifest.json": json.dumps({"format": 1, "sha256": sums}, separators=(",", ":")).encode()}


def flipped(content: bytes, chance: random.Random, bits: int = 1) -> bytes:
    changed = bytearray(content)
    for _ in range(bits):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def in_records(change: Callable[[list[bytes], random.Random], list[bytes]]) -> Callable[..., Files]:
    """A change of the list of lines; half the time, range.json is made to fit as well."""

    def corrupt(files: Files, chance: random.Random, _: Bundles) -> Files:
        lines = change(files["records.jsonl"].splitlines(keepends=True), chance)
        said = json.loads(files["range.json"])
        if chance.random() < 0.5:
            said["count"] = len(lines)
        return mended({**files, "records.jsonl": b"".join(lines), "range.json": compact(said)})

    return corrupt


def removed(lines: list[bytes], chance: random.Random) -> list[bytes]:
    at, count = chance.randrange(len(lines)), chance.choice((1, 1, 2, 17))
    return lines[:at] + lines[at + count :]


def duplicated(lines: list[bytes], chance: random.Random) -> list[bytes]:
    at, to = chance.randrange(len(lines)), chance.randrange(len(lines) + 1)
    return [*lines[:to], lines[at], *lines[to:]]


def reordered(lines: list[bytes], chance: random.Random) -> list[bytes]:
    one, other = chance.sample(range(len(lines)), 2)
    lines[one], lines[other] = lines[other], lines[one]
    return lines


def inserted(lines: list[bytes], chance: random.Random) -> list[bytes]:
    """A record of a call that never was, in the words of one that was."""
    at = chance.randrange(len(lines))
    forged = lines[at].replace(b'"id":"d-', b'"id":"d-f').replace(b'"decision":"d-', b'"decision":"d-f')
    return [*lines[:at], forged, *lines[at:]]


def rewritten(lines: list[bytes], chance: random.Random) -> list[bytes]:
    """The history that somebody would rather have had."""
    words = [
        (b'"outcome":"served"', b'"outcome":"refused"'), (b'"effect":"deny"', b'"effect":"allow"'),
        (b'"call.hour":', b'"call.hour":1'), (b'permis-assistant', b'redaction-interne'), (b"PERSON", b"OTHER"),
        (b'"user":""', b'"user":"00"'), (b'"time":"2026', b'"time":"2025'), (b"T0", b"T1"), (b'"prefer":1', b'"prefer":2'),
    ]  # fmt: skip
    at = chance.randrange(len(lines))
    before, after = chance.choice([pair for pair in words if pair[0] in lines[at]] or [(b'"', b' "')])
    return [*lines[:at], lines[at].replace(before, after, 1), *lines[at + 1 :]]


def joined(lines: list[bytes], chance: random.Random) -> list[bytes]:
    """Line ends moved: where one record ends and the next begins."""
    at = chance.randrange(len(lines) - 1)
    spaced = chance.choice((lines[at][:-1] + lines[at + 1], lines[at][:-1] + b" \n" + lines[at + 1]))
    return [*lines[:at], *spaced.splitlines(keepends=True), *lines[at + 2 :]]


def raw_bits(files: Files, chance: random.Random, _: Bundles) -> bytes:
    return flipped(tarred(list(files.items())), chance, chance.choice((1, 1, 1, 2, 8)))


def raw_zeros(files: Files, chance: random.Random, _: Bundles) -> bytes:
    """A sector that was never written."""
    whole = tarred(list(files.items()))
    at = chance.randrange(len(whole) // 512) * 512
    return whole[:at] + bytes(512) + whole[at + 512 :]


def cut(files: Files, chance: random.Random, _: Bundles) -> bytes:
    whole = tarred(list(files.items()))
    return whole[: chance.randrange(len(whole))]


def file_bits(files: Files, chance: random.Random, _: Bundles) -> Files:
    """A bit of one file, whatever its size, the manifest made to fit."""
    name = chance.choice([one for one in files if one != "manifest.json"])
    return mended({**files, name: flipped(files[name], chance)})


def file_gone(files: Files, chance: random.Random, _: Bundles) -> Files:
    gone = chance.choice(list(files))
    left = {name: content for name, content in files.items() if name != gone}
    return mended(left) if gone != "manifest.json" and chance.random() < 0.5 else left


def file_twice(*, first: bool) -> Callable[..., bytes]:
    """The same name twice: some readers take the first, some the last."""

    def corrupt(files: Files, chance: random.Random, _: Bundles) -> bytes:
        name = chance.choice([one for one in files if one != "manifest.json"])
        other = name, flipped(files[name], chance)
        return tarred([other, *files.items()] if first else [*files.items(), other])

    return corrupt


def file_added(files: Files, chance: random.Random, _: Bundles) -> Files:
    version = hashlib.sha256(b"{}").hexdigest()
    name = chance.choice(("policies/extra.json", f"policies/{version}.json", "records.jsonl.bak", "../x"))
    added = {**files, name: b"{}"}
    return added if "policies" in name and chance.random() < 0.3 else mended(added) if version in name else added


def manifest_edited(*names: str) -> Callable[..., Files]:
    """A sum that is not the file's, or of a file that is not there, or another format."""

    def corrupt(files: Files, chance: random.Random, _: Bundles) -> Files:
        said = json.loads(files["manifest.json"])
        name = chance.choice(names or (*said["sha256"], "other", "format"))
        if name == "format":
            said["format"] = 2
        else:
            said["sha256"][name] = hashlib.sha256(chance.randbytes(8)).hexdigest()
        return {**files, "manifest.json": compact(said)}

    return corrupt


def policy_swapped(files: Files, chance: random.Random, _: Bundles) -> Files:
    one, other = sorted(name for name in files if name.startswith("policies/"))
    return mended({**files, one: files[other], **({other: files[one]} if chance.random() < 0.5 else {})})


def policy_softened(files: Files, chance: random.Random, _: Bundles) -> Files:
    """A rule that says less, filed under the old version or under its own."""
    name = chance.choice([one for one in files if one.startswith("policies/")])
    softer = files[name].replace(b'"effect":"deny"', b'"effect":"notify"', 1)
    if chance.random() < 0.5:
        return mended({**files, name: softer})
    own = {f"policies/{hashlib.sha256(softer).hexdigest()}.json": softer}
    return mended({**{one: content for one, content in files.items() if one != name}, **own})


def checkpoint_edited(files: Files, chance: random.Random, bundles: Bundles) -> Files:
    note = files["checkpoint"].decode()
    lines = note.split("\n")
    variants = [
        "\n".join([lines[0], str(int(lines[1]) + chance.choice((-1, 1, 256))), *lines[2:]]),
        "\n".join([lines[0] + "x", *lines[1:]]),
        note.partition("\n\n")[0] + "\n\n",
        bundles.older,
        "\n".join([*lines[:2], bundles.older.split("\n")[2], *lines[3:]]),
    ]
    changed = {**files, "checkpoint": chance.choice(variants).encode()}
    said = json.loads(files["range.json"])
    if chance.random() < 0.5 and changed["checkpoint"].split(b"\n")[1].isdigit():
        said["tree_size"] = int(changed["checkpoint"].split(b"\n")[1])
    return mended({**changed, "range.json": compact(said)})


def rolled_back(files: Files, chance: random.Random, bundles: Bundles) -> Files:
    """An older state, whole and really signed, presented as the newest."""
    size = int(bundles.older.split("\n")[1])
    lines = bundles.files[0]["records.jsonl"].splitlines(keepends=True)[:size]
    left = {name: content for name, content in files.items() if not name.startswith("policies/")}
    used = {one for one in files if one[9:-5].encode() in b"".join(lines)}
    return mended(
        {
            **left,
            **{name: files[name] for name in used if name.startswith("policies/")},
            "records.jsonl": b"".join(lines),
            "checkpoint": bundles.older.encode(),
            "key": bundles.first_key.encode() + b"\n",
            "range.json": compact({"first": 0, "count": size, "tree_size": size}),
            "proofs.json": b'{"blocks":[\n],"subtrees":[\n]}\n',
        }
    )


def forged(files: Files, chance: random.Random, bundles: Bundles) -> Files:
    """Everything made again and signed with another key, under the ledger's own name."""
    lines = rewritten(bundles.files[0]["records.jsonl"].splitlines(keepends=True), chance)
    signer = Signer(Ed25519PrivateKey.from_private_bytes(chance.randbytes(32)))
    root = root_of([leaf_hash(line[:-1]) for line in lines])
    return mended(
        {
            **files,
            "records.jsonl": b"".join(lines),
            "checkpoint": signer.sign(ORIGIN, len(lines), root).encode(),
            "key": signer.verifier_key(ORIGIN).encode() + b"\n",
            "range.json": compact({"first": 0, "count": len(lines), "tree_size": len(lines)}),
            "proofs.json": b'{"blocks":[\n],"subtrees":[\n]}\n',
        }
    )


def range_edited(files: Files, chance: random.Random, _: Bundles) -> Files:
    said = json.loads(files["range.json"])
    name = chance.choice(list(said))
    said[name] = chance.choice((said[name] + 1, said[name] - 1, 0, -1, 10**9))
    return mended({**files, "range.json": compact(said)})


def proofs_edited(files: Files, chance: random.Random, _: Bundles) -> Files:
    """Subtrees taken out, put in, moved, or of another hash."""
    said = json.loads(files["proofs.json"])
    subtrees = said["subtrees"]
    if subtrees and chance.random() < 0.8:
        at = chance.randrange(len(subtrees))
        change = chance.randrange(4)
        if change == 0:
            del subtrees[at]
        elif change == 1:
            subtrees[at]["hash"] = flipped(bytes.fromhex(subtrees[at]["hash"]), chance).hex()
        elif change == 2:
            subtrees[at]["level"] = max(0, subtrees[at]["level"] + chance.choice((-1, 1)))
        else:
            subtrees[at]["start"] += chance.choice((-1, 1, 2))
    else:
        start = chance.randrange(300)
        subtrees.append({"hash": chance.randbytes(32).hex(), "level": chance.randrange(4), "start": start})
    listed = {name: ",\n".join(json.dumps(one, separators=(",", ":")) for one in said[name]) for name in said}
    ends = {name: text + "\n" if text else "" for name, text in listed.items()}
    text = f'{{"blocks":[\n{ends["blocks"]}],"subtrees":[\n{ends["subtrees"]}]}}\n'
    return mended({**files, "proofs.json": text.encode()})


def compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


CORRUPTIONS: dict[str, tuple[int, Callable[[Files, random.Random, Bundles], Files | bytes]]] = {
    "bits of the tar": (12, raw_bits),
    "a sector of zeros": (4, raw_zeros),
    "cut short": (4, cut),
    "bits of a file, manifest mended": (10, file_bits),
    "a file gone": (2, file_gone),
    "a file twice, the false one first": (1, file_twice(first=True)),
    "a file twice, the false one last": (1, file_twice(first=False)),
    "a file added": (2, file_added),
    "records removed": (8, in_records(removed)),
    "records duplicated": (6, in_records(duplicated)),
    "records reordered": (8, in_records(reordered)),
    "records inserted": (6, in_records(inserted)),
    "records rewritten": (8, in_records(rewritten)),
    "lines joined": (3, in_records(joined)),
    "manifest edited": (2, manifest_edited()),
    "manifest edited, the records' sum": (1, manifest_edited("records.jsonl")),
    "policies swapped": (3, policy_swapped),
    "policies softened": (4, policy_softened),
    "checkpoint edited": (6, checkpoint_edited),
    "rolled back to an older checkpoint": (2, rolled_back),
    "all signed again with another key": (3, forged),
    "range edited": (4, range_edited),
    "proofs edited": (5, proofs_edited),
}


# ── judging ───────────────────────────────────────────────────────────────────────────────────────────────────────


def meaning(whole: bytes) -> object:
    """What a bundle says, as a careful reader has it; equal for two bundles that differ in nothing that matters.

    Owners, times and padding of the tar do not matter, nor the blocks of `proofs.json`, which prove nothing.
    """
    found: list[tuple[str, object]] = []
    try:
        with tarfile.open(fileobj=io.BytesIO(whole), mode="r:") as tar:
            for member in tar:
                file = tar.extractfile(member) if member.isreg() else None
                found.append((member.name, _meaning(member.name, file.read()) if file else member.type))
    except (tarfile.TarError, OSError, EOFError) as error:
        found.append(("unreadable", str(error)))
    return found


def _meaning(name: str, content: bytes) -> object:
    try:
        if name == "proofs.json":
            return [{**one, "hash": one["hash"].lower()} for one in json.loads(content)["subtrees"]]
        if name == "key":
            return content.decode().strip()
        if name == "manifest.json":
            said = json.loads(content)
            return said["format"], {file: said["sha256"][file] for file in said["sha256"] if file != "proofs.json"}
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    return content


def independent() -> ModuleType:
    """`docs/verifier.py`, in this process: a process for each of thousands would take most of the time."""
    spec = importlib.util.spec_from_file_location("independent_verifier", ROOT / "docs" / "verifier.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def independent_catches(verifier: ModuleType, path: Path, key: str, expect: Path) -> bool:
    arguments = ["verifier.py", "bundle", str(path), "--key", key, "--expect", str(expect)]
    before, sys.argv = sys.argv, arguments
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            return bool(verifier.main() == 1)
    finally:
        sys.argv = before


def run(count: int, seed: int, directory: Path) -> Report:
    """Corrupt `count` times, each judged by both verifiers."""
    bundles, chance, report, verifier = make(directory), random.Random(seed), Report(), independent()
    expect, path = directory / "kept.txt", directory / "corrupted.tar"
    expect.write_text(bundles.newest)
    plain = [tarred(list(mended(files).items())) for files in bundles.files]
    meanings = [meaning(whole) for whole in plain]
    for whole, pin in zip(plain, bundles.pins, strict=True):
        path.write_bytes(whole)
        verdict = verify_bundle(path, anchors=Anchors(pin, bundles.newest))
        assert verdict.ok, verdict.problem
        assert not independent_catches(verifier, path, pin, expect)
    names = list(CORRUPTIONS)
    weights = [weight for weight, _ in CORRUPTIONS.values()]
    for number in range(count):
        name = names[number] if number < len(names) else chance.choices(names, weights)[0]
        which = chance.randrange(len(plain))
        corrupted = CORRUPTIONS[name][1](dict(bundles.files[which]), chance, bundles)
        whole = corrupted if isinstance(corrupted, bytes) else tarred(list(corrupted.items()))
        if meaning(whole) == meanings[which]:
            report.same[name] += 1
            continue
        report.changed[name] += 1
        path.write_bytes(whole)
        pin = bundles.pins[which]
        if verify_bundle(path, anchors=Anchors(pin, bundles.newest)).ok:
            report.missed.append(f"{number} ({name}): missed by vigie audit verify")
        if not independent_catches(verifier, path, pin, expect):
            report.missed.append(f"{number} ({name}): missed by docs/verifier.py")
    return report


def flip_store(count: int, seed: int, directory: Path) -> Report:
    """Flip a bit of a store's file `count` times; each is caught, or leaves every table as it was."""
    make(directory)
    chance, report, path, copy = random.Random(seed), Report(), directory / "v.db", directory / "flipped.db"
    whole, tables = path.read_bytes(), contents(path)
    store = open_store(f"sqlite:///{path}")
    key = Signer.open(directory / "ledger.key", store).verifier_key(ORIGIN)
    assert verify_store(store, key).ok
    store.close()
    for number in range(count):
        copy.write_bytes(flipped(whole, chance))
        for beside in ("-wal", "-shm"):
            copy.with_name(copy.name + beside).unlink(missing_ok=True)
        store = open_store(f"sqlite:///{copy}")
        try:
            caught = not verify_store(store, key).ok
        except StoreUnavailable:
            caught = True
        store.close()
        changed = contents(copy) != tables
        (report.changed if changed else report.same)["bits of the store"] += 1
        if changed and not caught:
            report.missed.append(f"{number}: a bit of the store, missed by vigie audit verify")
    return report


def contents(path: Path) -> object:
    """Every table of the ledger, read without us; not the keys' digests and times, nor the counter of signals."""
    columns = {"keys": "id, system, person, revoked_at IS NULL"}
    tables = ("records", "tree", "checkpoint", "policies", "subtrees", "usage", "keys")
    with contextlib.closing(sqlite3.connect(path)) as connection:
        try:
            return [
                sorted(connection.execute(f"SELECT {columns.get(table, '*')} FROM {table}"), key=repr)
                for table in tables
            ]
        except (sqlite3.Error, UnicodeDecodeError) as error:
            return str(error)


def said(report: Report) -> str:
    """The counts, in a few lines."""
    changed, same = report.changed.total(), report.same.total()
    total = f"{changed + same} corruptions: {changed} change the meaning, {same} do not"
    lines = [f"{total}; {len(report.missed)} missed (by vigie audit verify or docs/verifier.py)"]
    names = sorted({*report.changed, *report.same})
    lines += [f"  {report.changed[name]:>5} (+{report.same[name]}) {name}" for name in names]
    return "\n".join([*lines, *report.missed[:20]])


def main() -> int:
    """Prints the counts; exit 1 if one was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corruptions", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--store", action="store_true", help="bits of a store's file instead")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vigie-corrupt-") as directory:
        corrupting = flip_store if options.store else run
        report = corrupting(options.corruptions, options.seed, Path(directory))
    print(said(report))
    return 1 if report.missed else 0


if __name__ == "__main__":
    sys.exit(main())

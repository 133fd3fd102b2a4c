"""Kept content, destroyed: nothing that is left gives it back, and the ledger stays whole. Real files, searched by byte."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import select, text

from gateway.audit import append_now, now_text, verify_store
from gateway.audit.signing import Signer, sign_now
from gateway.cli import main
from gateway.cli.places import open_keys, prepare
from gateway.config import Retention, Settings, load
from gateway.content import Archive, Part, open_archive
from gateway.content.certificates import check
from gateway.content.destroying import Destruction, DestructionUnfinished
from gateway.content.keys import KeyStore, make_table
from gateway.content.keys import open_keys as open_keys_of
from gateway.errors import Message, Refusal
from gateway.house import key_file
from gateway.storage import Store, StoreUnavailable, Unreadable
from gateway.storage.tables import records
from tests.gateway_process import ROOT, Gateway, all_records, example_config, verify_live
from tests.system.asking import ask, until
from tests.wire.conftest import StandIn, standin  # noqa: F401 - a fixture
from tests.wire.test_openai_client import answering, chunk, streaming

SYSTEM = "redaction-interne"
SECRET = "Le dossier parle d'une aubergine violette"
REPLY = "La réponse parle d'un pamplemousse"
SIN = "130 692 544"
WRAPPED = 12 + 32 + 16


# ── what an installation forgets, on each kind of store ───────────────────────────────────────────────────────────


class Clock:
    """Set by the test."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def archive(store: Store, tmp_path: Path, clock: Clock) -> Iterator[Archive]:
    """On SQLite, and on PostgreSQL with the keys in the same database."""
    signer = Signer.open(tmp_path / "ledger.key", store)
    with store.write() as connection:
        sign_now(connection, signer, Settings().ledger.origin)
    one = open_archive(store, Settings(), tmp_path, b"k" * 32, Retention, clock)
    yield one
    one.close()


async def keep(archive: Archive, name: str, *, recorded: bool = True, system: str = SYSTEM, days: int = 30) -> None:
    """A prompt that a system had kept, and the record that names it."""
    register = load(ROOT / "config").register
    entry = register.system(system)
    assert entry is not None
    asked = entry.content.model_copy(update={"capture": "both", "retention_days": days})
    said = await archive.contents.keep(name, entry.model_copy(update={"content": asked}), Part.PROMPT, SECRET.encode())
    opened = {"kind": "call.opened", "id": f"{name}.opened", "time": now_text(), "decision": name, "system": system}
    append_now(archive.store, [opened | ({"content": said} if recorded else {})])


def destroyed(archive: Archive) -> list[dict[str, Any]]:
    """The records that say so."""
    with archive.store.read() as connection:
        bodies = connection.execute(select(records.c.body).order_by(records.c.seq)).scalars().all()
    return [one for one in map(orjson.loads, bodies) if one["kind"] == "content.destroyed"]


def is_refused(code: str, refused: Any, *arguments: Any) -> Refusal:
    with pytest.raises(Refusal) as error:
        refused(*arguments)
    assert error.value.code == code
    return error.value


async def test_what_is_destroyed_is_proved_and_its_key_is_in_no_file_of_the_keys(
    archive: Archive, tmp_path: Path
) -> None:
    for name in ("d-1", "d-2", "d-3"):
        await keep(archive, name)
    key, other = (archive.keys.of(name)["prompt"] for name in ("d-1", "d-2"))
    (before,) = archive.contents.open("d-1")
    assert before.content.decode() == SECRET
    assert holds(files_of_keys(archive), key)
    archive.destruction.destroy("d-1", "p.tremblay", "Demande")
    assert not holds(files_of_keys(archive), key)
    assert holds(files_of_keys(archive), other)
    is_refused("content_destroyed", archive.contents.open, "d-1")
    is_refused("content_destroyed", archive.destruction.destroy, "d-1", "p.tremblay", "Encore")
    is_refused("unknown_content", archive.destruction.destroy, "d-0", "p.tremblay", "Demande")
    (certificate,) = archive.certificates("d-1")
    assert certificate["certificate"]["content"]["prompt"]["sha256"] == before.kept.sha256
    public = Signer.open(tmp_path / "ledger.key", archive.store).verifier_key(Settings().ledger.origin)
    assert check(certificate, public) == ""
    for field, value in (("why", "Autre"), ("by", "m.roy"), ("destroyed_at", now_text())):
        assert check({**certificate, "certificate": {**certificate["certificate"], field: value}}, public)
    assert archive.contents.open("d-2")[0].content.decode() == SECRET
    assert verify_store(archive.store, public).problem == ""


def test_no_page_split_leaves_a_copy_of_a_key(archive: Archive) -> None:
    """A tree's pages are split and filled again as keys come and go, and what moves leaves its bytes behind."""
    order = random.Random(5)
    keys = {(f"d-{order.getrandbits(64):016x}", "prompt"): order.randbytes(WRAPPED) for _ in range(1_500)}
    names, gone = list(keys), set[tuple[str, str]]()
    for at in range(0, len(names), 100):
        archive.keys.put([(name, keys[name], "2026-12-24T15:00:00.000Z") for name in names[at : at + 100]])
    for _ in range(3):
        taken = order.sample([name for name in names if name not in gone], 400)
        archive.keys.destroy(taken)
        gone.update(taken)
        content = b"".join(path.read_bytes() for path in files_of_keys(archive))
        assert [name for name in gone if keys[name] in content] == []
        assert [name for name in names if name not in gone and keys[name] not in content] == []


def files_of_keys(archive: Archive) -> list[Path]:
    """The files in which the keys' table is."""
    store = archive.keys.store
    if store.embedded:
        return files_under(Path(str(store.engine.url.database)).parent)
    with store.write() as connection:
        connection.execute(text("COMMIT"))
        connection.execute(text("CHECKPOINT"))
        (directory, path) = connection.execute(
            text("SELECT current_setting('data_directory'), pg_relation_filepath('content_keys')")
        ).one()
    return [Path(directory) / path]


async def test_a_retention_that_ends_destroys_unless_a_legal_hold_forbids_it(archive: Archive, clock: Clock) -> None:
    await keep(archive, "d-1", days=10)
    await keep(archive, "d-2", days=30)
    await keep(archive, "d-3", days=30, system="recherche-documents")
    held = archive.holds.place("decision:d-1", "p.tremblay", "Litige 500-17", [])
    clock.now += timedelta(days=11)
    assert archive.destruction.sweep({}) == 0
    said = is_refused("legal_hold", archive.destruction.destroy, "d-1", "p.tremblay", "Demande")
    assert "Litige 500-17" in said.message.fr
    archive.holds.release(held.id, "p.tremblay", "Clos")
    is_refused("already_released", archive.holds.release, held.id, "p.tremblay", "Clos")
    assert archive.destruction.sweep({}) == 1
    assert archive.destruction.sweep({(SYSTEM, Part.PROMPT): 11, (SYSTEM, Part.ANSWER): 1}) == 1  # made shorter since
    whole = archive.holds.place("system:recherche-documents", "p.tremblay", "Enquête", ["recherche-documents"])
    clock.now += timedelta(days=30)
    assert archive.destruction.sweep({}) == 0
    archive.holds.release(whole.id, "p.tremblay", "Close")
    assert archive.destruction.sweep({}) == 1
    assert [(one["decision"], one["by"], one["why"]) for one in destroyed(archive)] == [
        (name, "schedule", "retention") for name in ("d-1", "d-2", "d-3")
    ]
    is_refused("content_destroyed", archive.holds.place, "decision:d-1", "p.tremblay", "Trop tard", [])
    for scope, code in (
        ("decision:d-9", "unknown_content"),
        ("system:x", "unknown_system"),
        ("tout", "invalid_request"),
    ):
        is_refused(code, archive.holds.place, scope, "p.tremblay", "x", [SYSTEM])


async def test_a_destruction_that_is_cut_is_finished_once_and_nobody_reads_meanwhile(
    archive: Archive, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keep(archive, "d-1")
    erase = KeyStore.destroy

    def out(self: KeyStore, names: Sequence[tuple[str, str]]) -> None:
        raise StoreUnavailable(Message("La base est inaccessible.", "The store cannot be reached."))

    def cut(self: KeyStore, names: Sequence[tuple[str, str]]) -> None:
        erase(self, names)
        out(self, names)

    for how in (out, cut):  # before anything is erased, and right after
        monkeypatch.setattr(KeyStore, "destroy", how)
        with pytest.raises(DestructionUnfinished):
            archive.destruction.destroy("d-1", "p.tremblay", "Demande")
        is_refused("content_destroyed", archive.contents.open, "d-1")
        assert destroyed(archive) == []
    monkeypatch.undo()
    together = [threading.Thread(target=archive.destruction.sweep, args=({},)) for _ in range(4)]
    for one in together:
        one.start()
    for one in together:
        one.join()
    (record,) = destroyed(archive)
    assert (record["by"], record["why"]) == ("p.tremblay", "Demande")


async def test_what_no_record_names_is_never_read_and_goes(archive: Archive, clock: Clock) -> None:
    """The call failed, or its client left, between the two."""
    await keep(archive, "d-1", recorded=False)
    await keep(archive, "d-2")
    archive.keys.put([(("d-0", "prompt"), b"w" * 60, "2026-11-20T00:00:00.000Z")])  # and before either
    is_refused("unknown_content", archive.contents.open, "d-1")
    clock.now += timedelta(hours=2)
    assert archive.destruction.sweep({}) == 1
    assert [(one["decision"], one["why"]) for one in destroyed(archive)] == [("d-1", "unrecorded")]
    assert archive.keys.of("d-0") == {}
    assert archive.contents.open("d-2")


async def test_a_key_that_an_older_copy_brings_back_is_erased_at_the_next_start(archive: Archive) -> None:
    for name in ("d-1", "d-2"):
        await keep(archive, name)
    key = archive.keys.of("d-1")["prompt"]
    archive.destruction.destroy("d-1", "p.tremblay", "Demande")
    archive.keys.put([(("d-1", "prompt"), key, "2027-01-01T00:00:00.000Z")])
    Destruction(archive.store, archive.keys).sweep({})
    assert (archive.keys.of("d-1"), holds(files_of_keys(archive), key)) == ({}, False)
    assert archive.contents.open("d-2")


def test_keys_in_a_database_of_their_own_are_there_before_the_first_call(archive: Archive, tmp_path: Path) -> None:
    """In a PostgreSQL the table is `vigie db upgrade`'s to make: a gateway without it does not start."""
    if archive.store.embedded:
        assert "content_keys" in archive.keys.store.tables()
        return
    url = archive.store.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with archive.store.write() as connection:
        connection.execute(text("DROP TABLE content_keys"))
    with pytest.raises(StoreUnavailable) as error:
        open_keys_of(archive.store, url, tmp_path)
    assert error.value.code == "store_not_upgraded"
    make_table(archive.store)
    apart = open_keys_of(archive.store, url, tmp_path)
    apart.put([(("d-1", "prompt"), b"w" * WRAPPED, "2027-01-01T00:00:00.000Z")])
    apart.destroy([("d-1", "prompt")])
    apart.store.close()


async def test_what_was_altered_or_moved_is_not_shown(archive: Archive) -> None:
    for name in ("d-1", "d-2"):
        await keep(archive, name)
    with archive.store.write() as connection:
        connection.execute(text("UPDATE contents SET sealed = (SELECT sealed FROM contents WHERE decision = 'd-2')"))
    with pytest.raises(Exception, match="hash the ledger holds"):
        archive.contents.open("d-1")
    with archive.keys.store.write() as connection:
        connection.execute(text("UPDATE content_keys SET wrapped = (SELECT wrapped FROM content_keys LIMIT 1)"))
    opened = []
    for name in ("d-1", "d-2"):
        with suppress(Unreadable, Exception):
            opened.append(archive.contents.open(name))
    assert len(opened) <= 1


# ── a running gateway ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, standin: StandIn) -> tuple[Path, Path]:  # noqa: F811
    root = tmp_path_factory.mktemp("content")
    config = example_config(root / "config", provider_port=standin.port)
    register = (config / "register.yaml").read_text(encoding="utf8")
    asked = "    content: {capture: both, retention_days: 30, purpose: Essai}\n"
    head, system, tail = register.partition(f"  - id: {SYSTEM}")
    (config / "register.yaml").write_text(
        head + system + tail.replace("    owner:", f"{asked}    owner:", 1), encoding="utf8"
    )
    return config, root / "data"


class Desk:
    """A running gateway, and people who come to it."""

    def __init__(self, gateway: Gateway, place: tuple[Path, Path]) -> None:
        self.gateway, self.place = gateway, place
        with open_keys(*place) as keys:
            self.keys = {name: keys.create(person=name).token for name in ("p.tremblay", "s.gagnon", "m.roy")}

    def vigie(self, *arguments: str) -> tuple[int, str]:
        """Exit code and words of a command, on the same installation."""
        where = {"VIGIE_CONFIG": str(self.place[0]), "VIGIE_DATA": str(self.place[1])}
        done = CliRunner().invoke(main, list(arguments), env=where)
        return done.exit_code, done.stdout + done.stderr

    def send(self, person: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        key = self.keys.get(person, self.gateway.key)
        request = urllib.request.Request(
            self.gateway.url + path,
            None if body is None else json.dumps(body).encode(),
            {"authorization": f"Bearer {key}", "content-type": "application/json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=40) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())


@pytest.fixture(scope="module")
def desk(place: tuple[Path, Path]) -> Iterator[Desk]:
    kept_long_ago(*place)
    with Gateway.start(*place) as gateway:
        yield Desk(gateway, place)


def a_call(desk: Desk, standin: StandIn, *, stream: bool = False) -> tuple[str, Any]:  # noqa: F811
    """A call whose content is kept: its decision, and what was received."""
    answering(standin, {"content": REPLY})
    if stream:
        streaming(standin, chunk({"content": REPLY}), chunk({}, "stop"), b"data: [DONE]\n\n")
    body = {"model": "assistant", "messages": [{"role": "user", "content": SECRET}], "stream": stream}
    status, received = ask(desk.gateway, body)
    assert status == 200
    return all_records(*desk.place)[-1]["decision"], received


def kept_long_ago(config: Path, data: Path) -> None:
    """Content that was due before the gateway starts."""
    store, clock = prepare(config, data), Clock()
    clock.now -= timedelta(days=400)
    archive = open_archive(store, load(config).settings, data, key_file(data / "identity.key"), Retention, clock)
    asyncio.run(keep(archive, "d-old"))
    archive.close()
    store.close()


def test_a_running_gateway_destroys_what_is_due(desk: Desk) -> None:
    def gone() -> list[dict[str, Any]]:
        return [one for one in all_records(*desk.place) if one["kind"] == "content.destroyed"]

    until(gone)
    assert [(one["decision"], one["by"], one["why"]) for one in gone()] == [("d-old", "schedule", "retention")]
    assert keys_in(desk.place[1], "d-old") == {}


def test_content_is_read_by_those_who_may_on_record_and_exactly(desk: Desk, standin: StandIn) -> None:  # noqa: F811
    decision, received = a_call(desk, standin, stream=True)
    path = f"/v1/content/{decision}/read"
    assert desk.send("application", "POST", path, {"reason": "x"})[0] == 401
    assert desk.send("p.tremblay", "POST", path, {"reason": "x"})[1]["error"]["code"] == "role_missing"
    assert desk.send("m.roy", "POST", path, {})[0] == 400
    assert desk.send("m.roy", "POST", "/v1/content/d-0/read", {"reason": "x"})[0] == 404
    assert [one for one in all_records(*desk.place) if one["kind"] == "content.read"] == []
    for person in ("m.roy", "s.gagnon"):  # an auditor, and the system's supervisor
        status, said = desk.send(person, "POST", path, {"reason": f"Plainte de {SIN}"})
        assert status == 200
        prompt, answer = said["parts"]
        assert (json.loads(prompt["content"])["messages"][0]["content"], answer["content"]) == (SECRET, received)
        record = all_records(*desk.place)[-1]
        assert (record["kind"], record["by"], record["decision"]) == ("content.read", person, decision)
        assert SIN not in record["why"]
    listed = desk.send("s.gagnon", "GET", "/v1/content?system=redaction-interne")[1]["data"]
    assert {one["decision"] for one in listed} >= {decision}
    assert SECRET not in json.dumps(listed)
    assert desk.send("s.gagnon", "GET", "/v1/content?system=permis-assistant")[1]["data"] == []
    assert desk.send("s.gagnon", "GET", "/v1/content?state=x")[0] == 400


def test_nothing_that_is_left_gives_destroyed_content_back(
    desk: Desk,
    standin: StandIn,  # noqa: F811
    tmp_path: Path,
) -> None:
    """Every byte of every file of the data directory, while the gateway runs, and of copies made before and after."""
    decision, _ = a_call(desk, standin)
    kept, _ = a_call(desk, standin)  # whose key stays
    data = desk.place[1]
    wrapped = keys_in(data, decision)
    assert len(wrapped) == 2
    assert all(len(one) == WRAPPED for one in wrapped.values())
    assert not holds(files_under(data), SECRET.encode(), REPLY.encode())
    assert holds(files_under(data), *wrapped.values())
    assert recovered(files_under(data), data, decision, wrapped) == {SECRET, REPLY}
    earlier = copies(data, tmp_path / "earlier", ["vigie.db"])  # a copy of the ledger and the ciphertexts, made in time

    _, hold = desk.send("p.tremblay", "POST", "/v1/legal-holds", {"scope": f"decision:{decision}", "reason": "Litige"})
    status, said = desk.send("p.tremblay", "POST", f"/v1/content/{decision}/destroy", {"reason": "Demande"})
    assert (status, said["error"]["code"], "Litige" in said["error"]["message"]) == (409, "legal_hold", True)
    assert desk.send("p.tremblay", "POST", f"/v1/legal-holds/{hold['id']}/release", {"reason": "Clos"})[0] == 200
    assert desk.send("m.roy", "POST", f"/v1/content/{decision}/destroy", {"reason": "Demande"})[0] == 403
    status, certificate = desk.send("p.tremblay", "POST", f"/v1/content/{decision}/destroy", {"reason": "Demande"})
    assert (status, certificate["certificate"]["by"]) == (200, "p.tremblay")

    later = copies(data, tmp_path / "later", ["vigie.db", "content-keys.db"])
    left = files_under(data) + files_under(earlier) + files_under(later)
    assert len(left) >= 8
    assert not holds(left, SECRET.encode(), REPLY.encode(), *wrapped.values())
    assert recovered(left, earlier, decision, wrapped) == set()
    assert recovered(left, data, kept, keys_in(data, kept)) == {SECRET, REPLY}
    assert desk.send("m.roy", "POST", f"/v1/content/{decision}/read", {"reason": "x"})[0] == 410
    assert desk.send("m.roy", "POST", f"/v1/content/{kept}/read", {"reason": "x"})[0] == 200
    assert verify_live(*desk.place) == ""
    assert "En ordre" in desk.vigie("audit", "verify")[1]
    proves(certificate, desk, tmp_path)


def proves(certificate: dict[str, Any], desk: Desk, tmp_path: Path) -> None:
    """A certificate holds for whoever has the body's key: by our command, and by the verifier that knows nothing of us."""
    with urllib.request.urlopen(f"{desk.gateway.url}/ledger/key") as answer:
        key = answer.read().decode().strip()
    (tmp_path / "c.json").write_text(json.dumps(certificate), encoding="utf8")
    assert desk.vigie("content", "certificate", "--check", str(tmp_path / "c.json"), "--key", key)[0] == 0
    (tmp_path / "record.json").write_text(certificate["record"], encoding="utf8")
    (tmp_path / "record.tlog-proof").write_text(certificate["tlog_proof"], encoding="utf8")
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "verifier.py", "proof", tmp_path / "record.json",
         tmp_path / "record.tlog-proof", "--key", key],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_same_from_the_hosts_terminal(desk: Desk, standin: StandIn, tmp_path: Path) -> None:  # noqa: F811
    decision, _ = a_call(desk, standin)

    def vigie(*arguments: str) -> tuple[int, str]:
        return desk.vigie("content", *arguments)

    assert decision in vigie("list", "--system", SYSTEM)[1]
    assert "m.roy" in vigie("read", decision, "--by", "p.tremblay", "--reason", "x")[1]  # says who may
    code, said = vigie("read", decision, "--by", "m.roy", "--reason", "Plainte")
    assert (code, SECRET in said, REPLY in said) == (0, True, True)
    assert all_records(*desk.place)[-1]["kind"] == "content.read"
    placed = desk.send("p.tremblay", "POST", "/v1/legal-holds", {"scope": f"decision:{decision}", "reason": "Enquête"})
    hold = placed[1]["id"]
    assert hold in vigie("holds")[1]
    for words in (("hold", f"decision:{decision}"), ("release", hold), ("destroy", decision)):
        assert "p.tremblay" in vigie(*words, "--by", "m.roy", "--reason", "x")[1]
    assert vigie("release", hold, "--by", "p.tremblay", "--reason", "Close")[0] == 0
    code, said = vigie("destroy", decision, "--by", "p.tremblay", "--reason", "Demande")
    assert (code, json.loads(said)["certificate"]["decision"]) == (0, decision)
    assert json.loads(vigie("certificate", decision)[1])["certificate"] == json.loads(said)["certificate"]
    assert decision in vigie("list", "--state", "destroyed")[1]
    tampered = json.loads(said)
    tampered["certificate"]["by"] = "personne"
    (tmp_path / "c.json").write_text(json.dumps(tampered), encoding="utf8")
    assert vigie("certificate", "--check", str(tmp_path / "c.json"), "--key", tampered["key"])[0] == 1


# ── bytes ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def files_under(directory: Path) -> list[Path]:
    return sorted(one for one in directory.rglob("*") if one.is_file())


def holds(files: Sequence[Path], *sought: bytes) -> bool:
    """Whether any of the byte strings is anywhere in any of the files."""
    return any(one in content for content in (path.read_bytes() for path in files) for one in sought)


def copies(data: Path, out: Path, names: Sequence[str]) -> Path:
    """What SQLite's own `.backup` writes of a running store."""
    out.mkdir()
    for name in names:
        source, target = sqlite3.connect(data / name), sqlite3.connect(out / name)
        source.backup(target)
        source.close()
        target.close()
    return out


def keys_in(data: Path, decision: str) -> dict[str, bytes]:
    """The wrapped keys of a decision, as they lie in the keys' database."""
    database = sqlite3.connect(data / "content-keys.db")
    rows = database.execute("SELECT part, wrapped FROM content_keys WHERE decision = ?", [decision]).fetchall()
    database.close()
    return dict(rows)


def recovered(files: Sequence[Path], ciphertexts: Path, decision: str, wrapped: dict[str, bytes]) -> set[str]:
    """What an attacker gets back who has all of `files`, the identity key among them, and the ciphertexts.

    Tries every window of the right length of every file as a wrapped key; `wrapped` says only where to stop.
    """
    import zlib

    database = sqlite3.connect(ciphertexts / "vigie.db")
    query = "SELECT part, sealed FROM contents WHERE decision = ? AND sealed IS NOT NULL"
    sealed: dict[str, bytes] = dict(database.execute(query, [decision]).fetchall())
    database.close()
    (identity,) = [path.read_bytes() for path in files if path.name == "identity.key"]
    info = f"vigie: content of calls, v1: {SYSTEM}".encode()
    wrapping = AESGCM(HKDF(SHA256(), 32, salt=None, info=info).derive(identity))
    back = set()
    for part, content in sealed.items():
        owner = f"{decision}/{part}"
        for key in windows(files, wrapping, f"{owner}/key".encode(), wrapped[part]):
            said = zlib.decompress(AESGCM(key).decrypt(content[:12], content[12:], f"{owner}/content".encode()))
            body = json.loads(said)
            back.add(body["messages"][0]["content"] if part == "prompt" else body["choices"][0]["message"]["content"])
            break
    return back


def windows(files: Sequence[Path], wrapping: AESGCM, associated: bytes, known: bytes) -> Iterator[bytes]:
    """Data keys that any stretch of any file unwraps to. A stretch of one repeated byte is no key."""
    for path in files:
        content = path.read_bytes()
        at = content.find(known)
        starts = [at] if at >= 0 else range(len(content) - WRAPPED + 1)
        for start in starts:
            window = content[start : start + WRAPPED]
            if window.count(window[:1]) == WRAPPED:
                continue
            with suppress(InvalidTag):
                yield wrapping.decrypt(window[:12], window[12:], associated)

"""Time stamps of checkpoints by a real authority (OpenSSL's), verified offline; and the anchors that a gateway keeps."""

from __future__ import annotations

import asyncio
import os
import random
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from click.testing import CliRunner, Result

from gateway.audit import Anchors, export, verify_bundle
from gateway.audit.ledger import publish_policy_now
from gateway.audit.scanning import Wrong
from gateway.audit.stamping import Anchoring, Stamps, stamp_checkpoint, stamps_in
from gateway.audit.stamps import Authority, Stamp
from gateway.cli import main
from gateway.config import LedgerSettings
from gateway.errors import Fault
from gateway.providers import AuthorityUnavailable, ask_authority
from gateway.storage import open_store
from tests.authority import StampingAuthority
from tests.chaos.corrupt import mended, tarred
from tests.gateway_process import example_config
from tests.system.test_audit import CONFIGURATION, Audited, files_of, independent


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StampingAuthority]:
    with StampingAuthority(tmp_path_factory.mktemp("tsa") / "vraie").serving() as one:
        yield one


@pytest.fixture(scope="module")
def another(tmp_path_factory: pytest.TempPathFactory) -> StampingAuthority:
    return StampingAuthority(tmp_path_factory.mktemp("tsa") / "autre")


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Audited]:
    store = open_store(f"sqlite:///{tmp_path / 'data' / 'vigie.db'}")
    (tmp_path / "data").mkdir()
    store.upgrade()
    yield Audited(store, tmp_path / "data")
    store.close()


@pytest.fixture
def stamped(sqlite: Audited, authority: StampingAuthority) -> tuple[Audited, tuple[Stamp, ...]]:
    """A ledger that was stamped twice, and grew since."""
    authority.answers = authority.stamp
    first = stamp(sqlite.record(150), authority)
    second = stamp(sqlite.record(150), authority)
    sqlite.record(100)
    return sqlite, (first, second)


def stamp(note: str, authority: StampingAuthority) -> Stamp:
    return asyncio.run(stamp_checkpoint(note, authority.url, ask_authority))


def known(authority: StampingAuthority) -> Authority:
    return Authority(authority.certificate.read_bytes())


def vigie(place: Path, *arguments: str) -> Result:
    environment = {"VIGIE_CONFIG": str(place / "config"), "VIGIE_DATA": str(place / "data")}
    return CliRunner().invoke(main, list(arguments), env=environment)


def test_a_checkpoint_is_stamped_kept_exported_and_verified_offline(
    sqlite: Audited, tmp_path: Path, authority: StampingAuthority, another: StampingAuthority
) -> None:
    example_config(tmp_path / "config", provider_port=1, ledger={"anchors": str(tmp_path / "ailleurs")})
    sqlite.record(40)
    authority.answers, authority.asked = authority.stamp, []
    done = vigie(
        tmp_path, "audit", "timestamp", "--tsa", authority.url, "--tsa-certificate", str(authority.certificate)
    )
    assert done.exit_code == 0, done.output
    (query,) = authority.asked
    assert len(query) < 100, "a hash and a nonce, and nothing more, leave"
    for directory in (tmp_path / "data" / "timestamps", tmp_path / "ailleurs"):
        checkpoint, token = sorted(directory.glob("0*"))
        assert checkpoint.read_text().startswith("vigie.exemple.quebec/registre\n")
        assert authority.openssl_verifies(checkpoint, token)
    sqlite.record(10)
    bundle = tmp_path / "registre.tar"
    assert vigie(tmp_path, "audit", "export", "--out", str(bundle)).exit_code == 0
    code, said = independent("bundle", str(bundle), "--key", sqlite.key)
    assert code == 0, said
    for what in ([], [str(bundle)]):
        good = vigie(tmp_path, "audit", "verify", *what, "--tsa-certificate", str(authority.certificate), "--json")
        verdict = orjson.loads(good.stdout)
        assert (good.exit_code, verdict["ok"], verdict["stamps"]) == (0, True, 1), good.output
        (seen,) = verdict["stamped"]
        assert 0 < seen["records"] < verdict["records"]
        assert abs((datetime.fromisoformat(seen["time"]) - datetime.now(UTC)).total_seconds()) < 60
        bad = vigie(tmp_path, "audit", "verify", *what, "--tsa-certificate", str(another.certificate))
        assert bad.exit_code == 1
        assert "not by the authority whose certificate is given" in bad.stdout
        assert "sans --tsa-certificate" in vigie(tmp_path, "audit", "verify", *what).stdout


def test_what_was_stamped_elsewhere_shows_that_a_ledger_was_made_again(
    stamped: tuple[Audited, tuple[Stamp, ...]], tmp_path: Path, authority: StampingAuthority
) -> None:
    real, stamps = stamped
    (tmp_path / "autre").mkdir()
    store = open_store(f"sqlite:///{tmp_path / 'autre' / 'v.db'}")
    store.upgrade()
    (tmp_path / "autre" / "ledger.key").write_bytes(real.path.read_bytes())  # whoever holds the key
    forged = Audited(store, tmp_path / "autre")
    forged.calls = type(real.calls)(CONFIGURATION, 5_000, days=2, seed=7, start=real.start)
    short = forged.record(60)
    assert forged.verify(anchors=Anchors(stamps=stamps[:1])).problem.startswith("time stamp 0"), short
    forged.record(400)
    verdict = forged.verify(anchors=Anchors(stamps=stamps, authority=known(authority)))
    assert verdict.problem == (
        f"time stamp {stamps[0].name}: the first {stamps[0].size} records are not those that were stamped"
    )
    assert real.verify(anchors=Anchors(stamps=stamps, authority=known(authority))).ok
    assert "no time stamp" in real.verify(anchors=Anchors(authority=known(authority))).problem
    store.close()


@pytest.mark.parametrize("narrowed", ["whole", "since", "until", "between", "system", "before"])
def test_a_part_of_a_ledger_is_exported_with_the_stamps_that_say_something_of_it(
    stamped: tuple[Audited, tuple[Stamp, ...]], tmp_path: Path, authority: StampingAuthority, narrowed: str
) -> None:
    ledger, stamps = stamped
    options: dict[str, Any] = {
        "whole": {},
        "since": {"since": ledger.after(200)},
        "until": {"until": ledger.after(100)},
        "between": {"since": ledger.after(160), "until": ledger.after(180)},
        "system": {"system": "permis-assistant"},
        "before": {"since": ledger.after(320)},
    }[narrowed]
    bundle = tmp_path / "b.tar"
    export(ledger.store, ledger.signer, bundle, stamps=stamps, **options)
    expected = {"whole": 2, "system": 2, "since": 1, "until": 1, "between": 1, "before": 0}[narrowed]
    verdict = verify_bundle(bundle, anchors=Anchors(authority=known(authority) if expected else None))
    assert (verdict.problem, verdict.stamps, len(verdict.stamped)) == ("", expected, expected)
    code, said = independent("bundle", str(bundle), "--key", ledger.key)
    assert code == 0, said


def test_a_stamp_that_is_wrong_old_or_anothers_is_named(
    stamped: tuple[Audited, tuple[Stamp, ...]], tmp_path: Path, authority: StampingAuthority
) -> None:
    ledger, (first, second) = stamped
    bundle = tmp_path / "b.tar"
    export(ledger.store, ledger.signer, bundle, stamps=(first, second))
    files = files_of(bundle)
    one, two = (f"timestamps/{each.name}" for each in (first, second))
    later = {**files, f"{two}.tsr": files[f"{one}.tsr"]}  # an old token, under the newer checkpoint
    changed = bytearray(files[f"{one}.tsr"])
    at = changed.index(b"202", changed.index(b"\x18\x0f"))  # GeneralizedTime: the year
    changed[at + 3] ^= 1
    cases = {
        "not of this checkpoint": (later, two),
        "or it was changed": ({**files, f"{one}.tsr": bytes(changed)}, one),
        "no answer of a time-stamping": ({**files, f"{one}.tsr": b"0\x03\x02\x01\x00"}, one),
        "what was stamped is not": ({**files, f"{one}.checkpoint": b"registre\n"}, one),
        "this ledger is older": (
            {**files, f"{one}.checkpoint": files["checkpoint"].replace(b"\n", b"\n9", 1)}, one,
        ),
    }  # fmt: skip
    for reason, (forged, named) in cases.items():
        path = tmp_path / "f.tar"
        path.write_bytes(tarred(list(mended(forged).items())))
        verdict = verify_bundle(path, anchors=Anchors(authority=known(authority)))
        assert verdict.problem.startswith(f"time stamp {named}: "), (reason, verdict.problem)
        assert reason in verdict.problem
        assert verdict.said is not None
        assert verdict.said.fr.startswith(f"horodatage {named}\u00a0: ")
    missing = {name: content for name, content in files.items() if name != f"{one}.checkpoint"}
    (tmp_path / "f.tar").write_bytes(tarred(list(mended(missing).items())))
    assert f"{one}.checkpoint" in verify_bundle(tmp_path / "f.tar").problem


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
def test_no_changed_bit_of_a_token_changes_the_time_that_it_gives(
    stamped: tuple[Audited, tuple[Stamp, ...]], authority: StampingAuthority
) -> None:
    _, (stamp, _) = stamped
    chance, trusted = random.Random(1), known(authority)
    given, refused = trusted.time_of(stamp), 0
    for _ in range(600):
        changed = bytearray(stamp.token)
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
        try:
            assert trusted.time_of(replace(stamp, token=bytes(changed))) == given
        except Wrong:
            refused += 1
    assert refused > 300
    for _ in range(100):
        with pytest.raises(Wrong):
            trusted.time_of(replace(stamp, token=stamp.token[: chance.randrange(len(stamp.token))]))


def test_an_authority_that_answers_something_else_leaves_nothing_behind(
    sqlite: Audited, tmp_path: Path, authority: StampingAuthority
) -> None:
    example_config(tmp_path / "config", provider_port=1)
    sqlite.record(3)
    earlier = authority.stamp(sample_query(authority, sqlite))[2]
    reply = "application/timestamp-reply"
    for answers, code in [
        (lambda _: (500, reply, b""), "timestamp_authority_unavailable"),
        (lambda _: (302, reply, b""), "timestamp_authority_unavailable"),
        (lambda _: (200, "text/html", b"<p>Bonjour</p>"), "timestamp_authority_unavailable"),
        (lambda _: (200, reply, b"\x30" * 70_000), "timestamp_authority_unavailable"),
        (lambda _: (200, reply, os.urandom(400)), "timestamp_refused"),
        (lambda _: (200, reply, b""), "timestamp_refused"),
        (lambda _: (200, reply, earlier), "timestamp_refused"),  # of another request: its nonce and hash are others
        (lambda _: authority.stamp(b"0\x03\x02\x01\x01"), "timestamp_refused"),  # the authority's own refusal
    ]:
        authority.answers = answers
        done = vigie(tmp_path, "audit", "timestamp", "--tsa", authority.url)
        assert (done.exit_code, f"[{code}]" in done.stderr) == (1, True), done.stderr
    assert vigie(tmp_path, "audit", "timestamp", "--tsa", "ftp://x").exit_code == 2
    assert vigie(tmp_path, "audit", "timestamp").exit_code == 2
    assert not list((tmp_path / "data").glob("timestamps/*"))


def sample_query(authority: StampingAuthority, ledger: Audited) -> bytes:
    authority.answers, authority.asked = authority.stamp, []
    stamp(ledger.sign(), authority)
    return authority.asked[0]


async def test_a_gateway_keeps_a_checkpoint_a_day_and_has_it_stamped_when_due(
    sqlite: Audited, tmp_path: Path, authority: StampingAuthority
) -> None:
    authority.answers, authority.asked = authority.stamp, []
    settings = LedgerSettings.model_validate(
        {"timestamps": {"url": authority.url, "every": "1h"}, "anchors": str(tmp_path / "ancres")}
    )
    told: list[BaseException] = []
    zone = ZoneInfo("America/Toronto")
    publish_policy_now(sqlite.store, CONFIGURATION.policy.version, CONFIGURATION.policy.source)
    anchoring = Anchoring(settings, tmp_path / "data", sqlite.sign, ask_authority, told.append, zone)
    await anchoring.turn()
    await asyncio.to_thread(sqlite.record, 2)
    await anchoring.turn()
    assert (told, len(authority.asked)) == ([], 1), "one stamp until the next is due"
    (kept,) = stamps_in(tmp_path / "ancres")
    assert stamps_in(tmp_path / "data" / "timestamps") == (kept,)
    day = tmp_path / "ancres" / f"{datetime.now(zone).date()}.checkpoint"
    first = day.read_text()
    (path,) = (tmp_path / "data" / "timestamps").glob("*.tsr")
    os.utime(path, (0, 0))  # a day goes by
    await anchoring.turn()
    assert (told, len(authority.asked), day.read_text()) == ([], 2, first)
    for one in (tmp_path / "data" / "timestamps").glob("*.tsr"):
        os.utime(one, (0, 0))
    await anchoring.turn()
    assert len(authority.asked) == 2, "nothing is new, so there is nothing to stamp"
    authority.answers = lambda _: (503, "text/plain", b"")
    for one in (tmp_path / "data" / "timestamps").glob("*.tsr"):
        os.utime(one, (0, 0))
    await asyncio.to_thread(sqlite.record, 2)
    await anchoring.turn()
    assert [type(one) for one in told] == [AuthorityUnavailable]
    unwritable = LedgerSettings(anchors=str(path / "un fichier"))
    await Anchoring(unwritable, tmp_path / "data", sqlite.sign, ask_authority, told.append, zone).turn()
    assert isinstance(told[-1], Fault)
    assert told[-1].code == "anchor_unwritable"


def test_a_stamp_is_never_written_over(tmp_path: Path) -> None:
    stamps = Stamps(tmp_path)
    stamps.keep(Stamp("000000000003", b"premier", b"r"))
    stamps.keep(Stamp("000000000003", b"second", b"s"))
    assert [(one.checkpoint, one.token) for one in stamps_in(stamps.directory)] == [(b"premier", b"r")]
    assert {path.name for path in stamps.directory.iterdir()} == {"000000000003.checkpoint", "000000000003.tsr"}


def test_an_archive_without_links_keeps_stamps_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: Any) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    test_a_stamp_is_never_written_over(tmp_path)


def test_a_bundle_is_a_plain_tar_that_openssl_can_be_pointed_at(
    stamped: tuple[Audited, tuple[Stamp, ...]], tmp_path: Path, authority: StampingAuthority
) -> None:
    ledger, stamps = stamped
    export(ledger.store, ledger.signer, tmp_path / "b.tar", stamps=stamps)
    with tarfile.open(tmp_path / "b.tar") as tar:
        tar.extractall(tmp_path / "out", filter="data")
    for one in stamps:
        found = tmp_path / "out" / "timestamps" / one.name
        assert authority.openssl_verifies(found.with_suffix(".checkpoint"), found.with_suffix(".tsr"))
        expected = ("--expect", str(found.with_suffix(".checkpoint")))
        code, said = independent("bundle", str(tmp_path / "b.tar"), "--key", ledger.key, *expected)
        assert code == 0, said

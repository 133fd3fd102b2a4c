"""Issued answers in a real store: kept off the way of a call, recognised when copied, forgotten in time."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import event, func, select

from gateway.audit import append_now
from gateway.errors import Fault
from gateway.house import key_file
from gateway.storage import Store
from gateway.storage.tables import fingerprints, issued, records
from gateway.transparency import Found, Issued, Label, NotAManifest, Origin, Provenance, contents_of, presented, rotate
from gateway.transparency.keeping import WEEK_MS
from tests.copying import NEAR_MISSES, text, word_processor

LABEL = Label("generated", 3, "fr", "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia", ())
NOW = datetime.now(UTC)


def decision_id(number: int, moment: datetime = NOW) -> str:
    return f"d-{int(moment.timestamp() * 1000):012x}{number:020x}"


def stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.fixture
def provenance(store: Store) -> Iterator[Provenance]:
    one = Provenance.open(store, b"s" * 32, b"f" * 32, lambda: 30)
    one.start()
    yield one
    assert one.keeper is not None
    one.keeper.stop()


def issue(
    provenance: Provenance, *texts: str, number: int = 1, moment: datetime = NOW, outcome: str = "served", **more: Any
) -> str:
    """An answer as the way of a call issues it: recorded, then kept."""
    decision = decision_id(number, moment)
    made = Issued(decision, "exemple", "permis", "assistant", stamp(moment), LABEL, contents_of(texts))
    manifest = provenance.manifest_of(made)
    assert provenance.store is not None
    closed = {
        "kind": "call.closed",
        "id": f"{decision}.closed",
        "time": stamp(moment),
        "decision": decision,
        "system": "permis",
        "outcome": outcome,
        "label": "generated",
        "texts": provenance.sealed(made),
    }
    if outcome:
        append_now(provenance.store, [closed])
    provenance.keep(made, manifest, **more)
    return manifest


def kept(provenance: Provenance, count: int) -> None:
    """Wait until so many answers are in the store, whole: their rows come before their fingerprints."""
    assert provenance.keeper is not None
    provenance.keeper.stop()
    provenance.keeper.start()
    assert provenance.store is not None
    with provenance.store.read() as connection:
        assert connection.execute(select(func.count()).select_from(issued)).scalar_one() == count


def found(provenance: Provenance, copied: str) -> tuple[Found, Origin | None]:
    verdict = provenance.recognise(presented(copied, ()))
    return verdict.found, verdict.origin


def test_a_long_text_is_recognised_after_a_word_processor_and_near_misses_are_not(provenance: Provenance) -> None:
    random = Random(1)
    long, letter = text(random, 10_000), text(random, 90)
    opening = "Ce contenu a été généré par une IA."
    manifest = issue(provenance, f"{opening}\n\n{long}", opening=opening)
    issue(provenance, letter, number=2)
    kept(provenance, 2)
    outcome, origin = found(provenance, word_processor(long, random))
    assert outcome is Found.WHOLE
    assert origin == Origin(decision_id(1), "permis", stamp(NOW), "generated", False)
    assert found(provenance, word_processor(letter, random))[0] is Found.WHOLE
    for miss in NEAR_MISSES:
        verdict = provenance.recognise(presented(miss(long, random), ()))
        assert verdict.found is Found.PART
        assert 0.9 < verdict.matched / verdict.total < 1
    assert found(provenance, text(random, 2_000)) == (Found.NOT_FOUND, None)
    assert found(provenance, letter[:150])[0] is Found.TOO_SHORT
    assert provenance.manifest(decision_id(1)) == manifest
    assert provenance.read(manifest)["content"] == [hashlib.sha256(f"{opening}\n\n{long}".encode()).hexdigest()]


def test_a_text_issued_twice_is_the_one_it_names_or_the_first(provenance: Provenance) -> None:
    same = text(Random(2), 60)
    for number in (1, 2, 3):
        issue(provenance, "Autre chose.", same, number=number)
    kept(provenance, 3)
    for named, number in (("", 1), (f"Référence : {decision_id(3)}.\n\n", 3)):
        _, origin = found(provenance, named + same)
        assert origin is not None
        assert origin.decision == decision_id(number)


def test_an_exact_copy_with_its_reference_is_recognised_by_the_ledger_alone(provenance: Provenance) -> None:
    letter = text(Random(3), 80)
    issue(provenance, letter, public=False)  # as if a crash had come between the record and the fingerprints
    kept(provenance, 1)
    reference = f"Référence : {decision_id(1)}.\n\n"
    assert found(provenance, letter)[0] is Found.NOT_FOUND
    assert found(provenance, reference + letter)[0] is Found.WHOLE
    assert found(provenance, reference + letter.replace("a", "o", 1))[0] is Found.NOT_FOUND


@pytest.mark.parametrize("outcome", ["", "halted"])
def test_what_was_never_recorded_as_served_is_not_vouched_for(provenance: Provenance, outcome: str) -> None:
    letter = text(Random(4), 80)
    issue(provenance, letter, outcome=outcome)
    kept(provenance, 1)
    assert found(provenance, letter) == (Found.NOT_FOUND, None)
    assert provenance.origin(decision_id(1)) is None


def test_nothing_of_a_text_is_in_the_store(provenance: Provenance, tmp_path: Path) -> None:
    letter = f"{text(Random(5), 40)} Le mot de passe est azalée-bleue-42."
    manifest = issue(provenance, letter)
    kept(provenance, 1)
    needles = [b"azal", hashlib.sha256(letter.encode()).hexdigest().encode(), hashlib.sha256(letter.encode()).digest()]
    needles.append(manifest.rpartition(".")[2].encode())
    for path in tmp_path.glob("vigie.db*"):
        content = path.read_bytes()
        assert not [one for one in needles if one in content]


def test_answers_are_forgotten_when_their_time_is_over_and_not_before(provenance: Provenance) -> None:
    random = Random(6)
    old, recent = text(random, 1_500), text(random, 200)
    issue(provenance, old, number=1, moment=NOW - timedelta(days=60))
    issue(provenance, recent, number=2, moment=NOW - timedelta(days=20))
    kept(provenance, 2)
    assert provenance.keeper is not None
    before = NOW - timedelta(days=30)
    while provenance.keeper.purge(before):
        pass
    assert found(provenance, recent)[0] is Found.WHOLE
    assert found(provenance, old)[0] is Found.NOT_FOUND
    assert provenance.store is not None
    with provenance.store.read() as connection:
        week = int(before.timestamp() * 1000) // WEEK_MS
        assert connection.execute(select(func.min(fingerprints.c.week))).scalar_one() >= week
        assert connection.execute(select(issued.c.decision)).scalars().all() == [decision_id(2, NOW - timedelta(20))]


def test_a_store_that_is_out_is_waited_for_and_nobody_else_waits(provenance: Provenance) -> None:
    assert provenance.store is not None
    letters = [text(Random(seed), 60) for seed in range(20)]
    out = threading.Event()
    out.set()

    def refuse(*_: Any) -> None:
        if out.is_set():
            raise provenance.store._driver_error("database is locked")  # type: ignore[union-attr]

    for number in range(len(letters)):
        record = {"kind": "call.closed", "id": f"{number}", "time": stamp(NOW), "decision": decision_id(number)}
        append_now(provenance.store, [{**record, "system": "permis", "outcome": "served", "label": "generated"}])
    event.listen(provenance.store.engine, "commit", refuse)
    for number, letter in enumerate(letters):
        issue(provenance, letter, number=number, outcome="")
    time.sleep(0.7)  # it has tried
    out.clear()
    kept(provenance, len(letters))
    assert all(found(provenance, letter)[0] is Found.WHOLE for letter in letters)


def test_a_full_queue_drops_and_counts_and_never_waits(store: Store) -> None:
    provenance = Provenance.open(store, b"s" * 32, b"f" * 32, lambda: 30)
    keeper = provenance.keeper
    assert keeper is not None
    for number in range(5_000):  # not started: nothing leaves the queue
        issue(provenance, "Court.", number=number, outcome="")
    assert keeper.dropped == 5_000 - 4_096
    keeper.start()
    keeper.stop()
    with store.read() as connection:
        assert connection.execute(select(func.count()).select_from(issued)).scalar_one() == 4_096


def test_keys_that_signed_before_stay_in_the_set_whoever_starts_first(store: Store, tmp_path: Path) -> None:
    opened: list[Provenance] = []
    barrier = threading.Barrier(8)

    def start() -> None:
        barrier.wait()
        key = key_file(tmp_path / "manifest.key")
        opened.append(Provenance.open(store, key, b"f" * 32, lambda: 1))

    starting = [threading.Thread(target=start) for _ in range(8)]
    for one in starting:
        one.start()
    for one in starting:
        one.join()
    assert len({one.signer.kid for one in opened}) == 1
    manifest = opened[0].manifest_of(Issued(decision_id(1), "b", "s", "m", "t", LABEL, contents_of(["a"])))
    (tmp_path / "manifest.key").rename(tmp_path / "manifest.key.retired")
    after = Provenance.open(store, key_file(tmp_path / "manifest.key"), b"f" * 32, lambda: 1)
    assert after.signer.kid != opened[0].signer.kid
    assert len(after.keys()) == 2
    assert after.read(manifest)["decision"] == decision_id(1)


def test_a_key_that_is_no_longer_to_be_trusted_leaves_the_set_and_the_ledger_says_so(store: Store) -> None:
    before = Provenance.open(store, b"1" * 32, b"f" * 32, lambda: 1)
    manifest = before.manifest_of(Issued(decision_id(1), "b", "s", "m", "t", LABEL, contents_of(["a"])))
    was, becomes = rotate(store, b"1" * 32, b"2" * 32, reason="vol", compromised=True)
    after = Provenance.open(store, b"2" * 32, b"f" * 32, lambda: 1)
    assert (was, becomes) == (before.signer.kid, after.signer.kid)
    assert after.keys() == [after.signer.public]
    with pytest.raises(Fault, match="no longer to be trusted"):
        Provenance.open(store, b"1" * 32, b"f" * 32, lambda: 1)
    with pytest.raises(NotAManifest):
        after.read(manifest)
    with store.read() as connection:
        kinds = connection.execute(select(records.c.kind)).scalars().all()
    assert kinds == ["manifest_key.rotated"]

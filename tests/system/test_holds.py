"""Held actions on both stores: decided once, released once, ended by time and halts, never told to who may not know."""

from __future__ import annotations

import asyncio
import threading
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import select, text

from gateway.errors import Message, Refusal
from gateway.storage import Store, StoreUnavailable, open_store
from gateway.storage.sealing import Unreadable
from gateway.storage.tables import holds as table
from gateway.storage.tables import records, verdicts
from gateway.supervision import (
    Action,
    Halts,
    Held,
    Holds,
    Proposal,
    Scope,
    Seal,
    State,
    Subject,
    Watch,
    join_key_of,
)

KEY = b"k" * 32
START = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
SECRET = "130 692 544"


class Clock:
    """Two clocks that the test sets: the wall's, and the monotonic one."""

    def __init__(self) -> None:
        self.now, self.ticks = START, 0.0

    def wall(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return self.ticks

    def passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.ticks += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def holds_of(store: Store, clock: Clock, key: bytes = KEY) -> Holds:
    return Holds(store, Seal(key), clock=clock.wall, monotonic=clock.monotonic)


@pytest.fixture
def holds(store: Store, clock: Clock) -> Holds:
    return holds_of(store, clock)


def proposal(tool: str = "issue_payment", arguments: Any = None, **more: Any) -> Proposal:
    arguments = {"amount": 1500, "to": SECRET} if arguments is None else arguments
    subject = Subject(system="permis-assistant", agent="a1", session="s1", model="assistant", tool=tool)
    values: dict[str, Any] = {
        "decision": "d-1", "door": "chat", "requester": "key:abc", "subject": subject,
        "action": Action.of(tool, arguments), "masked": {"amount": 1500, "to": "⟦NAS⟧"}, "policy": "p" * 64,
        "rule": "payments-need-a-person", "code": "payment_approval", "reason": Message("raison", "reason"),
        "entities": {"CA_SIN": 1},
    }  # fmt: skip
    return Proposal(**{**values, **more})


def held(holds: Holds, **more: Any) -> Held:
    return holds.hold(proposal(**more))[0]


def kinds(store: Store) -> list[str]:
    with store.read() as connection:
        return list(connection.execute(select(records.c.kind).order_by(records.c.seq)).scalars())


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(Refusal) as error:
        act()
    return error.value.code


def at_once(*acts: Callable[[], object]) -> list[str]:
    """What becomes of things done at the same instant by as many threads: "done", or the code of a refusal."""
    outcomes: list[str] = []
    ready = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> None:
        ready.wait()
        try:
            act()
            outcomes.append("done")
        except Refusal as refusal:
            outcomes.append(refusal.code)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


def test_an_approved_action_is_released_once_and_then_destroyed(holds: Holds, store: Store) -> None:
    one = held(holds, keep=b"the rest of the answer")
    assert (one.state, one.system, one.entities) == (State.WAITING, "permis-assistant", {"CA_SIN": 1})
    approved = holds.approve(one.id, "m.roy", one.current_sha256, comment="Vérifié")
    assert (approved.state, approved.verdicts[0].person) == (State.APPROVED, "m.roy")
    content = holds.release(one.id, one.current_sha256)
    assert content.current.arguments == {"amount": 1500, "to": SECRET}
    assert content.keep == b"the rest of the answer"
    assert refused(lambda: holds.release(one.id, one.current_sha256)) == "hold_released"
    assert holds.content(one.id) is None
    assert kinds(store) == ["action.held", "action.decided", "action.released"]


def test_no_value_is_kept_in_clear_anywhere(holds: Holds, store: Store) -> None:
    one = held(holds)
    holds.approve(one.id, "m.roy", one.current_sha256, edited={"amount": 2, "to": SECRET}, edited_masked={})
    with store.read() as connection:
        for name in ("holds", "verdicts", "records", "notices"):
            for row in connection.execute(text(f"SELECT * FROM {name}")):
                for value in row:
                    kept = value if isinstance(value, bytes) else str(value).encode()
                    assert SECRET.encode() not in bytes(kept)


def test_content_opens_only_with_its_key_and_in_its_place(holds: Holds, store: Store, clock: Clock) -> None:
    first, second = held(holds), held(holds)
    with pytest.raises(Unreadable):
        holds_of(store, clock, b"x" * 32).content(first.id)
    with store.write() as connection:
        row = connection.execute(select(table.c.wrapped, table.c.sealed).where(table.c.id == second.id)).one()
        connection.execute(table.update().where(table.c.id == first.id).values(wrapped=row.wrapped, sealed=row.sealed))
    with pytest.raises(Unreadable):
        holds.content(first.id)


def test_an_edited_action_is_what_is_released(holds: Holds, store: Store) -> None:
    one = held(holds)
    edited = holds.approve(one.id, "m.roy", one.current_sha256, edited={"amount": 900}, edited_masked={"amount": 900})
    assert edited.current_sha256 == Action.of("issue_payment", {"amount": 900}).sha256
    assert refused(lambda: holds.release(one.id, one.current_sha256)) == "action_changed"
    assert holds.release(one.id, edited.current_sha256).current.arguments == {"amount": 900}
    with store.read() as connection:
        bodies = connection.execute(select(records.c.body).order_by(records.c.seq)).scalars().all()
    held_record, decided, _ = map(orjson.loads, bodies)
    assert held_record["sha256"] == one.current_sha256
    assert (decided["sha256"], decided["edited"]) == (edited.current_sha256, True)


def test_two_people_approve_and_an_edit_starts_again(holds: Holds) -> None:
    one = held(holds, approvals=2)
    assert holds.approve(one.id, "m.roy", one.current_sha256).state is State.WAITING
    assert refused(lambda: holds.approve(one.id, "m.roy", one.current_sha256)) == "same_person"
    same = {"amount": 1500, "to": SECRET}
    assert refused(lambda: holds.approve(one.id, "m.roy", one.current_sha256, edited=same)) == "same_person"
    edited = holds.approve(one.id, "s.gagnon", one.current_sha256, edited={"amount": 1}, edited_masked={"amount": 1})
    assert (edited.state, edited.hold.approvers) == (State.WAITING, ("s.gagnon",))
    assert refused(lambda: holds.approve(one.id, "m.roy", one.current_sha256)) == "action_changed"
    assert holds.approve(one.id, "m.roy", edited.current_sha256).state is State.APPROVED


@pytest.mark.parametrize("turn", range(3))
def test_of_two_approvals_at_once_one_wins(holds: Holds, store: Store, turn: int) -> None:
    one = held(holds)
    sha = one.current_sha256
    assert at_once(lambda: holds.approve(one.id, "m.roy", sha), lambda: holds.approve(one.id, "s.gagnon", sha)) == [
        "done",
        "hold_approved",
    ]
    assert at_once(*[lambda: holds.release(one.id, sha)] * 4) == ["done", *["hold_released"] * 3]
    with store.read() as connection:
        assert len(connection.execute(select(verdicts).where(verdicts.c.hold == one.id)).all()) == 1


def test_approval_expiry_and_halt_at_once_have_one_outcome(holds: Holds, store: Store, clock: Clock) -> None:
    one = held(holds)
    clock.now += timedelta(seconds=600)
    at_once(
        lambda: holds.approve(one.id, "m.roy", one.current_sha256),
        holds.expire_due,
        lambda: holds.cancel(one.id, "client_left"),
        lambda: holds.deny(one.id, "m.roy", "non"),
    )
    assert holds.get(one.id).state in (State.EXPIRED, State.CANCELLED)
    assert len(kinds(store)) == 2


def test_who_may_not_and_what_may_not(holds: Holds) -> None:
    one = held(holds, requester="m.roy")
    assert refused(lambda: holds.approve(one.id, "m.roy", one.current_sha256)) == "requester_may_not_approve"
    assert refused(lambda: holds.approve(one.id, "s.gagnon", "0" * 64)) == "action_changed"
    assert refused(lambda: holds.approve("a-" + "0" * 24, "s.gagnon", one.current_sha256)) == "unknown_hold"
    assert refused(lambda: holds.deny(one.id, "s.gagnon", " ")) == "reason_needed"
    assert refused(lambda: holds.release(one.id, one.current_sha256)) == "hold_waiting"
    holds.deny(one.id, "s.gagnon", "Montant erroné")
    assert refused(lambda: holds.approve(one.id, "s.gagnon", one.current_sha256)) == "hold_denied"
    assert holds.get(one.id).said == "Montant erroné"


def test_expiry_is_refusal_and_content_goes_after_a_grace(holds: Holds, store: Store, clock: Clock) -> None:
    waiting, approved = held(holds), held(holds)
    holds.approve(approved.id, "m.roy", approved.current_sha256)
    clock.passes(600)
    assert refused(lambda: holds.approve(waiting.id, "m.roy", waiting.current_sha256)) == "hold_expired"
    assert refused(lambda: holds.release(approved.id, approved.current_sha256)) == "hold_expired"
    assert {one.id for one in holds.expire_due()} == {waiting.id, approved.id}
    assert list(holds.expire_due()) == []
    assert holds.destroy_old() == 0
    clock.passes(121)
    assert holds.destroy_old() == 2
    assert holds.content(waiting.id) is None
    assert kinds(store)[-2:] == ["action.expired"] * 2


def test_what_could_not_be_released_in_time_is_over_for_whoever_is_told_of_it(holds: Holds, clock: Clock) -> None:
    """And so in the record of the call that waited: an approval that expired is not told as an approval."""
    late, in_time = held(holds), held(holds, expires_s=900)
    for one in (late, in_time):
        holds.approve(one.id, "m.roy", one.current_sha256)
    clock.passes(600)
    assert refused(lambda: holds.release(late.id, late.current_sha256)) == "hold_expired"
    assert holds.get(late.id).state is State.APPROVED  # nobody had noticed
    assert [holds.after_refusal(one.id).state for one in (late, late, in_time)] == [
        State.EXPIRED,
        State.EXPIRED,
        State.APPROVED,
    ]


def test_a_clock_set_back_prolongs_nothing_and_one_set_forward_refuses(holds: Holds, clock: Clock) -> None:
    one = held(holds)
    clock.now -= timedelta(days=1)
    clock.ticks += 601
    assert refused(lambda: holds.approve(one.id, "m.roy", one.current_sha256)) == "hold_expired"
    assert [ended.id for ended in holds.expire_due()] == [one.id]
    other = held(holds)
    clock.now += timedelta(days=2)
    assert refused(lambda: holds.approve(other.id, "m.roy", other.current_sha256)) == "hold_expired"


def test_a_halt_cancels_what_it_covers_and_refuses_what_is_new(holds: Holds, store: Store, clock: Clock) -> None:
    clock.now = datetime.now(UTC)  # halts have the wall's own time
    halts = Halts(store)
    approved, waiting, untouched = held(holds), held(holds), held(holds, subject=Subject(system="other"))
    holds.approve(approved.id, "m.roy", approved.current_sha256)
    halt = halts.raise_now(Scope.parse("session:s1"), "Essai", "m.roy")
    assert refused(lambda: holds.release(approved.id, approved.current_sha256)) == "halted"
    assert (holds.get(approved.id).state, holds.get(approved.id).halt) == (State.CANCELLED, halt.id)
    assert holds.cancel_halted([halt]) == 1
    assert holds.get(waiting.id).state is State.CANCELLED
    assert refused(lambda: held(holds)) == "halted"
    halts.lift_now(halt.id, "s.gagnon", "Corrigé")
    assert refused(lambda: holds.approve(waiting.id, "m.roy", waiting.current_sha256)) == "hold_cancelled"
    assert holds.get(untouched.id).state is State.WAITING


def test_a_halt_that_came_and_went_while_nothing_ran_still_cancelled(holds: Holds, store: Store, clock: Clock) -> None:
    clock.now = datetime.now(UTC) - timedelta(seconds=1)
    one = held(holds)
    halts = Halts(store)
    halts.lift_now(halts.raise_now(Scope.parse("all"), "Essai", "m.roy").id, "s.gagnon", "Corrigé")
    assert refused(lambda: holds.approve(one.id, "m.roy", one.current_sha256)) == "halted"
    assert holds.get(one.id).state is State.CANCELLED


def test_a_retry_joins_its_hold_and_nobody_elses(holds: Holds, store: Store, clock: Clock) -> None:
    key = join_key_of(KEY, "permis-assistant", "s1", b"{}")
    assert key != join_key_of(KEY, "permis-assistant", "s2", b"{}")
    first, second = holds.hold(proposal(join_key=key), proposal(join_key=key, position=1))
    again = holds.hold(proposal(join_key=key, arguments={"amount": 1}), proposal(join_key=key, position=1))
    assert [one.id for one in again] == [first.id, second.id]
    assert [one.id for one in holds.joinable(key)] == [first.id, second.id]
    holds.deny(first.id, "m.roy", "non")
    assert len(holds.joinable(key)) == 2
    holds.delivered(first.id)
    assert [one.id for one in holds.joinable(key)] == [second.id]
    assert holds.content(first.id) is None
    holds.cancel(second.id, "client_left")
    assert holds.joinable(key) == ()
    third = held(holds, join_key=key)
    holds.deny(third.id, "m.roy", "non")
    assert [one.id for one in holds.joinable(key)] == [third.id]
    clock.passes(121)
    assert holds.joinable(key) == ()
    assert held(holds, join_key=key).id not in (first.id, second.id, third.id)
    assert kinds(store).count("action.held") == 4


def test_what_nobody_came_back_for_is_cancelled_even_if_it_was_approved_meanwhile(holds: Holds) -> None:
    left, joined = held(holds, join_key="a"), held(holds, join_key="b")
    for one in (left, joined):
        holds.approve(one.id, "m.roy", one.current_sha256)
    assert held(holds, join_key="b").id == joined.id
    gone = holds.cancel(left.id, "client_left", unless_joined_after=left.joined)
    assert gone is not None
    assert gone.state is State.CANCELLED
    assert holds.cancel(joined.id, "client_left", unless_joined_after=joined.joined) is None
    assert holds.get(joined.id).state is State.APPROVED


def test_retries_at_the_same_instant_make_one_hold(holds: Holds, store: Store) -> None:
    assert at_once(*[lambda: holds.hold(proposal(join_key="j"))] * 4) == ["done"] * 4
    assert kinds(store) == ["action.held"]


def test_a_restart_forgets_nothing(holds: Holds, database_url: str, store: Store, clock: Clock) -> None:
    waiting, approved = held(holds), held(holds)
    holds.approve(approved.id, "m.roy", approved.current_sha256)
    other = open_store(database_url)
    again = holds_of(other, clock)
    assert [one.id for one in again.list(state=State.WAITING)] == [waiting.id]
    assert again.release(approved.id, approved.current_sha256).current.arguments["amount"] == 1500
    assert refused(lambda: holds.release(approved.id, approved.current_sha256)) == "hold_released"
    other.close()


def test_when_the_store_is_gone_nothing_is_decided(holds: Holds, store: Store) -> None:
    one = held(holds)
    with store.write() as connection:
        connection.execute(text("ALTER TABLE records RENAME TO away"))
    with pytest.raises(StoreUnavailable):
        holds.approve(one.id, "m.roy", one.current_sha256)
    with pytest.raises(StoreUnavailable):
        held(holds)
    with store.write() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO records"))
    assert holds.get(one.id).state is State.WAITING
    assert holds.approve(one.id, "m.roy", one.current_sha256).state is State.APPROVED


async def test_whoever_waits_is_told_by_this_process_and_by_another(
    holds: Holds, database_url: str, store: Store, clock: Clock
) -> None:
    watch = Watch(holds)
    running = asyncio.create_task(watch.forever())
    other = open_store(database_url)
    elsewhere = holds_of(other, clock)
    try:
        here, there, never = [await asyncio.to_thread(held, holds) for _ in range(3)]
        waiting = [asyncio.create_task(watch.outcome(one.id, 20)) for one in (here, there)]
        unanswered = asyncio.create_task(watch.outcome(never.id, 0.3))
        await asyncio.sleep(0.05)
        await asyncio.to_thread(holds.approve, here.id, "m.roy", here.current_sha256)
        await asyncio.to_thread(elsewhere.deny, there.id, "m.roy", "non")
        assert [one.state for one in await asyncio.gather(*waiting)] == [State.APPROVED, State.DENIED]
        assert (await unanswered).state is State.WAITING
        clock.passes(600)
        assert (await watch.outcome(never.id, 20)).state is State.EXPIRED
        assert len(watch) == 0
    finally:
        running.cancel()
        other.close()


async def test_a_watcher_sees_every_change_once(holds: Holds, store: Store) -> None:
    watch = Watch(holds)
    running = asyncio.create_task(watch.forever())
    seen: list[tuple[str, State]] = []

    async def watches() -> None:
        async with watch.watching() as changes:
            while len(seen) < 3:
                one = await changes.get()
                assert one is not None
                seen.append((one.id, one.state))

    watching = asyncio.create_task(watches())
    await asyncio.sleep(0.3)
    first = await asyncio.to_thread(held, holds)
    await asyncio.sleep(0.3)
    await asyncio.to_thread(holds.deny, first.id, "m.roy", "non")
    second = await asyncio.to_thread(held, holds)
    await asyncio.wait_for(watching, 20)
    assert seen == [(first.id, State.WAITING), (first.id, State.DENIED), (second.id, State.WAITING)]
    running.cancel()


async def test_many_wait_at_little_cost(holds: Holds, store: Store) -> None:
    """2,000 here; 10,000 in bench. Each waiter is a future and what its own coroutine keeps."""
    watch = Watch(holds)
    running = asyncio.create_task(watch.forever())
    names = [one.id for _ in range(20) for one in await asyncio.to_thread(holds.hold, *[proposal()] * 100)]
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    waiting = [asyncio.create_task(watch.outcome(name, 120)) for name in names]
    while len(watch) < len(names):  # noqa: ASYNC110 - what is awaited is memory, not an event
        await asyncio.sleep(0.05)
    await asyncio.sleep(1)
    cost = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert cost / len(names) < 10_000, "bytes a waiter: 10,000 of them must fit in 100 MB"
    await asyncio.to_thread(holds.approve, names[0], "m.roy", holds.get(names[0]).current_sha256)
    assert (await waiting[0]).state is State.APPROVED
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert len(watch) == 0
    running.cancel()

"""The life of held actions on the real store, whatever happens in whatever order: people, time, halts, retries, crashes.

A model of a few lines says what may happen; Hypothesis looks for a history in which the store does anything else. A crash
is the process gone: before the commit of what it was doing (nothing of it is left), or after it (all of it is, and whoever
asked was never told).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule
from sqlalchemy import select

from gateway.errors import Refusal
from gateway.storage import open_store
from gateway.storage.tables import records
from gateway.supervision import Action, Halt, Halts, Held, Holds, Scope, Seal, State, Subject
from gateway.supervision.keeping import text_of
from gateway.supervision.waiting import GRACE_S
from tests.system.test_holds import KEY, Clock, proposal

PEOPLE = ["anne", "bao", "chloe"]
SESSIONS = ["s1", "s2"]


class Crashed(Exception):
    """The process is gone before its commit."""


@dataclass
class Model:
    """What must be true of one hold."""

    session: str
    requester: str
    needed: int
    proposed: Action
    expires: float
    join_key: str
    current: Action | None = None
    approvers: list[str] = field(default_factory=list)
    state: State = State.WAITING
    over_since: float = 0.0
    told: bool = False
    struck: bool = False

    @property
    def action(self) -> Action:
        return self.current or self.proposed

    @property
    def refused(self) -> bool:
        return self.state in (State.DENIED, State.EXPIRED)

    @property
    def live(self) -> bool:
        return self.state in (State.WAITING, State.APPROVED)


class Life(RuleBasedStateMachine):
    names = Bundle("names")
    raised = Bundle("raised")

    def __init__(self) -> None:
        super().__init__()
        self.place = tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
        self.store = open_store(f"sqlite:///{self.place.name}/vigie.db")
        self.store.upgrade()
        self.clock = Clock()
        self.crashes = False
        self.models: dict[str, Model] = {}
        self.released: dict[str, str] = {}
        self.halts = Halts(self.store, lambda: text_of(self.clock.now))
        self.in_force: dict[str, Halt] = {}
        self.raises: list[tuple[float, Scope]] = []
        self.open()

    def teardown(self) -> None:
        with self.store.read() as connection:
            bodies = connection.execute(select(records.c.body).order_by(records.c.seq)).scalars().all()
        self.check_records([orjson.loads(body) for body in bodies])
        self.store.close()
        self.place.cleanup()

    def open(self) -> None:
        """A process: its memory begins anew, its store does not."""

        def also(_connection: Any, _held: Held, _what: str) -> None:
            if self.crashes:
                raise Crashed

        same = lambda person, requester: requester == f"user:{person}"  # noqa: E731
        self.holds = Holds(
            self.store, Seal(KEY), same_person=same, clock=self.clock.wall, monotonic=self.clock.monotonic, also=also
        )

    @property
    def now(self) -> float:
        return self.clock.ticks

    def attempt(self, act: Callable[[], Any], crash: str) -> Any:
        """What comes of an act, or the code of its refusal; None if the process went away before or after it."""
        self.crashes = crash == "before"
        try:
            result = act()
        except Refusal as refusal:
            result = refusal.code
        except Crashed:
            result = None
        self.crashes = False
        if crash:
            self.open()
        return result

    def overdue(self, one: Model) -> bool:
        return one.live and self.now >= one.expires

    def end(self, one: Model, state: State) -> None:
        one.state, one.over_since = state, self.now

    # ── what happens

    @rule(
        target=names,
        session=st.sampled_from(SESSIONS),
        amount=st.integers(1, 3),
        requester=st.sampled_from(["key:k", "user:anne"]),
        needed=st.integers(1, 2),
        crash=st.sampled_from(["", "", "", "before", "after"]),
    )
    def hold(self, session: str, amount: int, requester: str, needed: int, crash: str) -> Any:
        action = Action.of("issue_payment", {"amount": amount})
        subject = Subject(system="permis-assistant", session=session, tool="issue_payment")
        key = f"{session} {amount} {requester} {needed}"
        one = proposal(
            arguments={"amount": amount}, subject=subject, requester=requester, approvals=needed, expires_s=60,
            join_key=key,
        )  # fmt: skip
        halted = any(halt.scope.covers(subject) for halt in self.in_force.values())
        joinable = [
            name
            for name, known in self.models.items()
            if known.join_key == key
            and (known.live or (known.refused and not known.told and self.now - known.over_since < GRACE_S))
        ]
        result = self.attempt(lambda: self.holds.hold(one)[0], crash)
        if halted:
            assert result == "halted"
            return multiple()
        if crash == "before" and not joinable:
            assert result is None
            return multiple()
        if joinable:
            assert result.id in joinable, "a retry joins its hold"
            return multiple()
        assert result.state is State.WAITING
        # Times are in milliseconds: a halt of the very instant may have come after.
        struck = any(at == self.now and scope.covers(subject) for at, scope in self.raises)
        self.models[result.id] = Model(session, requester, needed, action, self.now + 60, key, struck=struck)
        return result.id

    @rule(
        name=names,
        person=st.sampled_from(PEOPLE),
        edited=st.none() | st.integers(1, 3),
        stale=st.booleans(),
        crash=st.sampled_from(["", "", "", "before", "after"]),
    )
    def approve(self, name: str, person: str, edited: int | None, stale: bool, crash: str) -> None:
        one = self.models[name]
        shown = "0" * 64 if stale else one.action.sha256
        arguments = None if edited is None else {"amount": edited}
        result = self.attempt(
            lambda: self.holds.approve(name, person, shown, edited=arguments, edited_masked=arguments), crash
        )
        if one.live and one.struck:
            if crash != "before":
                assert result == "halted"
                self.end(one, State.CANCELLED)
            return
        changes = edited is not None and Action.of("issue_payment", arguments).sha256 != one.action.sha256
        may = (
            one.state is State.WAITING
            and not self.overdue(one)
            and one.requester != f"user:{person}"
            and not stale
            and (person not in one.approvers or changes)
        )
        if not may:
            assert isinstance(result, str), result
            return
        if crash == "before":
            assert result is None
            return
        if changes:
            one.current, one.approvers = Action.of("issue_payment", arguments), []
        one.approvers.append(person)
        if len(one.approvers) >= one.needed:
            one.state = State.APPROVED
        assert (result.state, result.current_sha256) == (one.state, one.action.sha256)

    @rule(name=names, person=st.sampled_from(PEOPLE), crash=st.sampled_from(["", "", "before", "after"]))
    def deny(self, name: str, person: str, crash: str) -> None:
        one = self.models[name]
        result = self.attempt(lambda: self.holds.deny(name, person, "non"), crash)
        self.ended(one, result, crash, State.DENIED, may=one.state is State.WAITING and not self.overdue(one))

    @rule(name=names, stale=st.booleans(), crash=st.sampled_from(["", "", "before", "after"]))
    def release(self, name: str, stale: bool, crash: str) -> None:
        one = self.models[name]
        sha256 = "0" * 64 if stale else one.action.sha256
        result = self.attempt(lambda: self.holds.release(name, sha256), crash)
        may = one.state is State.APPROVED and not self.overdue(one) and not stale
        self.ended(one, result, crash, State.RELEASED, may=may)
        if one.state is State.RELEASED and name not in self.released:
            self.released[name] = one.action.sha256
            one.told = True
            assert result.current.sha256 == one.action.sha256, "what was approved is what runs"

    @rule(name=names, crash=st.sampled_from(["", "", "before", "after"]))
    def leave(self, name: str, crash: str) -> None:
        one = self.models[name]
        result = self.attempt(lambda: self.holds.cancel(name, "client_left"), crash)
        if one.live and crash != "before":
            assert result.state is State.CANCELLED
            self.end(one, State.CANCELLED)

    def ended(self, one: Model, result: Any, crash: str, state: State, *, may: bool) -> None:
        if one.live and one.struck:
            if crash != "before":
                assert result == "halted"
                self.end(one, State.CANCELLED)
        elif not may:
            assert isinstance(result, str), result
        elif crash != "before":
            self.end(one, state)

    @rule(name=names)
    def tell(self, name: str) -> None:
        self.holds.delivered(name)
        one = self.models[name]
        one.told = one.told or not one.live

    @rule(seconds=st.sampled_from([1, 30, 61, 130]))
    def time_passes(self, seconds: int) -> None:
        self.clock.passes(seconds)

    @rule()
    def sweep(self) -> None:
        while self.holds.expire_due():
            pass
        for one in self.models.values():
            if self.overdue(one):
                self.end(one, State.EXPIRED)
        self.holds.destroy_old()

    @rule(target=raised, scope=st.sampled_from(["all", "session:s1", "tool:issue_payment", "system:autre"]))
    def halt(self, scope: str) -> str:
        halt = self.halts.raise_now(Scope.parse(scope), "essai", "anne")
        self.in_force[halt.id] = halt
        self.raises.append((self.now, halt.scope))
        for one in self.models.values():
            covered = halt.scope.covers(Subject(system="permis-assistant", session=one.session, tool="issue_payment"))
            one.struck = one.struck or (covered and one.live)
        return halt.id

    @rule(name=consumes(raised))
    def lift(self, name: str) -> None:
        self.halts.lift_now(name, "bao", "fini")
        del self.in_force[name]

    @rule()
    def carry_out(self) -> None:
        in_force = list(self.in_force.values())
        self.holds.cancel_halted(in_force)
        for one in self.models.values():
            subject = Subject(system="permis-assistant", session=one.session, tool="issue_payment")
            if one.live and one.struck and any(halt.scope.covers(subject) for halt in in_force):
                self.end(one, State.CANCELLED)

    @rule()
    def restart(self) -> None:
        self.open()

    # ── what stays true

    @invariant()
    def the_store_says_what_the_model_says(self) -> None:
        for name, one in self.models.items():
            held = self.holds.get(name)
            assert held.state is one.state, (name, one)
            assert held.hold.approvers == tuple(one.approvers) or not one.live

    def check_records(self, written: list[dict[str, Any]]) -> None:
        """The ledger alone shows it: released once, after enough people approved those very bytes, before it expired."""
        for name, sha256 in self.released.items():
            mine = [one for one in written if one.get("hold") == name]
            (release,) = [one for one in mine if one["kind"] == "action.released"]
            (held,) = [one for one in mine if one["kind"] == "action.held"]
            yes = {one["by"] for one in mine if one["kind"] == "action.decided" and one["sha256"] == sha256}
            assert release["sha256"] == sha256
            assert release["time"] < held["expires_at"]
            assert len(yes) >= held["approvals_needed"]
            assert held["requester"] not in {f"user:{person}" for person in yes}
            assert mine[-1] is release
        assert {one["hold"] for one in written if one["kind"] == "action.released"} == set(self.released)


Life.TestCase.settings = settings(
    max_examples=30, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestLife = Life.TestCase

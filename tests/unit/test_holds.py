"""The life of a held action: everything that may happen, in every order, against what was promised."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gateway.errors import Message, Refusal
from gateway.supervision.actions import Action
from gateway.supervision.held import Held, Verdict
from gateway.supervision.holds import NEXT, Event, Hold, State, approve, happen, is_over
from gateway.supervision.scopes import Subject
from gateway.supervision.statistics import statistics_of

PEOPLE = ["s.gagnon", "m.roy", "p.tremblay", "agent"]
EARLY, LATE = "2026-11-24T15:00:00.000Z", "2026-11-24T16:00:00.000Z"
EXPIRES = "2026-11-24T15:10:00.000Z"


def a_hold(needed: int = 1) -> Hold:
    return Hold("a-1", State.WAITING, "proposed", "agent", EXPIRES, approvals_needed=needed)


def test_the_table_ends_everywhere_but_where_it_waits_or_is_approved() -> None:
    assert [state for state in State if not is_over(state)] == [State.WAITING, State.APPROVED]
    assert {state for state, _ in NEXT} == {State.WAITING, State.APPROVED}


def test_every_event_in_every_state_moves_by_the_table_or_is_refused() -> None:
    for state, event in itertools.product(State, Event):
        hold = Hold("a-1", state, "proposed", "agent", EXPIRES, approvers=("m.roy",), approved_sha256="proposed")
        if event is Event.APPROVE:
            continue
        if (state, event) in NEXT:
            assert happen(hold, event, EARLY).state is NEXT[state, event]
        else:
            with pytest.raises(Refusal) as refused:
                happen(hold, event, EARLY)
            assert refused.value.status == 409


def test_the_requester_never_approves() -> None:
    with pytest.raises(Refusal) as refused:
        approve(a_hold(), "agent", "proposed", EARLY)
    assert refused.value.status == 403


def test_an_approval_names_the_action_that_was_shown() -> None:
    with pytest.raises(Refusal) as refused:
        approve(a_hold(), "m.roy", "another", EARLY)
    assert (refused.value.code, refused.value.status) == ("action_changed", 409)


def test_expiry_is_refusal_even_if_nobody_noticed_it() -> None:
    with pytest.raises(Refusal) as refused:
        approve(a_hold(), "m.roy", "proposed", LATE)
    assert refused.value.code == "hold_expired"
    approved = approve(a_hold(), "m.roy", "proposed", EARLY)
    with pytest.raises(Refusal):
        happen(approved, Event.RELEASE, LATE)


def test_two_approvals_are_two_people_s() -> None:
    once = approve(a_hold(2), "m.roy", "proposed", EARLY)
    assert once.state is State.WAITING
    with pytest.raises(Refusal) as refused:
        approve(once, "m.roy", "proposed", EARLY)
    assert refused.value.code == "same_person"
    assert approve(once, "s.gagnon", "proposed", EARLY).state is State.APPROVED


def test_an_edit_starts_the_count_again_and_is_what_is_approved() -> None:
    once = approve(a_hold(2), "m.roy", "proposed", EARLY)
    edited = approve(once, "s.gagnon", "proposed", EARLY, edited_sha256="edited")
    assert (edited.state, edited.approvers, edited.approved_sha256) == (State.WAITING, ("s.gagnon",), "edited")
    with pytest.raises(Refusal):
        approve(edited, "m.roy", "proposed", EARLY)
    assert approve(edited, "m.roy", "edited", EARLY).state is State.APPROVED


def test_an_action_is_its_tool_and_arguments_whatever_their_order_and_spacing() -> None:
    one = Action.proposed("payer", '{"montant": 1500.50, "à": "x"}')
    other = Action.proposed("payer", '{"à":"x","montant":1500.5}')
    assert one.sha256 == other.sha256
    assert one.sha256 != Action.proposed("payer", '{"à":"x","montant":1500.51}').sha256
    assert one.sha256 != Action.proposed("verser", '{"à":"x","montant":1500.5}').sha256
    assert Action.proposed("payer", "").arguments == {}
    assert Action.proposed("payer", "pas du JSON").arguments == "pas du JSON"


def test_arguments_that_cannot_be_held_exactly_are_refused() -> None:
    for refused_one in (lambda: Action.of("payer", {"n": 2**53 + 1}), lambda: Action.proposed("payer", "x" * 300_000)):
        with pytest.raises(Refusal) as refused:
            refused_one()
        assert refused.value.code == "action_not_exact"


def test_an_edit_keeps_the_form_that_the_tool_expects() -> None:
    for proposed, edited in (({"n": 1}, "beaucoup"), ({"n": 1}, [1]), ("pas du JSON", {"n": 1})):
        with pytest.raises(Refusal) as refused:
            Action.of("payer", proposed).edited(edited)
        assert (refused.value.code, refused.value.status) == ("edited_arguments", 400)
    assert Action.of("payer", "pas du JSON").edited("autre chose").arguments == "autre chose"


def test_arguments_that_are_not_exact_json_are_held_as_their_text() -> None:
    assert Action.proposed("payer", '{"n": 9007199254740993}').arguments == '{"n": 9007199254740993}'
    assert Action.proposed("payer", '{"n": 1e400}').arguments == '{"n": 1e400}'


class Life(RuleBasedStateMachine):
    """Any events, by anyone, at any time: a release is always of an action that enough others approved, in time, once."""

    @initialize(needed=st.integers(1, 2))
    def begin(self, needed: int) -> None:
        self.hold, self.released, self.current = a_hold(needed), 0, "proposed"
        self.agreed: set[str] = set()

    @rule(
        person=st.sampled_from(PEOPLE),
        shown=st.sampled_from(["proposed", "edited", "forged"]),
        now=st.sampled_from([EARLY, LATE]),
        edit=st.sampled_from(["", "edited"]),
    )
    def approves(self, person: str, shown: str, now: str, edit: str) -> None:
        try:
            after = approve(self.hold, person, shown, now, edited_sha256=edit)
        except Refusal:
            return
        assert person != "agent"
        assert now < EXPIRES
        assert shown == self.current
        if edit and edit != self.current:
            self.agreed, self.current = {person}, edit
        else:
            self.agreed.add(person)
        self.hold = after

    @rule(
        event=st.sampled_from([Event.DENY, Event.EXPIRE, Event.CANCEL, Event.RELEASE]),
        now=st.sampled_from([EARLY, LATE]),
    )
    def happens(self, event: Event, now: str) -> None:
        try:
            after = happen(self.hold, event, now)
        except Refusal:
            return
        if event is Event.RELEASE:
            self.released += 1
            assert self.hold.state is State.APPROVED
            assert now < EXPIRES
            assert len(self.agreed) >= self.hold.approvals_needed
            assert self.hold.approved_sha256 == self.current
        self.hold = after

    @invariant()
    def is_used_once_at_most(self) -> None:
        assert getattr(self, "released", 0) <= 1


Life.TestCase.settings = settings(max_examples=200, stateful_step_count=12, deadline=None)
TestLife = Life.TestCase


def test_an_edit_that_changes_nothing_is_not_a_second_voice() -> None:
    once = approve(a_hold(2), "m.roy", "proposed", EARLY)
    with pytest.raises(Refusal) as refused:
        approve(once, "m.roy", "proposed", EARLY, edited_sha256="proposed")
    assert refused.value.code == "same_person"


def held_with(state: State, created: str, *verdicts: Verdict) -> Held:
    return Held(
        replace(a_hold(), state=state), 1, 1, Subject(system="s"), "d", "chat", "tool", {}, "p", "r", "c", Message("a", "b"),
        created, created, False, "", "", verdicts,
    )  # fmt: skip


def test_statistics_say_who_decides_too_fast_to_have_read() -> None:
    def verdict(person: str, at: int, shown: int | None) -> Verdict:
        times = [None if s is None else f"2026-11-24T15:00:{s:02}.000Z" for s in (at, shown)]
        return Verdict(person, "approved", str(times[0]), "x", True, "", times[1])

    created = "2026-11-24T15:00:00.000Z"
    said = statistics_of(
        [
            held_with(State.RELEASED, created, verdict("m.roy", 10, 9)),
            held_with(State.APPROVED, created, verdict("m.roy", 30, 20)),
            held_with(State.RELEASED, created, verdict("s.gagnon", 20, None)),
            held_with(State.EXPIRED, created),
            held_with(State.WAITING, created),
        ]
    )
    assert said["people"] == {
        "m.roy": {"approved": 2, "not_shown": 0, "too_fast": 1},
        "s.gagnon": {"approved": 1, "not_shown": 1, "too_fast": 0},
    }
    assert said["decided_ms"] == {"count": 3, "median": 20_000, "p90": 30_000}
    assert said["expired_per_thousand"] == 250
    assert statistics_of([])["decided_ms"] == {"count": 0, "median": None, "p90": None}

"""What the ledger tells of held actions, read without a line of the gateway's own code for them, and what it must tell.

`Book` is given every record in order, and says of each whether it may follow those before it: that is the promise that an
action goes only with recorded, matching, unexpired approvals of other people, once. `Seen` is what both ends saw; `Book`
says what of that the ledger does not tell.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import rfc8785

OVER = frozenset(["released", "denied", "expired", "cancelled"])


def sha256_of(tool: str, arguments: Any) -> str:
    """What an approval names: the SHA-256 of the action as RFC 8785 JSON."""
    return hashlib.sha256(rfc8785.dumps({"tool": tool, "arguments": arguments})).hexdigest()


@dataclass(frozen=True)
class Received:
    """A held action that a client was given: in the answer of `decision`, or as `hold` by /v1/actions."""

    client: str
    sha256: str
    decision: str = ""
    hold: str = ""


@dataclass(frozen=True)
class Acknowledged:
    """A verdict that its author was told is taken."""

    hold: str
    by: str
    verdict: str
    sha256: str


@dataclass
class Seen:
    """What clients and supervisors saw."""

    received: list[Received] = field(default_factory=list)
    acknowledged: list[Acknowledged] = field(default_factory=list)
    queued: set[str] = field(default_factory=set)
    whole: list[str] = field(default_factory=list)
    """Decisions of the answers that came whole."""


@dataclass
class Told:
    """One hold, as far as the ledger has told."""

    held: Mapping[str, Any]
    state: str = "waiting"
    sha256: str = ""
    approvers: list[str] = field(default_factory=list)
    verdicts: list[Acknowledged] = field(default_factory=list)


class Book:
    """Every hold that the ledger tells of. `wrong`: what it must not tell, in words.

    `requesters`: of each person, the names under which they may ask for an action.
    """

    def __init__(self, requesters: Mapping[str, tuple[str, ...]]) -> None:
        self._requesters = requesters
        self.holds: dict[str, Told] = {}
        self.closed: dict[str, list[dict[str, str]]] = {}
        self.rejoined = 0
        self.wrong: list[str] = []
        self._given: dict[str, str] = {}
        self._checked = 0, 0, 0

    # ── what the ledger tells

    def take(self, record: Mapping[str, Any]) -> None:
        """The next record."""
        kind = record["kind"]
        if kind == "call.closed":
            self.closed[record["decision"]] = record.get("actions", [])
            self.rejoined += any(one["outcome"] == "rejoined" for one in record["attempts"])
            for one in record.get("actions", []):
                self._answered(record["decision"], one)
        elif kind == "action.held":
            self._unless(record["hold"] in self.holds, f"{record['hold']} is held twice")
            self.holds[record["hold"]] = Told(record, sha256=record["sha256"])
        elif kind in ("action.decided", "action.released", "action.expired", "action.cancelled"):
            told = self.holds.get(record["hold"])
            if told is None:
                self.wrong.append(f"{kind} of {record['hold']}, which was never held")
                return
            self._unless(told.state in OVER, f"{kind} of {record['hold']}, which was {told.state}")
            {"action.decided": self._decided, "action.released": self._released}.get(kind, self._ended)(told, record)
            told.state = record["state"]

    def _decided(self, told: Told, record: Mapping[str, Any]) -> None:
        name, by = record["hold"], record["by"]
        told.verdicts.append(Acknowledged(name, by, record["verdict"], record["sha256"]))
        self._unless(record["time"] >= told.held["expires_at"], f"{name} is decided after it expired")
        if record["verdict"] == "denied":
            self._unless(record["state"] != "denied", f"{name} is refused and {record['state']}")
            return
        asker = told.held["requester"]
        self._unless(asker in self._requesters[by], f"{name} is approved by whoever asked for it")
        self._unless(told.state != "waiting", f"{name} is approved while {told.state}")
        if record["edited"]:
            told.sha256, told.approvers = record["sha256"], []
        self._unless(record["sha256"] != told.sha256, f"{name} is approved as another action than it is")
        self._unless(by in told.approvers, f"{name} is approved twice by one person")
        told.approvers.append(by)
        enough = len(told.approvers) >= told.held["approvals_needed"]
        self._unless(record["state"] != ("approved" if enough else "waiting"), f"{name} is {record['state']}")

    def _released(self, told: Told, record: Mapping[str, Any]) -> None:
        name, few = record["hold"], len(told.approvers) < told.held["approvals_needed"]
        self._unless(few or told.state != "approved", f"{name} is released without enough approvals")
        self._unless(record["sha256"] != told.sha256, f"{name} is released as another action than the approved one")
        self._unless(record["time"] >= told.held["expires_at"], f"{name} is released after it expired")

    def _ended(self, told: Told, record: Mapping[str, Any]) -> None:
        early = record["kind"] == "action.expired" and record["time"] < told.held["expires_at"]
        self._unless(early, f"{record['hold']} expires before its time")

    def _answered(self, decision: str, one: Mapping[str, str]) -> None:
        """What a call says of an action has happened before: it went, or did not go, for the reason that is given."""
        if not one.get("hold"):
            return
        told = self.holds.get(one["hold"])
        state = "released" if one["outcome"] in ("approved", "edited") else one["outcome"]
        ours = told is not None and told.state == state and (state != "released" or told.sha256 == one["sha256"])
        self._unless(not ours, f"{decision} says {one['outcome']} of {one['hold']}")

    def _unless(self, condition: bool, said: str) -> None:
        if condition:
            self.wrong.append(said)

    # ── what must be told of what was seen

    def states(self, rows: Mapping[str, str]) -> None:
        """The store's own rows at the same instant, by id: the state of each."""
        for name in sorted(rows.keys() ^ self.holds.keys()):
            self.wrong.append(f"{name} is only in the {'store' if name in rows else 'ledger'}")
        for name, state in rows.items():
            if name in self.holds:
                told = self.holds[name].state
                self._unless(told != state, f"{name} is {state} in the store and {told} in the ledger")

    def account(self, seen: Seen, upto: tuple[int, int, int]) -> None:
        """Of what was seen until the ledger was read (`upto`: see `sizes`), what was not accounted for before."""
        since, self._checked = self._checked, upto
        for one in seen.received[since[0] : upto[0]]:
            self._account_for(one)
        for said in seen.acknowledged[since[1] : upto[1]]:
            told = self.holds.get(said.hold)
            self._unless(
                told is None or said not in told.verdicts, f"the {said.verdict} verdict on {said.hold} is lost"
            )
        for decision in seen.whole[since[2] : upto[2]]:
            self._unless(decision not in self.closed, f"{decision} was answered whole and is not closed")

    def lost(self, queued: set[str]) -> None:
        """Holds that were seen, and are not told of."""
        self.wrong += [f"{name} was seen in the queue and is lost" for name in sorted(queued - self.holds.keys())]

    def _account_for(self, one: Received) -> None:
        """An action that a client was given is one hold's, released as it is, and nobody else was given it."""
        hold = one.hold
        if one.decision:
            mine = [action for action in self.closed.get(one.decision, ()) if action["sha256"] == one.sha256]
            hold = mine[0].get("hold", "") if len(mine) == 1 else ""
        told = self.holds.get(hold)
        if told is None or told.state != "released" or told.sha256 != one.sha256:
            self.wrong.append(
                f"{one.client} was given {one.sha256[:12]} ({hold or one.decision}), which was not released"
            )
            return
        self._unless(hold in self._given, f"{hold} was given to {self._given.get(hold)} and to {one.client}")
        self._given[hold] = one.client

    def counts(self) -> Counter[str]:
        """Holds by what became of them. `unseen`: released, and the answer reached nobody: used up."""
        counts = Counter(told.state for told in self.holds.values())
        counts["unseen"] = counts["released"] - len(self._given)
        counts["approved by people"] = sum(
            any(one.verdict == "approved" for one in told.verdicts) for told in self.holds.values()
        )
        return counts


def sizes(seen: Seen) -> tuple[int, int, int]:
    """How much was seen so far: taken before the ledger is read, which must then tell of all of it."""
    return len(seen.received), len(seen.acknowledged), len(seen.whole)

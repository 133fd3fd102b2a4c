"""One request at the door: who asks, of which server, and what has become of it so far. *Data*, one owner: the request."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway import situation
from gateway.audit import now_text
from gateway.config import Configuration, McpServer, System
from gateway.identity import Principal
from gateway.mcp.rpc import Request
from gateway.mcp.servers import subject_of
from gateway.policies import Decision, Facts, Stage
from gateway.proposals import requester_of
from gateway.situation import Asked
from gateway.supervision import Held, Subject
from gateway.trace import plain
from gateway.wire.calls import Call


@dataclass(slots=True)
class Visit:
    """`version`: the protocol revision that is spoken; `session`: the agent's run, or the MCP session's name.

    `cancelled`: the client said that it wants no answer any more, so nothing is kept for a retry.
    """

    decision: str
    asked: Asked
    principal: Principal
    system: System
    server: McpServer
    configuration: Configuration
    request: Request
    headers: Mapping[str, str]
    version: str
    session: str
    mcp_session: str
    started: datetime
    cancelled: bool = False

    @property
    def place(self) -> tuple[McpServer, str, str]:
        """Which connection serves it."""
        return self.server, self.system.id, self.mcp_session or self.session

    @property
    def requester(self) -> str:
        """Who must not approve what is asked here."""
        return requester_of(self.asked.user, self.principal.key)

    def subject(self, tool: str = "") -> Subject:
        """What a halt may name."""
        return subject_of(self.server, self.system.id, self.session, self.asked.agent, tool)


@dataclass(slots=True)
class Course:
    """What was decided, and how far it went. `is_open`: the action may have left; `hold`: the hold that is waited for."""

    facts: Facts = field(default_factory=dict)
    stages: list[dict[str, Any]] = field(default_factory=list)
    sha256: str = ""
    tool: str = ""
    hold: Held | None = None
    is_open: bool = False
    is_closed: bool = False
    edited: bool = False
    entities: Mapping[str, int] = field(default_factory=dict)
    matched: set[str] = field(default_factory=set)

    def decided(self, stage: Stage, own: Facts, decision: Decision) -> None:
        """Keep a decision with the facts that `stage` adds."""
        self.stages.append({"stage": stage.value, "facts": plain(own), "decision": decision.as_json()})
        self.matched.update(match.rule for match in decision.matches)


@dataclass(frozen=True, slots=True)
class Seen:
    """What telemetry reads of a request, as it reads a call: names, counts and times only."""

    decision: str
    started: datetime
    system: str
    policy: str
    deployment: str
    matched: AbstractSet[str]
    facts: Mapping[str, object]
    residency: str = ""
    usage: tuple[int, int] = (0, 0)
    attempts: tuple[object, ...] = ()


def seen(visit: Visit, course: Course) -> Seen:
    """For telemetry."""
    policy = visit.configuration.policy.version
    return Seen(visit.decision, visit.started, visit.system.id, policy, visit.server.id, course.matched, course.facts)


def facts_of(visit: Visit, tokens_used: int, now: datetime, zone: Any, *, halted: bool) -> Facts:
    """The facts common to every stage. There is no model: that the server is for this system stands in its entry."""
    call = Call("mcp", "", False, (), (), (), (), (), {}, False)
    register = visit.configuration.register
    facts = situation.call_facts(call, visit.system, register, visit.asked, now, zone, tokens_used, halted=halted)
    return {**facts, "model.registered": True}


def asked_record(visit: Visit, course: Course, outcome: str, code: str = "") -> dict[str, Any]:
    """Before anything leaves, or is refused."""
    return _record(visit, course, "asked", outcome, code) | {"sha256": course.sha256, "tool": course.tool}


def answered_record(visit: Visit, course: Course, now: datetime, outcome: str, code: str = "") -> dict[str, Any]:
    """Before an answer is given, or when there is none."""
    course.is_closed = True
    duration_ms = max(0, round((now - visit.started).total_seconds() * 1000))
    more = {"entities": dict(course.entities), "edited": course.edited, "duration_ms": duration_ms}
    return _record(visit, course, "answered", outcome, code) | more


def _record(visit: Visit, course: Course, what: str, outcome: str, code: str) -> dict[str, Any]:
    stages, course.stages = course.stages, []
    return {
        "kind": f"action.{what}",
        "id": f"{visit.decision}.{what}",
        "time": now_text(),
        "decision": visit.decision,
        "system": visit.system.id,
        "key": visit.principal.key,
        "user": visit.asked.user,
        "session": visit.session,
        "door": "mcp",
        "server": visit.server.id,
        "method": visit.request.method,
        "policy": visit.configuration.policy.version,
        "facts": plain(course.facts),
        "stages": stages,
        "outcome": outcome,
        "code": code,
    }

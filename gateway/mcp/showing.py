"""Which of a server's tools a system is shown. *Decisions*: pure.

A tool is hidden when its entry's lists leave it out, or when policy would refuse it whatever its arguments: a rule that
denies, and that looks at no argument. What a rule might refuse is shown, and refused when it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from gateway.config import McpServer
from gateway.policies import Decision, Effect, Facts, Policy, Remembered, Stage

_WORD = re.compile(r"[A-Za-z_]\w*")
_ARGUMENTS = frozenset({"arguments", "entities", "approved_before"})


def shown(
    tools: Iterable[Mapping[str, Any]],
    server: McpServer,
    policy: Policy,
    facts_with: Callable[[str], Facts],
    decisions: Remembered,
) -> list[Mapping[str, Any]]:
    """The tools to list. `facts_with`: of a call, given its tool."""
    return [
        tool
        for tool in tools
        if server.tools.admit(tool["name"]) and not _always_denied(tool["name"], server, policy, facts_with, decisions)
    ]


def _always_denied(
    name: str, server: McpServer, policy: Policy, facts_with: Callable[[str], Facts], decisions: Remembered
) -> bool:
    known = {
        **facts_with(name),
        "action.tool": name,
        "action.server": server.id,
        "action.place": server.place,
        "action.arguments": {},
        "action.entities": (),
    }
    decision = decisions.decide(policy, Stage.ACTION, known)
    return any(_looks_at_no_argument(policy, rule) for rule in _denying(decision))


def _denying(decision: Decision) -> list[str]:
    return [match.rule for match in decision.matches if match.effect is Effect.DENY]


def _looks_at_no_argument(policy: Policy, rule: str) -> bool:
    """By the words of its condition: one that names them in whatever way has these words."""
    return _ARGUMENTS.isdisjoint(_WORD.findall(policy.rule(rule).when))

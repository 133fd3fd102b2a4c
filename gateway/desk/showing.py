"""What a person is shown of a held action. *Decisions*: pure.

A text of a model's is data: what could turn it into something else on a screen (bidirectional controls, invisible or
private characters, line ends within a value) is shown by its name, so that it can neither hide nor imitate the interface.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

import orjson

from gateway.config import ToolEntry, standing_of
from gateway.errors import Message
from gateway.supervision import Content, Held, State

RISKS_IN_WORDS = {
    "low": Message("risque faible", "low risk"),
    "medium": Message("risque moyen", "medium risk"),
    "high": Message("risque élevé", "high risk"),
    "critical": Message("risque critique", "critical risk"),
}
REVERSIBLE = Message("réversible", "can be undone")
IRREVERSIBLE = Message("irréversible", "cannot be undone")
_HIDDEN = frozenset(["Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"])
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")


def visible(text: str) -> str:
    """The text with every character that cannot be seen, or that moves others, by its code: `⟨U+202E⟩`."""
    return "".join(f"⟨U+{ord(one):04X}⟩" if _is_hidden(one) else one for one in text)


def visible_in(value: Any) -> Any:
    """As `visible`, in every text of a JSON value."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, dict):
        return {visible(name): visible_in(one) for name, one in value.items()}
    if isinstance(value, list):
        return [visible_in(one) for one in value]
    return value


def hold_json(held: Held, content: Content | None, language: str, *, revealed: bool = False) -> dict[str, Any]:
    """A hold for a program and for a console. Arguments: masked and visible, exact when `revealed`, None once destroyed."""
    arguments = None
    if content is not None:
        arguments = content.current.arguments if revealed else visible_in(content.current_masked)
    return {
        "id": held.id,
        "object": "hold",
        "state": held.state.value,
        "action": {"tool": held.tool if revealed else visible(held.tool), "arguments": arguments},
        "action_sha256": held.current_sha256,
        "proposed_sha256": held.hold.action_sha256,
        "revealed": revealed,
        "entities": dict(held.entities),
        "system": held.system,
        "session": held.subject.session,
        "agent": held.subject.agent,
        "model": held.subject.model,
        "server": held.subject.deployment if held.door == "mcp" else "",
        "requester": held.hold.requester,
        "door": held.door,
        "decision": held.decision,
        "rule": held.rule,
        "code": held.code,
        "reason": held.reason.in_language(language),
        "created_at": held.created_at,
        "expires_at": held.hold.expires_at,
        "approvals": {"needed": held.hold.approvals_needed, "given": list(held.hold.approvers)},
        "verdicts": [
            {"person": one.person, "verdict": one.verdict, "at": one.at, "said": one.said, "counts": one.counts}
            for one in held.verdicts
        ],
        "ended_because": held.ended_because,
        "halt": held.halt,
    }


def display(
    held: Held, content: Content | None, language: str, tools: Sequence[ToolEntry], *, revealed: bool = False
) -> dict[str, Any]:
    """The same in plain words: what the tool does, as the register says, what would be done, line by line, and what
    approving and refusing do.
    """
    arguments: Any = None
    if content is not None:
        arguments = content.current.arguments if revealed else content.current_masked
    return {"tool": tool_in_words(held, language, tools), "lines": lines_of(arguments), "will": will(held, language)}


def tool_in_words(held: Held, language: str, tools: Sequence[ToolEntry]) -> str:
    """What the tool does, how much harm it can do, and whether that can be undone."""
    standing = standing_of(tools, held.tool, held.system)
    if standing.title is None:
        absent = Message(
            "Le registre ne connaît pas cet outil\u00a0: tenir le pire pour possible.",
            "The register does not know this tool: take the worst for possible.",
        )
        return absent.in_language(language)
    undone = REVERSIBLE if standing.reversible else IRREVERSIBLE
    title = Message(standing.title.fr, standing.title.en).in_language(language)
    return f"{title} ({RISKS_IN_WORDS[standing.risk].in_language(language)}; {undone.in_language(language)})"


def lines_of(arguments: Any) -> list[str]:
    """One line for each argument: its name, and its value as JSON in visible characters."""
    if isinstance(arguments, dict):
        return [f"{visible(name)}: {_line(value)}" for name, value in arguments.items()]
    return [] if arguments is None else [_line(arguments)]


def will(held: Held, language: str) -> str:
    """What approving will do, in a sentence or two."""
    tool, system = visible(held.tool), visible(held.system)
    missing = held.hold.approvals_needed - len(held.hold.approvers)
    if held.state is not State.WAITING:
        return ""
    if language == "en":
        more = "" if missing <= 1 else f" {missing} people must agree."
        return (
            f"Approving lets {system} run '{tool}' once, with exactly these arguments, before {held.hold.expires_at}.{more} "
            "Refusing tells it your reason. Without a decision, the action is refused."
        )
    more = "" if missing <= 1 else f" Il faut encore l'accord de {missing} personnes."
    return (
        f"Approuver laisse {system} exécuter «\u00a0{tool}\u00a0» une seule fois, avec exactement ces arguments, avant "
        f"{held.hold.expires_at}.{more} Refuser lui transmet votre raison. Sans décision, l'action est refusée."
    )


def _line(value: Any) -> str:
    return visible(orjson.dumps(value).decode())


def _is_hidden(one: str) -> bool:
    if one.isascii():
        return not one.isprintable()
    return (
        unicodedata.category(one) in _HIDDEN
        or one in _BLANK
        or "\ufe00" <= one <= "\ufe0f"
        or "\U000e0100" <= one <= "\U000e01ef"
    )

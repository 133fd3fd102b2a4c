"""Sessions of revision 2025-11-25: an id that says everything itself, signed. *Decisions*: pure; nothing is kept.

So any replica answers any session, and a restart ends none. What an id says: the revision, the server, the key that it
was given to, a name for records and halts, when it was made.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import asdict, dataclass
from typing import Self

import orjson

LIFE_S = 12 * 3600
LONGEST = 1024


@dataclass(frozen=True, slots=True)
class Session:
    """One session of one key with one server. `name` stands for it in records, and a halt may name it."""

    version: str
    server: str
    key: str
    name: str
    made_at: int

    def id(self, secret: bytes) -> str:
        """The session id: what `read` reads."""
        body = orjson.dumps(asdict(self))
        return f"{_text(body)}.{_text(_mark(secret, body))}"

    @classmethod
    def read(cls, text: str, secret: bytes, *, server: str, key: str, now: int) -> Self | None:
        """The session of this id, if it is one of ours, for this server and key, and still alive."""
        body_text, _, mark_text = text.partition(".")
        body, mark = _bytes(body_text), _bytes(mark_text)
        if len(text) > LONGEST or not body or not hmac.compare_digest(mark, _mark(secret, body)):
            return None
        session = cls(**orjson.loads(body))
        alive = session.server == server and session.key == key and now - session.made_at < LIFE_S
        return session if alive else None


def _mark(secret: bytes, body: bytes) -> bytes:
    return hmac.digest(secret, b"mcp-session\0" + body, hashlib.sha256)


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    """Nothing for what is no base64, or not in its one canonical form: an id has one spelling."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""
    return data if _text(data) == text else b""

"""Values inside base64: a long word that decodes to readable text is read once, one level deep. Percent-encoding, HTML
entities and JSON escapes need nothing here: a view undoes them. A finding in the decoded text is reported over the
whole encoded word. Pure.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from binascii import Error

WORD = re.compile(r"[A-Za-z0-9+/_\-]{12,}={0,2}")
LONGEST = 100_000


def decoded(text: str) -> list[tuple[int, int, str]]:
    """(start, end, what it says) of each word that is base64 of readable text."""
    found: list[tuple[int, int, str]] = []
    if not any(len(word) >= 12 for word in text.split()):
        return found
    for match in WORD.finditer(text):
        said = _said(match[0])
        if said is not None:
            found.append((match.start(), match.end(), said))
    return found


def _said(word: str) -> str | None:
    bare = word.rstrip("=")
    if len(word) > LONGEST or len(bare) % 4 == 1 or bare.isdigit() or bare.islower() or bare.isupper():
        return None
    try:
        read = urlsafe_b64decode(bare.replace("+", "-").replace("/", "_") + "=" * (-len(bare) % 4)).decode()
    except (Error, UnicodeDecodeError, ValueError):
        return None
    return read if read and all(one.isprintable() or one in "\r\n\t" for one in read) else None

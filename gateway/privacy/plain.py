"""Text as a reader would see it: escapes of JSON and HTML decoded, invisible characters dropped, with the way back to the
offsets of the text as it stands. Pure."""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from dataclasses import dataclass

_ESCAPES = re.compile(
    r"\\{1,2}u[dD][89abAB][0-9a-fA-F]{2}\\{1,2}u[dD][c-fC-F][0-9a-fA-F]{2}|\\{1,2}u[0-9a-fA-F]{4}|\\{1,2}[nrt]|&(?:#\d{2,6}|#[xX][0-9a-fA-F]{2,5}|[A-Za-z]{2,8});"
    r"|[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
)
_CONTROL = {"n": "\n", "r": "\n", "t": "\t"}


@dataclass(frozen=True, slots=True)
class Plain:
    """`text` decoded. `starts` and `shifts`: from each offset of `text` on, how much further the original is."""

    text: str
    starts: tuple[int, ...]
    shifts: tuple[int, ...]
    ends: tuple[int, ...]

    def back(self, start: int, end: int) -> tuple[int, int]:
        """The same span in the original."""
        return start + self._shift(self.starts, start), end + self._shift(self.ends, end)

    def _shift(self, at: tuple[int, ...], offset: int) -> int:
        index = bisect_right(at, offset)
        return self.shifts[index - 1] if index else 0


def plain(text: str) -> Plain:
    """The text decoded once."""
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    shifts: list[int] = []
    at = length = 0
    for match in _ESCAPES.finditer(text):
        decoded = _decoded(match[0])
        if decoded == match[0]:
            continue
        parts += (text[at : match.start()], decoded)
        length += match.start() - at + len(decoded)
        at = match.end()
        starts.append(length)
        ends.append(max(length, 1) if decoded else length + 1)
        shifts.append(at - length)
    return Plain("".join([*parts, text[at:]]), tuple(starts), tuple(shifts), tuple(ends))


def _decoded(escape: str) -> str:
    bare = escape.replace("\\", "")
    if bare in _CONTROL:
        return _CONTROL[bare]
    if bare != escape:
        units = bytes.fromhex(bare.replace("u", ""))
        return units.decode("utf-16-be", "replace")
    if escape.startswith("&"):
        return html.unescape(escape)
    return ""

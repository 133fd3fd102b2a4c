"""JSON that stands in a text: its strings are opened, so that findings and replacements are made on what they say, and all
that is not replaced stays to the byte: spaces, escapes, order, repeated keys, numbers of any size. Pure.

`Scan` reads a text from left to right, in whatever pieces it comes. One that begins as a JSON object or array begins is
read as JSON for as long as it is JSON; from the first character that is not, and after the end of the value, it is plain
text. Whether a text was said to be JSON does not matter, and one that was cut short is still read. A string that is
JSON itself is opened in turn, `NESTED` deep, and so is what an answer shows after a line ```json, `FENCES` times at most.
A string or a number is read with its key before it, which says what it is.

`embedded` does this to the texts of a request, which are there whole; `guard` to those of an answer as they come.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from enum import Enum

from gateway.privacy.strands import Owner, Strand, Unit

NESTED = 3
DEPTH = 200
LONG_NUMBER = 6
KEY = 64
SNIFF = 64
FENCES = 64
SCALAR = 64

Item = str | Unit
"""A piece of the original that stays as it is, or a unit of a text."""

NewStrand = Callable[[str, int], Strand]
"""Given what stands before a text, and its level."""

_RUN = re.compile(r'[^"\\]+')
_SCALARS = re.compile(r"[-+.0-9A-Za-z]+")
_SPACES = re.compile(r"[ \t\r\n]+")
_JSON_BEGINS = re.compile(r"[ \t\r\n]*[\[{][\[{ \t\r\n]*(?:[\"\]}0-9-]|(?:true|false|null)[,\] \t\r\n])")
_BEFORE_JSON = frozenset("[{ \t\r\n")
_JSON_MAY_BEGIN = re.compile(
    r"[ \t\r\n]*(?:[\[{][\[{ \t\r\n]*(?:t(?:r(?:ue?)?)?|f(?:a(?:l(?:se?)?)?)?|n(?:u(?:ll?)?)?)?)?"
)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_HEX = frozenset("0123456789abcdefABCDEF")
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class Expect(Enum):
    """What a JSON text may go on with."""

    VALUE = "a value"
    FIRST = "a value or the end of the array"
    KEY = "a key"
    FIRST_KEY = "a key or the end of the object"
    COLON = "a colon"
    MORE = "a comma or an end"
    NOTHING = "the end"


def begins_json(text: str) -> bool:
    """Whether a text that is there whole is read as JSON: what `Scan` makes of it."""
    return text[:1] in _BEFORE_JSON and _JSON_BEGINS.match(text[:SNIFF]) is not None


class Scan:
    """One text, in pieces. `before`: what stands before it; `depth`: how deep JSON in it is opened."""

    __slots__ = ("_before", "_carry", "_depth", "_fences", "_json", "_level", "_strand", "_strand_of")

    def __init__(self, strand_of: NewStrand, *, before: str = "", level: int = 0, depth: int = NESTED) -> None:
        self._strand_of, self._before, self._level, self._depth = strand_of, before, level, depth
        self._carry: list[tuple[str, str | None]] = []
        self._fences = FENCES if depth else 0
        self._json: Json | None = None
        self._strand: Strand | None = None
        if not depth:
            self._begin_text(before)

    def feed(self, text: str, raw: str | None = None) -> list[Item]:
        """What is now complete. `raw`: how the one character of `text` stands in the original."""
        if self._strand is not None:
            units = self._strand.feed(text, raw)
            if self._strand.rest is None:
                return list(units)
            follows, self._strand, self._before = self._strand.rest, None, ""
            self._fences -= 1
            return [*units, *self.feed(follows)] if follows else list(units)
        if self._json is None:
            return self._sniff(text, raw)
        items: list[Item] = []
        rest = self._json.feed(text, raw, items)
        if rest is not None:
            self._json = None
            self._begin_text("")
            items += [item for one, its_raw in rest for item in self.feed(one, its_raw)]
        return items

    def finish(self) -> list[Item]:
        """What is left."""
        if self._json is not None:
            return self._json.finish()
        return [*(self._plain() if self._strand is None else ()), *(self._strand.finish() if self._strand else ())]

    def _sniff(self, text: str, raw: str | None) -> list[Item]:
        """Whether this begins as JSON does."""
        self._carry.append((text, raw))
        head = "".join(one for one, _ in self._carry)[:SNIFF]
        if _JSON_BEGINS.match(head) is not None:
            carry, self._carry = self._carry, []
            self._json = Json(self._strand_of, self._before, self._level, self._depth)
            return [item for one, its_raw in carry for item in self.feed(one, its_raw)]
        if len(head) < SNIFF and _JSON_MAY_BEGIN.fullmatch(head) is not None:
            return []
        return self._plain()

    def _plain(self) -> list[Item]:
        """It does not."""
        self._begin_text(self._before)
        carry, self._carry = self._carry, []
        return [item for text, raw in carry for item in self.feed(text, raw)]

    def _begin_text(self, before: str) -> None:
        self._strand = self._strand_of(before, self._level)
        self._strand.fences = self._fences > 0


class Json:
    """A JSON text in pieces: what it says of structure passes, each string and number is a text of its own."""

    __slots__ = (
        "_before",
        "_depth",
        "_expect",
        "_key",
        "_level",
        "_next_line",
        "_scalar",
        "_stack",
        "_strand_of",
        "_string",
    )

    def __init__(self, strand_of: NewStrand, before: str, level: int, depth: int) -> None:
        self._strand_of, self._level, self._depth = strand_of, level, depth
        self._before = [before]  # what stands before a value, by container
        self._stack: list[str] = []
        self._expect = Expect.VALUE
        self._string: String | None = None
        self._key = False
        self._scalar: list[tuple[str, str | None]] = []
        self._next_line = False  # after a value and a line end, another may follow (a log, one object a line)

    def feed(self, text: str, raw: str | None, items: list[Item]) -> list[tuple[str, str | None]] | None:
        """Add what is complete to `items`; from the first character that is not JSON, what is left."""
        at = 0
        while at < len(text):
            if self._string is not None:
                at = self._string.feed(text, at, raw, items)
                if self._string.ended:
                    self._end_string()
                continue
            match = _SCALARS.match(text, at)
            if match is not None:
                self._scalar.append((match[0], raw))
                at = match.end()
                if sum(len(one) for one, _ in self._scalar) > SCALAR or self._expect not in _VALUES:
                    return self._give_up(text, at, raw)
                continue
            if self._scalar and not self._end_scalar(items):
                return self._give_up(text, at, raw)
            spaces = _SPACES.match(text, at)
            if spaces is not None:
                items.append(raw or spaces[0])
                at = spaces.end()
                self._next_line |= self._expect is Expect.NOTHING and "\n" in spaces[0]
            elif self._mark(text[at]):
                items.append(raw or text[at])
                at += 1
            else:
                return self._give_up(text, at, raw)
        return None

    def finish(self) -> list[Item]:
        """What is left of a text that may have been cut short."""
        items: list[Item] = []
        if self._string is not None:
            items += self._string.finish()
        elif self._scalar and not self._end_scalar(items):
            items += [raw or text for text, raw in self._scalar]
        return items

    def _give_up(self, text: str, at: int, raw: str | None) -> list[tuple[str, str | None]]:
        """This is no JSON: what is left of the text."""
        rest, self._scalar = self._scalar, []
        return [*rest, (text[at:], raw)] if at < len(text) else rest

    def _mark(self, mark: str) -> bool:
        """One character of structure; False if it may not stand here."""
        expect = self._expect
        if mark == '"' and expect in _STRINGS:
            self._key = expect in _KEYS
            depth = 0 if self._key else self._depth - 1
            scan = Scan(
                self._strand_of, before="" if self._key else self._context(), level=self._level + 1, depth=depth
            )
            self._string = String(scan)
        elif mark in "{[" and (expect in _VALUES or self._next_line) and len(self._stack) < DEPTH:
            self._next_line = False
            self._stack.append(mark)
            self._before.append(self._context())
            self._expect = Expect.FIRST_KEY if mark == "{" else Expect.FIRST
        elif mark in "}]" and self._stack and self._stack[-1] == {"}": "{", "]": "["}[mark] and expect in _ENDS:
            self._stack.pop()
            self._before.pop()
            self._after_value()
        elif mark == ":" and expect is Expect.COLON:
            self._expect = Expect.VALUE
        elif mark == "," and expect is Expect.MORE:
            self._expect = Expect.KEY if self._stack[-1] == "{" else Expect.VALUE
        else:
            return False
        return True

    def _context(self) -> str:
        return self._before[-1]

    def _after_value(self) -> None:
        self._expect = Expect.MORE if self._stack else Expect.NOTHING

    def _end_string(self) -> None:
        assert self._string is not None
        said, self._string = self._string.said, None
        if self._key:
            self._before[-1] = f"{_spoken(said)}: "
            self._expect = Expect.COLON
        else:
            self._after_value()

    def _end_scalar(self, items: list[Item]) -> bool:
        """A number, true, false or null; False if it is none."""
        text = "".join(one for one, _ in self._scalar)
        if text in ("true", "false", "null"):
            items += [raw or one for one, raw in self._scalar]
        elif _NUMBER.fullmatch(text) is None:
            return False
        else:
            before = self._context()
            long = sum(map(str.isdigit, text)) >= LONG_NUMBER
            raw = tuple(_places(self._scalar))
            items.append(Unit(text, before + text if long else "", len(before), Owner(self._level), raw, number=True))
        self._scalar = []
        self._after_value()
        return True


class String:
    """The inside of a JSON string, in pieces; `said`: its first characters; `ended` at its closing quote."""

    __slots__ = ("_escape", "_scan", "ended", "said")

    def __init__(self, scan: Scan) -> None:
        self._scan = scan
        self._escape: list[tuple[str, str]] = []
        self.said = ""
        self.ended = False

    def feed(self, text: str, at: int, raw: str | None, items: list[Item]) -> int:
        """Read from text[at] on; where reading stopped."""
        while at < len(text):
            if self._escape:
                self._escape.append((text[at], raw or text[at]))
                self._unescape(items)
                at += 1
                if self.ended:
                    return at
                continue
            run = _RUN.match(text, at)
            if run is not None:
                self._say(run[0], raw, items)
                at = run.end()
            elif text[at] == "\\":
                self._escape.append(("\\", raw or "\\"))
                at += 1
            else:
                items += self._scan.finish()
                items.append(raw or '"')
                self.ended = True
                return at + 1
        return at

    def finish(self) -> list[Item]:
        """The text ends inside the string."""
        return [*self._scan.finish(), *(raw for _, raw in self._escape)]

    def _say(self, text: str, raw: str | None, items: list[Item]) -> None:
        if len(self.said) < KEY:
            self.said += text[:KEY]
        items += self._scan.feed(text, raw)

    def _unescape(self, items: list[Item]) -> None:
        """An escape has one character more: say what it stands for once that is known, or what it was if it is none."""
        text = "".join(one for one, _ in self._escape)
        known, length = _meaning(text)
        if not length:
            return
        used, rest = self._escape[:length], self._escape[length:]
        self._escape = []
        self._say(known, "".join(raw for _, raw in used), items)
        for one, raw in rest:  # never a quote nor a whole escape: what made the escape impossible is read anew
            self.feed(one, 0, raw, items)


def _meaning(text: str) -> tuple[str, int]:
    """What an escape stands for, and how many of its characters that takes; 0 while it is not known.

    Half a surrogate pair stands for no character: U+FFFD is looked at in its place. A backslash before anything else is
    a backslash: a lenient parser may take it.
    """
    if len(text) == 1:
        return "", 0
    if text[1] != "u":
        return _ESCAPES.get(text[1], "\\"), 2 if text[1] in _ESCAPES else 1
    if not _HEX.issuperset(text[2:6]):
        return "\\", 1
    if len(text) < 6:
        return "", 0
    code = int(text[2:6], 16)
    if 0xD800 <= code < 0xDC00:
        return _pair(code, text[6:])
    return ("\ufffd" if 0xDC00 <= code < 0xE000 else chr(code)), 6


def _pair(high: int, second: str) -> tuple[str, int]:
    """As `_meaning`, after the first half of a surrogate pair."""
    if not "\\u".startswith(second[:2]) or not _HEX.issuperset(second[2:]):
        return "\ufffd", 6
    if len(second) < 6:
        return "", 0
    low = int(second[2:6], 16)
    if not 0xDC00 <= low < 0xE000:
        return "\ufffd", 6
    return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)), 12


def _spoken(key: str) -> str:
    """A key as words: date_naissance, dateNaissance → date naissance."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|[_\s]+", " ", key[:KEY]).strip().lower()


def _places(pieces: Sequence[tuple[str, str | None]]) -> list[tuple[int, str]]:
    """Which characters of the pieces stand as something else."""
    found, at = [], 0
    for text, raw in pieces:
        if raw is not None:
            found.append((at, raw))
        at += len(text)
    return found


_VALUES = frozenset({Expect.VALUE, Expect.FIRST})
_KEYS = frozenset({Expect.KEY, Expect.FIRST_KEY})
_STRINGS = _VALUES | _KEYS
_ENDS = frozenset({Expect.FIRST, Expect.FIRST_KEY, Expect.MORE})

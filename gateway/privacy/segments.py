"""Where a text that arrives in pieces may be cut. Pure: an automaton over characters, from left to right.

The cuts depend on the text alone, never on how it was chopped up: feeding decides only *when* a unit comes out. So a
stream and a whole answer go through the same units, each looked at in the same window, and come out the same.

A *plain* word (lower-case letters) leaves as soon as it is complete. Some wait for the first letter of what follows, and
leave if it is in lower case: short words, particles, ways (« rue »), and everyday words with a capital (« Ministère »,
« La »), which no list of names has. Any other word (another capital, a digit, an @, a letter of a script without case…)
opens a unit, which grows until a plain word closes it; that word belongs to it and is the context on its right. Some plain
words do not close a unit, since values hold them: particles, months, ways (« 12, rue des Érables »), and whatever follows
a cue (« mot de passe : abcdef », « monsieur tremblay »). A unit of numbers ends earlier: after « $ » or « % », at the end
of a sentence, and right before a word of which the letters that are known already say that it is in lower case and no
part of a number (« 30 jours », not « 30 mars »). A line end is a space like another, so that an address may run over two
lines; a blank line, the dash or the number of a list closes.

How long anything waits (`HELD`, `LONGEST`, tested):

* clean lower-case text: its last word, complete or not; of the words that an answer begins with (`OPENERS`), nothing;
* everyday words with a capital: until the first letter of a word in lower case;
* numbers: until the first letters of one;
* anything else: at most `HELD` characters. Then the unit is cut at its last space before the last `MARGIN` characters,
  and what follows the cut is part of its window: a value that runs over the cut is seen whole and treated whole, with
  the first of the two units;
* where there is no such space, in one long word or a private key between its two armour lines: at most `LONGEST`.

So what has left can hold a part of a value only if the value is longer than `MARGIN` and stands in more than `HELD`
characters without any plain word, or begins with everyday words: « de la Durantaye », whose particles may leave first;
« Carrefour du Lac », whose first word does; an address such as bonjour@… with a capital, right at the beginning of an
answer.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import deque

from gateway.privacy.placeholders import FIRST_WORDS, fold
from gateway.privacy.strands import Strand, Unit
from gateway.privacy.vocabulary import FUNCTION_WORDS, OPENERS, Kind, certain, is_plain, kind_of

HELD = 768
MARGIN = 256
LONGEST = 9_216
CONTEXT = 120
WAY_REACH = 5
BRACKET_REACH = 3
TITLE_REACH = 2
TRIM = 4_096


_SPACE = re.compile(r"\s")
_ALNUM = re.compile(r"[^\W_]")
_BRACKET = re.compile(r"[⟦⟧\[\]<>{}()]|&[lg]t;")
_UNCLOSED = re.compile(r"(?:[⟦\[<{(]|&lt;)[*`\\]*((?:[^\W\d]|-)*)$")
_FENCE = re.compile(r"(?:```|~~~)[Jj][Ss][Oo][Nn][a-z0-9]?\Z")
_CLOSING = re.compile(r"[⟧\]>})]|&gt;")
_ARMOUR = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----$")
_BULLETS = "-*•|#>–—+0123456789"
_UNITS = "$€%"
_ITEM = re.compile(r"[0-9]{1,2}[.)]")
_DIGIT = re.compile(r"[0-9]")


class Segments(Strand):
    """One text, cut as it comes. `before`: what stands before it for the eye, and is not part of it (a JSON key)."""

    __slots__ = (
        "_armoured",
        "_base",
        "_bounds",
        "_bracketed",
        "_cue",
        "_first",
        "_held",
        "_hold",
        "_newline",
        "_numeric",
        "_open",
        "_raw",
        "_reach",
        "_safe",
        "_seen",
        "_start",
        "_stopped",
        "_suspect",
        "_text",
        "_token",
    )

    def __init__(self, before: str = "", level: int = 0) -> None:
        super().__init__(level)
        self._text = ""
        self._base = 0  # offset of _text[0] in the whole
        self._start = 0  # first character not yet in a unit
        self._safe = 0  # up to here, what is not in a unit may leave
        self._token = 0  # where the word that is arriving begins
        self._seen = 0  # up to here there is no further space
        self._open = -1  # where the open unit begins
        self._hold = -1  # where a brief word begins that may belong to what follows
        self._held = Kind.MARK  # what that word is, or the one that opened the unit
        self._first = not before and level == 0  # whether the first word of an answer is still to come
        self._suspect = False  # whether the open unit could hold a value
        self._numeric = False  # whether what could be a value in it has digits in every word
        self._stopped = False  # whether its last word ends as a sentence does
        self._reach = 0  # how many plain words the open unit still takes in
        self._bracketed = False  # whether that is because of a bracket
        self._cue = 0  # for how many words a colon would announce a value
        self._newline = False  # whether a line end stands before the word that is arriving
        self._armoured = False
        self._bounds: list[int] = []  # ends of words in the open unit
        self._raw: deque[tuple[int, str]] = deque()
        if before:
            self.feed(before)
            self._start = self._safe = len(before)
            self._hold = -1
            if self._open >= 0:
                self._open = len(before)
            self._bounds.clear()

    def feed(self, text: str, raw: str | None = None) -> list[Unit]:
        """More text; the units that are now complete. `raw`: how its one character stands in the original."""
        if raw is not None:
            self._raw.append((self._base + len(self._text), raw))
        self._text += text
        units: list[Unit] = []
        if self._first:
            self._open_with()
        while (match := _SPACE.search(self._text, self._seen)) is not None:
            at = match.start()
            if self._numeric and self._open >= 0:
                self._before_words(at, units)
            if at - self._begun() >= HELD:
                self._force(at, units)
            if at == self._token:
                self._blank(at, units)
            else:
                self._word(at, units)
                if self._newline and self.fences and _FENCE.match(self._text, self._token, at) is not None:
                    self._fence(at + 1, units)
            self._token = self._seen = at + 1
        size = self._seen = len(self._text)
        if self._numeric and self._open >= 0:
            self._before_words(size, units)
        if size - self._begun() >= HELD:
            self._force(size, units)
        if self._hold >= 0 and size > self._token:
            self._look_ahead(size)
        self._leave(self._safe, units)
        if self._start > TRIM:
            self._trim()
        return units

    def finish(self) -> list[Unit]:
        """The end of the text: what is left."""
        units: list[Unit] = []
        size = len(self._text)
        if size > self._token:
            if self._numeric and self._open >= 0:
                self._before_words(size, units)
            self._word(size, units)
        if self._open >= 0:
            self._close(size, size, units)
        self._leave(size, units)
        return units

    def _open_with(self) -> None:
        """An answer that begins as answers do: the word leaves at once, and what follows it is another."""
        opener = next((one for one in OPENERS if self._text.startswith(one)), None)
        if opener is not None:
            self._safe = self._token = self._seen = len(opener)
        self._first = opener is None and any(one.startswith(self._text) for one in OPENERS)

    def _fence(self, end: int, units: list[Unit]) -> None:
        """The line that ends here announces another kind of text."""
        if self._open >= 0:
            self._close(end, end, units)
        self._safe, self._hold = end, -1
        self._text, self.rest = self._text[:end], self._text[end:]

    # ── one word ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _word(self, at: int, units: list[Unit]) -> None:
        """The word that ends before the character `at`."""
        token = self._text[self._token : at]
        kind = said = kind_of(token)
        end = min(at + 1, len(self._text))
        if not token.isalpha() and _BRACKET.search(token) is not None:
            kind = self._bracket(token, kind)
        if self._hold >= 0:
            self._look_ahead(at)
        if kind is Kind.OTHER and _ITEM.fullmatch(token) and (self._newline or self._base + self._token == 0):
            kind = said = Kind.MARK
        if self._newline and kind is Kind.MARK and token[0] in _BULLETS and self._may_close(self._token):
            self._close(self._token, self._token, units)
        elif self._numeric and self._stopped and kind is Kind.FUNCTION and token in FUNCTION_WORDS and not self._reach:
            self._close(self._token, self._token, units)  # « … en 2026. Le … »
        if self._open >= 0:
            self._inside(token, kind, end, units)
        else:
            self._outside(kind, end, units)
        if said is Kind.OTHER:
            self._numeric = (self._numeric or not self._suspect) and _DIGIT.search(token) is not None
            self._suspect = True
        self._stopped = token[-1] in ".!?"
        if token.endswith("-----"):
            self._armour(at)
        if self._cue or said is Kind.CUE or said is Kind.TITLE:
            self._announce(token, said, end, units)
        if not self._armoured and 0 <= self._open < end:
            self._bounds.append(end)
        self._newline = at < len(self._text) and self._text[at] == "\n"

    def _inside(self, token: str, kind: Kind, end: int, units: list[Unit]) -> None:
        """A word while a unit is open."""
        if kind is Kind.WAY:
            self._reach = max(self._reach, WAY_REACH * self._suspect)
        elif kind is Kind.FUNCTION:
            self._suspect |= self._held is Kind.PARTICLE  # « De la Ville »
        elif kind is Kind.OPENING:
            self._reach, self._bracketed = max(self._reach, BRACKET_REACH), self._reach == 0
        elif kind is Kind.MARK and self._numeric and not self._reach and token[0] in _UNITS:
            self._close(end, end, units)
        elif kind in _CLOSES and not self._armoured:
            if self._reach:
                self._reach -= 1
            elif kind is Kind.BRIEF:
                self._close(self._token, end, units)
                self._hold, self._held = self._token, kind
            else:
                self._close(end, end, units)

    def _outside(self, kind: Kind, end: int, units: list[Unit]) -> None:
        """A word while none is."""
        if kind is Kind.FUNCTION and self._hold >= 0 and self._held in _BEGINS:
            kind = Kind.OTHER  # « rue Principale »
            self._suspect = True
        if kind in _OPENS:
            self._held = kind
            self._begin(self._hold if self._hold >= 0 else self._token, units)
            if kind is Kind.OPENING:
                self._reach, self._bracketed = BRACKET_REACH, True
        elif kind is Kind.FUNCTION and self._hold >= 0:
            self._held = kind
        elif kind in _WAITS:
            self._safe = self._hold = self._token
            self._held = kind
        else:
            self._hold = -1
            self._safe = end

    def _look_ahead(self, at: int) -> None:
        """What waits is let go when what follows, known up to `at`, begins with a lower-case letter."""
        match = _ALNUM.search(self._text, self._token, at)
        if match is not None and match[0].islower():
            self._hold = -1
            self._safe = self._token

    def _before_words(self, upto: int, units: list[Unit]) -> None:
        """Numbers end where a word begins that is none of theirs, however it goes on; `upto`: how far the text is known."""
        while self._numeric and 0 <= self._open < self._token and not self._reach and not self._armoured:
            letters = certain(self._text, self._token, upto)
            if not letters:
                return
            begun = self._begun()
            if self._token + letters - begun < HELD:
                self._close(self._token, self._token, units)
                return
            self._force(self._token + letters, units)
            if self._begun() == begun:
                return

    def _bracket(self, token: str, kind: Kind) -> Kind:
        """A word with a bracket in it: it may open a placeholder that has spaces, or close one."""
        match = _UNCLOSED.search(token)
        if match is not None and (not match[1] or fold(match[1]).split("_")[0].rstrip("S") in _FIRST):
            return Kind.OPENING
        if self._bracketed and _CLOSING.search(token):
            self._reach, self._bracketed = 0, False
        return kind

    def _announce(self, token: str, kind: Kind, end: int, units: list[Unit]) -> None:
        """After a cue and a colon, or a title, plain words may be a value."""
        if kind is Kind.CUE:
            self._cue = 6
        if kind is Kind.TITLE:
            reach = TITLE_REACH
        elif self._cue and (kind is Kind.SAYS or token[-1] in ":="):
            reach = 1
        else:
            self._cue -= self._cue > 0
            return
        if self._open < 0:
            self._begin(end, units)
        self._suspect = True
        self._reach = max(self._reach, reach)

    def _armour(self, at: int) -> None:
        """Between its two armour lines, a private key is one long word."""
        match = _ARMOUR.search(self._text, max(self._open, at - 80), at) if self._open >= 0 else None
        self._armoured = match is not None
        if match is not None:
            del self._bounds[bisect_right(self._bounds, match.start()) :]

    def _blank(self, at: int, units: list[Unit]) -> None:
        """A space after a space; a blank line ends a unit."""
        line_end = self._text[at] == "\n"
        if self._open < 0:
            if self._newline and line_end:
                self._hold = -1
            if self._hold < 0:
                self._safe = at + 1
        elif self._newline and line_end and self._may_close(at):
            self._close(at + 1, at + 1, units)
        elif not self._armoured:
            self._bounds.append(at + 1)
        self._newline |= line_end

    # ── units ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _begun(self) -> int:
        """Where what is waiting begins."""
        if self._open >= 0:
            return self._open
        return self._hold if self._hold >= 0 else self._token

    def _begin(self, at: int, units: list[Unit]) -> None:
        self._leave(at, units)
        self._safe = self._open = at
        self._hold = -1

    def _may_close(self, at: int) -> bool:
        """Whether a unit is open and has something in it, so that a new paragraph ends it."""
        return self._open >= 0 and not self._armoured and not self._text[self._open : at].isspace() and at > self._open

    def _close(self, end: int, until: int, units: list[Unit]) -> None:
        """The open unit ends here; it is looked at up to `until`."""
        if self._suspect and end > self._open:
            self._cut(end, until, units)
        self._open, self._reach, self._bracketed, self._suspect, self._numeric = -1, 0, False, False, False
        self._safe = end
        self._bounds.clear()

    def _leave(self, end: int, units: list[Unit]) -> None:
        """What is plain leaves, up to here."""
        if end > self._start:
            units.append(Unit(self._text[self._start : end], "", 0, self, self._escapes(end)))
            self._start = end

    def _cut(self, end: int, until: int, units: list[Unit]) -> None:
        """The open unit, up to here, looked at up to `until`."""
        begin = self._open
        self._leave(begin, units)
        left = begin - CONTEXT
        if self._base + left <= 0:
            left = 0
        elif (match := _SPACE.search(self._text, left, begin)) is not None:
            left = match.end()
        units.append(Unit(self._text[begin:end], self._text[left:until], begin - left, self, self._escapes(end)))
        self._start = self._safe = end

    def _force(self, upto: int, units: list[Unit]) -> None:
        """Cut what waits for too long, as often as it takes; `upto`: how far the text is known."""
        while True:
            begin = self._begun()
            end, until = self._forced(begin)
            if until > upto:
                return
            if self._open < 0:
                if self._hold >= 0:
                    self._hold, self._safe = -1, self._token
                    continue
                if is_plain(self._text[begin:end]):
                    self._safe = self._token = end
                    continue
                self._begin(begin, units)
            if self._suspect or not is_plain(self._text[begin:end]):
                self._suspect = True
                self._cut(end, until, units)
            else:
                self._leave(end, units)
            self._open = end
            del self._bounds[: bisect_right(self._bounds, end)]
            self._token = max(self._token, end)

    def _forced(self, begin: int) -> tuple[int, int]:
        """Where a unit that goes on and on is cut, and how far is looked at."""
        index = bisect_right(self._bounds, begin + HELD - MARGIN)
        if index:
            return self._bounds[index - 1], begin + HELD
        if self._bounds and self._bounds[0] <= begin + LONGEST - MARGIN:
            return self._bounds[0], max(begin + HELD, self._bounds[0] + MARGIN)
        return begin + LONGEST - MARGIN, begin + LONGEST

    def _escapes(self, end: int) -> tuple[tuple[int, str], ...]:
        """The characters of text[start:end] that stand as something else, by their place in it."""
        if not self._raw:
            return ()
        first, last, found = self._base + self._start, self._base + end, []
        while self._raw and self._raw[0][0] < last:
            at, raw = self._raw.popleft()
            found.append((at - first, raw))
        return tuple(found)

    def _trim(self) -> None:
        """Forget what has left, but for the context of what comes."""
        gone = self._start - CONTEXT
        self._text = self._text[gone:]
        self._base += gone
        self._start -= gone
        self._safe -= gone
        self._token -= gone
        self._seen -= gone
        self._open -= gone if self._open >= 0 else 0
        self._hold -= gone if self._hold >= 0 else 0
        self._bounds = [one - gone for one in self._bounds]


_CLOSES = frozenset({Kind.PLAIN, Kind.BRIEF, Kind.CUE, Kind.SAYS, Kind.TITLE})
_OPENS = frozenset({Kind.OTHER, Kind.OPENING, Kind.PARTICLE})
_WAITS = frozenset({Kind.BRIEF, Kind.JOINT, Kind.LINK, Kind.WAY, Kind.FUNCTION})
_BEGINS = frozenset({Kind.JOINT, Kind.WAY})
_FIRST = frozenset(name.rstrip("S") for name in FIRST_WORDS)

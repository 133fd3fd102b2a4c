"""Can a condition ever be true? *Decisions*: pure. Never says no when the answer is yes: what it does not follow may be.

Theory. A condition is made of comparisons of a fact with constants. Two values of a fact that compare alike with all
the constants that the condition names are the same to it, so a few values of each fact stand for all: for an integer,
each constant and its neighbours; for a text, each constant and one that is none of them; for a list, every set of the
constants, with or without one that is none of them, in every size that matters. The condition is then asked for every
combination, in three values: a part that is not followed (two facts compared, a pattern, arithmetic, tool arguments) is
*unknown*. If it is false every time, it can never be true. Beyond `MOST` combinations nothing is claimed.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations, product
from typing import Any

from gateway.policies.facts import BY_NAME, Fact
from gateway.policies.syntax import Node

MOST = 20_000
MANY_WORDS = 10
FRESH = "\0"
"""A text that no condition names."""

Truth = bool | None
_COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "_==_": operator.eq,
    "_!=_": operator.ne,
    "_<_": operator.lt,
    "_<=_": operator.le,
    "_>_": operator.gt,
    "_>=_": operator.ge,
}


@dataclass(frozen=True, slots=True)
class Sized:
    """A list, as far as conditions see it: which words are in it, and how many elements it has."""

    words: frozenset[str]
    size: int


@dataclass(slots=True)
class _Named:
    """The constants that a condition compares one fact with."""

    words: set[str] = field(default_factory=set)
    numbers: set[int] = field(default_factory=set)


def can_be_true(tree: Node) -> bool:
    """False only if no facts whatever make the condition true."""
    named = _constants(tree)
    if any(len(one.words) > MANY_WORDS for one in named.values()):
        return True
    domains = {name: _values(BY_NAME[name], constants) for name, constants in named.items()}
    count = 1
    for values in domains.values():
        count *= len(values)
        if count > MOST:
            return True
    return any(
        _truth(tree, dict(zip(domains, chosen, strict=True))) is not False for chosen in product(*domains.values())
    )


def compared_words(tree: Node) -> Iterator[tuple[Fact, str, int]]:
    """(fact, word, offset) for each word that a condition compares a fact, or the elements of one, with."""
    for one in _walk(tree):
        for name, word, offset in _comparisons(one):
            yield BY_NAME[name], word, offset


# ── what a condition names ────────────────────────────────────────────────────────────────────────────────────────


def fact_of(node: Node) -> str:
    """The fact that a node is, or nothing."""
    if node.kind == "ident":
        return node.value if node.value in BY_NAME else ""
    if node.kind == "select":
        inner = node.args[0]
        path = [node.value]
        while inner.kind == "select":
            path.append(inner.value)
            inner = inner.args[0]
        name = ".".join([str(inner.value), *reversed(path)])
        return name if inner.kind == "ident" and name in BY_NAME else ""
    return ""


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for one in node.args:
        yield from _walk(one)


def _comparisons(node: Node) -> Iterator[tuple[str, str, int]]:
    """The words that this very node compares a fact with, or the elements of a fact."""
    if node.kind in ("exists", "all") and fact_of(node.args[0]):
        for one in _walk(node.args[1]):
            for place, word, offset in _word_comparisons(one):
                if (place.kind, place.value) == ("ident", node.value):
                    yield fact_of(node.args[0]), word, offset
        return
    for place, word, offset in _word_comparisons(node):
        if name := fact_of(place):
            yield name, word, offset


def _word_comparisons(node: Node) -> Iterator[tuple[Node, str, int]]:
    """(what is compared, with which word, where) of `x == "w"`, `"w" in x` and `x in ["w", …]`."""
    if node.kind != "call" or len(node.args) != 2:
        return
    left, right = node.args
    if node.value in ("_==_", "_!=_"):
        for place, word in ((left, right), (right, left)):
            if word.kind == "const" and isinstance(word.value, str):
                yield place, word.value, word.offset
    elif node.value == "@in":
        if left.kind == "const" and isinstance(left.value, str):
            yield right, left.value, left.offset
        for word in right.args if right.kind == "list" else ():
            if word.kind == "const" and isinstance(word.value, str):
                yield left, word.value, word.offset


def _constants(tree: Node) -> dict[str, _Named]:
    """Each fact of the condition, with the constants that it is compared with."""
    named: dict[str, _Named] = {}
    for node in _walk(tree):
        name = fact_of(node)
        if name and BY_NAME[name].type != "map":
            named.setdefault(name, _Named())
    for node in _walk(tree):
        for name, word, _ in _comparisons(node):
            named.setdefault(name, _Named()).words.add(word)
        if node.kind == "call" and node.value in _COMPARISONS:
            for place, number in (node.args, node.args[::-1]):
                if number.kind == "const" and type(number.value) is int:
                    name = fact_of(place) or _size_of(place)
                    if name:
                        named.setdefault(name, _Named()).numbers.add(number.value)
    return named


def _size_of(node: Node) -> str:
    """The list fact whose size a node is, or nothing."""
    if node.kind == "call" and node.value == "size" and len(node.args) == 1:
        name = fact_of(node.args[0])
        return name if name and BY_NAME[name].type == "list" else ""
    return ""


def _values(fact: Fact, named: _Named) -> list[Any]:
    """Values of a fact that stand for all."""
    if fact.type == "bool":
        return [False, True]
    if fact.type == "int":
        near = {number + step for number in named.numbers or {0} for step in (-1, 0, 1)}
        least = near if fact.least is None else {max(number, fact.least) for number in near}
        return sorted(least if fact.most is None else {min(number, fact.most) for number in least})
    words = sorted(word for word in named.words if fact.may_be(word))
    if fact.type == "string":
        others = [value for value in fact.values if value not in named.words][:1] if fact.values else [FRESH]
        return [*words, *others]
    return list(_lists(words, named.numbers))


def _lists(words: list[str], sizes: set[int]) -> Iterator[Sized]:
    """Every set of these words and one more, in every size that some comparison can tell from another."""
    elements = [*words, FRESH]
    near = sorted({size + step for size in sizes for step in (-1, 0, 1)})
    for count in range(len(elements) + 1):
        for chosen in combinations(elements, count):
            for size in sorted({count, *(one for one in near if one >= count)} if chosen else {0}):
                yield Sized(frozenset(chosen), size)


# ── truth, in three values ────────────────────────────────────────────────────────────────────────────────────────


def _truth(node: Node, facts: Mapping[str, Any], element: tuple[str, str] | None = None) -> Truth:
    """Whether a condition holds for these facts; None: not followed. `element`: (variable, its value) of a macro."""
    name = fact_of(node)
    if name or node.kind == "const":
        value = facts[name] if name else node.value
        return value if isinstance(value, bool) else None
    if node.kind in ("exists", "all"):
        return _of_elements(node, facts, element)
    if node.kind != "call":
        return None
    if node.value in ("_&&_", "_||_"):
        return _together([_truth(one, facts, element) for one in node.args], decisive=node.value == "_||_")
    if node.value == "!_":
        inner = _truth(node.args[0], facts, element)
        return None if inner is None else not inner
    if node.value == "_?_:_":
        asked, yes, no = (_truth(one, facts, element) for one in node.args)
        return (yes if yes == no else None) if asked is None else yes if asked else no
    return _compared(node, facts, element) if len(node.args) == 2 else None


def _together(each: list[Truth], *, decisive: bool) -> Truth:
    """`or` of several if True is decisive, `and` if False is."""
    if decisive in each:
        return decisive
    return None if None in each else not decisive


def _of_elements(node: Node, facts: Mapping[str, Any], element: tuple[str, str] | None) -> Truth:
    """`list.exists(x, …)` and `list.all(x, …)` of a fact; a macro inside a macro is not followed."""
    name = fact_of(node.args[0])
    if not name or element is not None or BY_NAME[name].type != "list":
        return None
    each = [_truth(node.args[1], facts, (node.value, word)) for word in facts[name].words]
    return _together(each, decisive=node.kind == "exists")


def _compared(node: Node, facts: Mapping[str, Any], element: tuple[str, str] | None) -> Truth:
    left, right = node.args
    if node.value == "@in":
        return _is_in(left, right, facts, element)
    if node.value not in _COMPARISONS:
        return None
    one, other = _value(left, facts, element), _value(right, facts, element)
    if type(one) is not type(other) or not isinstance(one, int | str):
        return None
    if "const" not in (left.kind, right.kind) and not isinstance(one, bool):
        return None  # the values that stand for all of one fact do not stand for all pairs of two
    if isinstance(one, str | bool) and node.value not in ("_==_", "_!=_"):
        return None
    return bool(_COMPARISONS[node.value](one, other))


def _value(node: Node, facts: Mapping[str, Any], element: tuple[str, str] | None) -> Any:
    """What a side of a comparison is, as far as it is followed; None when it is not."""
    if element is not None and (node.kind, node.value) == ("ident", element[0]):
        return element[1]
    if node.kind == "const":
        return node.value
    if name := _size_of(node):
        return facts[name].size
    name = fact_of(node)
    value = facts.get(name) if name else _truth(node, facts, element)
    return None if isinstance(value, Sized) else value


def _is_in(left: Node, right: Node, facts: Mapping[str, Any], element: tuple[str, str] | None) -> Truth:
    name = fact_of(right)
    if name and BY_NAME[name].type == "list" and left.kind == "const":
        known: Sized = facts[name]
        return left.value in known.words
    if right.kind == "list" and all(one.kind == "const" for one in right.args):
        value = _value(left, facts, element)
        if isinstance(value, str):
            return value in [one.value for one in right.args]
    return None

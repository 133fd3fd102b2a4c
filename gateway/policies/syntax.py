"""A compiled condition as a tree, read from the CEL project's own interchange format. *Data* and its reading; pure.

The engine gives a `cel.expr.CheckedExpr` in protocol-buffer bytes (cel-spec, proto/cel/expr/{checked,syntax}.proto). Only
what a check of conditions needs is read: the tree, and where each node stands in the text.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Node:
    """`kind`: const, ident, select, call, list, all, exists or other; `value`: a constant, a name or a function's name.

    `args` of a call: its target first if it has one; of all and exists: the list, the predicate; `value` is then the
    name of the variable. `offset`: in characters of the condition's text, or -1.
    """

    kind: str
    value: Any
    args: tuple[Node, ...]
    offset: int


def parsed(serialized: bytes) -> Node:
    """The tree of an expression's `serialize()`. Raises `ValueError` for bytes that are none."""
    checked = _message(_first(_message(serialized), 2))
    positions = {}
    for entry in _message(_first(checked, 5)).get(4, []):
        pair = _message(entry)
        positions[int(_first(pair, 1, 0))] = int(_first(pair, 2, 0))
    return _node(_message(_first(checked, 4)), positions)


@dataclass(frozen=True, slots=True)
class Bound:
    """A condition compares the number at `path` in a tool's arguments with a written one: path, `sign`, number."""

    path: tuple[str, ...]
    sign: str
    number: float


_SIGNS = {"_>_": ">", "_>=_": ">=", "_<_": "<", "_<=_": "<="}
_TURNED = {">": "<", ">=": "<=", "<": ">", "<=": ">="}
_NUMBERS = ("double", "int", "uint")


def bounds(node: Node) -> Iterator[Bound]:
    """The bounds that a condition sets to numbers in a tool's arguments, wherever they stand in it."""
    if node.kind == "call" and node.value in _SIGNS and len(node.args) == 2:
        sign = _SIGNS[node.value]
        left, right = node.args
        for one, other, way in ((left, right, sign), (right, left, _TURNED[sign])):
            number, path = other.value, _argument_path(one)
            if path and other.kind == "const" and isinstance(number, (int, float)) and not isinstance(number, bool):
                yield Bound(path, way, number)
    for one in node.args:
        yield from bounds(one)


def _argument_path(node: Node) -> tuple[str, ...]:
    """Where in `action.arguments` a node looks, through a conversion to a number; empty when nowhere that is written."""
    if node.kind == "call" and node.value in _NUMBERS and len(node.args) == 1:
        return _argument_path(node.args[0])
    if node.kind == "select" and len(node.args) == 1:
        name, inner = str(node.value), node.args[0]
    elif node.kind == "call" and node.value == "_[_]" and node.args[1].kind == "const":
        name, inner = str(node.args[1].value), node.args[0]
    else:
        return ()
    if inner.kind == "ident" and inner.value == "action.arguments":
        return (name,)
    before = _argument_path(inner)
    return (*before, name) if before else ()


def _node(expression: dict[int, list[Any]], positions: dict[int, int]) -> Node:
    offset = positions.get(int(_first(expression, 2, 0)), -1)

    def inner(value: Any) -> Node:
        return _node(_message(value), positions)

    if 3 in expression:
        return Node("const", _constant(_message(_first(expression, 3))), (), offset)
    if 4 in expression:
        return Node("ident", _text(_message(_first(expression, 4)), 1), (), offset)
    if 5 in expression:
        select = _message(_first(expression, 5))
        return Node("other" if 3 in select else "select", _text(select, 2), (inner(_first(select, 1)),), offset)
    if 6 in expression:
        call = _message(_first(expression, 6))
        args = tuple(inner(one) for one in [*call.get(1, []), *call.get(3, [])])
        return Node("call", _text(call, 2), args, offset)
    if 7 in expression:
        elements = _message(_first(expression, 7)).get(1, [])
        return Node("list", None, tuple(inner(one) for one in elements), offset)
    if 9 in expression:
        return _comprehension(_message(_first(expression, 9)), positions, offset)
    return Node("other", None, (), offset)


def _comprehension(loop: dict[int, list[Any]], positions: dict[int, int], offset: int) -> Node:
    """`exists` and `all` as what they are; any other macro as `other`."""
    start = _node(_message(_first(loop, 4)), positions)
    step = _node(_message(_first(loop, 6)), positions)
    source = _node(_message(_first(loop, 2)), positions)
    result = _node(_message(_first(loop, 7)), positions)
    accumulator = _text(loop, 3)
    for kind, first, function in (("exists", False, "_||_"), ("all", True, "_&&_")):
        if (
            (start.kind, start.value) == ("const", first)
            and (step.kind, step.value) == ("call", function)
            and (step.args[0].kind, step.args[0].value) == ("ident", accumulator)
            and (result.kind, result.value) == ("ident", accumulator)
        ):
            return Node(kind, _text(loop, 1), (source, step.args[1]), offset)
    return Node("other", None, (source,), offset)


def _constant(constant: dict[int, list[Any]]) -> Any:
    if 2 in constant:
        return bool(_first(constant, 2))
    if 3 in constant:
        value = int(_first(constant, 3))
        return value - (1 << 64) if value >= 1 << 63 else value
    if 5 in constant:
        return float(struct.unpack("<d", _first(constant, 5))[0])
    if 6 in constant:
        return _text(constant, 6)
    return None


def _text(message: dict[int, list[Any]], field: int) -> str:
    value = _first(message, field, b"")
    return value.decode("utf-8") if isinstance(value, bytes) else ""


def _first(message: dict[int, list[Any]], field: int, missing: Any = b"") -> Any:
    return message.get(field, [missing])[0]


def _message(data: bytes) -> dict[int, list[Any]]:
    """The fields of a protocol-buffer message: integers as such, everything else as bytes."""
    fields: dict[int, list[Any]] = {}
    for field, value in _fields(data):
        fields.setdefault(field, []).append(value)
    return fields


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        field, wire = tag >> 3, tag & 7
        if wire == 0:
            value, at = _varint(data, at)
            yield field, value
            continue
        if wire == 2:
            size, at = _varint(data, at)
        else:
            size = {1: 8, 5: 4}.get(wire, -1)
        if size < 0 or at + size > len(data):
            raise ValueError("not a protocol-buffer message")
        yield field, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data):
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return value, at
    raise ValueError("not a protocol-buffer message")

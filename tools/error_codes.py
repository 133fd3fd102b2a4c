"""The error codes, read from the source of the package: every class and every raise that names one.

Codes are written where errors are raised, next to their message, so there is no list of them to keep; this reads the
syntax tree instead. It sees `code = "…"` in error classes, and `code="…"` where one of them is made.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One code. Texts are as written, `…` for what is filled in at run time; `family` is refusal or fault."""

    code: str
    status: int
    family: str
    fr: str = ""
    en: str = ""
    hint_fr: str = ""
    hint_en: str = ""


@dataclass(frozen=True, slots=True)
class ErrorClass:
    """A class of errors, as written; None for what it inherits."""

    bases: tuple[str, ...]
    code: str | None
    status: int | None


def found(package: Path) -> list[ErrorCode]:
    """Every code of the package, once each, sorted. Of several raises of one code, the first with a message is told."""
    trees = [ast.parse(path.read_text("utf-8")) for path in sorted(package.rglob("*.py"))]
    classes = {name: one for tree in trees for name, one in _classes(tree)}
    told: dict[str, ErrorCode] = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _family(_name(node.func), classes):
                one = _raised(node, classes)
                if one is not None and (one.code not in told or not told[one.code].fr):
                    told[one.code] = one
    for name, kind in classes.items():
        if kind.code is not None and kind.code not in told and (family := _family(name, classes)):
            told[kind.code] = ErrorCode(kind.code, _inherited_status(name, classes), family)
    return [told[key] for key in sorted(told)]


def _classes(tree: ast.AST) -> Iterator[tuple[str, ErrorClass]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            values: dict[str, object] = {}
            for line in node.body:
                target = line.targets[0] if isinstance(line, ast.Assign) else getattr(line, "target", None)
                value = getattr(line, "value", None)
                if isinstance(target, ast.Name) and isinstance(value, ast.Constant):
                    values[target.id] = value.value
            code, status = values.get("code"), values.get("status")
            yield (
                node.name,
                ErrorClass(
                    tuple(_name(base) for base in node.bases),
                    code if isinstance(code, str) else None,
                    status if isinstance(status, int) else None,
                ),
            )


def _raised(node: ast.Call, classes: Mapping[str, ErrorClass]) -> ErrorCode | None:
    """What one construction of an error says, or None if its code is not written there."""
    name = _name(node.func)
    given = {one.arg: one.value for one in node.keywords}
    code = given.get("code")
    if code is not None and not (isinstance(code, ast.Constant) and isinstance(code.value, str)):
        return None
    stated = code.value if isinstance(code, ast.Constant) else _inherited_code(name, classes)
    if not isinstance(stated, str):
        return None
    status = given.get("status")
    number = status.value if isinstance(status, ast.Constant) else _inherited_status(name, classes)
    arguments = [*node.args, given.get("message"), given.get("hint")]
    messages = [one for one in arguments if isinstance(one, ast.Call) and _name(one.func) == "Message"]
    texts = [tuple(_text(part) for part in _both(one)) for one in messages[:2]] + [("", "")] * 2
    (fr, en), (hint_fr, hint_en) = texts[0], texts[1]
    return ErrorCode(
        stated, number if isinstance(number, int) else 500, _family(name, classes), fr, en, hint_fr, hint_en
    )


def _both(message: ast.Call) -> tuple[ast.expr | None, ast.expr | None]:
    given = {one.arg: one.value for one in message.keywords}
    parts = [*message.args, None, None]
    return given.get("fr", parts[0]), given.get("en", parts[1])


def _text(node: ast.expr | None) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(one) if isinstance(one, ast.Constant) else "…" for one in node.values)
    if isinstance(node, ast.BinOp):
        return _text(node.left) + _text(node.right)
    return "…" if node is not None else ""


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _lineage(name: str, classes: Mapping[str, ErrorClass]) -> Iterator[str]:
    """The class and those above it, nearest first."""
    waiting, passed = [name], set[str]()
    while waiting:
        current = waiting.pop(0)
        if current in classes and current not in passed:
            passed.add(current)
            yield current
            waiting += classes[current].bases


def _family(name: str, classes: Mapping[str, ErrorClass]) -> str:
    lineage = list(_lineage(name, classes))
    return "refus · refusal" if "Refusal" in lineage else "faute · fault" if "Fault" in lineage else ""


def _inherited_code(name: str, classes: Mapping[str, ErrorClass]) -> str | None:
    return next((one for above in _lineage(name, classes) if (one := classes[above].code) is not None), None)


def _inherited_status(name: str, classes: Mapping[str, ErrorClass]) -> int:
    return next((one for above in _lineage(name, classes) if (one := classes[above].status) is not None), 500)

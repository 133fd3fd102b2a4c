"""A document as the model of its file; or, for every way in which it is not, the place, the reason and the fix. Pure."""

from __future__ import annotations

import difflib
import re
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from gateway.config.problems import Problem, Wrong
from gateway.config.reading import Document, Loc
from gateway.errors import Message

Shape = TypeVar("Shape", bound=BaseModel)

SEE = Message("Voir docs/reference/configuration.md.", "See docs/reference/configuration.md.")
WANTED: dict[str, tuple[str, str]] = {
    "int": ("un entier", "an integer"),
    "float": ("un nombre", "a number"),
    "bool": ("true ou false", "true or false"),
    "string": ("un texte (entre guillemets s'il ressemble à un nombre ou à une date)", "a text (quoted if need be)"),
    "date": ("une date, AAAA-MM-JJ", "a date, YYYY-MM-DD"),
    "list": ("une liste", "a list"),
    "tuple": ("une liste", "a list"),
    "dict": ("des clés et leurs valeurs", "keys and values"),
    "model": ("des clés et leurs valeurs", "keys and values"),
}
"""What is wanted, by the first word of the validator's error type."""
BOUNDS = {"greater_than": ">", "greater_than_equal": "≥", "less_than": "<", "less_than_equal": "≤"}


def shape(document: Document, model: type[Shape], problems: list[Problem]) -> Shape | None:
    """The document as `model`, or every way in which it is not."""
    try:
        return model.model_validate(document.value if document.value is not None else {})
    except ValidationError as error:
        problems.extend(_explained(document, model, one) for one in error.errors(include_url=False))
        return None


def _explained(document: Document, model: type[BaseModel], error: Any) -> Problem:
    loc: Loc = tuple(step for step in error["loc"] if step != "[key]")
    name = ".".join(str(step) for step in loc)
    if error["type"] == "extra_forbidden":
        keys = _keys_at(model, loc[:-1])
        near = difflib.get_close_matches(str(loc[-1]), keys, n=1)
        hint = Message(f"Vouliez-vous dire «\u00a0{near[0]}\u00a0»?", f"Did you mean '{near[0]}'?") if near else None
        listed = ", ".join(sorted(keys))
        hint = hint or Message(f"Clés possibles\u00a0: {listed}.", f"Possible keys: {listed}.")
        return document.problem(loc, Message(f"Clé inconnue\u00a0: {name}.", f"Unknown key: {name}."), hint, key=True)
    if error["type"] == "missing":
        said = Message(f"Il manque la clé {name}.", f"The key {name} is missing.")
        return document.problem(loc[:-1], said, Message("L'ajouter.", "Add it."))
    if "env:" in str(error.get("ctx", {}).get("pattern", "")):
        return document.problem(
            loc,
            Message(f"{name}\u00a0: un secret s'écrit par référence.", f"{name}: a secret is written as a reference."),
            Message("Écrire env:NOM ou file:CHEMIN.", "Write env:NAME or file:PATH."),
            hide=True,
        )
    hide = re.search("key|secret|token|password|url", str(loc[-1])) is not None if loc else False
    where = name or document.name
    reason, hint = _reason(error)
    said = Message(f"{where}\u00a0: {reason.fr}.", f"{where}: {reason.en}.")
    return document.problem(loc, said, hint, hide=hide)


def _reason(error: Any) -> tuple[Message, Message]:
    """Why, and what to do."""
    kind, context = error["type"], error.get("ctx", {})
    if isinstance(own := context.get("error"), Wrong):
        return own.message, SEE
    if kind == "literal_error":
        expected = str(context["expected"]).replace(" or ", ", ").replace("'", "")
        return Message("valeur inconnue", "unknown value"), Message(
            f"L'une de\u00a0: {expected}.", f"One of: {expected}."
        )
    if kind in BOUNDS:
        bound = f"{BOUNDS[kind]} {next(iter(context.values()))}"
        return Message("hors des bornes", "out of bounds"), Message(f"Il faut\u00a0: {bound}.", f"Must be {bound}.")
    if kind in ("too_short", "string_too_short"):
        return Message("vide", "empty"), Message("Donner au moins une valeur.", "Give at least one value.")
    if kind == "string_pattern_mismatch":
        pattern = context["pattern"]
        return Message("forme inattendue", "unexpected form"), Message(f"Forme\u00a0: {pattern}", f"Form: {pattern}")
    wanted = WANTED.get(kind.partition("_")[0])
    if wanted is not None:
        return Message(f"il faut {wanted[0]}", f"must be {wanted[1]}"), SEE
    text = str(error["msg"])
    return Message(text, text), SEE


def _keys_at(model: type[BaseModel], loc: Loc) -> list[str]:
    """The keys that the schema knows at `loc`."""
    schema: Any = model.model_json_schema()
    definitions = schema.get("$defs", {})

    def resolve(node: Any) -> Any:
        for option in [node, *node.get("anyOf", [])]:
            if "$ref" in option:
                return definitions[option["$ref"].rsplit("/", 1)[-1]]
        return node

    node = resolve(schema)
    for step in loc:
        node = resolve(
            node.get("items", {}) if isinstance(step, int) else node.get("properties", {}).get(str(step), {})
        )
    return list(node.get("properties", {}))

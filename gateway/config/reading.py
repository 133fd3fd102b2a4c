"""One YAML file, read with the place of every value. *Edge* for the disk; knows nothing of what the files mean."""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from gateway.config.problems import Problem
from gateway.errors import Message

MAX_FILE_BYTES = 8 * 1024 * 1024
Loc = tuple[int | str, ...]
Shape = TypeVar("Shape", bound=BaseModel)


class Loader(yaml.SafeLoader):
    """YAML 1.2's booleans: `on`, `off`, `yes` and `no` are words, so that `verified: {on: …}` means what it says."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), ["t", "f"])


class Document:
    """A parsed YAML file that remembers where each value stands."""

    def __init__(self, name: str, text: str) -> None:
        """Raises `yaml.YAMLError`."""
        self.name = name
        self.lines = text.splitlines()
        loader = Loader(text)
        try:
            self.root = loader.get_single_node()
            self._check_duplicates(self.root)
            self.value: Any = loader.construct_document(self.root) if self.root is not None else None
        finally:
            loader.dispose()

    def place(self, loc: Loc, *, key: bool = False) -> tuple[int, int]:
        """Line and column (from 1) of the value at `loc`, or of the nearest that exists; `key`: of its key instead."""
        node = self.root
        mark = node.start_mark if node is not None else None
        for step in loc:
            found = None
            if isinstance(node, yaml.MappingNode):
                for key_node, value_node in node.value:
                    if key_node.value == str(step):
                        found = value_node
                        mark = key_node.start_mark if key else value_node.start_mark
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                found = node.value[step]
                mark = found.start_mark
            if found is None:
                break
            node = found
        return (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)

    def inside(self, loc: Loc, line: int, column: int) -> tuple[int, int]:
        """The place of `line`:`column` of the text of the scalar at `loc`."""
        start_line, start_column = self.place(loc)
        first = self.excerpt(start_line)[start_column - 1 : start_column]
        if first in ("|", ">"):
            below = self.excerpt(start_line + line)
            return start_line + line, len(below) - len(below.lstrip()) + column
        if line > 1:
            below = self.excerpt(start_line + line - 1)
            return start_line + line - 1, len(below) - len(below.lstrip()) + column
        return start_line, start_column + column - 1 + (1 if first in ("'", '"') else 0)

    def excerpt(self, line: int) -> str:
        """One line of the file as it stands; empty past its end."""
        return self.lines[line - 1] if 0 < line <= len(self.lines) else ""

    def problem(
        self,
        loc: Loc,
        message: Message,
        hint: Message | None = None,
        *,
        key: bool = False,
        severity: str = "error",
        hide: bool = False,
    ) -> Problem:
        """A problem at the value of `loc`. `hide`: the value may be a secret, so the line is shown up to it only."""
        line, column = self.place(loc, key=key)
        excerpt = self.excerpt(line)
        if hide:
            shown = self.place(loc)
            excerpt = f"{excerpt[: shown[1] - 1] if shown[0] == line else excerpt}…"
        return Problem(self.name, line, column, message, hint, excerpt, severity)

    def _check_duplicates(self, node: Any) -> None:
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key, value in node.value:
                if key.value in seen:
                    raise yaml.MarkedYAMLError(
                        problem=f"the key {key.value!r} is there twice", problem_mark=key.start_mark
                    )
                seen.add(key.value)
                self._check_duplicates(value)
        elif isinstance(node, yaml.SequenceNode):
            for value in node.value:
                self._check_duplicates(value)


def read(path: Path, name: str, problems: list[Problem]) -> tuple[Document | None, bytes]:
    """A YAML file, or a problem that says why not."""
    content = b""
    try:
        content = path.read_bytes()
        if len(content) > MAX_FILE_BYTES:
            raise OSError(f"over {MAX_FILE_BYTES} bytes")
        return Document(name, content.decode("utf-8")), content
    except FileNotFoundError:
        message = Message("Ce fichier manque.", "This file is missing.")
        problems.append(
            Problem(
                name, 1, 1, message, Message("Partir de l'exemple de config/.", "Start from the example in config/.")
            )
        )
    except UnicodeDecodeError:
        problems.append(Problem(name, 1, 1, Message("Ce fichier n'est pas en UTF-8.", "This file is not UTF-8.")))
    except OSError as error:
        reason = error.strerror or str(error)
        problems.append(Problem(name, 1, 1, Message(f"Illisible\u00a0: {reason}.", f"Cannot be read: {reason}.")))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        lines = content.decode("utf-8", "replace").splitlines()
        excerpt = lines[line - 1] if line <= len(lines) else ""
        said = error.problem or "YAML"
        problems.append(
            Problem(
                name, line, column, Message(f"YAML invalide\u00a0: {said}.", f"Invalid YAML: {said}."), None, excerpt
            )
        )
    except (yaml.YAMLError, RecursionError):
        problems.append(Problem(name, 1, 1, Message("YAML invalide.", "Invalid YAML.")))
    return None, b""


def shape(document: Document, model: type[Shape], problems: list[Problem]) -> Shape | None:
    """The document as `model`, or every way in which it is not."""
    try:
        return model.model_validate(document.value if document.value is not None else {})
    except ValidationError as error:
        problems.extend(_explained(document, model, one) for one in error.errors(include_url=False))
        return None


def _explained(document: Document, model: type[BaseModel], error: Any) -> Problem:
    loc: Loc = tuple(error["loc"])
    name = ".".join(str(step) for step in loc)
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(loc[-1]), _keys_at(model, loc[:-1]), n=1)
        hint = Message(f"Vouliez-vous dire «\u00a0{near[0]}\u00a0»?", f"Did you mean '{near[0]}'?") if near else None
        return document.problem(loc, Message(f"Clé inconnue\u00a0: {name}.", f"Unknown key: {name}."), hint, key=True)
    if error["type"] == "missing":
        return document.problem(loc[:-1], Message(f"Il manque la clé {name}.", f"The key {name} is missing."))
    said = str(error["msg"]).removeprefix("Value error, ")
    if "env:" in str(error.get("ctx", {}).get("pattern", "")):
        return document.problem(
            loc,
            Message(f"{name}\u00a0: un secret s'écrit par référence.", f"{name}: a secret is written as a reference."),
            Message("Écrire env:NOM ou file:CHEMIN.", "Write env:NAME or file:PATH."),
            hide=True,
        )
    hide = re.search("key|secret|token|password", str(loc[-1])) is not None if loc else False
    return document.problem(loc, Message(f"{name}\u00a0: {said}.", f"{name}: {said}."), hide=hide)


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

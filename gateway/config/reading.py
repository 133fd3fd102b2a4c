"""One YAML file, read with the place of every value. *Edge* for the disk; knows nothing of what the files mean.

A file is read within bounds: its size, its nesting, and what its aliases amount to once written out. Whatever is wrong
with it is a `Problem` with a place, a reason and what to do; nothing else ever comes out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from gateway.config.problems import Problem
from gateway.errors import Message

MAX_FILE_BYTES = 1024 * 1024
MAX_DEPTH = 40
MAX_NODES = 100_000
Loc = tuple[int | str, ...]

_LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


class Loader(yaml.SafeLoader):
    """YAML 1.2's scalars: `on`, `off`, `yes` and `no` are words, `010` and `1:30` too. Nesting is bounded."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._depth = self._nodes = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """As SafeLoader, within `MAX_DEPTH` and `MAX_NODES`."""
        self._depth += 1
        self._nodes += 1
        if self._depth > MAX_DEPTH or self._nodes > MAX_NODES:
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="too deep" if self._depth > MAX_DEPTH else "too many", problem_mark=mark)
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        """As SafeLoader; a value that cannot be (30 February) is an error where it stands."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, OverflowError, TypeError, LookupError, AttributeError):
            raise yaml.MarkedYAMLError(problem="not a value", problem_mark=node.start_mark) from None


_OWN = {"bool": "^(?:true|false)$", "int": "^[-+]?(?:0|[1-9][0-9]*)$", "float": r"^[-+]?[0-9]+\.[0-9]+$"}
Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.rpartition(":")[2] not in _OWN]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _name, _pattern in _OWN.items():
    _first = list("tf") if _name == "bool" else list("-+0123456789")
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(_pattern), _first)


class Document:
    """A parsed YAML file that remembers where each value stands."""

    def __init__(self, name: str, text: str) -> None:
        """Raises `yaml.YAMLError`."""
        self.name = name
        self.text = text
        self.lines = _LINE_END.split(text)
        loader = Loader(text)
        try:
            self.root = loader.get_single_node()
            if self.root is not None:
                _check_nodes(self.root, {}, set())
            self.value: Any = loader.construct_document(self.root) if self.root is not None else None
        finally:
            loader.dispose()

    def node(self, loc: Loc) -> tuple[Any, Any]:
        """The node at `loc`, or the nearest that exists; and the node of its key, or None."""
        node, key = self.root, None
        for step in loc:
            found = None
            if isinstance(node, yaml.MappingNode):
                for key_node, value_node in node.value:
                    if key_node.value == str(step):
                        found, key = value_node, key_node
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                found, key = node.value[step], None
            if found is None:
                break
            node = found
        return node, key

    def place(self, loc: Loc, *, key: bool = False) -> tuple[int, int]:
        """Line and column (from 1) of the value at `loc`, or of the nearest that exists; `key`: of its key instead."""
        node, key_node = self.node(loc)
        found = key_node if key and key_node is not None else node
        return (found.start_mark.line + 1, found.start_mark.column + 1) if found is not None else (1, 1)

    def inside(self, loc: Loc, offset: int) -> tuple[int, int]:
        """The place of the character at `offset` of the text at `loc`, however YAML wrote that text.

        Folding and quoting add and drop white space and quotes only, so the text's other characters stand in the file
        in the same order.
        """
        node, _ = self.node(loc)
        if not isinstance(node, yaml.ScalarNode):
            return self.place(loc)
        at = node.start_mark.index + (1 if node.style in ("'", '"', "|", ">") else 0)
        if node.style in ("|", ">"):
            at = self.text.index("\n", at)
        for character in node.value[: offset + 1]:
            if not character.isspace():
                at = self.text.find(character, at, node.end_mark.index) + 1 or node.end_mark.index
        before = _LINE_END.split(self.text[: max(at - 1, 0)])
        return len(before), len(before[-1]) + 1

    def excerpt(self, line: int) -> str:
        """One line of the file as it stands; empty past its end."""
        return self.lines[line - 1] if 0 < line <= len(self.lines) else ""

    def problem(
        self,
        loc: Loc,
        message: Message,
        hint: Message,
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


def _check_nodes(node: Any, known: dict[int, int], above: set[int]) -> int:
    """How many nodes `node` amounts to with its aliases written out. Raises for too many, for one inside itself, and for
    a key that is there twice or is no plain word. `known`: nodes that were counted; `above`: those around this one.
    """
    if id(node) in above:
        raise yaml.MarkedYAMLError(problem="inside itself", problem_mark=node.start_mark)
    if id(node) in known:
        return known[id(node)]
    above.add(id(node))
    size = 1
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(problem="key not a word", problem_mark=key.start_mark)
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem="twice", problem_mark=key.start_mark)
            seen.add(key.value)
            size += 1 + _check_nodes(value, known, above)
    elif isinstance(node, yaml.SequenceNode):
        size += sum(_check_nodes(value, known, above) for value in node.value)
    if size > MAX_NODES:
        raise yaml.MarkedYAMLError(problem="too many", problem_mark=node.start_mark)
    above.discard(id(node))
    known[id(node)] = size
    return size


def read(path: Path, name: str, problems: list[Problem]) -> tuple[Document | None, bytes]:
    """A YAML file, or a problem that says why not."""
    content = b""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
        if len(content) > MAX_FILE_BYTES:
            problems.append(Problem(name, 1, 1, *TOO_LARGE))
            return None, b""
        return Document(name, content.decode("utf-8-sig")), content
    except FileNotFoundError:
        problems.append(Problem(name, 1, 1, *MISSING))
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8", "replace")
        problems.append(_problem_at(name, before, "", NOT_UTF8))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        problems.append(
            Problem(name, 1, 1, Message(f"Illisible\u00a0: {reason}.", f"Cannot be read: {reason}."), CHECK_ACCESS)
        )
    except yaml.reader.ReaderError as error:
        text = content.decode("utf-8-sig")
        code = f"U+{error.character:04X}" if isinstance(error.character, int) else str(error.character)
        said = Message(f"Caractère interdit\u00a0: {code}.", f"Forbidden character: {code}.")
        problems.append(_problem_at(name, text[: error.position], "", (said, Message("Le retirer.", "Remove it."))))
    except yaml.MarkedYAMLError as error:
        problems.append(_yaml_problem(name, content.decode("utf-8-sig"), error))
    except (yaml.YAMLError, RecursionError):
        problems.append(Problem(name, 1, 1, Message("YAML invalide.", "Invalid YAML."), CHECK_YAML))
    return None, b""


def _problem_at(name: str, before: str, excerpt: str, said: tuple[Message, Message]) -> Problem:
    """A problem just after `before`, the beginning of the file."""
    lines = _LINE_END.split(before)
    return Problem(name, len(lines), len(lines[-1]) + 1, said[0], said[1], excerpt)


def _yaml_problem(name: str, text: str, error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    lines = _LINE_END.split(text)
    excerpt = lines[line - 1] if line <= len(lines) else ""
    problem = error.problem or "?"
    known = OWN_PROBLEMS.get(problem)
    if known is None:
        known = Message(f"YAML invalide\u00a0: {problem}.", f"Invalid YAML: {problem}."), CHECK_YAML
        if "\\t" in problem:
            known = known[0], Message("Remplacer les tabulations par des espaces.", "Replace tabs with spaces.")
    return Problem(name, line, column, known[0], known[1], excerpt)


CHECK_YAML = Message(
    "Vérifier l'alignement, les deux-points et les guillemets.", "Check the alignment, the colons and the quotes."
)
CHECK_ACCESS = Message("Vérifier le fichier et ses droits.", "Check the file and its permissions.")
MISSING = (
    Message("Ce fichier manque.", "This file is missing."),
    Message("Partir de l'exemple de config/.", "Start from the example in config/."),
)
NOT_UTF8 = (
    Message("Ce fichier n'est pas en UTF-8.", "This file is not UTF-8."),
    Message("L'enregistrer en UTF-8.", "Save it as UTF-8."),
)
TOO_LARGE = (
    Message(f"Ce fichier dépasse {MAX_FILE_BYTES} octets.", f"This file is over {MAX_FILE_BYTES} bytes."),
    Message("Le réduire, ou répartir les règles dans plusieurs fichiers.", "Make it smaller, or split its rules."),
)
OWN_PROBLEMS: Mapping[str, tuple[Message, Message]] = {
    "too deep": (
        Message(f"Plus de {MAX_DEPTH} niveaux.", f"Nested deeper than {MAX_DEPTH}."),
        Message("Aplatir.", "Flatten it."),
    ),
    "too many": (
        Message(f"Plus de {MAX_NODES} valeurs, alias compris.", f"More than {MAX_NODES} values, aliases included."),
        Message("Écrire moins, ou sans alias.", "Write less, or without aliases."),
    ),
    "inside itself": (
        Message("Cette valeur se contient elle-même.", "This value contains itself."),
        Message("Écrire la valeur sans alias.", "Write the value without an alias."),
    ),
    "twice": (
        Message("Cette clé est là deux fois.", "This key is there twice."),
        Message("N'en garder qu'une.", "Keep one of them."),
    ),
    "key not a word": (
        Message("Une clé doit être un mot.", "A key must be a word."),
        Message("Vérifier les accolades, les crochets et les deux-points.", "Check braces, brackets and colons."),
    ),
    "not a value": (
        Message("Cette valeur n'existe pas, ou pas sous cette forme.", "This value cannot be, or not in this form."),
        Message("Une date s'écrit AAAA-MM-JJ; un texte, entre guillemets.", "A date is YYYY-MM-DD; a text, quoted."),
    ),
}

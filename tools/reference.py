"""The reference pages, written from the code: `make docs` writes them, `make check` fails when they differ.

    python -m tools.reference           writes docs/reference/*.md
    python -m tools.reference --check   says which pages differ, and exits 1

A page's tables stand between two marker comments; what people write around them stays. Each table comes from the code
that acts on it, so a page cannot say what the product does not do. Nothing is started and nothing is read but code.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tools import error_codes

HERE = Path(__file__).resolve().parent.parent
PAGES = HERE / "docs" / "reference"
BY_HAND = (
    "Entre les deux repères, cette page est écrite par `make docs` · Between the markers, `make docs` writes this page"
)

Table = Callable[[], str]


def exists(module: str) -> bool:
    """Whether the module is there at all. One that is there and does not import is an error, not an absence."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


# ── tables ────────────────────────────────────────────────────────────────────────────────────────────────────────


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; `|` and line ends inside cells are escaped."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines)


def _cell(value: object) -> str:
    return re.sub(r"\s+", " ", str(value)).strip().replace("|", "\\|")


def code(value: object) -> str:
    """As code, empty when there is nothing."""
    return f"`{value}`" if str(value) else ""


def facts() -> str:
    """What a rule's condition may name."""
    from gateway.policies import FACTS

    rows = (
        (code(one.name), _word(one.type), one.unit or "", ", ".join(sorted(map(_word, one.stages))), one.fr, one.en)
        for one in FACTS
    )
    return table(("fait · fact", "type", "unité · unit", "étapes · stages", "français", "English"), rows)


def _word(value: object) -> str:
    return str(getattr(value, "value", None) or getattr(value, "__name__", None) or value)


def configuration() -> str:
    """Every key of every file of `config/`."""
    from gateway.config import schemas

    parts = []
    for name, schema in sorted(schemas().items()):
        rows = [
            (code(path), kind, code(default), description)
            for path, kind, default, description in keys(schema, schema.get("$defs", {}))
        ]
        parts.append(f"## {name}\n\n" + table(("clé · key", "type", "défaut · default", "description"), rows))
    return "\n\n".join(parts)


def keys(
    schema: Mapping[str, Any], definitions: Mapping[str, Any], path: str = "", seen: tuple[str, ...] = ()
) -> Iterator[tuple[str, str, str, str]]:
    """Each key of a JSON Schema: its dotted path (`[]` for a list's items), type, default and description."""
    required = set(schema.get("required", ()))
    for name, raw in schema.get("properties", {}).items():
        below = f"{path}.{name}" if path else name
        names, inner = _resolved(raw, definitions)
        listed = inner.get("type") == "array"
        item_names, item = _resolved(inner.get("items", {}), definitions) if listed else (names, inner)
        default = "" if name in required or "default" not in raw else _json(raw["default"])
        kind = _kind(raw, definitions) + (", requis · required" if name in required else "")
        yield below + ("[]" if listed else ""), kind, default, raw.get("description") or inner.get("description", "")
        if not set(item_names) & set(seen):
            yield from keys(item, definitions, below + ("[]" if listed else ""), (*seen, *item_names))


def _resolved(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> tuple[tuple[str, ...], Mapping[str, Any]]:
    """A schema with its references followed, an optional one as what it is when present; and the names passed."""
    names: list[str] = []
    while True:
        if "$ref" in schema:
            names.append(schema["$ref"].rsplit("/", 1)[-1])
            schema = definitions[names[-1]]
            continue
        choices = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
        if len(choices) != 1:
            return tuple(names), schema
        schema = choices[0]


def _kind(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return _kind(definitions[schema["$ref"].rsplit("/", 1)[-1]], definitions)
    if "enum" in schema:
        return ", ".join(_json(one).strip('"') for one in schema["enum"])
    if "const" in schema:
        return _json(schema["const"]).strip('"')
    if "anyOf" in schema:
        return " / ".join(dict.fromkeys(_kind(one, definitions) for one in schema["anyOf"]))
    if schema.get("type") == "array":
        inner = _kind(schema.get("items", {}), definitions)
        return f"list of {inner}" if inner else "list"
    return str(schema.get("format") or schema.get("type") or "")


def _json(value: object) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)


def commands() -> str:
    """The help of every command, as a terminal of 100 columns shows it."""
    import click

    from gateway.cli import main

    def walk(command: click.Command, context: click.Context) -> Iterator[str]:
        yield f"## {context.command_path}\n\n```text\n{command.get_help(context).rstrip()}\n```"
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                below = command.get_command(context, name)
                if below is not None:
                    yield from walk(below, click.Context(below, info_name=name, parent=context, max_content_width=100))

    settings = {**main.context_settings, "max_content_width": 100, "terminal_width": 100}
    return "\n\n".join(walk(main, click.Context(main, info_name="vigie", **settings)))


def errors() -> str:
    """Every stable `code` of an error, with its status."""
    rows = [
        (code(one.code), one.status, one.family, one.fr, one.en, one.hint_fr, one.hint_en)
        for one in error_codes.found(HERE / "gateway")
    ]
    head = ("code", "HTTP", "famille · family", "français", "English", "quoi faire", "what to do")
    return table(head, rows)


def metrics() -> str:
    """What `/metrics` shows and a collector receives."""
    from gateway.telemetry import METRICS

    rows = (
        (code(one.name), code(one.prometheus), one.kind, one.unit, ", ".join(map(code, one.labels)), one.fr, one.en)
        for one in METRICS
    )
    head = ("OpenTelemetry", "Prometheus", "type", "unité · unit", "étiquettes · labels", "français", "English")
    return table(head, rows)


def log_fields() -> str:
    """What a log line can hold, and nothing else."""
    from gateway.telemetry.logs import FIELDS

    shapes = {"_identifier": "identifiant · identifier", "_identifiers": "liste · list", "_number": "nombre · number"}
    return table(
        ("champ · field", "forme · shape"),
        ((code(name), shapes[shape.__name__]) for name, shape in sorted(FIELDS.items())),
    )


def tiers() -> str:
    """The ranks of sovereignty, derived from place and operator."""
    from gateway.sovereignty import TIERS

    return table(("deployment.tier", "français", "English"), ((rank, fr, en) for rank, (fr, en) in TIERS.items()))


def traps() -> str:
    """What an entry of the catalogue is checked for."""
    from gateway.sovereignty import TRAPS

    return table(
        ("deployment.traps", "français", "English"), ((code(one.code), one.text.fr, one.text.en) for one in TRAPS)
    )


def records() -> str:
    """The kinds of records that the ledger holds."""
    from gateway.audit.records import KINDS

    return table(("kind", "français", "English"), ((code(one.name), one.fr, one.en) for one in KINDS))


def outcomes() -> str:
    """How a recorded call can end."""
    from gateway.audit.records import OUTCOMES

    return table(("outcome", "English"), ((code(name), text) for name, text in OUTCOMES.items()))


# name of the page, title, module that must exist, what writes each part
PAGES_OF: tuple[tuple[str, str, str, Mapping[str, Table]], ...] = (
    (
        "facts",
        "Les faits que voient les politiques · The facts that policies see",
        "gateway.policies",
        {"facts": facts},
    ),
    ("configuration", "Les clés de config/ · The keys of config/", "gateway.config", {"configuration": configuration}),
    (
        "sovereignty",
        "Souveraineté\u00a0: rangs et pièges · Sovereignty: tiers and traps",
        "gateway.sovereignty",
        {"tiers": tiers, "traps": traps},
    ),
    ("cli", "La ligne de commande · The command line", "gateway.cli.audit", {"commands": commands}),
    ("errors", "Les codes d'erreur · Error codes", "gateway.errors", {"errors": errors}),
    (
        "telemetry",
        "Métriques et journaux · Metrics and logs",
        "gateway.telemetry",
        {"metrics": metrics, "log_fields": log_fields},
    ),
    (
        "records",
        "Les enregistrements du registre · The ledger's records",
        "gateway.audit.verify",
        {"records": records, "outcomes": outcomes},
    ),
)


def page(current: str, title: str, parts: Mapping[str, Table]) -> str:
    """The page with each part's markers filled; a part that the page does not have yet is added at its end."""
    text = current or f"# {title}\n\n<!-- {BY_HAND} -->\n"
    for name, write in parts.items():
        opening, closing = f"<!-- generated:{name} -->", f"<!-- /generated:{name} -->"
        if opening not in text:
            text = text.rstrip("\n") + f"\n\n{opening}\n{closing}\n"
        before, _, rest = text.partition(opening)
        _, _, after = rest.partition(closing)
        text = f"{before}{opening}\n\n{write()}\n\n{closing}{after}"
    return text


def pages() -> Iterator[tuple[Path, str, str]]:
    """Each page whose code exists: where it is, what it says, what it should say."""
    for name, title, module, parts in PAGES_OF:
        if exists(module):
            path = PAGES / f"{name}.md"
            current = path.read_text("utf-8") if path.exists() else ""
            yield path, current, page(current, title, parts)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the pages, or with `--check` say which differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if a page differs")
    checking = parser.parse_args(arguments).check
    stale = [(path, wanted) for path, current, wanted in pages() if current != wanted]
    for path, wanted in stale:
        print(f"{'diffère · differs' if checking else 'écrite · written'}: {path.relative_to(HERE)}")
        if not checking:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted, "utf-8")
    if stale and checking:
        print("→ make docs")
    return 1 if stale and checking else 0


if __name__ == "__main__":
    sys.exit(main())

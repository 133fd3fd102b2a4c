"""A report as JSON, as CSV for spreadsheets, and as text for people. *Decisions*: pure.

The CSV is made for the spreadsheets that will open it, on a double click, in a Québec office:

* UTF-8 with a byte order mark: without one, Excel reads a CSV in the machine's old code page, and « é » becomes « Ã© ».
* In French, `;` between fields: it is the list separator of a Windows set to French (Canada), whose comma is for decimals;
  with commas, each line would fall into one column. In English, a comma.
* A text cell that begins as a formula does (`= + - @`, or their full-width forms, after any blanks) gets an apostrophe before
  it, so that no name that an application or a person chose is run by whoever opens the register (CWE-1236).
* CRLF line ends and quotes as RFC 4180 has them; a line end, a tab or another control inside a cell becomes a space.
"""

from __future__ import annotations

import csv
import io
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from gateway.audit.reports.shape import Cell, Column, Report
from gateway.errors import Message

BOM = "\ufeff"
FORMULA = frozenset("=+-@\uff1d\uff0b\uff0d\uff20")
BREAKS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
"""Whatever ends a line or a cell somewhere."""
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
YES, NO, NOTHING = Message("oui", "yes"), Message("non", "no"), Message("—", "—")
NONE = Message("Rien dans cette période.", "Nothing in this period.")


def as_json(report: Report, language: str) -> dict[str, Any]:
    """For a program: rows by key; texts in `language`."""
    return {
        "object": "vigie.report",
        "report": report.name,
        "title": report.title.in_language(language),
        "since": report.scope.since or None,
        "until": report.scope.until or None,
        "system": report.scope.system or None,
        "rows": [{name: _plain(value, language) for name, value in row.items()} for row in report.rows],
        "totals": {column.key: _plain(value, language) for column, value in report.totals},
        "notes": [note.in_language(language) for note in report.notes],
    }


def as_csv(report: Report, language: str) -> bytes:
    """For a spreadsheet: a line of names, then a line for each row."""
    written = io.StringIO()
    writer = csv.writer(written, delimiter="," if language == "en" else ";", lineterminator="\r\n")
    writer.writerow([_harmless(column.name.in_language(language)) for column in report.columns])
    for row in report.rows:
        writer.writerow([_csv_cell(row[column.key], language) for column in report.columns])
    return (BOM + written.getvalue()).encode()


def as_text(report: Report, language: str, zone: ZoneInfo, width: int = 120) -> str:
    """For a person: a table if it fits, else a block for each row. Times in the body's own zone."""
    lines = [_title(report, language, zone), ""]
    totals = [(column.name.in_language(language), _shown(value, language, zone)) for column, value in report.totals]
    lines += _aligned(totals, width)
    if totals:
        lines.append("")
    if report.rows:
        columns = [column for column in report.columns if not report.brief or column.key in report.brief]
        table = list(_table(columns, report.rows, language, zone))
        fits = max(map(len, table)) <= width
        lines += table if fits else _blocks(report, language, zone, width)
    elif not totals:
        lines.append(NONE.in_language(language))
    for note in report.notes:
        lines += [*([""] if lines[-1] else []), *textwrap.wrap(note.in_language(language), width)]
    return "\n".join(lines).rstrip()


# ── cells ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _plain(value: Cell, language: str) -> Any:
    if isinstance(value, Message):
        return value.in_language(language)
    if isinstance(value, Mapping):
        return dict(value)
    return value if value is None or isinstance(value, str | int) else list(value)


def _said(value: Cell, language: str) -> str:
    """A cell in one line of text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return (YES if value else NO).in_language(language)
    if isinstance(value, Message):
        return value.in_language(language)
    if isinstance(value, Mapping):
        return ", ".join(f"{name} × {count}" for name, count in value.items())
    if isinstance(value, str | int):
        return str(value)
    return ", ".join(value)


def _shown(value: Cell, language: str, zone: ZoneInfo) -> str:
    """The same for a person: times in the body's own zone, and what cannot be seen or moves others by its code."""
    text = INSTANT.sub(lambda match: _local(match[0], zone), _said(value, language))
    return "".join(one if one.isprintable() or one in "\u00a0\u202f" else f"⟨U+{ord(one):04X}⟩" for one in text)


def _is_nothing(value: Cell) -> bool:
    return value is not False and value in ("", 0, None, [], {})


def _csv_cell(value: Cell, language: str) -> str | int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return _harmless(_said(value, language))


def _harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula, on one line."""
    line = BREAKS.sub(" ", text)
    return f"'{line}" if line.lstrip()[:1] in FORMULA else line


def _local(moment: str, zone: ZoneInfo) -> str:
    return datetime.fromisoformat(moment).astimezone(zone).strftime("%Y-%m-%d %H:%M")


# ── text ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _title(report: Report, language: str, zone: ZoneInfo) -> str:
    scope, french = report.scope, language != "en"
    parts = [report.title.in_language(language)]
    if scope.since:
        parts.append(f"{'depuis le' if french else 'since'} {_shown(scope.since, language, zone)}")
    if scope.until:
        parts.append(f"{'avant le' if french else 'before'} {_shown(scope.until, language, zone)}")
    if scope.system:
        parts.append(f"{'système' if french else 'system'} {_shown(scope.system, language, zone)}")
    return ", ".join(parts)


def _table(
    columns: Sequence[Column], rows: Sequence[Mapping[str, Cell]], language: str, zone: ZoneInfo
) -> Iterator[str]:
    """Numbers to the right, words to the left."""
    head = [column.name.in_language(language) for column in columns]
    cells = [head, *([_shown(row[column.key], language, zone) for column in columns] for row in rows)]
    widths = [max(len(line[at]) for line in cells) for at in range(len(columns))]
    numeric = [type(rows[0][column.key]) is int for column in columns]
    for line in cells:
        aligned = zip(line, widths, numeric, strict=True)
        yield "  ".join(one.rjust(wide) if number else one.ljust(wide) for one, wide, number in aligned).rstrip()


def _blocks(report: Report, language: str, zone: ZoneInfo, width: int) -> Iterator[str]:
    """Each row as a sheet: the name of a column, and what stands in it."""
    for number, row in enumerate(report.rows, 1):
        yield f"── {number} "
        pairs = [
            (
                column.name.in_language(language),
                _shown(row[column.key], language, zone) or NOTHING.in_language(language),
            )
            for column in report.columns
            if report.blanks or not _is_nothing(row[column.key])
        ]
        yield from _aligned(pairs, width)
        yield ""


def _aligned(pairs: Sequence[tuple[str, str]], width: int) -> Iterator[str]:
    wide = max((len(name) for name, _ in pairs), default=0)
    for name, value in pairs:
        first, *others = textwrap.wrap(value, max(24, width - wide - 4), break_on_hyphens=False) or [""]
        yield f"  {name.ljust(wide)}  {first}".rstrip()
        yield from (f"  {'':{wide}}  {other}" for other in others)

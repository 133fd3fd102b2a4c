"""Content that a system asks for, on the way of a call: kept before anything leaves, or nothing leaves."""

from __future__ import annotations

import asyncio
import hashlib
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from gateway.call import govern
from gateway.config import Configuration, ConfigurationError, Retention, load
from gateway.content import Archive, Gathered, NoContents, Part, open_archive
from gateway.content.parts import ASKED, days_of
from gateway.parts import Parts
from gateway.situation import Asked
from gateway.storage import open_store
from tests.playbook import Script, ScriptedProviders, parts_of
from tests.unit.test_call import body  # noqa: F401 - a fixture
from tests.unit.test_config import change, config  # noqa: F401 - a fixture

LONG = " ".join(
    hashlib.sha512(bytes([number])).hexdigest() for number in range(200)
)  # does not fit in a page's free space
SAID = {"model": "assistant", "messages": [{"role": "user", "content": f"Une question très particulière {LONG}"}]}
SYSTEM = "redaction-interne"


def asking(configuration: Configuration, capture: str) -> Configuration:
    """The configuration with a system whose entry asks for content."""
    systems = [
        one.model_copy(update={"content": one.content.model_copy(update={"capture": capture, "purpose": "Essai"})})
        if one.id == SYSTEM
        else one
        for one in configuration.register.systems
    ]
    return replace(configuration, register=configuration.register.model_copy(update={"systems": tuple(systems)}))


@pytest.fixture
def archive(tmp_path: Path, body: Configuration) -> Iterator[Archive]:  # noqa: F811
    store = open_store(f"sqlite:///{tmp_path / 'vigie.db'}")
    store.upgrade()
    one = open_archive(store, body.settings, tmp_path, b"k" * 32, Retention)
    yield one
    one.close()
    store.close()


class Breaking(ScriptedProviders):
    """A provider during whose answer something breaks."""

    def __init__(self, script: Script, breaks: Callable[[], None]) -> None:
        super().__init__(script)
        self._breaks = breaks

    async def send(self, *arguments: Any) -> Any:
        reply = await super().send(*arguments)
        self._breaks()
        return reply


async def called(parts: Parts, *, stream: bool = False) -> tuple[int, bytes]:
    """Status and bytes that the application receives."""
    answer = await govern(Asked("chat", orjson.dumps({**SAID, "stream": stream}), f"key-of-{SYSTEM}"), parts)
    if answer.frames is None:
        return answer.status, answer.body
    return answer.status, b"".join([frames async for frames in answer.frames])


def file_gone(archive: Archive) -> None:
    """The keys' file is taken away under the running gateway."""
    path = Path(str(archive.keys.store.engine.url.database))
    archive.keys.store._require_same_file()
    path.rename(path.with_suffix(".ailleurs"))


def disk_full(archive: Archive) -> None:
    """SQLite's own error of a disk that is full: no page more than there are."""
    archive.store.engine.dispose()
    event.listen(archive.store.engine, "connect", lambda one, _: one.execute("PRAGMA max_page_count=1").fetchall())


BREAKS = [file_gone, disk_full]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_what_was_sent_and_received_is_kept_to_the_byte_and_named_in_the_records(
    body: Configuration,  # noqa: F811
    archive: Archive,
    stream: bool,
) -> None:
    script = Script(replies=[("streams", f"Une |réponse|{LONG}")] if stream else [("answers", f"Une réponse {LONG}")])
    parts = replace(parts_of(asking(body, "both"), script, ScriptedProviders(script), []), contents=archive.contents)
    status, received = await called(parts, stream=stream)
    assert status == 200
    opened, closed = script.records
    for record, part, content in (
        (opened, "prompt", orjson.dumps({**SAID, "stream": stream})),
        (closed, "answer", received),
    ):
        assert set(record["content"]) == {part}
        (kept,) = [one for one in archive.contents.of("d-1") if one.part == part]
        assert record["content"][part] == {"sha256": kept.sha256, "bytes": kept.bytes, "until": kept.due_at}
        assert zlib.decompress(_opened(archive, part)) == content


def _opened(archive: Archive, part: str) -> bytes:
    """A part, decrypted as whoever has the keys may, whatever the ledger says."""
    from sqlalchemy import select

    from gateway.storage import Seal
    from gateway.storage.tables import contents

    with archive.store.read() as connection:
        sealed = connection.execute(select(contents.c.sealed).where(contents.c.part == part)).scalar_one()
    seal = Seal(b"k" * 32, f"vigie: content of calls, v1: {SYSTEM}".encode())
    return seal.open(f"d-1/{part}", archive.keys.of("d-1")[part], "content", sealed)


@pytest.mark.parametrize(("capture", "kept"), [("none", 0), ("prompts", 1), ("answers", 1), ("both", 2)])
async def test_only_what_the_entry_asks_for_is_kept(
    body: Configuration,  # noqa: F811
    archive: Archive,
    capture: str,
    kept: int,
) -> None:
    script = Script(replies=[("answers", LONG)])
    parts = replace(parts_of(asking(body, capture), script, ScriptedProviders(script), []), contents=archive.contents)
    assert (await called(parts))[0] == 200
    found = archive.contents.newest()
    assert (len(found), {one.part for one in found}) == (kept, set(ASKED[capture]))
    assert len([one for one in script.records if "content" in one]) == kept


@pytest.mark.parametrize("breaks", BREAKS)
async def test_a_prompt_that_cannot_be_kept_goes_nowhere(
    body: Configuration,  # noqa: F811
    archive: Archive,
    breaks: Callable[[Archive], None],
) -> None:
    script = Script(replies=[("answers", LONG)])
    parts = replace(parts_of(asking(body, "both"), script, ScriptedProviders(script), []), contents=archive.contents)
    breaks(archive)
    status, said = await called(parts)
    assert (status, orjson.loads(said)["error"]["code"]) == (503, "content_not_kept")
    assert script.said == ["<< record closed: failed content_not_kept"]
    assert (await called(replace(parts, contents=NoContents())))[0] == 503


@pytest.mark.parametrize("breaks", BREAKS)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_an_answer_that_cannot_be_kept_is_not_delivered_whole(
    body: Configuration,  # noqa: F811
    archive: Archive,
    breaks: Callable[[Archive], None],
    stream: bool,
) -> None:
    script = Script(replies=[("streams", f"Une |réponse|{LONG}")] if stream else [("answers", f"Une réponse {LONG}")])
    providers = Breaking(script, lambda: breaks(archive))
    parts = replace(parts_of(asking(body, "both"), script, providers, []), contents=archive.contents)
    status, said = await called(parts, stream=stream)
    assert b"content_not_kept" in said
    assert b"[DONE]" not in said
    assert stream or (status, b"Une r" in said) == (503, False)
    assert script.records[-1]["outcome"] == "failed"


async def test_calls_at_once_are_kept_each_under_its_own_key(body: Configuration, archive: Archive) -> None:  # noqa: F811
    (system,) = [one for one in asking(body, "both").register.systems if one.id == SYSTEM]
    names = [f"d-{number}" for number in range(200)]
    said = await asyncio.gather(
        *(archive.contents.keep(name, system, Part.PROMPT, name.encode() * 50) for name in names)
    )
    assert len({one["prompt"]["sha256"] for one in said}) == len(names)
    assert len({archive.keys.of(name)["prompt"] for name in names}) == len(names)


@given(st.lists(st.binary(max_size=300)))
def test_a_stream_is_gathered_to_the_byte_and_passes_unchanged(frames: Sequence[bytes]) -> None:
    gathered, idle = Gathered(wanted=True), Gathered(wanted=False)
    assert [gathered.add(one) for one in frames] == [idle.add(one) for one in frames] == list(frames)
    assert zlib.decompress(gathered.squeezed()) == b"".join(frames)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{capture: both}", "content"),
        ("{capture: tout, purpose: x}", "content.capture"),
        ("{capture: both, purpose: x, retention_days: 0}", "content.retention_days"),
        ("{capture: both, purpose: '  '}", "purpose"),
    ],
)
def test_an_entry_that_asks_wrongly_is_shown_where_it_is(config: Path, entry: str, said: str) -> None:  # noqa: F811
    register = config / "register.yaml"
    change(register, "    budget: {tokens_per_day: 2000000}\n", f"    content: {entry}\n")
    line = register.read_text(encoding="utf8").splitlines().index(f"    content: {entry}") + 1
    with pytest.raises(ConfigurationError) as error:
        load(config)
    (problem,) = error.value.problems
    assert (problem.file, problem.line, said in problem.message.fr) == ("register.yaml", line, True)


def test_content_that_nobody_could_read_is_a_warning(config: Path) -> None:  # noqa: F811
    register = config / "register.yaml"
    change(register, "    purposes: [search]\n", "    purposes: [search]\n    content: {capture: both, purpose: x}\n")
    assert load(config, today=date(2026, 11, 24)).warnings == ()
    change(register, "roles: [supervisor, auditor]", "roles: [supervisor]")
    (warning,) = load(config, today=date(2026, 11, 24)).warnings
    assert "Personne ne peut lire" in warning.message.fr


def test_the_days_are_the_entrys_or_the_default_of_the_class(body: Configuration) -> None:  # noqa: F811
    (system,) = [one for one in asking(body, "both").register.systems if one.id == SYSTEM]
    defaults = Retention(prompts_days=5, answers_days=7)
    assert [days_of(system, part, defaults) for part in Part] == [5, 7]
    own = system.model_copy(update={"content": system.content.model_copy(update={"retention_days": 3})})
    assert [days_of(own, part, defaults) for part in Part] == [3, 3]

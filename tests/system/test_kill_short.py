"""The short version of `make chaos`: promises 1 and 2 across a few real deaths."""

from __future__ import annotations

from pathlib import Path

from tests.chaos.kill import run


async def test_a_killed_gateway_loses_no_record_of_what_was_received(tmp_path: Path) -> None:
    report = await run(3, seed=7, directory=tmp_path, say=False)
    assert report.missing == ()
    assert report.answered > 0
    assert report.received > 0

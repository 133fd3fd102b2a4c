"""`make chaos`: ten thousand varied calls, every decision decided again, nothing of what was said left anywhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.chaos.mixed import run, said

CALLS = int(os.environ.get("VIGIE_CHAOS_CALLS", "10000"))


@pytest.mark.timeout(3600)
async def test_every_decision_of_a_long_run_is_decided_again_and_nothing_said_is_left_behind(tmp_path: Path) -> None:
    report = await run(CALLS, seed=1, directory=tmp_path)
    print(said(report))
    assert report.wrong == ()
    assert report.decisions > CALLS

"""`make chaos`: a thousand deaths in the life of held actions, their counts printed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.chaos.held import run, said

KILLS = int(os.environ.get("VIGIE_CHAOS_HELD_KILLS", "1000"))


@pytest.mark.timeout(7200)
async def test_no_held_action_goes_unapproved_or_twice_or_is_lost_whenever_the_gateway_dies(tmp_path: Path) -> None:
    report = await run(KILLS, seed=1, directory=tmp_path)
    print(said(report))
    assert report.wrong == ()
    assert report.received > KILLS // 2, "so few that nothing was shown"
    assert report.counts["denied"] > 0
    assert report.counts["expired"] > 0

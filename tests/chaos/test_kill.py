"""`make chaos`: the long run, printed as it goes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.chaos.kill import run

KILLS = int(os.environ.get("VIGIE_CHAOS_KILLS", "200"))


@pytest.mark.timeout(7200)
async def test_every_answer_is_recorded_and_every_request_was_opened(tmp_path: Path) -> None:
    report = await run(KILLS, seed=1, directory=tmp_path)
    print(
        f"{report.kills} kills: {report.calls} calls sent, {report.received} requests received by the provider, "
        f"{report.answered} answers received whole; {len(report.missing)} promises broken"
    )
    assert report.missing == ()
    assert report.answered > report.kills

"""The short version of a run of varied calls (`make chaos` has the long one): promises 4 and 6 on a whole gateway."""

from __future__ import annotations

from pathlib import Path

from tests.chaos.mixed import PLANTED, left_behind, run, said


async def test_every_decision_of_varied_calls_is_decided_again_and_nothing_said_is_left_behind(tmp_path: Path) -> None:
    report = await run(300, seed=11, directory=tmp_path)
    print(said(report))
    assert report.wrong == ()
    assert report.decisions > 300
    assert {"served", "dry_run", "refused", "failed"} <= {outcome.split()[0] for outcome in report.outcomes}
    assert {"200", "400", "401", "403"} <= set(report.statuses)


def test_the_search_finds_what_it_is_to_find() -> None:
    for value in PLANTED:
        assert left_behind({"a": b"..." + value.encode() + b"..."}, (value,))

"""`make chaos`: thousands of corruptions, their counts printed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.chaos.corrupt import flip_store, run, said

CORRUPTIONS = int(os.environ.get("VIGIE_CHAOS_CORRUPTIONS", "5000"))


@pytest.mark.timeout(7200)
def test_both_verifiers_catch_every_corruption_that_changes_the_meaning(tmp_path: Path) -> None:
    report = run(CORRUPTIONS, seed=1, directory=tmp_path)
    print(said(report))
    assert report.missed == []


@pytest.mark.timeout(7200)
def test_no_bit_of_a_store_flips_unseen(tmp_path: Path) -> None:
    report = flip_store(CORRUPTIONS // 5, seed=1, directory=tmp_path)
    print(said(report))
    assert report.missed == []

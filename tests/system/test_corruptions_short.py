"""The short version of `make chaos`: a bundle corrupted in each of the ways, a store by bits."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.corrupt import CORRUPTIONS, flip_store, run, said


@pytest.mark.timeout(300)
def test_both_verifiers_catch_every_corruption_of_a_bundle(tmp_path: Path) -> None:
    report = run(150, seed=7, directory=tmp_path)
    assert report.missed == [], said(report)
    assert set(report.changed) | set(report.same) == set(CORRUPTIONS)
    assert report.changed.total() > 100


@pytest.mark.timeout(300)
def test_a_bit_that_flips_in_a_store_is_caught_or_changes_nothing(tmp_path: Path) -> None:
    report = flip_store(40, seed=7, directory=tmp_path)
    assert report.missed == [], said(report)
    assert report.changed.total() > 15

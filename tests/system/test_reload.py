"""Configuration that changes under a running gateway: whole or not at all, said by readiness, recorded before it decides."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.policies import Policy, recompute
from tests.gateway_process import Gateway, all_records, example_config
from tests.system.asking import ORDINARY, ask, readiness, until

RULE = """policy: essai
rules:
  - id: pas-de-flux
    principle: 4
    stage: admission
    when: CONDITION
    effect: deny
    code: pas_de_flux
    reason: {fr: Pas de flux., en: No stream.}
"""
STREAM = {**ORDINARY, "stream": True}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("reload")
    example_config(place / "config", provider_port=None)
    return place


@pytest.fixture(scope="module")
def gateway(place: Path) -> Iterator[Gateway]:
    with Gateway.start(place / "config", place / "data") as running:
        yield running


@pytest.fixture(autouse=True)
def as_before(place: Path, gateway: Gateway) -> Iterator[None]:
    """Each test leaves the files as it found them, and the gateway on them."""
    kept = shutil.copytree(place / "config", place / "kept", dirs_exist_ok=True)
    version = readiness(gateway)[1]["configuration"]["version"]
    yield
    for path in (place / "config").rglob("*"):
        if (path.is_symlink() or path.is_file()) and not (kept / path.relative_to(place / "config")).exists():
            path.unlink()
    shutil.copytree(kept, place / "config", dirs_exist_ok=True)
    until(lambda: said(gateway, "version") == version and not said(gateway, "problems"))


def said(gateway: Gateway, what: str) -> Any:
    """What readiness says of the configuration."""
    return readiness(gateway)[1]["configuration"][what]


def becomes(gateway: Gateway, what: str, true: Callable[[Any], Any]) -> None:
    """Wait until readiness says so."""
    until(lambda: true(said(gateway, what)))


def rule_file(place: Path, condition: str) -> Path:
    path = place / "config" / "policies" / "essai.yaml"
    path.write_text(RULE.replace("CONDITION", condition), encoding="utf8")
    return path


def test_a_good_file_is_adopted_and_recorded_before_it_decides(gateway: Gateway, place: Path) -> None:
    assert ask(gateway, STREAM)[0] == 200
    before = readiness(gateway)[1]["configuration"]["policy"]
    rule_file(place, "call.stream")
    becomes(gateway, "policy", lambda version: version != before)
    status, answer = ask(gateway, STREAM)
    assert (status, answer["error"]["code"]) == (403, "pas_de_flux")
    records = all_records(place / "config", place / "data")
    kinds = [(one["kind"], one.get("policy", "")) for one in records]
    after = readiness(gateway)[1]["configuration"]["policy"]
    published = kinds.index(("policy.published", after))
    assert all(version != after for _, version in kinds[:published])


def test_a_bad_file_is_refused_and_the_running_version_stays(gateway: Gateway, place: Path) -> None:
    before = readiness(gateway)[1]["configuration"]["version"]
    path = rule_file(place, "call.stram")
    becomes(gateway, "problems", bool)
    status, answer = readiness(gateway)
    assert status == 200  # calls are answered, as before; what is wrong is said
    assert answer["configuration"]["version"] == before
    assert "policies/essai.yaml:6" in answer["configuration"]["problems"][0]
    assert "refused" in answer["checks"]["configuration"]
    assert ask(gateway, STREAM)[0] == 200
    path.write_text(RULE.replace("CONDITION", "call.stream"), encoding="utf8")
    becomes(gateway, "problems", lambda problems: not problems)
    becomes(gateway, "version", lambda version: version != before)
    assert ask(gateway, STREAM)[0] == 403


@pytest.mark.parametrize(
    "content", [RULE[:90].encode(), b"", b"\x00" * 100, b"policy: essai\nrules: [", b"\xff\xfe"], ids=repr
)
def test_half_a_file_changes_nothing(gateway: Gateway, place: Path, content: bytes) -> None:
    before = readiness(gateway)[1]["configuration"]["version"]
    (place / "config" / "policies" / "essai.yaml").write_bytes(content)
    becomes(gateway, "problems", bool)
    assert said(gateway, "version") == before
    assert ask(gateway)[0] == 200


def test_a_file_swapped_by_rename_is_adopted_whole(gateway: Gateway, place: Path) -> None:
    before = readiness(gateway)[1]["configuration"]["policy"]
    other = place / "config" / "policies" / ".essai.yaml.tmp"
    other.write_text(RULE.replace("CONDITION", "call.stream"), encoding="utf8")
    time.sleep(1.5)
    assert said(gateway, "policy") == before
    other.replace(place / "config" / "policies" / "essai.yaml")
    becomes(gateway, "policy", lambda version: version != before)
    assert ask(gateway, STREAM)[0] == 403


def test_what_an_editor_leaves_changes_nothing(gateway: Gateway, place: Path) -> None:
    version = readiness(gateway)[1]["configuration"]["version"]
    policies = place / "config" / "policies"
    (policies / ".#registre.yaml").symlink_to("moi@poste.1234:5678")
    (policies / "registre.yaml~").write_text("vieux", encoding="utf8")
    (policies / ".registre.yaml.swp").write_bytes(b"b0VIM")
    time.sleep(2.5)
    assert not said(gateway, "problems")
    assert said(gateway, "version") == version
    (policies / ".#registre.yaml").unlink()


def test_a_folder_that_disappears_changes_nothing(gateway: Gateway, place: Path) -> None:
    (place / "config").rename(place / "parti")
    becomes(gateway, "problems", bool)
    assert ask(gateway)[0] == 200
    (place / "parti").rename(place / "config")
    becomes(gateway, "problems", lambda problems: not problems)


def test_what_needs_a_restart_is_said(gateway: Gateway, place: Path) -> None:
    path = place / "config" / "vigie.yaml"
    path.write_text(path.read_text(encoding="utf8").replace("timeout_s: 20", "") + "\ntimezone: America/Halifax\n")
    text = path.read_text(encoding="utf8").replace("timezone: America/Toronto\n", "")
    path.write_text(text, encoding="utf8")
    becomes(gateway, "restart_needed", lambda names: "timezone" in names)


def test_calls_go_on_while_policies_change_and_each_decision_is_of_one_version(gateway: Gateway, place: Path) -> None:
    stop, statuses = threading.Event(), []

    def load() -> None:
        while not stop.is_set():
            statuses.append(ask(gateway, STREAM)[0])

    loading = [threading.Thread(target=load) for _ in range(3)]
    for one in loading:
        one.start()
    try:
        for condition in ("call.stream", "call.stream && call.hour > 25", "call.stream"):
            before = readiness(gateway)[1]["configuration"]["policy"]
            rule_file(place, condition)
            becomes(gateway, "policy", lambda version, before=before: version != before)
    finally:
        stop.set()
        for one in loading:
            one.join()
    assert set(statuses) == {200, 403}
    from sqlalchemy import select

    from gateway.storage import open_store
    from gateway.storage.tables import policies

    store = open_store(f"sqlite:///{place / 'data' / 'vigie.db'}")
    with store.read() as connection:
        versions = {row.version: Policy.from_source(row.source) for row in connection.execute(select(policies))}
    store.close()
    records = [one for one in all_records(place / "config", place / "data") if one.get("stages")]
    assert [difference for one in records if (difference := recompute(one, versions))] == []
    assert len({one["policy"] for one in records}) >= 3


def test_every_process_takes_up_a_changed_file(gateway: Gateway, place: Path) -> None:
    """As a gateway of two processes would be run; which of them answers is the kernel's choice."""
    with Gateway.start(place / "config", place / "data", workers=2) as pair:
        assert ask(pair, STREAM)[0] == 200
        path = rule_file(place, "call.stream")
        until(lambda: all(ask(pair, STREAM)[0] == 403 for _ in range(20)))
        path.write_text(RULE.replace("CONDITION", "call.stram"), encoding="utf8")
        until(lambda: all(readiness(pair)[1]["configuration"]["problems"] for _ in range(20)))
        assert {ask(pair, STREAM)[0] for _ in range(20)} == {403}

"""Configuration that changes under a running gateway: whole or not at all, said by readiness, recorded before it decides."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
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
    example_config(place / "config", provider_port=1)
    catalogue = place / "config" / "catalogue.yaml"
    catalogue.write_text(catalogue.read_text(encoding="utf8").replace("protocol: openai", "protocol: simulated", 1))
    return place


@pytest.fixture(scope="module", params=[1, 2], ids=["one process", "two processes"])
def gateway(place: Path, request: pytest.FixtureRequest) -> Iterator[Gateway]:
    with Gateway.start(place / "config", place / "data", workers=request.param) as running:
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
    until(lambda: set(seen(gateway, "version")) == {version} and not any(seen(gateway, "problems")))


def seen(gateway: Gateway, what: str) -> list[Any]:
    """What readiness says, asked often enough to hear every process of the gateway."""
    return [readiness(gateway)[1]["configuration"][what] for _ in range(8)]


def everywhere(gateway: Gateway, what: str, true: Any) -> None:
    """Wait until every process says so."""
    until(lambda: all(true(one) for one in seen(gateway, what)))


def rule_file(place: Path, condition: str) -> Path:
    path = place / "config" / "policies" / "essai.yaml"
    path.write_text(RULE.replace("CONDITION", condition), encoding="utf8")
    return path


def test_a_good_file_is_adopted_and_recorded_before_it_decides(gateway: Gateway, place: Path) -> None:
    assert ask(gateway, STREAM)[0] == 200
    before = readiness(gateway)[1]["configuration"]["policy"]
    rule_file(place, "call.stream")
    everywhere(gateway, "policy", lambda version: version != before)
    until(lambda: all(ask(gateway, STREAM)[0] == 403 for _ in range(6)))
    assert ask(gateway, STREAM)[1]["error"]["code"] == "pas_de_flux"
    records = all_records(place / "config", place / "data")
    kinds = [(one["kind"], one.get("policy", "")) for one in records]
    after = readiness(gateway)[1]["configuration"]["policy"]
    published = kinds.index(("policy.published", after))
    assert all(version != after for _, version in kinds[:published])


def test_a_bad_file_is_refused_and_the_running_version_stays(gateway: Gateway, place: Path) -> None:
    before = readiness(gateway)[1]["configuration"]["version"]
    path = rule_file(place, "call.stram")
    everywhere(gateway, "problems", bool)
    status, said = readiness(gateway)
    assert status == 200  # calls are answered, as before; what is wrong is said
    assert said["configuration"]["version"] == before
    assert "policies/essai.yaml:6" in said["configuration"]["problems"][0]
    assert "refused" in said["checks"]["configuration"]
    assert ask(gateway, STREAM)[0] == 200
    path.write_text(RULE.replace("CONDITION", "call.stream"), encoding="utf8")
    everywhere(gateway, "problems", lambda problems: not problems)
    everywhere(gateway, "version", lambda version: version != before)
    until(lambda: all(ask(gateway, STREAM)[0] == 403 for _ in range(6)))


@pytest.mark.parametrize(
    "content", [RULE[:90].encode(), b"", b"\x00" * 100, b"policy: essai\nrules: [", b"\xff\xfe"], ids=repr
)
def test_half_a_file_changes_nothing(gateway: Gateway, place: Path, content: bytes) -> None:
    before = readiness(gateway)[1]["configuration"]["version"]
    (place / "config" / "policies" / "essai.yaml").write_bytes(content)
    everywhere(gateway, "problems", bool)
    assert set(seen(gateway, "version")) == {before}
    assert ask(gateway)[0] == 200


def test_a_file_swapped_by_rename_is_adopted_whole(gateway: Gateway, place: Path) -> None:
    before = readiness(gateway)[1]["configuration"]["policy"]
    other = place / "config" / "policies" / ".essai.yaml.tmp"
    other.write_text(RULE.replace("CONDITION", "call.stream"), encoding="utf8")
    time.sleep(1.5)
    assert set(seen(gateway, "policy")) == {before}
    other.replace(place / "config" / "policies" / "essai.yaml")
    everywhere(gateway, "policy", lambda version: version != before)
    until(lambda: all(ask(gateway, STREAM)[0] == 403 for _ in range(6)))


def test_what_an_editor_leaves_changes_nothing(gateway: Gateway, place: Path) -> None:
    version = readiness(gateway)[1]["configuration"]["version"]
    policies = place / "config" / "policies"
    (policies / ".#registre.yaml").symlink_to("moi@poste.1234:5678")
    (policies / "registre.yaml~").write_text("vieux", encoding="utf8")
    (policies / ".registre.yaml.swp").write_bytes(b"b0VIM")
    time.sleep(2.5)
    assert not any(seen(gateway, "problems"))
    assert set(seen(gateway, "version")) == {version}
    (policies / ".#registre.yaml").unlink()


def test_a_folder_that_disappears_changes_nothing(gateway: Gateway, place: Path) -> None:
    (place / "config").rename(place / "parti")
    everywhere(gateway, "problems", bool)
    assert ask(gateway)[0] == 200
    (place / "parti").rename(place / "config")
    everywhere(gateway, "problems", lambda problems: not problems)


def test_what_needs_a_restart_is_said(gateway: Gateway, place: Path) -> None:
    path = place / "config" / "vigie.yaml"
    path.write_text(path.read_text(encoding="utf8").replace("timeout_s: 20", "") + "\ntimezone: America/Halifax\n")
    text = path.read_text(encoding="utf8").replace("timezone: America/Toronto\n", "")
    path.write_text(text, encoding="utf8")
    everywhere(gateway, "restart_needed", lambda names: "timezone" in names)


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
            everywhere(gateway, "policy", lambda version, before=before: version != before)
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

"""Reports from a real ledger: a store of each kind, its export, the command line, and a running gateway over HTTP."""

from __future__ import annotations

import asyncio
import csv
import http.client
import io
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
from click.testing import CliRunner, Result

from gateway.audit import append_now, export, verify_store
from gateway.audit.bundle import Bundle
from gateway.audit.reports import REPORTS, FromBundle, FromStore, Scope, report_of
from gateway.audit.reports.rendering import as_json
from gateway.cli import main
from gateway.sovereignty import KeptSuspensions
from gateway.storage import Store, open_store
from gateway.supervision.statistics import statistics_of
from tests.authority import StampingAuthority
from tests.chaos.corrupt import tarred
from tests.gateway_process import Gateway, all_records, example_config
from tests.system.asking import ask, until
from tests.system.test_audit import CONFIGURATION, Audited
from tests.system.test_holds import Clock, held, holds_of

SIN = "046 454 286"


def vigie(place: Path, *arguments: str) -> Result:
    environment = {"VIGIE_CONFIG": str(place / "config"), "VIGIE_DATA": str(place / "data")}
    return CliRunner().invoke(main, ["report", *arguments], env=environment)


def made(name: str, store: Store, scope: Scope) -> dict[str, Any]:
    with store.read() as connection:
        return as_json(report_of(name, FromStore(connection), scope), "fr")


def test_an_export_gives_the_same_reports_as_the_store(store: Store, tmp_path: Path) -> None:
    audited = Audited(store, tmp_path)
    audited.record(300)
    scopes = [
        Scope(),
        Scope(since=audited.after(100), until=audited.after(200)),
        Scope(system="permis-assistant", since=audited.after(250)),
    ]
    bundle = tmp_path / "b.tar"
    export(store, audited.signer, bundle)
    with Bundle(bundle) as file:
        for name in REPORTS:
            for scope in scopes:
                assert as_json(report_of(name, FromBundle(file), scope), "fr") == made(name, store, scope)
    evidence = {row["evidence"]: row for row in made("principles", store, scopes[0])["rows"]}
    assert evidence["decisions-recorded"]["records"] == 300


def test_supervision_as_the_ledger_has_it_is_supervision_as_the_store_has_it(store: Store) -> None:
    clock = Clock()
    holds = holds_of(store, clock)
    names = [held(holds, decision=f"d-{number}").id for number in range(8)]
    holds.was_shown(names[:3], "s.gagnon")
    clock.passes(1)
    holds.approve(names[0], "s.gagnon", holds.get(names[0]).current_sha256)
    clock.passes(40)
    holds.deny(names[1], "s.gagnon", "non")
    edited = {"amount": 1, "to": "x"}
    holds.approve(names[2], "s.gagnon", holds.get(names[2]).current_sha256, edited=edited, edited_masked=edited)
    holds.approve(names[3], "m.roy", holds.get(names[3]).current_sha256)
    holds.release(names[3], holds.get(names[3]).hold.approved_sha256)
    holds.cancel(names[4], "client_left")
    before = made("supervision", store, Scope())["totals"]["states"]
    assert before == {"approved": 2, "cancelled": 1, "denied": 1, "released": 1, "waiting": 3}
    clock.passes(10_000)
    while holds.expire_due():
        pass
    known, report = statistics_of(holds.since("")), made("supervision", store, Scope())
    totals = report["totals"]
    assert (totals["holds"], totals["states"]) == (known["holds"], known["states"])
    assert totals["median_s"] == round(known["decided_ms"]["median"] / 1000) == 41
    assert totals["expired_per_thousand"] == known["expired_per_thousand"] == 625
    people = {row["person"]: row for row in report["rows"]}
    for person, counts in known["people"].items():
        assert {name: people[person][name] for name in counts} == counts
    assert (people["s.gagnon"]["too_fast"], people["m.roy"]["not_shown"]) == (1, 1)
    assert made("supervision", store, Scope(until="2026-01-01T00:00:00.000Z"))["totals"]["holds"] == 0


def test_memory_does_not_grow_with_the_ledger(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'v.db'}")
    store.upgrade()
    audited = Audited(store, tmp_path)
    peaks = []
    for more in (150, 900):
        audited.record(more)
        tracemalloc.start()
        for name in ("incidents", "principles"):
            made(name, store, Scope())
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.3 * peaks[0] + 500_000, peaks
    store.close()


def test_an_incident_is_seen_completed_by_a_person_and_never_holds_a_value(tmp_path: Path) -> None:
    example_config(tmp_path / "config", provider_port=1)
    (tmp_path / "data").mkdir()
    store = open_store(f"sqlite:///{tmp_path / 'data' / 'vigie.db'}")
    store.upgrade()
    audited = Audited(store, tmp_path / "data")
    opened, closed = contradicted(audited)
    append_now(store, [opened])
    asyncio.run(KeptSuspensions(store).suspend(CONFIGURATION.catalogue.deployments[0], opened["decision"]))
    append_now(store, [closed])
    (entry,) = json.loads(vigie(tmp_path, "incidents", "--json").stdout)["rows"]
    name = entry["incident"]
    text = f"Avis à Marie Tremblay, NAS {SIN}"
    done = vigie(tmp_path, "incidents", "--annotate", name, "--item", "7", "--text", text, "--by", "p.tremblay")
    assert done.exit_code == 0, done.output
    (completed,) = json.loads(vigie(tmp_path, "incidents", "--json").stdout)["rows"]
    assert (completed["notices"][:7], completed["to_complete"]) == ("Avis à ", ["persons", "risk"])
    assert completed["completed_by"] == ["p.tremblay"]
    notes = [one for one in all_records(tmp_path / "config", tmp_path / "data") if one["kind"] == "incident.noted"]
    assert [one["item"] for one in notes] == ["notices"]
    assert SIN not in orjson.dumps(notes).decode()
    assert "Tremblay" not in notes[0]["text"]
    told = vigie(tmp_path, "incidents").stdout
    assert "6. éléments d'évaluation du risque de préjudice sérieux" in told
    refusals = [
        (("--annotate", "i-rien", "--item", "5", "--text", "x", "--by", "p.tremblay"), "unknown_incident"),
        (("--annotate", name, "--item", "9", "--text", "x", "--by", "p.tremblay"), "unknown_item"),
        (("--annotate", name, "--item", "5", "--text", "x", "--by", "inconnue"), "unknown_person"),
        (("--annotate", name, "--item", "5", "--text", "x" * 2_001, "--by", "p.tremblay"), "text_needed"),
    ]
    for arguments, code in refusals:
        refused = vigie(tmp_path, "incidents", *arguments)
        assert (refused.exit_code, f"[{code}]" in refused.stderr) == (1, True), refused.stderr
    assert vigie(tmp_path, "incidents", "--annotate", name).exit_code == 2
    audited.sign()
    assert verify_store(store, audited.key).problem == ""
    store.close()


def contradicted(audited: Audited) -> tuple[dict[str, Any], dict[str, Any]]:
    """The records of a served call with personal information, its answer said to be from elsewhere."""
    while True:
        records = [orjson.loads(orjson.dumps(one)) for one in audited.calls.records(1)]
        found = [one for one in records[0]["stages"] if one["facts"].get("privacy.entities")]
        if len(records) == 2 and found and records[1]["deployment"] == "simulateur":
            routed = [one["facts"]["deployment.id"] for one in found if one["stage"] == "routing"]
            if "simulateur" in routed:
                return records[0], {**records[1], "residency": "contradicted"}


def test_the_command_says_what_it_cannot_read(tmp_path: Path) -> None:
    example_config(tmp_path / "config", provider_port=1)
    (tmp_path / "data").mkdir()
    store = open_store(f"sqlite:///{tmp_path / 'data' / 'vigie.db'}")
    store.upgrade()
    store.close()
    (tmp_path / "rien.tar").write_bytes(b"pas un lot")
    whole = {"range.json": b'{"first":0,"count":1,"tree_size":1}', "proofs.json": b'{"blocks":[\n],"subtrees":[\n]}\n'}
    for name, lines in [
        ("deux", b'{"kind":"a","time":""}\n' * 2),
        ("liste", b"[]\n"),
        ("texte", b"abc\n"),
        ("nu", b"{}\n"),
    ]:
        (tmp_path / f"{name}.tar").write_bytes(tarred([*whole.items(), ("records.jsonl", lines)]))
    for arguments, code in [
        (("communications", "--since", "hier"), "not_a_date"),
        *(
            (("principles", "--bundle", str(tmp_path / f"{name}.tar")), "unreadable_export")
            for name in ("rien", "deux", "liste", "texte", "nu")
        ),
    ]:
        done = vigie(tmp_path, *arguments)
        assert (done.exit_code, f"[{code}]" in done.stderr) == (1, True), done.stderr
    assert vigie(tmp_path, "communications", "--json", "--csv").exit_code == 2
    assert vigie(tmp_path, "communications").stdout.count("\n") >= 3
    head, *rows = csv.reader(
        io.StringIO(vigie(tmp_path, "derogations", "--csv").stdout.lstrip("\ufeff")), delimiter=";"
    )
    assert (head[:2], rows) == (["dérogation", "système"], [])


# ── a running gateway ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StampingAuthority]:
    with StampingAuthority(tmp_path_factory.mktemp("tsa") / "a").serving() as one:
        yield one


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, authority: StampingAuthority) -> Iterator[tuple[Gateway, Path]]:
    root = tmp_path_factory.mktemp("reports")
    ledger = {"timestamps": {"url": authority.url, "every": "24h"}, "anchors": str(root / "ancres")}
    config = example_config(root / "config", provider_port=9, ledger=ledger)
    with Gateway.start(config, root / "data") as gateway:
        yield gateway, root


def get(gateway: Gateway, path: str, key: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(urlsplit(gateway.url).netloc, timeout=30)
    try:
        connection.request("GET", path, headers={"authorization": f"Bearer {key}", **headers})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def key_of(person: str, root: Path) -> str:
    from gateway.cli.places import open_keys

    with open_keys(root / "config", root / "data") as keys:
        return str(keys.create(person=person).token)


def test_officers_and_auditors_get_reports_over_http_and_nobody_else(running: tuple[Gateway, Path]) -> None:
    gateway, root = running
    auditor, officer, supervisor = (key_of(name, root) for name in ("m.roy", "p.tremblay", "s.gagnon"))
    ask(gateway, {"model": "rien", "messages": [{"role": "user", "content": "Bonjour"}]})
    for name in REPORTS:
        status, headers, body = get(gateway, f"/v1/reports/{name}", auditor)
        assert (status, json.loads(body)["report"], headers["cache-control"]) == (200, name, "no-store")
    status, headers, body = get(gateway, "/v1/reports/principles?format=csv&system=permis-assistant", officer)
    assert (status, headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert headers["content-disposition"] == 'attachment; filename="principles.csv"'
    assert body.startswith("\ufeffprincipe;nom;".encode())
    english = get(gateway, "/v1/reports/principles?format=csv", officer, **{"accept-language": "en"})[2]
    assert english.startswith("\ufeffprinciple,name,".encode())
    assert [one["id"] for one in json.loads(get(gateway, "/v1/reports", officer)[2])["data"]] == list(REPORTS)
    for key, path, expected in [
        (supervisor, "/v1/reports/principles", 403),
        (gateway.key, "/v1/reports/principles", 401),
        ("", "/v1/reports", 401),
        (officer, "/v1/reports/rien", 404),
        (officer, "/v1/reports/incidents?since=hier", 400),
        (officer, "/v1/reports/incidents?format=xlsx", 400),
    ]:
        assert get(gateway, path, key)[0] == expected, path


def test_a_running_gateway_keeps_its_anchors_by_itself(
    running: tuple[Gateway, Path], authority: StampingAuthority
) -> None:
    _, root = running
    until(lambda: list((root / "ancres").glob("*.tsr")))
    (token,) = (root / "ancres").glob("*.tsr")
    assert authority.openssl_verifies(token.with_suffix(".checkpoint"), token)
    assert len(list((root / "ancres").glob("20*.checkpoint"))) == 1
    assert len(authority.asked) == 1

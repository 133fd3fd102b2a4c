"""Decisions explained by a running gateway: real records, each kind of reader, and the same from the terminal."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gateway.cli import main
from gateway.cli.places import open_keys
from tests.desk import PAYMENT, POLICY, SIN, Desk
from tests.gateway_process import Gateway, create_key, example_config

NAME = "Marie-Ève Bouchard"
REFUSED = {"model": "assistant-etranger", "messages": [{"role": "user", "content": f"Écris à {NAME}, NAS {SIN}."}]}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("explanations")
    config = example_config(root / "config", provider_port=9)
    (config / "policies" / "actions.yaml").write_text(POLICY, encoding="utf8")
    return config, root / "data"


@pytest.fixture(scope="module")
def desk(place: tuple[Path, Path]) -> Iterator[Desk]:
    with open_keys(*place) as keys:  # here, and not by a process for each
        for person in ("s.gagnon", "m.roy", "p.tremblay"):
            (place[1].parent / f"{person}.key").write_text(keys.create(person=person).token)
    with Gateway.start(*place) as gateway:
        yield Desk(gateway, place)


@pytest.fixture(scope="module")
def refused(desk: Desk) -> str:
    """A call whose deployments are all excluded; its decision."""
    status, said, headers = desk.send("POST", "/v1/chat/completions", desk.gateway.key, REFUSED)
    assert (status, said["error"]["code"]) == (403, "sovereignty_denied")
    return headers["x-vigie-decision"]


def why(desk: Desk, decision: str, key: str, query: str = "", **headers: str) -> tuple[int, dict[str, Any]]:
    status, said, answer = desk.send("GET", f"/v1/decisions/{decision}/explanation{query}", key, **headers)
    if status == 200:
        assert answer["cache-control"] == "no-store"
    return status, said


def text(desk: Desk, decision: str, key: str, query: str = "", **headers: str) -> tuple[str, str]:
    """(media type, text) of an explanation that is not JSON."""
    given = {"authorization": f"Bearer {key}", **headers}
    request = urllib.request.Request(f"{desk.gateway.url}/v1/decisions/{decision}/explanation{query}", headers=given)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.headers["content-type"], answer.read().decode()


def code_of(answer: tuple[int, dict[str, Any]]) -> tuple[int, str]:
    return answer[0], answer[1]["error"]["code"]


def test_an_application_learns_why_its_call_was_refused_and_what_would_have_changed_it(
    desk: Desk, refused: str
) -> None:
    status, said = why(desk, refused, desk.gateway.key)
    assert (status, said["reader"], said["language"]) == (200, "person", "fr")
    assert said["outcome"]["code"] == "refused"
    assert said["recomputed"]["agrees"]
    assert [one["stage"] for one in said["stages"]] == ["admission", "input", *["routing"] * 3]
    assert said["stages"][1]["transforms"] == {"CA_SIN": "mask", "PERSON": "pseudonymize"}
    assert "numéro d'assurance sociale (NAS) (masqué)" in said["stages"][1]["text"]
    ids = {rule["id"]: rule for rule in said["stages"][2]["rules"]}
    assert ids["deployment-verified"]["principle"] == {"number": 12, "name": "Souveraineté numérique"}
    assert ids["deployment-verified"]["decided"]
    (asked,) = said["what_would_have_changed_it"]
    assert asked["of"] == "call"
    smallest = [[change["id"] for change in one["changes"]] for one in asked["smallest"]]
    assert ["another:state-controlled"] in smallest
    assert min(map(len, smallest)) == 1


def test_the_same_in_english_as_text_and_as_a_draft_answer(desk: Desk, refused: str) -> None:
    key = desk.gateway.key
    kind, prose = text(desk, refused, key, "?format=text")
    assert kind.startswith("text/plain")
    assert text(desk, refused, key, accept="text/plain")[1] == prose
    assert "Ce qui aurait changé la décision" in prose
    english = text(desk, refused, key, "?format=text", **{"accept-language": "en-CA"})[1]
    assert "What would have changed the decision" in english
    kind, draft = text(desk, refused, key, "?format=65.2")
    assert kind.startswith("text/markdown")
    assert draft.startswith("# Réponse à une demande")
    assert draft.count("⟦À COMPLÉTER") >= 6
    for said in (prose, english, draft, json.dumps(why(desk, refused, desk.roy)[1])):
        assert SIN not in said
        assert "Bouchard" not in said


def test_each_reader_is_told_what_is_theirs_and_of_their_systems(desk: Desk, refused: str) -> None:
    status, auditor = why(desk, refused, desk.roy)
    assert (status, auditor["reader"]) == (200, "auditor")
    assert auditor["facts"]["call.model"] == "assistant-etranger"
    assert [one["kind"] for one in auditor["records"]] == ["call.closed"]
    assert auditor["stages"][2]["deployment"] == "anthropic-direct"
    status, supervisor = why(desk, refused, desk.gagnon)
    assert (status, supervisor["reader"]) == (200, "supervisor")
    assert supervisor["stages"][2]["deployment"] == "anthropic-direct"
    assert "facts" not in supervisor
    officer = desk.key("p.tremblay")
    assert (
        why(desk, refused, officer, "?reader=person")[1]["stages"] == why(desk, refused, desk.gateway.key)[1]["stages"]
    )
    assert "anthropic-direct" not in json.dumps(why(desk, refused, officer, "?reader=person")[1])
    assert code_of(why(desk, refused, desk.gateway.key, "?reader=auditor")) == (403, "not_your_reader")
    assert code_of(why(desk, refused, desk.gagnon, "?reader=auditor")) == (403, "not_your_reader")
    assert code_of(why(desk, refused, desk.roy, "?reader=nobody")) == (400, "invalid_request")
    assert code_of(why(desk, refused, desk.roy, "?format=pdf")) == (400, "invalid_request")
    assert code_of(why(desk, refused, "")) == (401, "invalid_api_key")
    assert code_of(why(desk, "d-" + "0" * 32, desk.roy)) == (404, "unknown_decision")
    other = create_key(*desk.place, "permis-assistant")
    assert code_of(why(desk, refused, other)) == (404, "unknown_decision"), "another system's decision is as none"
    documents = create_key(*desk.place, "recherche-documents")
    body = {"model": "assistant", "messages": [{"role": "user", "content": f"NAS {SIN}"}]}
    decision = desk.send("POST", "/v1/chat/completions", documents, body)[2]["x-vigie-decision"]
    assert code_of(why(desk, decision, desk.gagnon)) == (404, "unknown_decision"), (
        "nor does a supervisor of others see it"
    )
    assert why(desk, decision, desk.roy)[1]["stages"][1]["rules"][0]["id"] == "personal-data-needs-an-assessment"


def test_a_call_that_was_served_says_where_and_what_would_have_stopped_it(desk: Desk) -> None:
    body = {"model": "vecteurs", "input": f"Dossier de {NAME}"}
    decision = desk.send("POST", "/v1/embeddings", desk.gateway.key, body)[2]["x-vigie-decision"]
    said = why(desk, decision, desk.gagnon)[1]
    assert said["outcome"]["code"] == "served"
    assert "« simulateur-vecteurs »".replace(" ", "\u00a0") in said["served"]
    changes = {one["changes"][0]["id"]: one["then"] for one in said["what_would_have_changed_it"][0]["smallest"]}
    assert "aurait été refusée" in changes["no-assessment"]
    assert "without:privacy:PERSON" in changes


def test_what_people_did_to_a_held_action_is_told(desk: Desk) -> None:
    held = desk.held(x_vigie_session="s-why")
    before = {one["decision"] for one in desk.send("GET", "/v1/holds?session=s-why", desk.gagnon)[1]["data"]}
    (decision,) = before
    waiting = why(desk, decision, desk.gagnon)[1]
    assert "Personne n'a encore décidé" in waiting["outcome"]["text"]
    first = waiting["what_would_have_changed_it"][0]
    assert first["of"] == "issue_payment"
    assert [one["changes"][0]["id"] for one in first["smallest"]][:2] == ["approval", "argument:amount:>1000"]
    assert desk.approve(held, comment="Vu au dossier")[0] == 200
    assert desk.look(held["id"])[1]["action"] == PAYMENT
    person, supervisor = why(desk, decision, desk.gateway.key)[1], why(desk, decision, desk.gagnon)[1]
    assert [one["what"] for one in person["people"]["steps"]] == ["approved", "released"]
    assert "s.gagnon" not in json.dumps(person)
    assert supervisor["people"]["steps"][0]["person"] == "s.gagnon"
    assert supervisor["people"]["steps"][0]["said"] == "Vu au dossier"
    changes = [one["changes"][0]["id"] for one in supervisor["what_would_have_changed_it"][0]["smallest"]]
    assert changes[0] == "refusal"


def vigie(desk: Desk, *arguments: str, config: Path | None = None) -> Result:
    environment = {"VIGIE_CONFIG": str(config or desk.place[0]), "VIGIE_DATA": str(desk.place[1])}
    return CliRunner().invoke(main, list(arguments), env=environment)


def test_the_terminal_says_the_same_from_the_store_and_from_an_export(desk: Desk, refused: str, tmp_path: Path) -> None:
    live = vigie(desk, "policy", "explain", refused, "--json")
    assert live.exit_code == 0, live.output
    body = json.loads(live.stdout)
    assert body == why(desk, refused, desk.roy)[1]
    bundle = tmp_path / "registre.tar"
    assert vigie(desk, "audit", "export", "--out", str(bundle)).exit_code == 0
    given = ("policy", "explain", refused, "--bundle", str(bundle), "--json")
    exported = json.loads(vigie(desk, *given).stdout)
    for one in body["records"]:
        del one["position"]
    assert exported == body
    alone = vigie(desk, *given, config=tmp_path / "nothing")
    assert alone.exit_code == 0, "an auditor's machine has no configuration"
    assert json.loads(alone.stdout)["stages"] == body["stages"]
    prose = vigie(desk, "policy", "explain", refused, "--reader", "person", "--lang", "en").stdout
    assert "What would have changed the decision" in prose
    assert max(map(len, prose.splitlines())) <= 110
    assert vigie(desk, "policy", "explain", refused, "--answer").stdout.startswith("# Réponse à une demande")


def test_what_the_terminal_cannot_explain_is_one_line_and_a_hint(desk: Desk, refused: str, tmp_path: Path) -> None:
    no_export = tmp_path / "x.tar"
    no_export.write_bytes(b"not a tar")
    for arguments, code in (
        (["d-unknown"], "unknown_decision"),
        ([refused, "--bundle", str(no_export)], "bundle_unreadable"),
    ):
        done = vigie(desk, "policy", "explain", *arguments)
        assert done.exit_code == 1
        assert f"[{code}]" in done.stderr
        assert len(done.stderr.splitlines()) == 2

"""Actions asked for and decided on, over real sockets, with real gateways: the API of DESIGN's contract."""

from __future__ import annotations

import hashlib
import json
import runpy
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from tests.desk import PAYMENT, POLICY, SIN, Desk, code_of
from tests.gateway_process import Gateway, all_records, example_config, verify_live


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("actions")
    config = example_config(root / "config", provider_port=9)
    (config / "policies" / "actions.yaml").write_text(POLICY, encoding="utf8")
    return config, root / "data"


@pytest.fixture(scope="module")
def desk(place: tuple[Path, Path]) -> Iterator[Desk]:
    with Gateway.start(*place) as gateway:
        yield Desk(gateway, place)


def test_what_policy_allows_or_refuses_is_answered_at_once(desk: Desk) -> None:
    small = {"tool": "issue_payment", "arguments": {"amount": 10, "to": SIN}}
    status, said, _ = desk.ask(small)
    assert (status, said["state"], said["by"], said["action"]) == (200, "approved", "policy", small)
    assert said["action_sha256"] == hashlib.sha256(rfc8785.dumps(small)).hexdigest()
    status, refused, _ = desk.ask({"tool": "delete_all", "arguments": {}})
    assert (status, refused["error"]["code"], refused["error"]["rules"]) == (403, "action_denied", ["no-deletion"])
    assert desk.ask({"tool": "x\n", "arguments": {"a": 1e400}})[0] == 400
    assert desk.ask({"arguments": {}})[0] == 400
    assert desk.ask({"tool": "issue_payment", "arguments": "beaucoup"})[0] == 202, "what cannot be judged is held"


def test_an_approved_action_is_handed_out_once_with_its_hash(desk: Desk) -> None:
    one = desk.held(x_vigie_session="s-approve")
    waiting: list[tuple[int, dict[str, Any]]] = []
    thread = threading.Thread(target=lambda: waiting.append(desk.look(one["id"], wait=30)))
    thread.start()
    time.sleep(0.3)
    status, listed, _ = desk.send("GET", "/v1/holds?state=waiting&session=s-approve", desk.gagnon)
    (shown,) = listed["data"]
    assert status == 200
    assert shown["action"] == {"tool": "issue_payment", "arguments": {"amount": 1500.5, "to": "⟦NAS⟧"}}
    assert {"id", "state", "system", "session", "rule", "reason", "created_at", "expires_at"} <= set(shown)
    assert desk.approve(shown, comment=f"Vu avec {SIN}")[0] == 200
    thread.join(30)
    ((status, ready),) = waiting
    assert (status, ready["state"], ready["action"], ready["edited"]) == (200, "approved", PAYMENT, False)
    assert ready["action_sha256"] == hashlib.sha256(rfc8785.dumps(PAYMENT)).hexdigest() == one["action_sha256"]
    status, again = desk.look(one["id"])
    assert (status, again["state"]) == (200, "released")
    assert "action" not in again
    assert code_of(desk.approve(one)) == (409, "hold_released")


def test_an_edited_action_is_the_one_handed_out(desk: Desk) -> None:
    one = desk.held(x_vigie_session="s-edit")
    status, edited = desk.approve(one, edited_arguments={"amount": 900, "to": SIN})
    assert (status, edited["state"], edited["action"]["arguments"]) == (200, "approved", {"amount": 900, "to": "⟦NAS⟧"})
    status, ready = desk.look(one["id"])
    assert (ready["edited"], ready["action"]["arguments"]) == (True, {"amount": 900, "to": SIN})
    assert ready["action_sha256"] == edited["action_sha256"] != one["action_sha256"]


def test_a_refusal_comes_with_its_reason_and_masked(desk: Desk) -> None:
    one = desk.held(x_vigie_session="s-deny")
    assert code_of(desk.decide(one["id"], "deny", desk.gagnon, {"reason": " "})) == (400, "invalid_request")
    assert desk.decide(one["id"], "deny", desk.gagnon, {"reason": f"Le {SIN} est faux"})[0] == 200
    status, refused = desk.look(one["id"], wait=5)
    assert (status, refused["state"], refused["code"]) == (200, "refused", "denied")
    assert refused["reason"] == "Le ⟦NAS⟧ est faux"


def test_an_action_expires_to_refusal(desk: Desk) -> None:
    one = desk.held({"tool": "short", "arguments": {}})
    status, refused = desk.look(one["id"], wait=20)
    assert (status, refused["state"], refused["code"]) == (200, "refused", "expired")
    assert code_of(desk.approve(one)) == (409, "hold_expired")


def test_who_may_not_decide(desk: Desk) -> None:
    one = desk.held(x_vigie_user="s.gagnon", x_vigie_session="s-own")
    assert code_of(desk.approve(one)) == (403, "requester_may_not_approve")
    other = desk.held(x_vigie_session="s-roles")
    sha = {"action_sha256": other["action_sha256"]}
    assert code_of(desk.decide(other["id"], "approve", desk.roy, sha)) == (403, "not_a_supervisor")
    assert code_of(desk.decide(other["id"], "approve", desk.gateway.key, sha))[0] == 401
    assert code_of(desk.decide(other["id"], "approve", desk.key("p.tremblay"), sha)) == (403, "role_missing")
    assert code_of(desk.decide("a-" + "0" * 24, "approve", desk.gagnon, sha)) == (404, "unknown_hold")
    assert code_of(desk.approve({**other, "action_sha256": "0" * 64})) == (409, "action_changed")
    assert desk.send("GET", f"/v1/holds/{other['id']}", desk.roy)[0] == 403
    assert desk.send("GET", "/v1/holds?state=waiting", desk.roy)[1]["data"] == []
    assert desk.send("GET", f"/v1/actions/{other['id']}", desk.roy)[0] == 404
    assert desk.send("GET", "/v1/holds?state=mine", desk.gagnon)[0] == 400


def test_of_two_people_at_the_same_instant_one_decides(desk: Desk) -> None:
    one = desk.held(x_vigie_session="s-race")
    outcomes: list[int] = []
    ready = threading.Barrier(4)

    def run(act: Callable[[], tuple[int, dict[str, Any]]]) -> None:
        ready.wait()
        outcomes.append(act()[0])

    deny = {"reason": "non"}
    acts = [lambda: desk.approve(one), lambda: desk.decide(one["id"], "deny", desk.gagnon, deny)] * 2
    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [200, 409, 409, 409]


def test_revealing_needs_a_reason_and_is_recorded(desk: Desk) -> None:
    one = desk.held({"tool": "issue_payment", "arguments": {"amount": 2000, "to": f"Compte\u202e {SIN}"}})
    path = f"/v1/holds/{one['id']}"
    masked = desk.send("GET", path, desk.gagnon)[1]
    assert masked["action"]["arguments"]["to"] == "Compte⟨U+202E⟩ ⟦NAS⟧"
    assert masked["display"]["lines"] == ["amount: 2000", 'to: "Compte⟨U+202E⟩ ⟦NAS⟧"']
    assert "une seule fois" in masked["display"]["will"]
    assert desk.send("GET", f"{path}?reveal=true", desk.gagnon)[0] == 400
    revealed = desk.send("GET", f"{path}?reveal=true&why=V%C3%A9rifier", desk.gagnon)[1]
    assert revealed["action"]["arguments"]["to"] == f"Compte\u202e {SIN}"
    (read,) = [one_ for one_ in all_records(*desk.place) if one_["kind"] == "content.read"]
    assert (read["by"], read["why"], read["hold"]) == ("s.gagnon", "Vérifier", one["id"])


def test_a_request_that_comes_again_joins_and_sees_what_came_before(desk: Desk) -> None:
    first = desk.held(x_vigie_session="s-join")
    assert desk.held(x_vigie_session="s-join")["id"] == first["id"]
    second = desk.held({"tool": "issue_payment", "arguments": {"amount": 3000}}, x_vigie_session="s-join")
    assert second["id"] != first["id"]
    before = desk.send("GET", f"/v1/holds/{second['id']}", desk.gagnon)[1]["before"]
    assert [one["id"] for one in before] == [first["id"]]


def test_the_feed_tells_what_happens(desk: Desk) -> None:
    request = urllib.request.Request(
        f"{desk.gateway.url}/v1/events", headers={"authorization": f"Bearer {desk.gagnon}"}
    )
    with urllib.request.urlopen(request, timeout=20) as feed:
        assert feed.headers["content-type"].startswith("text/event-stream")
        assert [feed.readline(), feed.readline()] == [b"event: halts\n", b"data: []\n"]
        one = desk.held(x_vigie_session="s-feed")
        line = b""
        while not line.startswith(b"data: {"):
            line = feed.readline()
        told = json.loads(line[6:])
        assert (told["id"], told["state"], told["tool"]) == (one["id"], "waiting", "issue_payment")
        assert SIN.encode() not in line


def test_how_people_decide_is_counted(desk: Desk) -> None:
    one = desk.held(x_vigie_session="s-count")
    desk.send("GET", f"/v1/holds/{one['id']}", desk.gagnon)
    assert desk.approve(one)[0] == 200
    status, said, _ = desk.send("GET", "/v1/holds/statistics", desk.gagnon)
    assert status == 200
    assert said["people"]["s.gagnon"]["approved"] >= 1
    assert said["people"]["s.gagnon"]["too_fast"] >= 1
    assert said["states"]["approved"] >= 1


def test_the_documented_helper_waits_acts_once_and_is_refused(desk: Desk) -> None:
    example = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "examples" / "actions.py"), run_name="example")
    actions = example["Actions"](desk.gateway.url, desk.gateway.key, session="s-helper")
    done: list[dict[str, Any]] = []

    def act(**arguments: Any) -> str:
        done.append(arguments)
        return "fait"

    def decides(verdict: str, body: dict[str, Any]) -> None:
        found: list[dict[str, Any]] = []
        while not found:
            found = desk.send("GET", "/v1/holds?state=waiting&session=s-helper", desk.gagnon)[1]["data"]
        desk.decide(found[0]["id"], verdict, desk.gagnon, {"action_sha256": found[0]["action_sha256"], **body})

    def run(verdict: str, **body: Any) -> Any:
        deciding = threading.Thread(target=decides, args=(verdict, body))
        deciding.start()
        try:
            return actions.run("issue_payment", {"amount": 5000}, act)
        finally:
            deciding.join()

    assert run("approve", edited_arguments={"amount": 50}) == "fait"
    with pytest.raises(example["Refused"], match="Trop"):
        run("deny", reason="Trop cher")
    with pytest.raises(example["Refused"], match="action_denied"):
        actions.run("delete_all", {}, act)
    assert done == [{"amount": 50}]


def test_a_halt_cancels_what_waits_and_what_was_approved(desk: Desk) -> None:
    session = {"x_vigie_session": "s-halt"}
    waiting = desk.held(**session)
    approved = desk.held({"tool": "issue_payment", "arguments": {"amount": 4000}}, **session)
    assert desk.approve(approved)[0] == 200
    answers: list[tuple[int, dict[str, Any]]] = []
    thread = threading.Thread(target=lambda: answers.append(desk.look(waiting["id"], wait=30)))
    thread.start()
    time.sleep(0.3)
    halt = desk.send("POST", "/v1/halts", desk.gagnon, {"scope": "session:s-halt", "reason": "Essai"})[1]
    thread.join(30)
    assert code_of(answers[0]) == (403, "halted")
    assert code_of(desk.look(approved["id"])) == (403, "halted")
    assert code_of(desk.ask(**session)[:2]) == (403, "halted")
    assert desk.send("POST", f"/v1/halts/{halt['id']}/lift", desk.roy, {"reason": "Corrigé"})[0] == 200
    assert code_of(desk.approve(waiting)) == (409, "hold_cancelled")
    assert desk.held(**session)["id"] != waiting["id"]


def test_a_hold_outlives_the_gateway_s_death_and_no_value_is_at_rest(desk: Desk, place: tuple[Path, Path]) -> None:
    one = desk.held(x_vigie_session="s-restart")
    assert desk.approve(one)[0] == 200
    desk.gateway.kill(signal.SIGKILL)
    with Gateway.start(*place) as again:
        desk.gateway = again
        status, ready = desk.look(one["id"])
        assert (status, ready["action"]) == (200, PAYMENT)
    assert verify_live(*place) == ""
    kept = b"".join(path.read_bytes() for path in [*place[1].glob("vigie.db*"), place[1].parent / "gateway.log"])
    assert SIN.encode() not in kept
    assert b"issue_payment" in kept

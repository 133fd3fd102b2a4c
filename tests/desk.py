"""Those who come to the desk of a running gateway: applications that ask, people who decide."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.gateway_process import Gateway, run_vigie

SIN = "130 692 544"
POLICY = """
policy: actions
rules:
  - id: payments-need-a-person
    principle: 11
    stage: action
    when: action.tool == "issue_payment" && double(action.arguments.amount) > 1000.0
    effect: hold
    hold: {approvals: 1, expires: 10m}
    code: payment_approval
    reason: {fr: "Un paiement de plus de 1 000 $ exige l'accord d'une personne.", en: "A payment over $1,000 needs a person."}
  - id: short-lived
    principle: 11
    stage: action
    when: action.tool == "short"
    effect: hold
    hold: {approvals: 1, expires: 1s}
    code: short_approval
    reason: {fr: Court., en: Short.}
  - id: no-deletion
    principle: 11
    stage: action
    when: action.tool == "delete_all"
    effect: deny
    code: action_denied
    reason: {fr: Cette action est interdite., en: This action is not allowed.}
"""
PAYMENT = {"tool": "issue_payment", "arguments": {"amount": 1500.5, "to": SIN}}


class Desk:
    """A running gateway, and the keys of those who come to it."""

    def __init__(self, gateway: Gateway, place: tuple[Path, Path]) -> None:
        self.gateway, self.place = gateway, place
        self.gagnon = self.key("s.gagnon")
        self.roy = self.key("m.roy")

    def key(self, person: str) -> str:
        kept = self.place[1].parent / f"{person}.key"
        if not kept.exists():
            kept.write_text(
                run_vigie("key", "create", "--person", person, config=self.place[0], data=self.place[1]).strip()
            )
        return kept.read_text()

    def send(
        self, method: str, path: str, key: str, body: Any = None, **headers: str
    ) -> tuple[int, dict[str, Any], dict[str, str]]:
        data = None if body is None else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"authorization": f"Bearer {key}", "content-type": "application/json", **named}
        request = urllib.request.Request(self.gateway.url + path, data, sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=40) as answer:
                return answer.status, json.loads(answer.read()), dict(answer.headers)
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read()), dict(error.headers)

    def ask(self, body: Any = PAYMENT, **headers: str) -> tuple[int, dict[str, Any], dict[str, str]]:
        return self.send("POST", "/v1/actions", self.gateway.key, body, **headers)

    def held(self, body: Any = PAYMENT, **headers: str) -> dict[str, Any]:
        status, said, answer = self.ask(body, **headers)
        assert (status, said["state"], answer["location"]) == (202, "waiting", f"/v1/actions/{said['id']}")
        return said

    def look(self, name: str, wait: int = 0) -> tuple[int, dict[str, Any]]:
        return self.send("GET", f"/v1/actions/{name}?wait={wait}", self.gateway.key)[:2]

    def decide(self, name: str, verdict: str, key: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        return self.send("POST", f"/v1/holds/{name}/{verdict}", key, body)[:2]

    def approve(self, one: dict[str, Any], **more: Any) -> tuple[int, dict[str, Any]]:
        return self.decide(one["id"], "approve", self.gagnon, {"action_sha256": one["action_sha256"], **more})

    def waiting(self, session: str, within_s: float = 20) -> dict[str, Any]:
        """The action of a session that waits, as soon as one does."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            _, listed, _ = self.send("GET", f"/v1/holds?state=waiting&session={session}", self.gagnon)
            if listed["data"]:
                one: dict[str, Any] = listed["data"][0]
                return one
            time.sleep(0.03)
        raise AssertionError("no action waits")

    @contextmanager
    def deciding(self, session: str, verdict: str, **body: Any) -> Iterator[dict[str, Any]]:
        """Somebody at the desk, who decides on the first action of a session while the block waits for it."""
        seen: dict[str, Any] = {}

        def decide() -> None:
            one = self.waiting(session)
            seen.update(one)
            shown = {"action_sha256": one["action_sha256"]} if verdict == "approve" else {}
            seen["answer"] = self.decide(one["id"], verdict, self.gagnon, {**shown, **body})

        thread = threading.Thread(target=decide)
        thread.start()
        yield seen
        thread.join(30)
        assert seen["answer"][0] == 200, seen


def code_of(answer: tuple[int, dict[str, Any]]) -> tuple[int, str]:
    return answer[0], answer[1]["error"]["code"]

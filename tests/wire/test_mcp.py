"""`/mcp/{server}`: the official MCP client, unchanged, through a real gateway, before real servers of the official SDK."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx2
import psutil
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from tests.gateway_process import verify_live
from tests.wire.mcp_place import SIN, Place, asking, running

MODES = ("auto", "legacy")
BOTH = pytest.mark.parametrize("mode", MODES, ids=["2026-07-28", "2025-11-25"])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with running(tmp_path_factory.mktemp("mcp")) as one:
        yield one


def words(result: Any) -> str:
    """The first text of a result."""
    return str(result.content[0].text)


def refusal(error: MCPError) -> str:
    """The code for a program that an error of ours carries."""
    return str(error.error.data["code"])


# ── what is admitted, shown and passed on ─────────────────────────────────────────────────────────────────────────


@BOTH
@pytest.mark.parametrize("server", ["outils", "calculs"], ids=["http", "stdio"])
async def test_a_stock_client_sees_the_tools_that_policy_lets_be_called_and_calls_them(
    place: Place, server: str, mode: str
) -> None:
    async with place.client(server, mode) as client:
        assert client.protocol_version == ("2026-07-28" if mode == "auto" else "2025-11-25")
        assert client.server_info is not None
        assert client.server_info.name == "outils"
        names = {tool.name for tool in (await client.list_tools()).tools}
        assert {"issue_payment", "look_up"} <= names
        assert ("delete_all" in names, "secret_tool" in names) == (server == "calculs", server == "calculs")
        paid = await client.call_tool("issue_payment", {"amount": 10.5, "to": "Ville"})
        assert (paid.is_error, words(paid)) == (False, "10.5 à Ville")
        assert paid.structured_content == {"result": "10.5 à Ville"}
        with pytest.raises(MCPError, match="unknown tool"):
            await client.call_tool("no_such_tool", {})
        prompt = await client.get_prompt("greet", {"name": "vous"})
        assert prompt.messages[0].content.text == "Saluer vous"  # type: ignore[union-attr]
        assert {one.uri_template for one in (await client.list_resource_templates()).resource_templates} == {
            "dossier://{number}"
        }


async def test_what_policy_or_the_entry_denies_never_reaches_the_server(place: Place) -> None:
    async with place.client("outils") as client:
        before = place.seen
        denied = await client.call_tool("delete_all", {})
        assert denied.is_error
        assert "Cette action est interdite." in words(denied)
        with pytest.raises(MCPError, match="unknown tool"):
            await client.call_tool("secret_tool", {})
        assert place.seen == before
    async with place.client("calculs", accept_language="en") as client:
        abroad = await client.call_tool("look_up", {"name": f"SIN {SIN}"})
        assert "No SIN leaves" in words(abroad)
        assert place.seen == before
        rehearsed = place.client("outils", x_vigie_dry_run="true")
        async with rehearsed as other:
            assert "serait exécutée" in words(await other.call_tool("issue_payment", {"amount": 1, "to": "x"}))
        assert place.seen == before


@BOTH
async def test_findings_in_answers_are_masked_or_refused_and_no_record_holds_a_value(place: Place, mode: str) -> None:
    async with place.client("outils", mode) as client:
        found = await client.call_tool("look_up", {"name": f"NAS {SIN}"})
        fiche = json.loads(found.structured_content["fiche"])  # type: ignore[index]
        assert SIN not in found.model_dump_json()
        assert SIN.replace(" ", "") not in found.model_dump_json()
        assert fiche == {"nom": "NAS ⟦NAS⟧", "nas": "⟦NAS⟧"}
        assert place.seen[-1]["name"] == f"NAS {SIN}"  # what the application said reaches the tool as it is
        kept = await client.call_tool("look_up_key", {})
        assert kept.is_error
        assert "L'action a eu lieu" in words(kept)
        assert "Xk9" not in kept.model_dump_json()
        with pytest.raises(MCPError, match="le NAS ⟦NAS⟧ de X est inconnu") as said:
            await client.call_tool("fail", {"name": "X"})
        assert said.value.error.data == {"nas": "⟦NAS⟧"}
        assert "⟦NAS⟧" in (await client.read_resource("dossier://7")).contents[0].text  # type: ignore[union-attr]
    decision = (found.meta or {})["vigie/decision"]
    asked, answered = [one for one in place.records if one.get("decision") == decision]
    assert (asked["kind"], asked["outcome"], asked["server"]) == ("action.asked", "allowed", "outils")
    assert asked["stages"][1]["facts"]["action.entities"] == ["CA_SIN"]
    assert (answered["kind"], answered["outcome"]) == ("action.answered", "served")
    assert answered["entities"]["CA_SIN"] >= 3
    held = b"".join(path.read_bytes() for path in place.data.iterdir() if path.is_file())
    assert SIN.encode() not in held
    assert SIN.replace(" ", "").encode() not in held


# ── a person decides ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_held_call_is_carried_out_as_approved_or_edited_and_not_when_refused_or_expired(place: Place) -> None:
    async def one(mode: str) -> None:
        session, payment = f"run-{mode}", {"amount": 5000, "to": f"NAS {SIN}, {mode}"}

        def paid() -> list[dict[str, Any]]:
            return [one for one in place.seen if one["tool"] in ("issue_payment", "short") and mode in str(one)]

        async with place.client("outils", mode, x_vigie_session=session) as client:
            calling = asyncio.create_task(client.call_tool("issue_payment", payment))
            hold = await place.held(session)
            assert (hold["door"], hold["server"]) == ("mcp", "outils")
            assert hold["action"]["arguments"]["to"] == f"NAS ⟦NAS⟧, {mode}"
            assert not paid()
            await place.decide(session, "approve")
            assert words(await calling) == f"5000.0 à NAS ⟦NAS⟧, {mode}"
            assert paid() == [{"tool": "issue_payment", **payment}]

            calling = asyncio.create_task(client.call_tool("issue_payment", payment))
            await place.decide(session, "approve", edited_arguments={"amount": 900, "to": mode})
            edited = await calling
            assert paid()[1:] == [{"tool": "issue_payment", "amount": 900, "to": mode}]
            assert edited.content[1].text.startswith("Une personne a modifié")  # type: ignore[union-attr]

            calling = asyncio.create_task(client.call_tool("issue_payment", payment))
            await place.decide(session, "deny", reason="Montant trop élevé")
            denied = await calling
            assert denied.is_error
            assert "Montant trop élevé" in words(denied)
            expired = await client.call_tool("short", {"mode": mode})
            assert expired.is_error
            assert "Personne n'a décidé" in words(expired)
            assert len(paid()) == 2
        kinds = [one["kind"] for one in place.records if one.get("session") == session or one.get("hold") == hold["id"]]
        assert kinds.index("action.asked") < kinds.index("action.released") < kinds.index("action.answered")

    await asyncio.gather(*map(one, MODES))


async def test_a_long_wait_is_kept_alive_by_comments_and_a_halt_ends_it_and_what_runs(place: Place) -> None:
    async def one(mode: str) -> None:
        session = f"halted-{mode}"
        async with place.client("outils", mode, x_vigie_session=session) as client:
            waiting = asyncio.create_task(client.call_tool("issue_payment", {"amount": 2000, "to": mode}))
            running = asyncio.create_task(client.call_tool("slow", {}))
            raw = asyncio.create_task(place.stream("outils", asking("tools/call", name="slow", arguments={}), session))
            await place.held(session)
            await asyncio.sleep(2.3)  # past the time in which an answer has a status of its own
            assert not waiting.done()
            await place.desk("POST", "/v1/halts", {"scope": f"session:{session}", "reason": "Essai"})
            for call in (waiting, running):
                with pytest.raises(MCPError) as stopped:
                    await call
                assert refusal(stopped.value) == "halted"
            comment, event, data = await raw
            assert (comment, event) == (": hold", "event: message")
            assert json.loads(data.removeprefix("data: "))["error"]["data"]["code"] == "halted"
            with pytest.raises(MCPError) as refused:
                await client.call_tool("count", {})
            assert refusal(refused.value) == "halted"
        ends = [one for one in place.records if one.get("session") == session and one["kind"] == "action.answered"]
        assert [(one["outcome"], one["code"]) for one in ends] == [("refused", "halted")] * 2

    await asyncio.gather(*map(one, MODES))
    for _ in range(100):
        cancelled = place.seen.count({"tool": "slow was cancelled"})
        if cancelled == 4:
            break
        await asyncio.sleep(0.02)
    assert cancelled == 4


async def test_a_hold_outlives_its_client_for_a_retry_to_join_and_not_for_long(place: Place) -> None:
    payment = {"amount": 3000, "to": "Ville"}
    async with place.client("outils", x_vigie_session="leaves") as client:
        leaving = asyncio.create_task(client.call_tool("issue_payment", payment))
        first = await place.held("leaves")
        leaving.cancel()
        await asyncio.sleep(0.1)
        again = asyncio.create_task(client.call_tool("issue_payment", payment))
        await asyncio.sleep(0.7)  # the grace of the first is over
        assert (await place.decide("leaves", "approve"))["id"] == first["id"]
        assert words(await again) == "3000.0 à Ville"
        leaving = asyncio.create_task(client.call_tool("issue_payment", payment))
        second = await place.held("leaves")
        assert second["id"] != first["id"]
        leaving.cancel()
    for _ in range(200):
        hold = await place.desk("GET", f"/v1/holds/{second['id']}")
        if hold["state"] != "waiting":
            break
        await asyncio.sleep(0.02)
    assert (hold["state"], hold["ended_because"]) == ("cancelled", "client_left")


async def test_the_client_of_a_session_cancels_a_call_by_its_id(place: Place) -> None:
    async with place.client("outils", "legacy", x_vigie_session="cancels") as client:
        with pytest.raises(MCPError):  # the client's own time-out sends notifications/cancelled
            await client.call_tool("issue_payment", {"amount": 4000, "to": "Ville"}, read_timeout_seconds=0.3)
        for _ in range(100):
            (hold,) = (await place.desk("GET", "/v1/holds?session=cancels"))["data"]
            if hold["state"] != "waiting":
                break
            await asyncio.sleep(0.01)
        assert (hold["state"], hold["ended_because"]) == ("cancelled", "client_left")


# ── servers ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_child_has_its_own_environment_serves_one_session_is_restarted_and_ends_by_a_halt(place: Place) -> None:
    async with place.client("calculs") as one, place.client("calculs", x_vigie_session="two") as two:
        names = (await one.call_tool("environment", {})).structured_content
        assert names is not None
        assert set(names["result"]) - {"LC_CTYPE"} == {"SEUL"}  # LC_CTYPE: Python's own, set by itself
        assert [words(await one.call_tool("count", {})) for _ in range(2)] == ["1", "2"]
        assert words(await two.call_tool("count", {})) == "1"
        child = int(words(await one.call_tool("process", {})))
        os.kill(child, 9)
        for _ in range(100):
            try:
                assert words(await one.call_tool("count", {})) == "1"
                break
            except MCPError:
                await asyncio.sleep(0.05)
        child = int(words(await one.call_tool("process", {})))
        halt = await place.desk("POST", "/v1/halts", {"scope": "deployment:calculs", "reason": "Essai"})
        with pytest.raises(MCPError) as stopped:
            await one.call_tool("count", {})
        assert refusal(stopped.value) == "halted"
    for _ in range(200):
        if not psutil.pid_exists(child):
            break
        await asyncio.sleep(0.02)
    assert not psutil.pid_exists(child)
    await place.desk("POST", f"/v1/halts/{halt['id']}/lift", {"reason": "Fini"}, key=place.roy)


@BOTH
async def test_what_a_server_asks_of_its_client_is_refused(place: Place, mode: str) -> None:
    async def answers(*_: Any) -> Any:
        raise AssertionError("the client was asked")

    async with (
        httpx2.AsyncClient(headers=place.gateway.authorization, timeout=60) as http,
        Client(
            streamable_http_client(f"{place.gateway.url}/mcp/outils", http_client=http),
            mode=mode,
            elicitation_callback=answers,
        ) as client,
    ):
        with suppress(MCPError):  # or that
            assert (await client.call_tool("asks_back", {})).is_error
    assert {"tool": "asks_back was answered"} not in place.seen


async def test_a_server_that_is_not_there_is_a_fault_that_says_so(place: Place) -> None:
    modern = {"accept_language": "en", "mcp_protocol_version": "2026-07-28", "mcp_method": "tools/list"}
    answer = await place.post("absent", asking("tools/list"), **modern)
    assert (answer.status_code, answer.json()["error"]["data"]["code"]) == (503, "mcp_server_unreachable")
    assert "cannot be reached" in answer.json()["error"]["message"]


# ── the wire ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_request_that_is_not_of_the_protocol_is_refused_with_a_json_rpc_error(place: Place) -> None:
    modern = {"mcp_protocol_version": "2026-07-28"}
    listing, before = {**modern, "mcp_method": "tools/list"}, place.seen
    pay = asking("tools/call", name="issue_payment", arguments={"amount": 1, "to": "x"})
    initialize = {
        "jsonrpc": "2.0", "id": 0, "method": "initialize",
        "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
    }  # fmt: skip
    begun = await place.post("outils", initialize)
    session = {"mcp_session_id": begun.headers["mcp-session-id"]}
    plain = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
    cases: list[tuple[int, Any, dict[str, str]]] = [
        (403, asking("tools/list"), {**listing, "origin": "https://ailleurs.example"}),
        (401, asking("tools/list"), {**listing, "authorization": "Bearer vigie_faux_faux"}),
        (404, asking("tools/list"), {**listing, "authorization": f"Bearer {place.other_key}"}),
        (406, asking("tools/list"), {**listing, "accept": "application/json"}),
        (415, asking("tools/list"), {**listing, "content_type": "text/plain"}),
        (400, [asking("tools/list")], listing),
        (400, {**asking("tools/list"), "id": None}, listing),
        (400, {**asking("tools/list"), "jsonrpc": "1.0"}, listing),
        (400, asking("tools/list"), {**modern, "mcp_method": "tools/call"}),
        (400, pay, {**modern, "mcp_method": "tools/call", "mcp_name": "count"}),
        (400, pay, {**modern, "mcp_method": "tools/call"}),
        (400, asking("tools/list", "2030-01-01"), {**listing, "mcp_protocol_version": "2030-01-01"}),
        (400, asking("tools/call", name=3), {**modern, "mcp_method": "tools/call", "mcp_name": "3"}),
        (400, asking("tools/list", cursor="x"), listing),
        (404, asking("subscriptions/listen"), {**modern, "mcp_method": "subscriptions/listen"}),
        (404, asking("sampling/createMessage"), {**modern, "mcp_method": "sampling/createMessage"}),
        (400, plain, {}),
        (404, plain, {"mcp_session_id": "forge.forge"}),
        (404, {**plain, "method": "resources/subscribe", "params": {"uri": "a:b"}}, session),
        (400, plain, {**session, "mcp_protocol_version": "2025-06-18"}),
        (400, {**plain, "method": "tools/call", "params": {"name": "count"}}, {**session, "mcp_name": "process"}),
        (400, asking("tools/list"), {**listing, "x_vigie_session": "deux mots"}),
    ]
    for status, body, headers in cases:
        answer = await place.post("outils", body, **headers)
        assert answer.status_code == status, (body, headers, answer.text)
        assert answer.json()["error"]["code"] < 0
        assert "x-vigie-decision" in answer.headers
    assert (await place.post("nulle-part", asking("tools/list"), **listing)).status_code == 404
    assert (await place.post("autres", plain, **session)).status_code == 404
    assert place.seen == before

    async with httpx2.AsyncClient(
        headers={**place.gateway.authorization, "mcp-session-id": session["mcp_session_id"]}
    ) as http:
        url = f"{place.gateway.url}/mcp/outils"
        assert (await http.get(url)).status_code == 405
        assert (
            await place.post("outils", {"jsonrpc": "2.0", "method": "notifications/initialized"}, **session)
        ).status_code == 202
        assert (await place.post("outils", {**plain, "method": "ping"}, **session)).json()["result"] == {}
        assert (await http.delete(url)).status_code == 204
        assert (await place.post("outils", plain, **session)).status_code == 404


async def test_the_ledger_holds_every_action_and_verifies(place: Place) -> None:
    """Last: what the tests before left, beside the metrics. Each allowed or released action was answered for, and recomputes."""
    records = place.records
    answered = {one["decision"] for one in records if one["kind"] == "action.answered"}
    allowed = {one["decision"] for one in records if one["kind"] == "action.asked" and one["outcome"] == "allowed"}
    assert len(allowed) > 20
    assert allowed <= answered
    assert verify_live(place.config, place.data) == ""
    async with httpx2.AsyncClient() as http:
        metrics = (await http.get(f"{place.gateway.url}/metrics")).text
    assert 'gen_ai_operation_name="mcp"' in metrics
    assert 'vigie_deployment="calculs"' in metrics

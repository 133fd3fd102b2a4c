"""What the register says of tools, what a session costs, and what people are told: each with what must never be so."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gateway import situation
from gateway.audit import NO_SESSION, Counters
from gateway.audit.sessions import spent_by
from gateway.call import govern
from gateway.config import ConfigurationError, Price, SessionLimits, ToolEntry, load, standing_of
from gateway.config.reading import Loader
from gateway.config.tools import RISKS, UNKNOWN
from gateway.desk.showing import display
from gateway.errors import Message
from gateway.parts import Answer
from gateway.providers import Reply
from gateway.situation import Asked
from gateway.supervision import Held, NoHistory, State, Subject
from gateway.supervision.holds import Hold
from gateway.supervision.wording import HAPPENED, Told, text_of_notice
from tests.playbook import Script, parts_of

CONFIG = Path(__file__).parents[2] / "config"
NAMES = ("payer", "payer_facture", "pay*", "*", "?ayer", "lire")


def entries() -> st.SearchStrategy[ToolEntry]:
    return st.builds(
        lambda name, risk, reversible, systems: ToolEntry(
            name=name, title={"fr": "t", "en": "t"}, risk=risk, reversible=reversible, systems=systems
        ),
        st.sampled_from(NAMES),
        st.sampled_from(RISKS),
        st.booleans(),
        st.sampled_from([(), ("a",), ("b",), ("a", "b")]),
    )


@given(st.lists(entries(), max_size=6), st.randoms(), st.sampled_from(["payer", "payer_facture", "lire", "x"]))
def test_a_tool_is_what_the_register_says_at_its_worst_in_any_order(tools: list[ToolEntry], chance, name: str) -> None:
    said = standing_of(tools, name, "a")
    shuffled = tools[:]
    chance.shuffle(shuffled)
    assert standing_of(shuffled, name, "a") == said
    exact = [one for one in tools if one.name == name and one.systems != ("b",)]
    if exact:
        assert all(RISKS.index(one.risk) <= RISKS.index(said.risk) for one in exact)
        assert said.registered
        assert said.reversible == all(one.reversible for one in exact)
        assert any(one.risk == said.risk for one in exact), "a pattern makes no tool worse than its own entry says"
    elif not any(one.systems != ("b",) for one in tools):
        assert said == UNKNOWN


def test_what_the_register_does_not_know_is_the_worst_that_there_is() -> None:
    known = [ToolEntry(name="lire", title={"fr": "t", "en": "t"}, risk="low", reversible=True)]
    assert (standing_of(known, "lire ", "a"), standing_of(known, "lire", "a").risk) == (UNKNOWN, "low")
    assert (UNKNOWN.risk, UNKNOWN.reversible, UNKNOWN.registered) == ("critical", False, False)


@given(
    st.integers(0, 10**9), st.integers(0, 10**9),
    st.decimals(0, 1000, places=4), st.decimals(0, 1000, places=4),
)  # fmt: skip
def test_a_cost_is_exact_but_for_a_billionth_and_never_too_little(
    read: int, written: int, for_input: Decimal, for_output: Decimal
) -> None:
    price = Price(input_per_million=for_input, output_per_million=for_output, currency="CAD")
    exact = (read * Fraction(for_input) + written * Fraction(for_output)) * 1000
    assert 0 <= price.billionths(read, written) - exact < 1


def test_a_session_is_seen_before_the_call_itself_in_whole_minutes_and_cents() -> None:
    system = load(CONFIG).register.systems[0].model_copy(update={"limits": SessionLimits(steps=5, spend="2.50")})
    now = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
    since = (now - timedelta(seconds=119)).isoformat()
    facts = situation.session_facts(Counters(3, 2, 1, 900, 19_999_999, since), "s1", system, now)
    assert facts == {
        "session.present": True, "session.calls": 3, "session.actions": 2, "session.distinct_tools": 1,
        "session.tokens": 900, "session.minutes": 1, "session.spend": 1,
        "limits.steps": 5, "limits.minutes": 0, "limits.tokens": 0, "limits.spend": 250,
    }  # fmt: skip
    ahead = situation.session_facts(Counters(since=(now + timedelta(hours=1)).isoformat()), "s1", system, now)
    assert ahead["session.minutes"] == 0, "a clock that was set back makes no negative time"
    none = situation.session_facts(NO_SESSION, "", system, now)
    assert {value for name, value in none.items() if name.startswith("session.")} == {False}


def test_a_record_without_a_session_counts_nowhere() -> None:
    opened = {"kind": "call.opened", "time": "t", "system": "a", "session": "s"}
    assert spent_by(opened) is not None
    assert spent_by({**opened, "session": ""}) is None
    assert spent_by({"kind": "call.closed", "time": "t", "system": "a", "session": "s", "usage": None}) is None


def test_whoever_decides_is_shown_what_the_register_says_of_the_tool() -> None:
    tools = load(CONFIG).register.tools
    shown = display(held("supprimer_dossier"), None, "fr", tools)["tool"]
    assert shown == "Supprimer des données (risque critique; irréversible)"
    assert display(held("delivrer_permis"), None, "en", tools)["tool"] == "Issue a permit (high risk; can be undone)"
    assert "ne connaît pas cet outil" in display(held("delivrer-permis"), None, "fr", tools)["tool"]


class ToolsProvider:
    """Answers with two calls of the same tool."""

    async def send(self, deployment: Any, request: Any) -> Reply:
        call = {"type": "function", "function": {"name": "consulter_dossier", "arguments": "{}"}}
        message = {"role": "assistant", "content": None, "tool_calls": [{**call, "id": "a"}, {**call, "id": "b"}]}
        choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
        body = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
        return Reply(200, {}, orjson.dumps(body), None)


class Past(NoHistory):
    """A session that has one action left, and no call once it is spent."""

    def __init__(self, counters: Counters) -> None:
        self.counters = counters

    async def session(self, system: str, session: str) -> Counters:
        return self.counters


async def governed(past: Past) -> tuple[Answer, Script]:
    example = load(CONFIG)
    systems = [one.model_copy(update={"limits": SessionLimits(steps=5)}) for one in example.register.systems]
    register = example.register.model_copy(update={"systems": tuple(systems)})
    script = Script()
    parts = parts_of(replace(example, register=register), script, ToolsProvider(), [])
    body = {"model": "assistant", "messages": [{"role": "user", "content": "Bonjour"}]}
    asked = Asked("chat", orjson.dumps(body), "key-of-redaction-interne", session="run-1")
    return await govern(asked, replace(parts, history=past)), script


async def test_of_two_tool_calls_in_one_answer_the_one_beyond_the_limit_is_refused() -> None:
    answer, script = await governed(Past(Counters(calls=1, actions=4)))
    assert answer.frames is not None or answer.status == 200
    message = orjson.loads(await whole(answer))["choices"][0]["message"]
    assert [one["id"] for one in message["tool_calls"]] == ["a"]
    assert "a atteint une limite" in message["content"]
    closed = script.records[-1]
    assert [(one["tool"], one["outcome"]) for one in closed["actions"]] == [
        ("consulter_dossier", "allowed"),
        ("consulter_dossier", "denied"),
    ]
    spent = spent_by(closed)
    assert spent is not None
    assert len(spent.tools) == 2


async def test_a_call_beyond_the_limit_reaches_no_provider() -> None:
    answer, script = await governed(Past(Counters(calls=5)))
    assert (answer.status, orjson.loads(answer.body)["error"]["code"]) == (403, "session_limit")
    assert [record["kind"] for record in script.records] == ["call.closed"]


async def whole(answer: Answer) -> bytes:
    return answer.body if answer.frames is None else b"".join([frame async for frame in answer.frames])


# ── the files of config/ ──────────────────────────────────────────────────────────────────────────────────────────


def changed(directory: Path, name: str, change: Any) -> Path:
    shutil.copytree(CONFIG, directory)
    value = yaml.load((directory / name).read_text(encoding="utf8"), Loader)
    change(value)
    (directory / name).write_text(yaml.safe_dump(value, allow_unicode=True), encoding="utf8")
    return directory


def notices(**keys: Any) -> tuple[str, Any]:
    return "vigie.yaml", lambda value: value.update(notices=keys)


def price(currency: str) -> dict[str, Any]:
    return {"input_per_million": 0.15, "output_per_million": 0.6, "currency": currency}


CHAT = {"id": "salle", "url": "env:SALLE"}
TOOL = {"name": "payer", "title": {"fr": "t", "en": "t"}, "risk": "low", "reversible": True}


@pytest.mark.parametrize(
    ("file", "change", "said"),
    [
        (*notices(chat=[CHAT], escalation=[{"after": "5m", "to": ["sale"]}]), "Unknown target: sale"),
        (*notices(chat=[CHAT], email=[CHAT]), "salle is there twice"),
        (
            *notices(chat=[CHAT], escalation=[{"after": "5m", "to": ["salle"]}, {"after": "300s", "to": ["salle"]}]),
            "does not come after the one before",
        ),
        (*notices(chat=[{"id": "salle", "url": "slack://a/b/c"}]), "a secret is written as a reference"),
        ("register.yaml", lambda v: v.update(tools=[{**TOOL, "systems": ["permi"]}]), "Unknown system: permi"),
        ("register.yaml", lambda v: v.update(tools=[TOOL, TOOL]), "payer is there twice"),
        ("register.yaml", lambda v: v.update(tools=[{**TOOL, "name": "pay er"}]), "unexpected form"),
        ("register.yaml", lambda v: v["systems"][0].update(limits={"spend": 0.005}), "limits.spend"),
        (
            "catalogue.yaml",
            lambda v: [one.update(price=price(c)) for one, c in zip(v["deployments"], ("CAD", "USD"), strict=False)],
            "several currencies",
        ),
        (
            "policies/paliers.yaml",
            lambda v: v["rules"][0].update(hold={"approvals": 1, "expires": "5m", "escalate": "5m"}),
            "refused by then",
        ),
    ],
)
def test_what_could_not_act_as_written_is_refused_in_its_place(
    tmp_path: Path, file: str, change: Any, said: str
) -> None:
    with pytest.raises(ConfigurationError) as error:
        load(changed(tmp_path / "config", file, change))
    (problem,) = error.value.problems
    assert problem.file == file
    assert said in problem.message.en
    assert problem.line > 1


def test_what_acts_otherwise_than_meant_is_a_warning(tmp_path: Path) -> None:
    spends = changed(tmp_path / "a", "register.yaml", lambda v: v["systems"][0].update(limits={"spend": 2}))
    assert any("Deployments without price: cti-mistral, simulateur" in one.message.en for one in load(spends).warnings)
    to_nobody = changed(tmp_path / "b", "policies/paliers.yaml", lambda v: v["rules"][0]["hold"].update(escalate="5m"))
    loaded = load(to_nobody)
    assert any("Nobody is to be told next" in one.message.en for one in loaded.warnings)
    rule = loaded.policy.rule("critical-actions-need-two-people")
    assert rule.hold is not None
    assert rule.hold.escalate_s == 300
    assert type(loaded.policy).from_source(loaded.policy.source) == loaded.policy


# ── what people are told ──────────────────────────────────────────────────────────────────────────────────────────


def held(tool: str = "issue_payment", system: str = "permis-assistant") -> Held:
    hold = Hold("a-1", State.WAITING, "0" * 64, "key:k", "2026-11-24T15:10:00.000Z")
    subject = Subject(system=system, session="s1", tool=tool)
    reason = Message("Il faut un accord.", "An approval is needed.")
    return Held(
        hold, 1, 1, subject, "d-1", "chat", tool, {"CA_SIN": 1}, "p", "r", "c", reason,
        "2026-11-24T15:00:00.000Z", "2026-11-24T15:00:00.000Z", False, "", "", (),
    )  # fmt: skip


FRENCH = Told("fr", ZoneInfo("America/Toronto"), "https://vigie.exemple.quebec/")


def test_a_notice_says_what_waits_until_when_and_where_to_decide() -> None:
    title, text = text_of_notice(held(), "held", FRENCH)
    assert title == "Vigie\u00a0: une action attend une décision (permis-assistant)"
    assert text == (
        "Outil\u00a0: issue_payment\nSystème\u00a0: permis-assistant\nRaison\u00a0: Il faut un accord.\n"
        "Référence\u00a0: a-1\nÉchéance\u00a0: 2026-11-24 10:10 (America/Toronto)\n"
        "Décider\u00a0: https://vigie.exemple.quebec/console/holds/a-1"
    )
    title, text = text_of_notice(held(), "escalated", Told("fr+en", ZoneInfo("UTC")))
    assert title.endswith(" · an action still waits for a decision")
    assert "Décider\u00a0: vigie holds show a-1\n\nTool: issue_payment" in text
    assert "Décider" not in text_of_notice(held(), "expired", FRENCH)[1]


@given(st.text(), st.sampled_from(sorted(HAPPENED)))
def test_a_tool_s_name_cannot_be_markup_nor_a_line_of_its_own(tool: str, what: str) -> None:
    plain = text_of_notice(held("x"), what, FRENCH)
    title, text = text_of_notice(held(tool), what, FRENCH)
    assert title == plain[0]
    assert len(text.splitlines()) == len(plain[1].splitlines())
    shown = text.splitlines()[0].removeprefix("Outil\u00a0: ")
    assert not set(shown) & set("<>[]()*`_~|@#&!\"'/\\ \t\r\n") - {"_"}
    assert len(shown) <= 65

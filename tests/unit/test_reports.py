"""Reports, purely: what they count against what was done, whatever the calls, their order and the period; and their CSV."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway import situation
from gateway.audit import canonical
from gateway.audit.reports import REPORTS, Scope, report_of
from gateway.audit.reports.incidents import ITEMS, number_of
from gateway.audit.reports.reading import Call, calls_and_others
from gateway.audit.reports.rendering import BOM, FORMULA, as_csv, as_json, as_text
from gateway.audit.reports.shape import Column, Report
from gateway.audit.reports.supervision import Said, Statistics, Times
from gateway.config import Catalogue, Configuration, load
from gateway.errors import Message, Refusal
from gateway.policies import Derogation, Effect, Policy, Rule, Stage, decide
from gateway.situation import Asked
from gateway.sovereignty import Places
from gateway.trace import Fragments, Trace, timestamp
from gateway.wire import chat
from gateway.wire.calls import Limits

CONFIG = Path(__file__).parents[2] / "config"
START = datetime(2026, 11, 1, 12, tzinfo=UTC)
ZONE = ZoneInfo("America/Toronto")
OURS = {
    "operator": {"name": "Organisme", "home": "CA-QC", "public_body": True, "foreign_reach": []},
    "processing": {"country": "CA", "subdivision": "CA-QC", "routing": "regional", "guarantee": "direct-control"},
}
ABROAD = {"name": "Nuage inc.", "home": "US", "foreign_reach": ["US-CLOUD-Act"]}
PAPERS = {
    "assessment": {"ref": "EFVP-9", "expires": "2027-01-01", "personal_data": ["PERSON"]},
    "contract": {"ref": "C-7", "expires": "2027-01-01"},
}
PLACES: dict[str, dict[str, Any]] = {
    "cti": OURS,
    "montreal": {**OURS, "operator": ABROAD, **PAPERS, "retention_days": 30},
    "toronto": {**OURS, "processing": {**OURS["processing"], "subdivision": "CA-ON"}},
    "mondial": {**OURS, "processing": {**OURS["processing"], "routing": "global"}},
}
OUTSIDE = {"montreal": ["operator"], "toronto": ["place"], "mondial": ["place"]}


def configuration_of() -> Configuration:
    known = load(CONFIG)
    common = {
        "provider": {"protocol": "simulated", "model": "bonjour"}, "max_classification": "highly-sensitive", "training": "never",
        "verified": {"on": "2026-10-01", "by": "p.tremblay", "source": "fiche", "expires": "2027-10-01"},
    }  # fmt: skip
    catalogue = Catalogue.model_validate(
        {
            "models": [{"id": "assistant", "kind": "chat", "deployments": list(PLACES)}],
            "deployments": [{"id": name, **common, **entry} for name, entry in PLACES.items()],
        }
    )
    derogation = Derogation(
        "D-2026-1",
        "personal-data-stays-in-quebec",
        "permis-assistant",
        "essai",
        "p.tremblay",
        "2026-10-01",
        "2026-12-31",
    )
    payments = Rule(
        "payments-need-a-person", "essai", 11, Stage.ACTION, 'action.tool == "payer"', Effect.HOLD, "payment_approval",
        Message("Un paiement exige l'accord d'une personne.", "A payment needs a person's approval."),
    )  # fmt: skip
    return replace(known, catalogue=catalogue, policy=Policy.of([*known.policy.rules, payments], [derogation]))


CONFIGURATION = configuration_of()
POLICY = CONFIGURATION.policy
PARSED = chat.parse(
    orjson.dumps({"model": "assistant", "messages": [{"role": "user", "content": "Bonjour"}]}), Limits(64, 100)
)


@dataclass(frozen=True)
class Made:
    """A call as it is made: what is found, what of it would leave in clear, to whom it is sent and how it ends."""

    system: str
    found: tuple[str, ...]
    remaining: tuple[str, ...]
    attempts: tuple[tuple[str, str], ...]
    ending: str  # served, failed, client_left, crash, refused
    residency: str = "unattested"
    proposes: bool = False  # an action, which waits for a person before the call ends


TYPES = st.lists(st.sampled_from(["PERSON", "CA_SIN", "EMAIL_ADDRESS"]), unique=True, max_size=2).map(tuple)


@st.composite
def calls(draw: st.DrawFn) -> Made:
    found = draw(TYPES)
    remaining = tuple(one for one in found if draw(st.booleans()))
    outcomes = st.sampled_from(["provider_timeout", "circuit_open", "suspended", "provider_refused", "rejoined"])
    names = draw(st.permutations(list(PLACES)))[: draw(st.integers(0, 3))]
    attempts = [(name, draw(outcomes)) for name in names]
    ending = draw(st.sampled_from(["served", "served", "failed", "client_left", "crash", "refused"]))
    if ending == "served":
        attempts = [*attempts[:-1], (attempts[-1][0] if attempts else "cti", "answered")]
    system = draw(st.sampled_from(["permis-assistant", "redaction-interne"]))
    residency = draw(st.sampled_from(["unattested", "confirmed"]))
    return Made(
        system, found, remaining, tuple(attempts), ending, residency, ending == "served" and draw(st.booleans())
    )


class Ledger:
    """Records in a list: a source of reports."""

    def __init__(self, made: Sequence[Made], overlap: int = 0) -> None:
        """Calls begin a minute apart; each closes `overlap` calls later."""
        pending: list[tuple[int, list[dict[str, Any]]]] = []
        self.kept: list[dict[str, Any]] = []
        for number, one in enumerate(made):
            opened, *later = records_of(number, one, overlap)
            self.kept.append(opened)
            asked, closed = (later[:1], later[1:]) if one.proposes else ([], later)
            pending += [(number + overlap // 2, asked), (number + overlap, closed)]
            for due, late in pending:
                self.kept += late if due <= number else []
            pending = [each for each in pending if each[0] > number]
        for _, late in pending:
            self.kept += late

    def records(self, scope: Scope, kinds: Sequence[str]) -> Iterator[tuple[int, Any]]:
        for position, record in enumerate(self.kept):
            of_system = not scope.system or record.get("system", "") in ("", scope.system)
            if scope.covers(record["time"]) and of_system and (not kinds or record["kind"] in kinds):
                yield position, record

    def of_decisions(self, decisions: Sequence[str]) -> Iterator[tuple[int, Any]]:
        for position, record in enumerate(self.kept):
            if record["kind"] in ("call.closed", "action.asked") and record["decision"] in decisions:
                yield position, record

    def policies(self) -> Iterator[tuple[str, Any]]:
        yield POLICY.version, orjson.loads(POLICY.source)


def records_of(number: int, made: Made, minutes: int = 0) -> list[dict[str, Any]]:
    """The records of a call that takes some `minutes`, as the gateway writes them."""
    now = START + timedelta(minutes=number)
    system = CONFIGURATION.register.system(made.system)
    assert system is not None
    trace = Trace(f"d-{number:032x}", now, Fragments())
    trace.system, trace.policy = made.system, POLICY.version
    trace.facts = situation.call_facts(
        PARSED, system, CONFIGURATION.register, Asked("chat", b"", ""), now, ZONE, 0, halted=made.ending == "refused"
    )
    privacy = situation.privacy_facts(made.found, ())
    places = Places()

    def decided(stage: Stage, facts: Any) -> None:
        trace.decided(stage, facts, decide(POLICY, stage, {**trace.facts, **facts}))

    def written(record: dict[str, Any]) -> dict[str, Any]:
        value: dict[str, Any] = orjson.loads(canonical(record))
        return value

    decided(Stage.ADMISSION, {})
    if made.ending == "refused":
        return [written(trace.closed(now, "refused", "halted"))]
    for deployment in CONFIGURATION.catalogue.deployments:
        known = places.facts(deployment, CONFIGURATION, now.date(), suspended=False)
        covered = deployment.assessment.personal_data if deployment.assessment is not None else ()
        decided(
            Stage.ROUTING, {**privacy, **situation.routing_facts(known, made.remaining, covered, (), (), halted=False)}
        )
    opened = written(trace.opened(now))
    if made.ending == "crash":
        return [opened]
    trace.attempts = [{"deployment": name, "outcome": outcome} for name, outcome in made.attempts]
    if made.ending == "served":
        trace.deployment, trace.residency = made.attempts[-1][0], made.residency
        decided(Stage.OUTPUT, situation.output_facts((), ()))
    asked = []
    if made.proposes:
        decided(Stage.ACTION, {"action.tool": "payer", "action.arguments": {}, "action.entities": ()})
        asked = [written(trace.asked(now + timedelta(minutes=minutes // 2, seconds=4)))]
    return [opened, *asked, written(trace.closed(now + timedelta(minutes=minutes, seconds=5), made.ending))]


def admitted(record: dict[str, Any]) -> set[str]:
    stages = [one for one in record["stages"] if one["stage"] == "routing"]
    return {one["facts"]["deployment.id"] for one in stages if one["decision"]["effect"] not in ("exclude", "deny")}


def rows_of(name: str, ledger: Any, scope: Scope | None = None) -> list[dict[str, Any]]:
    return [dict(row) for row in report_of(name, ledger, scope or Scope()).rows]


@settings(max_examples=50)
@given(st.lists(calls(), max_size=12), st.integers(0, 3))
def test_the_register_of_communications_counts_what_was_sent_outside_quebec(made: list[Made], overlap: int) -> None:
    ledger = Ledger(made, overlap)
    opened = {record["decision"]: record for record in ledger.kept if record["kind"] == "call.opened"}
    expected: Counter[tuple[str, str, str]] = Counter()
    clear: Counter[tuple[str, str, str]] = Counter()
    for number, one in enumerate(made):
        record = opened.get(f"d-{number:032x}")
        if record is None or not one.found:
            continue
        sent = {
            name: "answered" if outcome == "answered" else "unanswered"
            for name, outcome in (one.attempts if one.ending != "crash" else ())
            if outcome not in ("circuit_open", "suspended", "rejoined")
        }
        joined = one.ending == "client_left" and any(outcome == "rejoined" for _, outcome in one.attempts)
        if one.ending in ("crash", "client_left") and not joined:
            tried = set() if one.ending == "crash" else {name for name, _ in one.attempts}
            sent |= dict.fromkeys(admitted(record) - tried, "uncertain")
        for name, how in sent.items():
            if name in OUTSIDE:
                expected[one.system, name, how] += 1
                clear.update((one.system, name, kind) for kind in one.remaining)
    rows = rows_of("communications", ledger)
    found = Counter({(row["system"], row["deployment"], how): row[how] for row in rows for how in
                     ("answered", "unanswered", "uncertain") if row[how]})  # fmt: skip
    assert found == expected
    assert clear == Counter(
        {(row["system"], row["deployment"], kind): n for row in rows for kind, n in row["types_in_clear"].items()}
    )
    for row in rows:
        assert row["why_outside"] == OUTSIDE[row["deployment"]]
        papers = (
            ("EFVP-9", True, "C-7", 30)
            if row["deployment"] == "montreal"
            else ("", False, "", Message("inconnue", "unknown"))
        )
        assert (row["assessment"], row["assessment_in_force"], row["contract"], row["retention_days"]) == papers
        assert row["calls"] == sum(row[how] for how in ("answered", "unanswered", "uncertain"))


@settings(max_examples=50)
@given(st.lists(calls(), min_size=2, max_size=10), st.integers(0, 3), st.integers(0, 10))
def test_two_periods_that_follow_each_other_count_what_the_whole_counts(
    made: list[Made], overlap: int, cut: int
) -> None:
    ledger, moment = Ledger(made, overlap), timestamp(START + timedelta(minutes=cut))
    for name, key, counted in [
        ("communications", ("system", "deployment"), ("calls", "answered", "uncertain")),
        ("derogations", ("derogation", "system"), ("calls", "served", "decisions")),
        ("principles", ("principle", "evidence"), ("records", "relaxed")),
    ]:

        def sums(scope: Scope) -> Counter[Any]:
            found: Counter[Any] = Counter()
            for row in rows_of(name, ledger, scope):  # noqa: B023 - used within the turn
                for column in counted:  # noqa: B023
                    found[(*(row[one] for one in key), column)] += row[column]  # noqa: B023
            return +found

        assert sums(Scope(until=moment)) + sums(Scope(since=moment)) == sums(Scope())
        by_system = [sums(Scope(system=one.id)) for one in CONFIGURATION.register.systems]
        assert sum(by_system, Counter()) == sums(Scope())


@settings(max_examples=50)
@given(st.lists(calls(), max_size=8), st.integers(0, 4), st.integers(0, 8))
def test_a_call_is_put_together_whole_in_the_period_in_which_it_began_and_in_no_other(
    made: list[Made], overlap: int, cut: int
) -> None:
    ledger, moment = Ledger(made, overlap), timestamp(START + timedelta(minutes=cut))
    stages: dict[str, list[Any]] = {}
    for record in ledger.kept:
        stages.setdefault(record["decision"], []).extend(record["stages"])
    found = [one for scope in (Scope(until=moment), Scope(since=moment)) for one in calls_and_others(ledger, scope, ())]
    together = [one for one in found if isinstance(one, Call)]
    assert sorted(one.decision for one in together) == sorted(stages)
    for one in together:
        assert one.stages == stages[one.decision]


def test_a_try_that_rejoins_the_answer_of_an_earlier_one_sends_nothing_even_if_it_is_cut() -> None:
    for attempts, expected in [
        ((("cti", "rejoined"),), set()),
        ((("cti", "provider_timeout"),), {"montreal", "toronto"}),
    ]:
        rows = rows_of("communications", Ledger([Made("permis-assistant", ("PERSON",), (), attempts, "client_left")]))
        assert {row["deployment"] for row in rows if row["uncertain"]} == expected


def test_a_contradicted_place_is_a_communication_and_an_incident_even_where_the_entry_says_quebec() -> None:
    answered = (("cti", "answered"),)
    ledger = Ledger(
        [
            Made("permis-assistant", ("PERSON", "CA_SIN"), ("PERSON",), answered, "served", "confirmed"),
            Made("permis-assistant", ("PERSON", "CA_SIN"), ("PERSON",), answered, "served", "contradicted"),
        ]
    )
    suspended = {
        "kind": "deployment.suspended", "id": "s-cti.0123456789abcdef", "time": ledger.kept[-1]["time"],
        "deployment": "cti", "verification": "0", "decision": ledger.kept[-1]["decision"],
        "reason": "residency_contradicted",
    }  # fmt: skip
    ledger.kept.insert(-1, suspended)
    (row,) = rows_of("communications", ledger)
    assert (row["deployment"], row["why_outside"], row["calls"]) == ("cti", ["answer"], 1)
    (incident,) = rows_of("incidents", ledger)
    assert (incident["incident"], incident["systems"], incident["calls"]) == (
        "i-cti.0123456789abcdef", ["permis-assistant"], 1,
    )  # fmt: skip
    assert incident["information"] == Message(
        "en clair\u00a0: PERSON; masqués ou sous pseudonyme\u00a0: CA_SIN",
        "in clear: PERSON; masked or pseudonymized: CA_SIN",
    )
    assert incident["to_complete"] == ["persons", "risk", "notices"]
    for item, text in (("persons", "12"), ("persons", "14"), ("measures", "Contrat suspendu")):
        ledger.kept.append({
            "kind": "incident.noted", "id": "n", "time": "2027-01-01T00:00:00.000Z", "by": "p.tremblay",
            "incident": incident["incident"], "item": item, "text": text,
        })  # fmt: skip
    november = Scope(since="2026-11-01T00:00:00.000Z", until="2026-12-01T00:00:00.000Z")
    (noted,) = rows_of("incidents", ledger, november)
    assert noted["persons"].fr == "14", "the newest note, though written after the period"
    assert noted["measures"].fr == "Contrat suspendu"
    assert (noted["to_complete"], noted["completed_by"]) == (["risk", "notices"], ["p.tremblay"])
    assert rows_of("incidents", ledger, Scope(until="2026-11-01T00:00:00.000Z")) == []
    del ledger.kept[-4]  # the call's closing record: the process died after it suspended
    (cut,) = rows_of("incidents", ledger)
    assert (cut["calls"], cut["information"].en) == (0, "unknown: the call was not recorded to its end")


@settings(max_examples=50)
@given(st.lists(calls(), max_size=12))
def test_what_left_in_clear_without_an_assessment_that_names_it_is_an_incident(made: list[Made]) -> None:
    expected: Counter[tuple[str, str]] = Counter()
    for one in made:
        if one.ending == "served":
            name = one.attempts[-1][0]
            covered = {"PERSON"} if name == "montreal" else set()
            expected[one.system, name] += name in OUTSIDE and bool(set(one.remaining) - covered)
    rows = rows_of("incidents", Ledger(made))
    assert {(*row["systems"], row["deployment"]): row["calls"] for row in rows} == dict(+expected)
    assert len({row["incident"] for row in rows}) == len(rows)
    assert all(set(row) >= {*ITEMS, "to_complete"} and row["persons"] is None for row in rows)


@settings(max_examples=50)
@given(st.lists(calls(), max_size=12), st.integers(0, 3))
def test_derogations_and_principles_count_the_calls_that_each_rule_touched(made: list[Made], overlap: int) -> None:
    ledger = Ledger(made, overlap)
    touched: dict[str, set[tuple[str, str]]] = {"matches": set(), "relaxed": set(), "shadow": set()}
    for record in ledger.kept:
        for stage in record["stages"]:
            for how, seen in touched.items():
                seen |= {(match["rule"], record["decision"]) for match in stage["decision"][how]}
    (derogation,) = rows_of("derogations", ledger)
    assert derogation["calls"] == len(touched["relaxed"])
    assert (derogation["approved_by"], derogation["justification"]) == ("p.tremblay", "essai")
    rows = rows_of("principles", ledger)
    assert {row["principle"] for row in rows} == set(range(1, 13))
    by_rule = {row["evidence"]: row for row in rows}
    assert not made or {rule.id for rule in POLICY.rules} <= set(by_rule)
    for rule in POLICY.rules if made else ():
        matches, relaxed = ({call for name, call in touched[how] if name == rule.id} for how in ("matches", "relaxed"))
        row = by_rule[rule.id]
        assert (row["principle"], row["records"], row["relaxed"]) == (
            rule.principle, len(matches) + len(relaxed), len(relaxed),
        )  # fmt: skip
        assert set(row["examples"]) <= matches | relaxed | {call for _, call in touched["shadow"]}
        assert row["meaning"] == rule.reason


def test_automated_decisions_are_those_of_systems_that_decide_alone() -> None:
    ledger = Ledger([
        Made("permis-assistant", ("PERSON",), (), (("cti", "answered"),), "served"),
        Made("permis-assistant", (), (), (), "crash"),
        Made("permis-assistant", (), (), (), "refused"),
        Made("redaction-interne", ("PERSON",), (), (("cti", "answered"),), "served"),
    ])  # fmt: skip
    assert rows_of("automated-decisions", ledger) == []
    for record in ledger.kept:
        if record["system"] == "permis-assistant":
            record["facts"]["system.decision_role"] = "exclusive"
    (row,) = rows_of("automated-decisions", ledger)
    assert {name: row[name] for name in ("system", "purpose", "calls", "served", "refused", "otherwise")} == {
        "system": "permis-assistant", "purpose": "citizen-service", "calls": 3, "served": 1, "refused": 1, "otherwise": 1,
    }  # fmt: skip
    assert (row["with_personal_information"], row["types"], row["unlabelled"]) == (1, {"PERSON": 1}, 1)


# ── how they are shown ────────────────────────────────────────────────────────────────────────────────────────────

HOSTILE = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("=+-@\t\r\n;,\"'＝＋ "), max_size=12)


@example([(" =1+1", ["\t@x", "ordinaire"], 0)])
@given(st.lists(st.tuples(HOSTILE, st.lists(HOSTILE, max_size=2), st.integers(-5, 10**9)), max_size=4))
def test_no_cell_of_a_csv_is_a_formula_and_every_row_is_one_line(cells: list[tuple[str, list[str], int]]) -> None:
    columns = (Column("a", "Système", "System"), Column("b", "é", "e"), Column("c", "n", "n"))
    rows = [{"a": one, "b": two, "c": three} for one, two, three in cells]
    report = Report("r", Message("R", "R"), Scope(), columns, rows)
    for language, delimiter in (("fr", ";"), ("en", ",")):
        raw = as_csv(report, language)
        assert raw.startswith(b"\xef\xbb\xbf")
        text = raw.decode().removeprefix(BOM)
        assert text.count("\r\n") == len(rows) + 1 == len(text.splitlines())
        head, *read = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        assert head == [column.name.in_language(language) for column in columns]
        for (one, _, three), line in zip(cells, read, strict=True):
            assert len(line) == 3
            assert line[2] == str(three), "a number of ours stays a number"
            for cell in line[:2]:
                assert (cell.lstrip() or " ")[0] not in FORMULA, cell
            if one.isalnum():
                assert line[0] == one
    shown = as_text(report, "fr", ZONE)
    assert all(character.isprintable() or character in "\n\u00a0\u202f" for character in shown)
    assert orjson.loads(orjson.dumps(as_json(report, "fr")))["rows"] == [
        {"a": one, "b": two, "c": three} for one, two, three in cells
    ]


def test_a_report_for_a_person_is_french_in_the_bodys_own_time_and_says_when_there_is_nothing() -> None:
    made = Made("permis-assistant", ("PERSON",), ("PERSON",), (("toronto", "answered"),), "served")
    told = as_text(report_of("communications", Ledger([made]), Scope(since="2026-11-01T04:00:00.000Z")), "fr", ZONE)
    assert "Communications à l'extérieur du Québec, depuis le 2026-11-01 00:00" in told
    assert "2026-11-01 07:00" in told, "noon in UTC is seven in Toronto"
    assert "exploitant" in told
    assert max(map(len, told.splitlines())) <= 120
    for name in REPORTS:
        empty = report_of(name, Ledger([]), Scope())
        assert as_text(empty, "en", ZONE)
        assert as_csv(empty, "fr").count(b"\r\n") == 1 + len(empty.rows)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=60))
def test_times_kept_as_counts_are_within_a_hundredth_of_the_exact_ones(times: list[int]) -> None:
    known, ordered = Times(), sorted(times)
    for one in times:
        known.add(one)
    middle = (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
    assert known.median == pytest.approx(middle, rel=0.01, abs=1)
    assert known.p90 == pytest.approx(ordered[min(len(ordered) - 1, len(ordered) * 9 // 10)], rel=0.01, abs=1)


def test_a_million_holds_take_the_memory_of_a_few() -> None:
    known = Statistics()
    for number in range(20_000):
        at = timestamp(START + timedelta(milliseconds=number * 977))
        known.add(timestamp(START), "released", [Said("s.gagnon", "approved", at, None)])
    assert len(known.waited._counts) < 4_000
    assert known.as_json()["decided_ms"]["count"] == 20_000


def test_what_does_not_exist_is_said() -> None:
    for name, code in (("registre", "unknown_report"), ("", "unknown_report")):
        with pytest.raises(Refusal) as refused:
            report_of(name, Ledger([]), Scope())
        assert refused.value.code == code
    assert [number_of(str(at)) for at in range(1, 9)] == list(ITEMS)
    for item in ("0", "9", "personnes", "", "²"):
        with pytest.raises(Refusal):
            number_of(item)

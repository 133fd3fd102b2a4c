"""No log line can hold a prompt, a key or a token."""

import logging
import sys

import orjson
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from gateway.telemetry import bind, logs

PROMPT = "Bonjour, je m'appelle Marie Tremblay et mon NAS est 046 454 286"
KEY = "vigie_k3f9a2c1_c2VjcmV0IHNlY3JldCBzZWNyZXQ"


@pytest.fixture
def lines():
    return []


@pytest.fixture
def log(lines):
    return logs.logger("debug", lines.append)


def test_a_line_is_one_json_object_with_its_time_and_level(log, lines):
    log.info("call.finished", decision="d-01", duration_ms=12, rules=["a", "b"])
    line = orjson.loads(lines[0])
    assert lines[0].endswith(b"\n")
    assert lines[0].count(b"\n") == 1
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "event": "call.finished",
        "level": "info",
        "decision": "d-01",
        "duration_ms": 12,
        "rules": ["a", "b"],
    }


@pytest.mark.parametrize("field", ["prompt", "body", "messages", "authorization", "user", "value"])
def test_a_field_that_nobody_allowed_is_left_out_and_counted(log, lines, field):
    log.info("call.finished", decision="d-01", **{field: "x"})
    line = orjson.loads(lines[0])
    assert field not in line
    assert line["withheld"] == 1


@pytest.mark.parametrize("field", sorted(logs.FIELDS))
@pytest.mark.parametrize(
    "value", [PROMPT, KEY, [PROMPT], {"a": PROMPT}, "sk-proj-abcdef", "postgresql://vigie:secret@db/vigie"]
)
def test_an_allowed_field_does_not_carry_a_prompt_or_a_secret(log, lines, field, value):
    log.info("call.finished", **{field: value})
    assert b"Tremblay" not in lines[0]
    assert b"secret" not in lines[0].lower()
    assert b"c2Vj" not in lines[0]
    assert b"sk-" not in lines[0]


def test_free_text_cannot_travel_as_the_event(log, lines):
    log.info(PROMPT)
    assert orjson.loads(lines[0])["event"] == "unnamed"


def test_of_an_exception_only_its_type_and_places_are_written(log, lines):
    try:
        int(PROMPT)
    except ValueError as error:
        log.warning("fault", exc_info=error)
        log.exception("fault")
    for raw in lines:
        line = orjson.loads(raw)
        assert line["error"] == "ValueError"
        assert line["where"][-1].startswith("unit/test_telemetry_logs.py:")
        assert b"Tremblay" not in raw


def test_of_a_librarys_record_the_message_is_never_written(lines):
    handler = logs.LibraryRecords(lines.append)
    library = logging.getLogger("some.library")
    library.addHandler(handler)
    try:
        library.warning("request body: %s", PROMPT)
        library.error(PROMPT, exc_info=ValueError(PROMPT))
    finally:
        library.removeHandler(handler)
    assert not any(b"Tremblay" in line for line in lines)
    assert orjson.loads(lines[0])["logger"] == "some.library"
    assert orjson.loads(lines[1])["error"] == "ValueError"


@given(
    st.dictionaries(st.sampled_from(sorted(logs.FIELDS)) | st.text(), st.text() | st.integers() | st.lists(st.text()))
)
def test_whatever_is_logged_only_allowed_names_and_shapes_come_out(fields):
    fields.pop("event", None)
    kept = logs.allow_listed(None, "info", {**fields, "event": "x"})
    for name, value in kept.items():
        assert name in {"event", "withheld"} or (name in logs.FIELDS and logs.FIELDS[name](value))


def test_what_is_bound_is_on_every_line_inside_and_none_after(log, lines):
    with bind(decision="d-01", trace_id="ab" * 16):
        log.info("inside")
    log.info("after")
    assert orjson.loads(lines[0])["decision"] == "d-01"
    assert "decision" not in orjson.loads(lines[1])


def test_every_logger_of_the_process_writes_the_same_way(lines):
    before = logging.getLogger().handlers[:], logging.getLogger().level
    logs.configure_everywhere("info", lines.append)
    logs.configure_everywhere("info", lines.append)
    try:
        structlog.get_logger().info("ledger.started", records=3, prompt=PROMPT)
        structlog.get_logger().debug("too.fine")
        logging.getLogger("litellm").warning(PROMPT)
    finally:
        logging.getLogger().handlers[:], level = before
        logging.getLogger().setLevel(level)
        structlog.reset_defaults()
    assert [orjson.loads(line)["event"] for line in lines] == ["ledger.started", "library.record"]
    assert not any(b"Tremblay" in line for line in lines)


def test_a_closed_stderr_stops_nothing(monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gateway.telemetry.logs.os.write", full)
    logs.logger("info").info("call.finished")


def test_lines_go_to_stderr_and_nothing_to_stdout(capfd):
    logs.logger("info").info("call.finished", decision="d-01")
    out, err = capfd.readouterr()
    assert out == ""
    assert orjson.loads(err)["decision"] == "d-01"
    assert sys.stderr is not None

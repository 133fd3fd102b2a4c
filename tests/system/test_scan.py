"""`vigie scan` as a program: lines in, lines out."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "config"
VIGIE = [sys.executable, "-m", "gateway.cli", "scan"]


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    """The example body's configuration, patterns and rules only, so that it starts fast."""
    place = tmp_path_factory.mktemp("scan") / "config"
    shutil.copytree(EXAMPLE, place)
    (place / "vigie.yaml").write_text("privacy: {ner: false}\n", encoding="utf-8")
    return place


def scan(config, *lines):
    given = "".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines)
    return subprocess.run(
        [*VIGIE, "--config", str(config)], input=given.encode(), capture_output=True, timeout=60, check=False
    )


def test_each_text_has_its_line_with_offsets_in_characters(config):
    text = "😀 Écrire à Julie Tremblay, 😀 jtremblay@exemple.com"
    done = scan(
        config, {"id": 7, "text": text}, {"id": {"a": 1}, "text": ""}, {"id": "x", "text": "Bonjour.", "lang": "fr"}
    )
    assert done.returncode == 0, done.stderr
    first, second, third = map(json.loads, done.stdout.splitlines())
    assert first["id"] == 7
    found = {one["type"]: text[one["start"] : one["end"]] for one in first["spans"]}
    assert found == {"PERSON": "Julie Tremblay", "EMAIL_ADDRESS": "jtremblay@exemple.com"}
    assert second == {"id": {"a": 1}, "spans": []}
    assert third == {"id": "x", "spans": []}
    assert done.stderr == b"", "no progress where nobody looks"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("pas du JSON\n", "Ligne 2"),
        ('{"id": "2"}\n', "text"),
        ('{"text": "x"}\n', "{id, text}"),
        ('{"id": "2", "text": 12}\n', "text"),
        ('{"id": "2", "text": "x", "lang": 3}\n', "lang"),
        ("[]\n", "Ligne 2"),
    ],
)
def test_a_bad_line_is_named_after_those_before_it_are_answered(config, line, says):
    done = scan(config, {"id": "1", "text": "Julie Tremblay"}, line, {"id": "3", "text": "Luc Roy"})
    assert done.returncode == 1
    answered = [json.loads(one)["id"] for one in done.stdout.splitlines()]
    assert answered == ["1"]
    error = done.stderr.decode()
    assert says in error
    assert "Line 2" in error
    assert "Traceback" not in error
    assert "Julie" not in error


def test_a_program_may_write_a_line_and_wait_for_its_answer(config):
    with subprocess.Popen([*VIGIE, "--config", str(config)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        for number in range(3):
            program.stdin.write(json.dumps({"id": number, "text": "Julie Tremblay"}).encode() + b"\n")
            program.stdin.flush()
            assert json.loads(program.stdout.readline())["id"] == number
        program.stdin.close()
        assert program.wait(30) == 0


def test_many_lines_come_back_in_order(config):
    done = scan(config, *({"id": number, "text": f"Dossier {number} de Julie Tremblay"} for number in range(700)))
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == list(range(700))

"""The command line: every command shows an example, ends with 0, 1 or 2, and says what is wrong in one line and a hint."""

from __future__ import annotations

import json
import logging
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from gateway.cli import main
from tests.gateway_process import example_config
from tests.unit.test_config import CONFIG, change


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that does something, with its words."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from leaves(inner, (*path, name))
    else:
        yield path, command


COMMANDS = dict(leaves(main))
NAMES = [" ".join(path) for path in COMMANDS]


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    before = list(root.handlers), root.level
    yield
    root.handlers[:], level = before[0], before[1]
    root.setLevel(level)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("cli")
    example_config(place / "config", provider_port=1)
    return place


def vigie(place: Path, *arguments: str, text: str | None = None) -> Result:
    environment = {"VIGIE_CONFIG": str(place / "config"), "VIGIE_DATA": str(place / "data")}
    return CliRunner().invoke(main, list(arguments), env=environment, input=text)


def says_why(result: Result, code: str) -> None:
    assert result.exit_code == 1, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    first, *rest = result.stderr.splitlines()
    assert first.startswith("vigie: "), result.stderr
    assert first.endswith(f"[{code}]"), result.stderr
    assert all(line.startswith("  → ") for line in rest), result.stderr
    assert len(rest) <= 1, result.stderr


@pytest.mark.parametrize("name", NAMES)
def test_help_has_an_example_that_the_command_would_take(name: str) -> None:
    path = tuple(name.split())
    for flag in ("--help", "-h"):
        result = CliRunner().invoke(main, [*path, flag])
        assert result.exit_code == 0
    assert "Exemple" in result.output
    (example,) = [line.split("Exemple : ", 1)[1] for line in result.output.splitlines() if "Exemple : " in line]
    words = shlex.split(example)
    assert "vigie" in words, example
    said = words[words.index("vigie") + 1 :]
    assert tuple(said[: len(path)]) == path, example
    known = {option for one in COMMANDS[path].params for option in (*one.opts, *one.secondary_opts)}
    assert {word.split("=")[0] for word in said if word.startswith("--")} <= known, example


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_option_is_a_usage_error(name: str) -> None:
    result = CliRunner().invoke(main, [*name.split(), "--nulle-part"])
    assert result.exit_code == 2
    assert "No such option" in result.stderr or "Missing" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["disparue"],
        ["key", "create"],
        ["key", "create", "--system", "a", "--person", "b"],
        ["key", "revoke"],
        ["audit", "export"],
        ["audit", "verify", "/nulle/part.tar"],
        ["serve", "--port", "99999"],
        ["serve", "--workers", "0"],
        ["check", "--config", __file__],
        ["key", "list", "--data", __file__],
    ],
    ids=" ".join,
)
def test_usage_errors_are_2(place: Path, arguments: list[str]) -> None:
    assert vigie(place, *arguments).exit_code == 2


def test_every_command_that_reads_the_configuration_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    example_config(tmp_path / "config", provider_port=1)
    change(tmp_path / "config" / "vigie.yaml", "port: 8080", "prot: 8080")
    bundle = tmp_path / "x.tar"
    bundle.touch()
    for arguments in (
        ["key", "list"],
        ["key", "create", "--system", "redaction-interne"],
        ["key", "revoke", "k"],
        ["db", "upgrade"],
        ["policy", "test"],
        ["audit", "verify"],
        ["audit", "export", "--out", str(tmp_path / "out.tar")],
        ["serve"],
    ):
        says_why(vigie(tmp_path, *arguments), "configuration_invalid")


def test_check_shows_every_problem_for_people_and_for_programs(tmp_path: Path) -> None:
    shutil.copytree(CONFIG, tmp_path / "config")
    assert vigie(tmp_path, "check").exit_code == 0
    change(tmp_path / "config" / "vigie.yaml", "port: 8080", "prot: 8080")
    change(tmp_path / "config" / "register.yaml", "owner: p.tremblay", "owner: personne")
    result = vigie(tmp_path, "check")
    assert result.exit_code == 1
    assert "vigie.yaml:7:3" in result.stderr
    assert "register.yaml:16:12" in result.stderr
    assert "    owner: personne\n" in result.stderr
    assert "^" in result.stderr
    assert result.stdout == ""
    result = vigie(tmp_path, "check", "--json")
    assert result.exit_code == 1
    problems = [json.loads(line) for line in result.stdout.splitlines()]
    assert {"file", "line", "column", "severity", "message", "hint"} <= set(problems[0])
    assert {one["file"] for one in problems} == {"vigie.yaml", "register.yaml"}


def test_a_warning_is_shown_and_is_no_failure(tmp_path: Path) -> None:
    shutil.copytree(CONFIG, tmp_path / "config")
    change(tmp_path / "config" / "policies" / "registre.yaml", "when: halt.active", "when: call.hour > 23")
    result = vigie(tmp_path, "check")
    assert result.exit_code == 0
    assert "avertissement" in result.stderr
    assert "jamais" in result.stderr


def test_policy_test_says_which_case_failed_and_how(tmp_path: Path) -> None:
    shutil.copytree(CONFIG, tmp_path / "config")
    assert vigie(tmp_path, "policy", "test").exit_code == 0
    change(tmp_path / "config" / "policies" / "registre.yaml", "when: halt.active", "when: 'false'")
    result = vigie(tmp_path, "policy", "test")
    assert result.exit_code == 1
    assert "un arrêt d'urgence refuse" in result.stderr
    assert "deny attendu" in result.stderr
    result = vigie(tmp_path, "policy", "test", "--json")
    assert result.exit_code == 1
    cases = [json.loads(line) for line in result.stdout.splitlines()]
    assert [one["name"] for one in cases if not one["passed"]] == ["un arrêt d'urgence refuse"]


def test_policy_test_with_a_case_that_tests_nothing_is_refused(tmp_path: Path) -> None:
    shutil.copytree(CONFIG, tmp_path / "config")
    cases = tmp_path / "config" / "policies" / "autre.cases.yaml"
    cases.write_text("cases:\n  - {name: a, stage: input, facts: {disparu: 1}, expect: {}}\n", encoding="utf8")
    says_why(vigie(tmp_path, "policy", "test"), "configuration_invalid")
    result = vigie(tmp_path, "check")
    assert result.exit_code == 1
    assert "autre.cases.yaml:2" in result.stderr


def test_a_key_is_shown_once_alone_listed_without_its_secret_and_revoked_once(place: Path) -> None:
    made = vigie(place, "key", "create", "--system", "redaction-interne")
    assert made.exit_code == 0
    token = made.stdout.strip()
    assert made.stdout == f"{token}\n"
    prefix, name, secret = token.split("_")
    assert prefix == "vigie"
    assert secret not in made.stderr
    for arguments in (["key", "list"], ["key", "list", "--json"]):
        listed = vigie(place, *arguments)
        assert name in listed.stdout
        assert secret not in listed.stdout
    entry = next(one for one in map(json.loads, listed.stdout.splitlines()) if one["id"] == name)
    assert (entry["system"], entry["revoked_at"]) == ("redaction-interne", None)
    assert vigie(place, "key", "revoke", name).exit_code == 0
    says_why(vigie(place, "key", "revoke", name), "unknown_key")
    says_why(vigie(place, "key", "create", "--system", "disparu"), "not_in_register")
    says_why(vigie(place, "key", "create", "--person", "disparue"), "not_in_register")


def test_a_bundle_that_is_none_is_found_out(place: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "x.tar"
    bundle.write_bytes(b"pas un tar")
    result = vigie(place, "audit", "verify", str(bundle))
    assert result.exit_code == 1
    assert "ÉCHEC" in result.output
    result = vigie(place, "audit", "verify", str(bundle), "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["ok"] is False


def test_another_key_signs_manifests_and_the_one_before_stays_in_the_set_unless_it_was_stolen(place: Path) -> None:
    first = vigie(place, "key", "rotate-manifest", "--reason", "début")
    again = vigie(place, "key", "rotate-manifest", "--reason", "vol", "--compromised")
    assert first.exit_code == again.exit_code == 0
    assert first.stdout.strip() in again.stderr
    assert again.stdout != first.stdout
    assert sorted(path.name for path in (place / "data").glob("manifest.key*")) == ["manifest.key"]


def test_an_unforeseen_error_is_one_line_without_its_words(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("valeur secrète")

    monkeypatch.setattr("gateway.cli.check.load", broken)
    result = vigie(place, "check")
    says_why(result, "internal_error")
    assert "secrète" not in result.stderr

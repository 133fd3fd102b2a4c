"""Promise 10: configuration is checked before it acts, and its errors say file, line, column, reason and fix."""

from __future__ import annotations

import os
import shutil
import sys
from datetime import date
from pathlib import Path

import pytest

from gateway.config import ConfigurationError, Current, Live, load, run_cases
from gateway.config.secret import secret
from gateway.errors import Fault

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CONFIG, tmp_path / "config"))


def change(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf8")


def test_the_example_body_has_no_problem_and_its_cases_pass() -> None:
    loaded = load(CONFIG)
    assert loaded.warnings == ()
    results = run_cases(loaded, CONFIG)
    assert [result.render() for result in results if not result.passed] == []
    assert len(results) >= 30


def test_every_rule_of_the_example_body_is_exercised_by_a_case() -> None:
    loaded = load(CONFIG)
    said = "".join(path.read_text(encoding="utf8") for path in (CONFIG / "policies").glob("*.cases.yaml"))
    assert [rule.id for rule in loaded.policy.rules if rule.id not in said] == []


@pytest.mark.parametrize(
    ("file", "before", "after", "line", "column", "said"),
    [
        ("vigie.yaml", "port: 8080", "prot: 8080", 7, 3, "Clé inconnue"),
        ("vigie.yaml", "port: 8080", "port: cent", 7, 9, "listener.port"),
        ("vigie.yaml", "timezone: America/Toronto", "timezone: Mars/Base", 3, 11, "fuseau"),
        ("vigie.yaml", "url: null", "url: postgresql://moi:motdepasse@hote/base", 11, 8, "référence"),
        (
            "catalogue.yaml",
            "deployments: [simulateur, cti-mistral]",
            "deployments: [simulateur, disparu]",
            8,
            59,
            "disparu",
        ),
        ("catalogue.yaml", "by: p.tremblay", "by: personne", 23, 36, "personne"),
        ("register.yaml", "owner: p.tremblay", "owner: personne", 16, 12, "personne"),
        ("register.yaml", "classification: sensitive", "classification: secrete", 21, 21, "secrete"),
        ("policies/registre.yaml", "when: halt.active", "when: halt.actif", 7, 15, "halt.actif"),
        ("policies/registre.yaml", "effect: deny", "effect: mask", 8, 13, "mask"),
        ("policies/registre.yaml", "principle: 11", "principle: 13", 5, 16, "principle"),
        ("policies/registre.yaml", "- id: model-registered", "- id: halted", 14, 9, "existe déjà"),
        ("policies/registre.yaml", "policy: register", "policy: [", 4, 3, "YAML"),
    ],
)
def test_a_mistake_is_shown_where_it_is(
    config: Path, file: str, before: str, after: str, line: int, column: int, said: str
) -> None:
    change(config / file, before, after)
    with pytest.raises(ConfigurationError) as caught:
        load(config)
    problem = caught.value.problems[0]
    assert (problem.file, problem.line, problem.column) == (file, line, column)
    assert said in problem.render()
    assert "motdepasse" not in problem.message.fr


AZURE_OPTIONS = 'options: {api_version: "2024-10-21"}'
BEDROCK_KEY = "aws_secret_access_key: env:AWS_SECRET_ACCESS_KEY"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (BEDROCK_KEY, "aws_secret_access_key: CECI-EST-SECRET", "aws_secret_access_key\u00a0: un secret"),
        (BEDROCK_KEY, "aws_secret_access_key: 12345", "aws_secret_access_key\u00a0: un secret"),
        (BEDROCK_KEY, f"aws_session_token: CECI-EST-SECRET, {BEDROCK_KEY}", "aws_session_token\u00a0: un secret"),
        ("api_key: env:ANTHROPIC_API_KEY", "api_key: CECI-EST-SECRET", "un secret s'écrit par référence"),
        ("api_key: env:ANTHROPIC_API_KEY", "api_key: {a: CECI-EST-SECRET}", "api_key"),
        (AZURE_OPTIONS, 'options: {api_version: "2024-10-21", azure_password: CECI-EST-SECRET}', "Option inconnue"),
        (AZURE_OPTIONS, 'options: {api_version: "2024-10-21", ssl_verify: false}', "Option inconnue"),
        (AZURE_OPTIONS, 'options: {api_version: "2024-10-21", mock_response: CECI-EST-SECRET}', "Option inconnue"),
        (AZURE_OPTIONS, "options: {api_version: 2024}", "il faut un texte"),
        (AZURE_OPTIONS, "options: {}", "Il manque options.api_version"),
        ("aws_region_name: ca-central-1, ", "", "Il manque options.aws_region_name"),
        ("aws_access_key_id: env:AWS_ACCESS_KEY_ID, ", "", "Il manque de quoi s'authentifier"),
        (", api_key: env:ANTHROPIC_API_KEY", "", "Il manque de quoi s'authentifier"),
        ('base_url: "https://api.anthropic.com", ', "", "Il manque base_url"),
        ("model: anthropic/claude-sonnet-4-5", "model: cohere/command-r", "nomme son fournisseur"),
        ("model: anthropic/claude-sonnet-4-5", "model: claude-sonnet-4-5", "nomme son fournisseur"),
        ("model: gpt-5-mini, api_key", "model: gpt-5-mini, options: {a: b}, api_key", "Seul le protocole litellm"),
        (AZURE_OPTIONS, AZURE_OPTIONS + "\n      apis: [chat, messages]", "Seul le protocole openai a des apis"),
    ],
)
def test_a_provider_entry_is_explicit_and_holds_no_secret(config: Path, before: str, after: str, said: str) -> None:
    change(config / "catalogue.yaml", before, after)
    with pytest.raises(ConfigurationError) as caught:
        load(config)
    (problem,) = caught.value.problems
    shown = problem.render()
    assert said in shown
    assert "CECI-EST-SECRET" not in shown + str(problem) + repr(problem.as_json()) + str(caught.value)
    line = (config / "catalogue.yaml").read_text(encoding="utf8").splitlines()[problem.line - 1]
    assert line[problem.column - 1 :].strip()


def test_a_secret_written_in_clear_is_pointed_at_and_not_shown(config: Path) -> None:
    change(config / "catalogue.yaml", BEDROCK_KEY, "aws_secret_access_key: CECI-EST-SECRET")
    with pytest.raises(ConfigurationError) as caught:
        load(config)
    (problem,) = caught.value.problems
    line = (config / "catalogue.yaml").read_text(encoding="utf8").splitlines()[problem.line - 1]
    assert line[problem.column - 1 :].startswith("CECI-EST-SECRET")
    assert problem.excerpt.endswith("aws_secret_access_key: …")


def test_a_near_miss_suggests_the_key(config: Path) -> None:
    change(config / "vigie.yaml", "max_body_bytes", "max_body_byte")
    with pytest.raises(ConfigurationError) as caught:
        load(config)
    assert "max_body_bytes" in caught.value.problems[0].render()


def test_every_problem_is_reported_at_once(config: Path) -> None:
    change(config / "vigie.yaml", "port: 8080", "prot: 8080")
    change(config / "register.yaml", "owner: p.tremblay", "owner: personne")
    change(config / "policies" / "registre.yaml", "when: halt.active", "when: halt.actif")
    with pytest.raises(ConfigurationError) as caught:
        load(config)
    assert {problem.file for problem in caught.value.problems} >= {
        "vigie.yaml",
        "register.yaml",
        "policies/registre.yaml",
    }


def test_a_missing_file_is_said(config: Path) -> None:
    (config / "labels.yaml").unlink()
    with pytest.raises(ConfigurationError) as caught:
        load(config)
    assert "labels.yaml:1:1" in str(caught.value.problems[0])


def test_a_past_expiry_is_a_warning() -> None:
    loaded = load(CONFIG, today=date(2030, 1, 1))
    assert {warning.severity for warning in loaded.warnings} == {"warning"}
    assert len(loaded.warnings) >= 3


def test_a_bad_file_is_refused_and_the_running_version_stays(config: Path) -> None:
    live = Live(config)
    running = live.current
    assert live.candidate() is None
    change(config / "policies" / "registre.yaml", "when: halt.active", "when: halt.actif")
    assert live.candidate() is None
    assert live.current is running
    assert "halt.actif" in live.problems[0].render()
    change(config / "policies" / "registre.yaml", "when: halt.actif", "when: halt.active || call.hour > 22")
    candidate = live.candidate()
    assert candidate is not None
    assert live.problems == ()
    live.adopt(candidate)
    assert live.current.policy.version != running.policy.version


def test_a_candidate_stays_one_until_it_is_adopted(config: Path) -> None:
    """A store that is out when a good file arrives must not lose the file."""
    live = Live(config)
    change(config / "policies" / "registre.yaml", "when: halt.active", "when: halt.active || call.hour > 22")
    first = live.candidate()
    assert first is not None
    again = live.candidate()
    assert again is not None
    assert again.version == first.version
    live.adopt(again)
    assert live.candidate() is None


def test_files_swapped_by_rename_are_seen_whatever_their_time(config: Path) -> None:
    live = Live(config)
    path = config / "policies" / "registre.yaml"
    status = path.stat()
    other = config / ".registre.yaml.new"
    other.write_text(path.read_text(encoding="utf8").replace("halt.active", "!halt.activ"), encoding="utf8")
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(path)
    assert live.candidate() is None
    assert live.problems != ()


def test_a_file_written_twice_in_one_tick_of_the_clock_is_not_missed(config: Path) -> None:
    path = config / "policies" / "registre.yaml"
    live = Live(config)
    change(path, "when: halt.active", "when: halt.actif_")
    status = path.stat()
    assert live.candidate() is None
    assert live.problems != ()
    change(path, "when: halt.actif_", "when: halt.active")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert live.candidate() is None
    assert live.problems == ()


def test_what_acts_at_the_next_start_only_is_said(config: Path) -> None:
    live = Live(config)
    assert live.restart_needed() == ()
    change(config / "vigie.yaml", "ner: true", "ner: false")
    change(config / "vigie.yaml", "port: 8080", "port: 8081")
    change(config / "vigie.yaml", "max_body_bytes: 10485760", "max_body_bytes: 2048")
    candidate = live.candidate()
    assert candidate is not None
    live.adopt(candidate)
    assert live.restart_needed() == ("privacy", "listener.port")


def test_a_secret_is_found_by_reference_and_never_named_by_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNE_CLE", "valeur")
    (tmp_path / "cle").write_text("autre\n", encoding="utf8")
    assert secret("env:UNE_CLE") == "valeur"
    assert secret(f"file:{tmp_path / 'cle'}") == "autre"
    with pytest.raises(Fault, match="env:ABSENTE"):
        secret("env:ABSENTE")


def test_a_secret_that_is_rotated_in_its_file_is_taken_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "cle"
    path.write_text("avant\n", encoding="utf8")
    current = Current(f"file:{path}")
    path.write_text("apres\n", encoding="utf8")
    assert current.value() == "avant"  # not read at each call
    monkeypatch.setattr(sys.modules["gateway.config.secret"], "REREAD_S", 0)
    assert current.value() == "apres"
    path.unlink()
    assert current.value() == "apres"
    assert "apres" not in f"{current} {current!r}"

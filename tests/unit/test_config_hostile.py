"""Configuration files that are wrong in every way: never anything but problems, each with its place, reason and fix."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.config import ConfigurationError, Problem, check_cases, load
from tests.unit.test_config import CONFIG, change

NAMES = sorted(str(path.relative_to(CONFIG)) for path in CONFIG.rglob("*.yaml") if ".cases." not in path.name)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CONFIG, tmp_path / "config"))


def problems_of(config: Path) -> tuple[Problem, ...]:
    """Every problem, warnings too; each well said."""
    try:
        found = load(config).warnings
    except ConfigurationError as error:
        found = error.problems
        assert found
    for one in found:
        assert one.line >= 1, one
        assert one.column >= 1, one
        assert one.message.fr, one
        assert one.message.en, one
        assert one.hint is not None, one
        assert one.hint.fr, one
        path = config / one.file
        if path.is_file() and (one.line, one.column) != (1, 1):
            lines = path.read_text(encoding="utf-8-sig", errors="replace").split("\n")
            assert one.line <= len(lines) + 1, one
            assert one.column <= len([*lines, ""][one.line - 1]) + 1, one
        assert one.render().count("\n") <= 3
    return found


def only(config: Path, severity: str = "error") -> Problem:
    (one,) = [one for one in problems_of(config) if one.severity == severity]
    return one


# ── files that are hardly YAML ────────────────────────────────────────────────────────────────────────────────────

BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 10)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("content", "line", "column", "said"),
    [
        (b"", 1, 1, "manque"),
        (b"- a\n- b\n", 1, 1, "cl\u00e9s"),
        (b"texte seul", 1, 1, "cl\u00e9s"),
        (b"models: []\x00\n", 1, 11, "U+0000"),
        (b"models:\n  - \x07", 2, 5, "U+0007"),
        (b"models:\n\t- a\n", 2, 1, "\\t"),
        (b"models: \xff\xfe", 1, 9, "UTF-8"),
        ("models: []".encode("utf-16"), 1, 1, "UTF-8"),
        (b"models: {a: 1, a: 2}", 1, 16, "deux fois"),
        (b"models: [1, 2", 1, 14, "YAML"),
        (b"? [a, b]\n: c\n", 1, 3, "mot"),
        (b"models: 2027-02-30\n", 1, 9, "n'existe pas"),
        (b"models: !!python/object:os.system {}\n", 1, 9, "YAML"),
        (b"models: !!int abc\n", 1, 9, "n'existe pas"),
        (b"models: !!timestamp hier\n", 1, 9, "n'existe pas"),
        (b"models: !!binary \xc3\xa9\n", 1, 9, ""),
        (b"models: &a [*a]\n", 1, 9, "elle-m\u00eame"),
        (b"models: *nulle_part\n", 1, 9, "alias"),
        (b"models: " + b"[" * 5000 + b"]" * 5000, 1, 48, "niveaux"),
        (b"models: " + b"[" * 100_000, 1, 48, "niveaux"),
        (b"{" * 3000, 1, 41, "niveaux"),
        (BOMB.encode(), 5, 4, "alias"),
        (b"models: []\n---\nmodels: []\n", 2, 1, "YAML"),
        (b"x" * (2 << 20), 1, 1, "octets"),
        (b"models: [" + b"1, " * 340_000, 1, 1, ""),
    ],
    ids=lambda value: repr(value[:24]) if isinstance(value, bytes) else None,
)
def test_a_file_that_is_hardly_yaml_is_refused_in_bounded_time(
    config: Path, content: bytes, line: int, column: int, said: str
) -> None:
    (config / "catalogue.yaml").write_bytes(content)
    started = time.monotonic()
    problem = next(one for one in problems_of(config) if one.file == "catalogue.yaml")
    assert time.monotonic() - started < 30
    if said:
        assert (problem.line, problem.column) == (line, column)
        assert said in problem.render()


def test_a_byte_order_mark_is_no_matter(config: Path) -> None:
    for name in NAMES:
        path = config / name
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert problems_of(config) == ()
    change(config / "vigie.yaml", "port: 8080", "prot: 8080")
    assert (only(config).line, only(config).column) == (7, 3)


def test_windows_line_ends_are_no_matter(config: Path) -> None:
    for name in NAMES:
        path = config / name
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert problems_of(config) == ()
    change(config / "vigie.yaml", "port: 8080", "prot: 8080")


@pytest.mark.parametrize("name", ["vigie.yaml", "catalogue.yaml", "policies/registre.yaml"])
def test_a_file_that_is_a_folder_or_nothing_is_said(config: Path, name: str) -> None:
    path = config / name
    path.unlink()
    path.mkdir()
    assert any(one.file == name for one in problems_of(config))
    path.rmdir()
    path.symlink_to(config / "nulle-part.yaml")
    assert any(one.file == name for one in problems_of(config))


MUTATIONS = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.integers(0, 200),
        st.sampled_from(["delete", "double", "indent", "cut", "insert", "swap"]),
        st.sampled_from(
            [
                "[",
                "{",
                "}",
                ":",
                "- ",
                "'",
                '"',
                "&a ",
                "*a",
                "!!x ",
                "|",
                ">",
                "null",
                "0",
                "\u00e9",
                "#",
                "%",
                "@",
                "\t",
                "2027-13-01",
            ]
        ),
        st.integers(0, 80),
    ),
    min_size=1,
    max_size=3,
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(MUTATIONS)
def test_any_slip_of_the_hand_is_a_problem_or_nothing(slips: list[tuple[str, int, str, str, int]]) -> None:
    with tempfile.TemporaryDirectory() as place:
        config = Path(shutil.copytree(CONFIG, Path(place) / "config"))
        for name, number, how, text, column in slips:
            lines = (config / name).read_text(encoding="utf8").split("\n")
            at = number % len(lines)
            line = lines[at]
            lines[at : at + 1] = {
                "delete": [],
                "double": [line, line],
                "indent": [" " + line],
                "cut": [line[:column]],
                "insert": [line[:column] + text + line[column:]],
                "swap": [lines[at - 1], line],
            }[how]
            (config / name).write_text("\n".join(lines), encoding="utf8")
        problems_of(config)


# ── values of another kind ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("file", "before", "after", "said", "hint"),
    [
        ("vigie.yaml", "port: 8080", "port: cent", "un entier", ""),
        ("vigie.yaml", "port: 8080", "port: 99999", "hors des bornes", "65535"),
        ("vigie.yaml", "port: 8080", "port: 010", "", ""),
        ("vigie.yaml", "port: 8080", "port: [1]", "un entier", ""),
        ("vigie.yaml", "ner: true", "ner: peut-\u00eatre", "true ou false", ""),
        ("vigie.yaml", "languages: [fr, en]", "languages: [fr, de]", "valeur inconnue", "fr, en"),
        ("vigie.yaml", "languages: [fr, en]", "languages: fr", "une liste", ""),
        ("vigie.yaml", "timezone: America/Toronto", "timezone: ../../etc/passwd", "fuseau", "America"),
        ("vigie.yaml", "origin: vigie", "origin: https://a b", "forme inattendue", ""),
        ("catalogue.yaml", "country: CA,", "country: Canada,", "forme inattendue", ""),
        ("catalogue.yaml", "subdivision: CA-QC,", "subdivision: CA-QQ,", "forme inattendue", ""),
        ("catalogue.yaml", "subdivision: CA-QC,", "subdivision: US-NY,", "pas de ce pays", ""),
        ("catalogue.yaml", "home: CA-QC", "home: Qu\u00e9bec", "forme inattendue", ""),
        ("catalogue.yaml", "weights: open", "weights: free", "valeur inconnue", "restricted"),
        ("catalogue.yaml", "retention_days: 0", "retention_days: -1", "hors des bornes", "0"),
        ("catalogue.yaml", "expires: 2027-11-23", "expires: demain", "une date", ""),
        ("catalogue.yaml", "deployments: [simulateur, cti-mistral]", "deployments: []", "vide", ""),
        ("register.yaml", "purposes: [citizen-service]", "purposes: []", "vide", ""),
        ("register.yaml", "label: {visible: generated, language: fr}", "label: {language: fr+en}", "motif", ""),
        ("register.yaml", "tokens_per_day: 2000000", "tokens_per_day: 0", "hors des bornes", ""),
        ("register.yaml", "roles: [officer]", "roles: [roi]", "valeur inconnue", "auditor"),
        ("labels.yaml", "version: 1", "version: 0", "hors des bornes", ""),
        ("policies/registre.yaml", "stage: admission", "stage: sortie", "valeur inconnue", "output"),
        ("policies/registre.yaml", "effect: deny", "effect: refuse", "valeur inconnue", "deny"),
        ("policies/registre.yaml", "when: halt.active", "when: ''", "condition", ""),
        ("policies/registre.yaml", "code: halted", "code: Arr\u00eat!", "forme inattendue", ""),
    ],
)
def test_a_value_of_another_kind_says_what_is_wanted(
    config: Path, file: str, before: str, after: str, said: str, hint: str
) -> None:
    change(config / file, before, after)
    found = [one for one in problems_of(config) if one.file == file]
    if said:
        assert said in found[0].message.fr
        assert hint in found[0].hint.fr  # type: ignore[union-attr]
    else:
        assert found == []


# ── references that lead nowhere, names given twice ───────────────────────────────────────────────────────────────

DEROGATION = (
    "derogations:\n  - {id: D-1, rule: RULE, system: SYSTEM, justification: essai, approved_by: PERSON, "
    "starts: 2026-01-01, expires: 2026-12-31}\n"
)


def derogation(rule: str = "halted", system: str = "permis-assistant", person: str = "p.tremblay") -> str:
    return DEROGATION.replace("RULE", rule).replace("SYSTEM", system).replace("PERSON", person)


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("catalogue.yaml", "deployments: [simulateur-vecteurs]", "deployments: [disparu]"),
        ("catalogue.yaml", "max_classification: highly-sensitive", "max_classification: disparu"),
        ("catalogue.yaml", "by: p.tremblay", "by: disparu"),
        ("register.yaml", "owner: p.tremblay", "owner: disparu"),
        ("register.yaml", "supervisors: [s.gagnon, m.roy]", "supervisors: [s.gagnon, disparu]"),
        ("register.yaml", "models: [assistant]", "models: [disparu]"),
        ("register.yaml", "classification: sensitive", "classification: disparu"),
        ("register.yaml", "visible: generated", "visible: disparu"),
        ("register.yaml", "[PERSON, EMAIL_ADDRESS, PHONE_NUMBER, ADDRESS]", "[PERSON, COURRIEL]"),
        ("register.yaml", "derogations: []\n", derogation(rule="disparu")),
        ("register.yaml", "derogations: []\n", derogation(system="disparu")),
        ("register.yaml", "derogations: []\n", derogation(person="disparu")),
        (
            "policies/renseignements-personnels.yaml",
            "    entities: [CREDENTIAL]",
            "    entities: [MOT_DE_PASSE]",
        ),
    ],
)
def test_a_reference_that_leads_nowhere_is_shown(config: Path, file: str, before: str, after: str) -> None:
    change(config / file, before, after)
    problem = only(config)
    wrong = next(word for word in ("disparu", "COURRIEL", "MOT_DE_PASSE") if word in after)
    assert problem.file == file
    assert problem.excerpt[problem.column - 1 :].startswith(wrong)
    assert "inconnu" in problem.message.fr


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("catalogue.yaml", "id: vecteurs,", "id: assistant,"),
        ("catalogue.yaml", "- id: simulateur-vecteurs", "- id: simulateur"),
        ("register.yaml", "- {id: s.gagnon", "- {id: p.tremblay"),
        ("register.yaml", "- id: redaction-interne", "- id: permis-assistant"),
        ("register.yaml", "[public, internal, sensitive", "[public, internal, public, sensitive"),
        ("labels.yaml", "- id: summary", "- id: translation"),
        ("policies/registre.yaml", "- id: model-registered", "- id: halted"),
        ("policies/registre.yaml", "- id: model-registered", "- id: deployment-verified"),
    ],
)
def test_a_name_given_twice_is_shown(config: Path, file: str, before: str, after: str) -> None:
    change(config / file, before, after)
    assert any(
        "deux fois" in one.message.fr or "existe d\u00e9j\u00e0" in one.message.fr for one in problems_of(config)
    )


# ── rules ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def rule(config: Path, text: str) -> Path:
    path = config / "policies" / "essai.yaml"
    path.write_text(
        "policy: essai\nrules:\n  - id: essai\n    principle: 1\n"
        + text
        + "\n    code: essai\n    reason: {fr: a, en: b}\n",
        encoding="utf8",
    )
    return path


@pytest.mark.parametrize(
    "text",
    [
        "    stage: input\n    effect: deny\n    when: call.stream && nulle.part",
        "    stage: input\n    effect: deny\n    when: 'call.model == \"\u00e9t\u00e9\" && nulle.part'",
        '    stage: input\n    effect: deny\n    when: "call.model == \\"a\\" && nulle.part"',
        "    stage: input\n    effect: deny\n    when: |\n      call.stream &&\n      nulle.part",
        "    stage: input\n    effect: deny\n    when: >-\n      call.stream\n      && nulle.part",
        "    stage: input\n    effect: deny\n    when: >-\n\n\n        call.stream &&\n\n        nulle.part",
        "    stage: input\n    effect: deny\n    when: call.stream\n      && nulle.part",
        '    stage: input\n    effect: deny\n    when: "call.stream\n      && nulle.part"',
        "    stage: input\n    effect: deny\n    when: # pourquoi\n      nulle.part",
        "    stage: input\n    effect: deny\n    when: &nom call.stream && nulle.part",
        "    stage: input\n    effect: deny\n    when: !!str call.stream && nulle.part",
    ],
)
def test_a_condition_is_shown_where_it_is_wrong_however_yaml_wrote_it(config: Path, text: str) -> None:
    path = rule(config, text)
    problem = only(config)
    assert path.read_text(encoding="utf8").split("\n")[problem.line - 1][problem.column - 1 :].startswith(".part")


@pytest.mark.parametrize(
    "when",
    [
        "'call.stream &&'",
        "')'",
        "'call.stream + 1 > 2'",
        "'call.hour'",
        "'\"texte\"'",
        "'call.hour / 0 > 1 || nulle'",
        "'privacy.entities.exists(x, y)'",
        "'" + "(" * 400 + "true" + ")" * 400 + "'",
        "'" + " && ".join(["call.stream"] * 3000) + "'",
        "'call.model.matches(\"(\")'",
        '\'b"a" == b"a" && 1u == 1\'',
        "'{1: 2}[1] == 2 ? nulle : true'",
        "'\"\\ud800\" == call.model'",
        "'cel.bind(x, 1, x)'",
        "'timestamp(\"hier\") < timestamp(call.date)'",
    ],
    ids=lambda value: value[:30],
)
def test_whatever_a_condition_says_it_is_taken_or_refused(config: Path, when: str) -> None:
    rule(config, f"    stage: input\n    effect: deny\n    when: {when}")
    problems_of(config)


@pytest.mark.parametrize(
    ("when", "said", "hint"),
    [
        ('call.stream || deployment.subdivision == "CA-QQ"', "CA-QQ", "facts.md"),
        ('call.stream || deployment.routing in ["regional", "globale"]', "globale", "global"),
        ('"CA_NAS" in privacy.entities || call.stream', "CA_NAS", "QC_NAM"),
        ('privacy.entities.exists(t, t == "NOM") || call.stream', "NOM", ""),
        ('system.id == "permis-assistent" || call.stream', "permis-assistent", "permis-assistant"),
        ('call.model != "assistan"', "assistan", "assistant"),
        ('deployment.id == "disparu" || call.stream', "disparu", ""),
        ('call.classification == "secrete" || call.stream', "secrete", ""),
    ],
)
def test_a_comparison_with_what_never_is_is_a_warning(config: Path, when: str, said: str, hint: str) -> None:
    path = rule(config, f"    stage: routing\n    effect: exclude\n    when: '{when}'")
    problem = only(config, "warning")
    line = path.read_text(encoding="utf8").split("\n")[6]
    assert (problem.line, problem.column) == (7, line.index(f'"{said}"') + 1)
    assert said in problem.message.fr
    assert hint in problem.hint.fr  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "when", ["false", "'false'", "call.hour > 23", "call.stream && !call.stream", "call.hour < 3 && call.hour > 4"]
)
def test_a_rule_that_can_never_fire_is_a_warning(config: Path, when: str) -> None:
    rule(config, f"    stage: routing\n    effect: exclude\n    when: {when}")
    problem = only(config, "warning")
    assert (problem.line, problem.column) == (7, 11)
    assert "jamais" in problem.message.fr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("    stage: input\n    when: 'true'\n    effect: notify\n    entities: [PERSON]", "entities"),
        ("    stage: input\n    when: 'true'\n    effect: deny\n    weight: 3", "weight"),
        ("    stage: input\n    when: 'true'\n    effect: deny\n    label: generated", "label"),
        ("    stage: input\n    when: 'true'\n    effect: label", "label"),
        ("    stage: input\n    when: 'true'\n    effect: label\n    label: disparue", "disparue"),
        ("    stage: input\n    when: 'true'\n    effect: deny\n    hold: {approvals: 1}", "hold"),
        ("    stage: action\n    when: 'true'\n    effect: hold\n    hold: {approvals: 0}", "bornes"),
        ("    stage: action\n    when: 'true'\n    effect: hold\n    hold: {expires: 10 minutes}", "forme"),
        ("    stage: input\n    when: 'true'\n    effect: hold", "\u00e9tape"),
    ],
)
def test_a_key_that_its_effect_does_not_read_is_refused(config: Path, text: str, said: str) -> None:
    rule(config, text)
    assert said in only(config).message.fr


def test_what_an_action_rule_says_of_holding_is_carried(config: Path) -> None:
    from gateway.policies import Policy

    rule(
        config,
        "    stage: action\n    effect: hold\n    hold: {approvals: 2, expires: 4h}\n"
        '    when: action.tool == "issue_payment" && double(action.arguments.amount) > 1000.0',
    )
    loaded = load(config)
    assert loaded.warnings == ()
    for policy in (loaded.policy, Policy.from_source(loaded.policy.source)):
        hold = policy.rule("essai").hold
        assert hold is not None
        assert (hold.approvals, hold.expires_s) == (2, 4 * 3600)
    assert load(CONFIG).policy.version == Policy.from_source(load(CONFIG).policy.source).version


@pytest.mark.parametrize("name", ["regles.yml", "REGLES.YAML", "regles.json", "dossier/"])
def test_rules_that_would_not_be_read_are_a_problem(config: Path, name: str) -> None:
    """Not reading them would let through what they refuse."""
    path = config / "policies" / name
    if name.endswith("/"):
        path.mkdir()
    else:
        shutil.copy(config / "policies" / "registre.yaml", path)
    assert only(config).file == f"policies/{name.rstrip('/')}"


@pytest.mark.parametrize(
    "name", [".#registre.yaml", "#registre.yaml#", "registre.yaml~", ".registre.yaml.swp", "LISEZMOI.md"]
)
def test_what_an_editor_leaves_beside_the_rules_is_no_matter(config: Path, name: str) -> None:
    path = config / "policies" / name
    if name.startswith(".#"):
        path.symlink_to("moi@poste.1234:5678")
    else:
        path.write_text("{ à moitié écrit", encoding="utf8")
    assert problems_of(config) == ()


# ── cases ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("{name: a, stage: admission, facts: {privacy.entities: [PERSON]}, expect: {}}", "étape"),
        ("{name: a, stage: input, facts: {privacy.entites: [PERSON]}, expect: {}}", "privacy.entites"),
        ("{name: a, stage: input, facts: {privacy.entities: PERSON}, expect: {}}", "type"),
        ("{name: a, stage: input, facts: {privacy.entities: [1]}, expect: {}}", "type"),
        ("{name: a, stage: input, facts: {privacy.count: true}, expect: {}}", "type"),
        ("{name: a, stage: input, facts: {call.date: 2026-01-01}, expect: {}}", "type"),
        ("{name: a, stage: input, facts: {}, expect: {effect: refuse}}", "valeur inconnue"),
        ("{name: a, stage: input, facts: {}, expect: {rules: [disparue]}}", "disparue"),
        ("{name: a, stage: input, facts: {}, expect: {matches: [no-credential]}}", "no-credential"),
        ("{name: a, stage: input, faits: {}, expect: {}}", "faits"),
    ],
)
def test_a_case_that_tests_nothing_is_refused(config: Path, case: str, said: str) -> None:
    loaded = load(config)
    (config / "policies" / "autre.cases.yaml").write_text(f"cases:\n  - {case}\n", encoding="utf8")
    (problem,) = check_cases(loaded, config)
    assert problem.line == 2
    assert said in problem.message.fr
    assert problem.hint is not None


def test_a_secret_written_in_the_open_is_never_shown(config: Path) -> None:
    change(config / "vigie.yaml", "url: null", "url: postgresql://moi:motdepasse@hote/base")
    assert "motdepasse" not in only(config).render() + str(only(config).as_json())


def test_every_kind_of_expiry_is_a_warning(config: Path) -> None:
    from datetime import date

    change(config / "register.yaml", "derogations: []\n", derogation())
    change(
        config / "catalogue.yaml", "retention_days: 0", "retention_days: 0\n    contract: {ref: C, expires: 2026-01-01}"
    )
    loaded = load(config, today=date(2030, 1, 1))
    said: list[Any] = [(one.file, one.severity) for one in loaded.warnings]
    assert set(said) == {("catalogue.yaml", "warning"), ("register.yaml", "warning")}
    assert len(said) >= 6
    assert all(one.hint is not None for one in loaded.warnings)

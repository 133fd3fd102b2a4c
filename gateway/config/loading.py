"""From a directory to a `Configuration`: read, check each file, check what they say of each other, compile the policy."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.config.entries import check_provider
from gateway.config.models import Catalogue, Labels, PolicyFile, Register, RuleEntry, Settings
from gateway.config.problems import ConfigurationError, Problem
from gateway.config.reading import Document, Loc, Shape, read, shape
from gateway.errors import Message
from gateway.policies import ConditionError, Derogation, Effect, Policy, Rule, Stage
from gateway.policies.effects import EFFECTS_OF
from gateway.policies.rules import compile_condition


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything that `config/` says, checked; `version` is the SHA-256 of the files."""

    settings: Settings
    catalogue: Catalogue
    register: Register
    labels: Labels
    policy: Policy
    version: str
    warnings: tuple[Problem, ...] = ()


@dataclass(slots=True)
class _Files:
    """The files while they are being read, and the problems so far."""

    directory: Path
    problems: list[Problem]
    contents: dict[str, bytes]

    def read(self, name: str, model: type[Shape]) -> tuple[Document | None, Shape | None]:
        document, content = read(self.directory / name, name, self.problems)
        self.contents[name] = content
        return document, shape(document, model, self.problems) if document is not None else None


def load(directory: Path, *, today: date | None = None) -> Configuration:
    """Read and check all files. Raises `ConfigurationError` with every problem, in the order of the files."""
    files = _Files(directory, [], {})
    settings_document, settings = files.read("vigie.yaml", Settings)
    catalogue_document, catalogue = files.read("catalogue.yaml", Catalogue)
    register_document, register = files.read("register.yaml", Register)
    _, labels = files.read("labels.yaml", Labels)
    rules = _read_policies(files)
    problems = files.problems
    if settings is not None and settings_document is not None:
        problems += _check_settings(settings, settings_document)
    if None not in (catalogue, register, labels) and catalogue_document and register_document:
        assert catalogue is not None
        assert register is not None
        assert labels is not None
        problems += _check_catalogue(catalogue, register, catalogue_document)
        problems += _check_register(register, catalogue, labels, rules, register_document)
        problems += _expired(catalogue, register, catalogue_document, register_document, today or date.today())  # noqa: DTZ011
    errors = tuple(problem for problem in problems if problem.severity == "error")
    if errors or settings is None or catalogue is None or register is None or labels is None:
        raise ConfigurationError(errors)
    policy = Policy.of(rules.values(), (_derogation(register, index) for index in range(len(register.derogations))))
    version = _version(files.contents)
    return Configuration(settings, catalogue, register, labels, policy, version, tuple(problems))


def load_settings(directory: Path) -> Settings:
    """`vigie.yaml` alone, for what must work while other files are broken. Raises `ConfigurationError`."""
    files = _Files(directory, [], {})
    _, settings = files.read("vigie.yaml", Settings)
    if settings is None:
        raise ConfigurationError(tuple(files.problems))
    return settings


def _read_policies(files: _Files) -> dict[str, Rule]:
    """Every rule of `policies/*.yaml`, by id; its condition compiled, so that an error points into it."""
    rules: dict[str, Rule] = {}
    paths = sorted((files.directory / "policies").glob("*.yaml"))
    names = [f"policies/{path.name}" for path in paths if not path.name.endswith(".cases.yaml")]
    if not names:
        message = Message("Il n'y a aucune politique dans policies/.", "There is no policy in policies/.")
        files.problems.append(Problem("policies/", 1, 1, message))
    for name in names:
        document, policy = files.read(name, PolicyFile)
        if document is None or policy is None:
            continue
        for index, entry in enumerate(policy.rules):
            files.problems += _check_rule(entry, ("rules", index), document, rules)
            rules.setdefault(entry.id, _rule(entry, policy.policy))
    return rules


def _rule(entry: RuleEntry, policy: str) -> Rule:
    return Rule(
        id=entry.id,
        policy=policy,
        principle=entry.principle,
        stage=Stage(entry.stage),
        when=entry.when,
        effect=Effect(entry.effect),
        code=entry.code,
        reason=Message(entry.reason.fr, entry.reason.en),
        shadow=entry.mode == "shadow",
        entities=entry.entities,
        label=entry.label,
        weight=entry.weight,
    )


def _check_rule(entry: RuleEntry, loc: Loc, document: Document, rules: Mapping[str, Rule]) -> Iterable[Problem]:
    if entry.id in rules:
        said = Message(f"La règle {entry.id} existe déjà.", f"The rule {entry.id} exists already.")
        yield document.problem((*loc, "id"), said)
    stage, effect = Stage(entry.stage), Effect(entry.effect)
    if effect not in EFFECTS_OF[stage]:
        possible = ", ".join(sorted(EFFECTS_OF[stage]))
        yield document.problem(
            (*loc, "effect"),
            Message(
                f"L'effet {effect} n'a pas de sens à l'étape {stage}.",
                f"The effect {effect} makes no sense at stage {stage}.",
            ),
            Message(f"Effets possibles\u00a0: {possible}.", f"Possible effects: {possible}."),
        )
    if entry.when.strip() == "false":
        yield document.problem(
            (*loc, "when"),
            Message("Cette règle ne s'applique jamais.", "This rule can never fire."),
            severity="warning",
        )
    try:
        compile_condition(stage, entry.when)
    except ConditionError as error:
        line, column = document.inside((*loc, "when"), error.line, error.column)
        yield Problem(
            document.name,
            line,
            column,
            Message(f"Condition\u00a0: {error.reason}", f"Condition: {error.reason}"),
            Message(
                "Les faits de chaque étape sont dans docs/reference/facts.md.",
                "docs/reference/facts.md lists each stage's facts.",
            ),
            document.excerpt(line),
        )


def _check_settings(settings: Settings, document: Document) -> Iterable[Problem]:
    try:
        ZoneInfo(settings.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        said = Message("Ce fuseau horaire n'existe pas.", "This time zone does not exist.")
        yield document.problem(
            ("timezone",), said, Message("Exemple\u00a0: America/Toronto.", "Example: America/Toronto.")
        )


def _check_catalogue(catalogue: Catalogue, register: Register, document: Document) -> Iterable[Problem]:
    yield from _twice((one.id for one in catalogue.models), "models", document)
    yield from _twice((one.id for one in catalogue.deployments), "deployments", document)
    known = {one.id for one in catalogue.deployments}
    for index, model in enumerate(catalogue.models):
        for place, name in enumerate(model.deployments):
            if name not in known:
                yield _dangling(
                    document, ("models", index, "deployments", place), "déploiement", "deployment", name, known
                )
    people = {one.id for one in register.people}
    for index, deployment in enumerate(catalogue.deployments):
        loc: Loc = ("deployments", index)
        yield from check_provider(deployment.provider, document, (*loc, "provider"))
        if deployment.max_classification not in register.classifications:
            yield _dangling(
                document,
                (*loc, "max_classification"),
                "classification",
                "classification",
                deployment.max_classification,
                register.classifications,
            )
        if deployment.verified is not None and deployment.verified.by not in people:
            yield _dangling(document, (*loc, "verified", "by"), "personne", "person", deployment.verified.by, people)


def _check_register(
    register: Register, catalogue: Catalogue, labels: Labels, rules: Mapping[str, Rule], document: Document
) -> Iterable[Problem]:
    yield from _twice((one.id for one in register.people), "people", document)
    yield from _twice((one.id for one in register.systems), "systems", document)
    yield from _twice((one.id for one in register.derogations), "derogations", document)
    people = {one.id for one in register.people}
    yield from _check_systems(register, catalogue, labels, people, document)
    systems = {one.id for one in register.systems}
    for index, derogation in enumerate(register.derogations):
        loc = ("derogations", index)
        if derogation.rule not in rules:
            yield _dangling(document, (*loc, "rule"), "règle", "rule", derogation.rule, rules)
        if derogation.system not in systems:
            yield _dangling(document, (*loc, "system"), "système", "system", derogation.system, systems)
        if derogation.approved_by not in people:
            yield _dangling(document, (*loc, "approved_by"), "personne", "person", derogation.approved_by, people)


def _check_systems(
    register: Register, catalogue: Catalogue, labels: Labels, people: set[str], document: Document
) -> Iterable[Problem]:
    models = {one.id for one in catalogue.models}
    wordings = {"none", *(one.id for one in labels.labels)}
    for index, system in enumerate(register.systems):
        loc: Loc = ("systems", index)
        references: list[tuple[Loc, str, str, str, set[str]]] = [
            (("owner",), "personne", "person", system.owner, people)
        ]
        references += [
            (("supervisors", at), "personne", "person", name, people) for at, name in enumerate(system.supervisors)
        ]
        references += [(("models", at), "modèle", "model", name, models) for at, name in enumerate(system.models)]
        levels = set(register.classifications)
        references.append((("classification",), "classification", "classification", system.classification, levels))
        references.append((("label", "visible"), "étiquette", "label", system.label.visible, wordings))
        for path, fr, en, name, known in references:
            if name not in known:
                yield _dangling(document, (*loc, *path), fr, en, name, known)


def _expired(
    catalogue: Catalogue, register: Register, catalogue_document: Document, register_document: Document, today: date
) -> Iterable[Problem]:
    said = Message("Cette échéance est passée.", "This expiry is past.")
    for index, deployment in enumerate(catalogue.deployments):
        for key in ("contract", "assessment", "verified"):
            paper = getattr(deployment, key)
            if paper is not None and paper.expires < today:
                yield catalogue_document.problem(("deployments", index, key, "expires"), said, severity="warning")
    for index, system in enumerate(register.systems):
        if system.assessment is not None and system.assessment.expires < today:
            yield register_document.problem(("systems", index, "assessment", "expires"), said, severity="warning")
    for index, derogation in enumerate(register.derogations):
        if derogation.expires < today:
            yield register_document.problem(("derogations", index, "expires"), said, severity="warning")


def _twice(names: Iterable[str], key: str, document: Document) -> Iterable[Problem]:
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            yield document.problem((key, index, "id"), Message(f"{name} est là deux fois.", f"{name} is there twice."))
        seen.add(name)


def _dangling(document: Document, loc: Loc, fr: str, en: str, name: str, known: Iterable[str]) -> Problem:
    listed = ", ".join(sorted(known)) or "—"
    return document.problem(
        loc,
        Message(f"{fr.capitalize()} inconnu(e)\u00a0: {name}.", f"Unknown {en}: {name}."),
        Message(f"Connus\u00a0: {listed}.", f"Known: {listed}."),
    )


def _derogation(register: Register, index: int) -> Derogation:
    one = register.derogations[index]
    return Derogation(
        one.id,
        one.rule,
        one.system,
        one.justification,
        one.approved_by,
        one.starts.isoformat(),
        one.expires.isoformat(),
    )


def _version(contents: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name in sorted(contents):
        digest.update(f"{name}\n{len(contents[name])}\n".encode() + contents[name])
    return digest.hexdigest()

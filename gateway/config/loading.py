"""From a directory to a `Configuration`: read, check each file, check what they say of each other, compile the policy."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.config.entries import check_provider
from gateway.config.explaining import Shape, shape
from gateway.config.label_rules import check_choices, check_wordings
from gateway.config.mcp_file import MCP, McpFile, check_servers
from gateway.config.models import Catalogue, Labels, Register, Settings, System
from gateway.config.policy_files import PolicyFile, RuleEntry
from gateway.config.problems import ConfigurationError, Problem
from gateway.config.reading import CHECK_ACCESS, Document, Loc, read
from gateway.config.recognizer_files import RECOGNIZERS, RecognizerFile, check_recognizer
from gateway.config.rules import check_entities, check_rule, check_rule_names, rule_of
from gateway.config.supervision_checks import (
    check_escalation,
    check_limits,
    check_notices,
    check_prices,
    check_tools,
)
from gateway.errors import Message
from gateway.policies import Derogation, Policy, Rule


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
    recognizers: Path | None = None
    mcp: McpFile = field(default_factory=McpFile)


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
    labels_document, labels = files.read("labels.yaml", Labels)
    recognizers = _read_recognizers(files)
    mcp_document, mcp = _read_mcp(files)
    policies = _read_policies(files)
    rules = policies.rules
    problems = files.problems
    if settings is not None and settings_document is not None:
        problems += _check_settings(settings, settings_document)
    if None not in (catalogue, register, labels) and catalogue_document and register_document and labels_document:
        assert catalogue is not None
        assert register is not None
        assert labels is not None
        problems += _check_catalogue(catalogue, register, catalogue_document)
        problems += _check_register(register, catalogue, labels, rules, register_document)
        problems += check_wordings(labels, labels_document)
        problems += check_choices(register, labels, register_document)
        if mcp_document is not None and mcp is not None:
            problems += check_servers(mcp, register, catalogue, mcp_document)
        problems += check_tools(register, register_document)
        problems += check_prices(catalogue, catalogue_document)
        problems += check_limits(register, catalogue, register_document)
        if settings is not None:
            problems += check_escalation(settings, policies.entries)
        for entry, loc, document in policies.entries:
            problems += check_rule_names(entry, loc, document, catalogue, register, labels)
        problems += _expired(catalogue, register, catalogue_document, register_document, today or date.today())  # noqa: DTZ011
    errors = tuple(problem for problem in problems if problem.severity == "error")
    if errors or settings is None or catalogue is None or register is None or labels is None:
        raise ConfigurationError(errors)
    policy = Policy.of(rules.values(), (_derogation(register, index) for index in range(len(register.derogations))))
    version = _version(files.contents)
    path = directory / RECOGNIZERS if recognizers is not None else None
    mcp = mcp if mcp is not None else McpFile()
    return Configuration(settings, catalogue, register, labels, policy, version, tuple(problems), path, mcp)


def _read_mcp(files: _Files) -> tuple[Document | None, McpFile | None]:
    """The MCP servers, if there are any."""
    with suppress(OSError):  # as for recognizers
        if not (files.directory / MCP).exists():
            return None, None
    return files.read(MCP, McpFile)


def _read_recognizers(files: _Files) -> RecognizerFile | None:
    """The body's own recognizers, if there are any."""
    with suppress(OSError):  # what cannot be looked at is said when it is read
        if not (files.directory / RECOGNIZERS).exists():
            return None
    document, file = files.read(RECOGNIZERS, RecognizerFile)
    if document is None or file is None:
        return None
    for index, entry in enumerate(file.recognizers):
        loc: Loc = ("recognizers", index)
        files.problems += check_recognizer(entry, loc, document)
    return file


def load_settings(directory: Path) -> Settings:
    """`vigie.yaml` alone, for what must work while other files are broken. Raises `ConfigurationError`."""
    files = _Files(directory, [], {})
    _, settings = files.read("vigie.yaml", Settings)
    if settings is None:
        raise ConfigurationError(tuple(files.problems))
    return settings


def load_policy(directory: Path, register: Register) -> Policy:
    """The policy of a directory of configuration, or of policies alone, with the derogations of its register.

    Where it has none, `register` gives them. Raises `ConfigurationError`.
    """
    if (directory / "register.yaml").exists():
        return load(directory).policy
    files = _Files(directory, [], {})
    rules = _read_policies(files, "policies" if (directory / "policies").is_dir() else "").rules
    errors = tuple(problem for problem in files.problems if problem.severity == "error")
    if errors:
        raise ConfigurationError(errors)
    return Policy.of(rules.values(), (_derogation(register, index) for index in range(len(register.derogations))))


@dataclass(slots=True)
class _Policies:
    """Every rule of `policies/*.yaml` by id, and where each was written."""

    rules: dict[str, Rule]
    entries: list[tuple[RuleEntry, Loc, Document]]


def _read_policies(files: _Files, folder: str = "policies") -> _Policies:
    """The rules; their conditions compiled, so that an error points into them."""
    policies = _Policies({}, [])
    for name in _policy_files(files, folder):
        document, policy = files.read(name, PolicyFile)
        if document is None or policy is None:
            continue
        for index, entry in enumerate(policy.rules):
            loc = ("rules", index)
            files.problems += check_rule(entry, loc, document, policies.rules)
            policies.rules.setdefault(entry.id, rule_of(entry, policy.policy))
            policies.entries.append((entry, loc, document))
    return policies


def _policy_files(files: _Files, folder: str) -> list[str]:
    """The names of the files of rules. What looks like one and would not be read is a problem: its rules would be missing.

    Hidden and backup files are an editor's own business.
    """
    names, ignored = [], []
    prefix = f"{folder}/" if folder else ""
    shown = prefix or f"{files.directory.name}/"
    try:
        paths = sorted((files.directory / folder).iterdir())
    except FileNotFoundError:
        paths = []
    except OSError as error:
        reason = error.strerror or type(error).__name__
        said = Message(f"Illisible\u00a0: {reason}.", f"Cannot be read: {reason}.")
        files.problems.append(Problem(shown, 1, 1, said, CHECK_ACCESS))
        return []
    for path in paths:
        if path.name.startswith((".", "#")) or path.name.endswith("~"):
            continue
        if path.suffix == ".yaml":
            if not path.name.endswith(".cases.yaml"):
                names.append(f"{prefix}{path.name}")
        elif path.is_dir() or path.suffix.lower() in (".yml", ".yaml", ".json"):
            ignored.append(f"{prefix}{path.name}")
    if not names:
        said = Message(f"Il n'y a aucune politique dans {shown}.", f"There is no policy in {shown}.")
        hint = Message("Partir de l'exemple de config/policies/.", "Start from the example in config/policies/.")
        files.problems.append(Problem(shown, 1, 1, said, hint))
    for name in ignored:
        said = Message("Rien n'est lu sous ce nom.", "Nothing is read under this name.")
        hint = Message("Les politiques sont des fichiers policies/*.yaml.", "Policies are files policies/*.yaml.")
        files.problems.append(Problem(name, 1, 1, said, hint))
    return names


def _check_settings(settings: Settings, document: Document) -> Iterable[Problem]:
    try:
        ZoneInfo(settings.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        said = Message("Ce fuseau horaire n'existe pas.", "This time zone does not exist.")
        yield document.problem(
            ("timezone",), said, Message("Exemple\u00a0: America/Toronto.", "Example: America/Toronto.")
        )
    yield from check_notices(settings, document)


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
        if deployment.assessment is not None:
            personal = deployment.assessment.personal_data
            yield from check_entities(personal, (*loc, "assessment", "personal_data"), document)
        if deployment.verified is not None and deployment.verified.by not in people:
            yield _dangling(document, (*loc, "verified", "by"), "personne", "person", deployment.verified.by, people)


def _check_register(
    register: Register, catalogue: Catalogue, labels: Labels, rules: Mapping[str, Rule], document: Document
) -> Iterable[Problem]:
    for index, name in enumerate(register.classifications):
        if name in register.classifications[:index]:
            said = Message(f"{name} est là deux fois.", f"{name} is there twice.")
            yield document.problem(("classifications", index), said, Message("En retirer une.", "Remove one of them."))
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
        if system.assessment is not None:
            personal = system.assessment.personal_data
            yield from check_entities(personal, (*loc, "assessment", "personal_data"), document)
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
        if system.content.capture != "none" and not _has_readers(system, register):
            said = Message("Personne ne peut lire ce qui est conservé ici.", "Nobody can read what is kept here.")
            name_them = Message(
                "Nommer un auditeur (rôle «\u00a0auditor\u00a0»), ou une personne qui supervise ce système.",
                "Name an auditor (role 'auditor'), or a person who supervises this system.",
            )
            yield document.problem((*loc, "content"), said, name_them, severity="warning")


def _has_readers(system: System, register: Register) -> bool:
    return any(
        "auditor" in one.roles or ("supervisor" in one.roles and one.id in system.supervisors)
        for one in register.people
    )


def _expired(
    catalogue: Catalogue, register: Register, catalogue_document: Document, register_document: Document, today: date
) -> Iterable[Problem]:
    said = Message("Cette échéance est passée.", "This expiry is past."), Message("La renouveler.", "Renew it.")
    for index, deployment in enumerate(catalogue.deployments):
        for key in ("contract", "assessment", "verified"):
            paper = getattr(deployment, key)
            if paper is not None and paper.expires < today:
                yield catalogue_document.problem(("deployments", index, key, "expires"), *said, severity="warning")
    for index, system in enumerate(register.systems):
        if system.assessment is not None and system.assessment.expires < today:
            yield register_document.problem(("systems", index, "assessment", "expires"), *said, severity="warning")
    for index, derogation in enumerate(register.derogations):
        if derogation.expires < today:
            yield register_document.problem(("derogations", index, "expires"), *said, severity="warning")


def _twice(names: Iterable[str], key: str, document: Document) -> Iterable[Problem]:
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            said = Message(f"{name} est là deux fois.", f"{name} is there twice.")
            yield document.problem((key, index, "id"), said, Message("En renommer un.", "Rename one of them."))
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

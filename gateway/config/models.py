"""The files of `config/` as frozen values. *Data*: every key, its type, its default and what it means.

JSON Schemas, the reference page and the errors of `vigie check` all come from these classes.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from gateway.config.notice_settings import NoticeSettings
from gateway.config.problems import Wrong
from gateway.config.shapes import Bilingual, Id, Secret, Strict
from gateway.config.tools import Price, SessionLimits, ToolEntry
from gateway.policies.facts import COUNTRY, SUBDIVISION

# ── vigie.yaml ────────────────────────────────────────────────────────────────────────────────────────────────────


class Listener(Strict):
    """Where the gateway listens, and the bounds of a request."""

    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    max_body_bytes: int = Field(10 * 1024 * 1024, ge=1024, description="bytes of a request body")
    max_depth: int = Field(64, ge=4, le=200, description="nesting of the JSON of a request")
    max_texts: int = Field(10_000, ge=1, description="texts in one request")
    request_within_s: float = Field(60, gt=0, description="longest wait for a whole request; read at start")
    stalled_client_s: float = Field(
        60, gt=0, description="longest that a client may take nothing of its answer; read at start"
    )


class Storage(Strict):
    """Where state and ledger are kept. None: SQLite in the data directory."""

    url: Secret | None = Field(None, description="reference to a SQLAlchemy URL, e.g. env:VIGIE_DATABASE_URL")
    content_keys: Secret | None = Field(
        None,
        description="where the keys of kept content are: reference to a URL. None: content-keys.db in the data directory; "
        "with PostgreSQL, the same database",
    )


class Retention(Strict):
    """For how many days each class is kept, where a system's entry does not say. Taken up while running."""

    prompts_days: int = Field(30, ge=1, le=36_500, description="what applications sent, of systems that keep it")
    answers_days: int = Field(30, ge=1, le=36_500, description="what they received, of systems that keep it")
    notices_days: int = Field(30, ge=1, le=36_500, description="notices that were delivered or given up")


class Privacy(Strict):
    """The analyser of personal data."""

    languages: tuple[Literal["fr", "en"], ...] = ("fr", "en")
    ner: bool = Field(True, description="put names that the rules doubt to a language model; without it, rules alone")
    workers: int = Field(1, ge=1, le=64, description="analyser processes")
    threshold: float = Field(0.4, ge=0, le=1, description="least score of a finding")
    memory_entries: int = Field(50_000, ge=0, description="texts whose findings are remembered, by keyed hash")
    timeout_s: float = Field(20, gt=0, description="longest wait for the analyser; then the call is refused")
    public_functions: Literal["find", "keep"] = Field(
        "find", description="names of public servants beside their function: found, or kept as public (A-2.1, art. 57)"
    )


class TelemetrySettings(Strict):
    """Logs, metrics and traces."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    otlp_endpoint: str | None = Field(None, description="OTLP/HTTP collector; none: no traces leave")
    sample_ratio: float = Field(1.0, ge=0, le=1, description="share of calls that are traced")


class Timestamps(Strict):
    """An authority that stamps checkpoints (RFC 3161), and how often it is asked."""

    url: str = Field(
        pattern=r"^https?://[^\s/?#@]+(/[^\s#]*)?$", description="only a hash of a checkpoint is sent there"
    )
    every: str = Field("24h", pattern=r"^[1-9][0-9]{0,2}[mhd]$", description="30m, 24h, 7d")

    @property
    def every_s(self) -> int:
        """The same in seconds."""
        return int(self.every[:-1]) * {"m": 60, "h": 3_600, "d": 86_400}[self.every[-1]]


class LedgerSettings(Strict):
    """The ledger's name in its checkpoints, and what is kept of them outside the database; read at start."""

    origin: str = Field("vigie.exemple.quebec/registre", pattern=r"^[^\s+]+$", description="C2SP origin, no scheme")
    timestamps: Timestamps | None = Field(None, description="none: no time stamps but by 'vigie audit timestamp'")
    anchors: str | None = Field(
        None,
        min_length=1,
        description="directory for a checkpoint a day, and for time stamps; best out of Vigie's reach",
    )


class SupervisionSettings(Strict):
    """What is remembered of people's decisions."""

    approved_within_days: int = Field(
        30, ge=1, le=366, description="how far back action.approved_before counts the approvals of the same action"
    )


class TransparencySettings(Strict):
    """What citizens can check at `/verify`, and for how long."""

    fingerprint_days: int = Field(
        1095, ge=1, le=36_500, description="days that an issued text can be recognised; its record stays longer"
    )
    checks_per_minute: int = Field(20, ge=1, le=6_000, description="checks that one address may make in a minute")
    public_url: str | None = Field(
        None,
        pattern=r"^https?://[^\s/?#@\"'<>]+(/[^\s?#\"'<>]*)?$",
        description="the gateway's public address, for links and QR codes; null: the address that was asked",
    )
    client_header: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9-]{1,64}$",
        description="header in which the reverse proxy gives the client's address (its last value); null: no proxy",
    )


class Settings(Strict):
    """`vigie.yaml`."""

    timezone: str = "America/Toronto"
    listener: Listener = Listener()
    storage: Storage = Storage()
    privacy: Privacy = Privacy()
    telemetry: TelemetrySettings = TelemetrySettings()
    ledger: LedgerSettings = LedgerSettings()
    notices: NoticeSettings = NoticeSettings()
    retention: Retention = Retention()
    transparency: TransparencySettings = TransparencySettings()
    supervision: SupervisionSettings = SupervisionSettings()


# ── catalogue.yaml ────────────────────────────────────────────────────────────────────────────────────────────────


class Model(Strict):
    """What an application can ask for."""

    id: Id
    kind: Literal["chat", "embeddings"]
    deployments: tuple[Id, ...] = Field(min_length=1, description="where it may be served, preferred first")


class ProviderRef(Strict):
    """How a deployment is reached."""

    protocol: Literal["openai", "litellm", "simulated"]
    base_url: str | None = Field(None, pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$")
    model: str = Field(min_length=1, description="the provider's own name; with litellm, litellm's name")
    api_key: Secret | None = None
    apis: tuple[Literal["chat", "embeddings", "responses", "messages"], ...] = Field(
        ("chat", "embeddings"),
        description="with openai: the protocols that the server speaks; the others are spoken with it over chat",
    )
    options: dict[str, Any] = Field(
        default_factory=dict,
        description="with litellm: api_version, azure_ad_token; aws_region_name, aws_access_key_id, "
        "aws_secret_access_key, aws_session_token. What is a secret is a reference",
    )

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.protocol == "openai" and self.base_url is None:
            raise Wrong("le protocole openai exige base_url", "the openai protocol needs a base_url")
        return self


class Operator(Strict):
    """Who operates a deployment, and whose laws reach them."""

    name: str
    home: str = Field(
        pattern=f"^({COUNTRY}|{SUBDIVISION}|unknown)$", description="CA-QC, CA-ON, CA, US, FR… or unknown"
    )
    public_body: bool = False
    foreign_reach: tuple[str, ...] = Field(
        description="foreign laws that reach the operator; [] when none, [unknown] when unknown"
    )


class Processing(Strict):
    """Where processing happens. Unknown means worst case."""

    country: str = Field(pattern=f"^({COUNTRY}|unknown)$", description="ISO 3166-1 code, or unknown")
    subdivision: str | None = Field(None, pattern=f"^({SUBDIVISION})$", description="ISO 3166-2 code, e.g. CA-QC")
    region: str | None = None
    routing: Literal["regional", "geographic", "global", "unknown"]
    guarantee: Literal["direct-control", "contractual", "documented", "none", "unknown"]

    @model_validator(mode="after")
    def _inside(self) -> Self:
        if self.subdivision is not None and self.country not in ("unknown", self.subdivision[:2]):
            raise Wrong("la subdivision n'est pas de ce pays", "the subdivision is not of this country")
        return self


class Paper(Strict):
    """A reference with an expiry: a contract."""

    ref: str
    expires: date


class Assessment(Paper):
    """A privacy impact assessment and the types of personal information that it covers."""

    personal_data: tuple[str, ...] = ()


class Verified(Strict):
    """Which person of the body verified an entry, when, from what, until when."""

    on: date
    by: Id
    source: str
    expires: date


class ResidencyWitness(Strict):
    """What in an answer tells where it was made: a header or a dotted path into the JSON, and the values expected."""

    header: str | None = None
    field: str | None = None
    expected: tuple[str, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.header is None) == (self.field is None):
            raise Wrong("donner header ou field, l'un des deux", "give header or field, one of them")
        return self


class Timeouts(Strict):
    """Bounds on waiting for a provider, in seconds."""

    connect_s: float = Field(5, gt=0)
    first_byte_s: float = Field(120, gt=0)
    idle_s: float = Field(60, gt=0)
    total_s: float = Field(600, gt=0)


class Deployment(Strict):
    """One place that serves a model."""

    id: Id
    enabled: bool = True
    provider: ProviderRef
    operator: Operator
    processing: Processing
    weights: Literal["open", "restricted", "closed", "unknown"] = "unknown"
    training: Literal["never", "off-by-default", "possible", "unknown"] = "unknown"
    retention_days: int | None = Field(None, ge=0, description="days that the provider keeps content; null: unknown")
    contract: Paper | None = None
    assessment: Assessment | None = None
    max_classification: str
    verified: Verified | None = Field(None, description="null: disabled until a person of the body has verified it")
    unit: str | None = Field(None, description="the provider's unit of deployment, e.g. an Azure SKU")
    destinations: tuple[str, ...] = Field((), description="every region that an inference profile may use")
    price: Price | None = Field(None, description="null: unknown; a session's spend then counts nothing for it")
    allowed_fields: tuple[str, ...] = Field((), description="unknown request fields that this deployment may receive")
    residency: ResidencyWitness | None = None
    timeouts: Timeouts = Timeouts()
    max_answer_bytes: int = Field(32 * 1024 * 1024, ge=1024, description="bytes of a whole answer")
    max_stream_bytes: int = Field(256 * 1024 * 1024, ge=1024, description="bytes of a streamed answer")


class Catalogue(Strict):
    """`catalogue.yaml`."""

    models: tuple[Model, ...]
    deployments: tuple[Deployment, ...]

    def model(self, name: str) -> Model | None:
        """The model of this name, or None."""
        return next((one for one in self.models if one.id == name), None)

    def deployments_of(self, model: str) -> tuple[Deployment, ...]:
        """The deployments that may serve a model, in the operator's order."""
        found = self.model(model)
        by_id = {one.id: one for one in self.deployments}
        return tuple(by_id[name] for name in found.deployments) if found is not None else ()


# ── register.yaml ─────────────────────────────────────────────────────────────────────────────────────────────────

Role = Literal["officer", "supervisor", "auditor", "admin"]


class Body(Strict):
    """The public body."""

    id: Id
    name: Bilingual
    contact: str


class Person(Strict):
    """A person of the body, and what they may do."""

    id: Id
    name: str
    roles: tuple[Role, ...] = ()


class LabelSetting(Strict):
    """Which visible label a system's answers carry (an id of labels.yaml, or none), and in which language."""

    visible: str = "none"
    language: Literal["fr", "fr+en"] = "fr"
    ground: str | None = Field(None, description="ground of the Charter (art. 22.3) for a language beside French")
    sources: Bilingual | None = Field(None, description="what a summary is made from, for `{sources}` of its wording")
    public: bool = Field(True, description="whether /verify tells that a text comes from this system")

    @model_validator(mode="after")
    def _grounded(self) -> Self:
        if self.language != "fr" and not self.ground:
            raise Wrong(
                "une étiquette dans une autre langue à côté du français exige son motif (Charte, art. 22.3)",
                "a label in another language beside French needs its ground (Charter, s. 22.3)",
            )
        return self


class Budget(Strict):
    """Bounds of use."""

    tokens_per_day: int = Field(gt=0)


class ContentSetting(Strict):
    """What is kept of a system's calls, encrypted, for how long and what for. Nothing by default."""

    capture: Literal["none", "prompts", "answers", "both"] = Field(
        "none", description="the JSON that applications send, what they receive, or both"
    )
    retention_days: int | None = Field(
        None, ge=1, le=36_500, description="then it is destroyed; null: as vigie.yaml's retention says"
    )
    purpose: str = Field("", description="what it is kept for, in the body's words; required when something is kept")

    @model_validator(mode="after")
    def _justified(self) -> Self:
        if self.capture != "none" and not self.purpose.strip():
            raise Wrong(
                "conserver un contenu exige de dire à quelle fin (purpose)",
                "keeping content needs its purpose to be said (purpose)",
            )
        return self


class System(Strict):
    """An AI system: what it is for, and who answers for it."""

    id: Id
    name: Bilingual
    owner: Id
    supervisors: tuple[Id, ...] = ()
    purposes: tuple[Id, ...] = Field(min_length=1)
    decision_role: Literal["none", "support", "exclusive"] = "none"
    models: tuple[Id, ...]
    classification: str
    assessment: Assessment | None = None
    label: LabelSetting = LabelSetting()
    training_required: bool = False
    trained_users: tuple[str, ...] = Field(
        (), description="keyed hashes (vigie key hash-user) of users with a valid attestation"
    )
    budget: Budget | None = None
    content: ContentSetting = ContentSetting()
    limits: SessionLimits = Field(SessionLimits(), description="bounds of one session; calls must then name theirs")


class DerogationEntry(Strict):
    """The one way to relax a rule, for one system and at most a year."""

    id: str
    rule: str
    system: Id
    justification: str = Field(min_length=1)
    approved_by: Id
    starts: date
    expires: date

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if not self.starts <= self.expires or (self.expires - self.starts).days > 366:
            raise Wrong(
                "une dérogation finit après son début, et dans les douze mois",
                "a derogation ends after it starts, and within twelve months",
            )
        return self


class Register(Strict):
    """`register.yaml`."""

    body: Body
    classifications: tuple[str, ...] = Field(min_length=1, description="ordered, lowest first; the body's own names")
    people: tuple[Person, ...] = ()
    systems: tuple[System, ...] = ()
    tools: tuple[ToolEntry, ...] = Field((), description="tools that agents act with; one that is not here is critical")
    derogations: tuple[DerogationEntry, ...] = ()

    def system(self, name: str) -> System | None:
        """The system of this id, or None."""
        return next((one for one in self.systems if one.id == name), None)


# ── labels.yaml ───────────────────────────────────────────────────────────────────────────────────────────────────


class LabelText(Bilingual):
    """The wording of one label, versioned. `{body}`, `{contact}`, `{decision}` and `{sources}` are filled in."""

    id: Id
    version: int = Field(ge=1, description="raise it whenever a text changes")
    source_type: str = Field(
        "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
        pattern=r"^https?://[\x21-\x7e]+$",
        description="IPTC digital source type, whole",
    )
    decision_role: Literal["none", "support", "exclusive"] | None = Field(
        None, description="only for systems whose `decision_role` is this one: the sentence would be untrue elsewhere"
    )
    from_approval: bool = Field(False, description="never chosen by the register: comes from an approval record alone")
    badge: Bilingual | None = Field(None, description="the few words of /badge.svg; null: those of `generated`")


class Labels(Strict):
    """`labels.yaml`: an ordered catalogue of wordings, and the suffix that names the body and the decision."""

    labels: tuple[LabelText, ...]
    suffix: Bilingual

    def label(self, name: str) -> LabelText | None:
        """The wording of this id, or None."""
        return next((one for one in self.labels if one.id == name), None)

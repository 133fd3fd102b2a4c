"""Reading and checking the files of `config/`. Configuration is data, checked before it acts (promise 10).

`load` is all or nothing: a `Configuration`, or every problem with its place. `Live` holds the running one and replaces it
only by one that is whole. May import `policies`, which checks conditions.
"""

from gateway.config.cases import CaseResult, check_cases, run_cases
from gateway.config.live import Live
from gateway.config.loading import Configuration, load, load_policy, load_settings
from gateway.config.mcp_file import McpFile, McpServer
from gateway.config.models import (
    Assessment,
    Bilingual,
    Catalogue,
    Deployment,
    Labels,
    LabelText,
    LedgerSettings,
    Listener,
    Model,
    Person,
    Privacy,
    Register,
    Retention,
    Settings,
    System,
    TelemetrySettings,
    Timeouts,
    Timestamps,
    Webhook,
)
from gateway.config.problems import ConfigurationError, Problem
from gateway.config.schemas import schemas
from gateway.config.secret import Current, is_secret, secret

__all__ = [
    "Assessment",
    "Bilingual",
    "CaseResult",
    "Catalogue",
    "Configuration",
    "ConfigurationError",
    "Current",
    "Deployment",
    "LabelText",
    "Labels",
    "LedgerSettings",
    "Listener",
    "Live",
    "McpFile",
    "McpServer",
    "Model",
    "Person",
    "Privacy",
    "Problem",
    "Register",
    "Retention",
    "Settings",
    "System",
    "TelemetrySettings",
    "Timeouts",
    "Timestamps",
    "Webhook",
    "check_cases",
    "is_secret",
    "load",
    "load_policy",
    "load_settings",
    "run_cases",
    "schemas",
    "secret",
]

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
)
from gateway.config.notice_settings import EscalationStep, NoticeSettings, Target, Webhook
from gateway.config.problems import ConfigurationError, Problem
from gateway.config.schemas import schemas
from gateway.config.secret import Current, is_secret, secret
from gateway.config.shapes import Bilingual, seconds_of
from gateway.config.tools import Price, SessionLimits, Standing, ToolEntry, lists_tools, standing_of

__all__ = [
    "Assessment",
    "Bilingual",
    "CaseResult",
    "Catalogue",
    "Configuration",
    "ConfigurationError",
    "Current",
    "Deployment",
    "EscalationStep",
    "LabelText",
    "Labels",
    "LedgerSettings",
    "Listener",
    "Live",
    "McpFile",
    "McpServer",
    "Model",
    "NoticeSettings",
    "Person",
    "Price",
    "Privacy",
    "Problem",
    "Register",
    "Retention",
    "SessionLimits",
    "Settings",
    "Standing",
    "System",
    "Target",
    "TelemetrySettings",
    "Timeouts",
    "Timestamps",
    "ToolEntry",
    "Webhook",
    "check_cases",
    "is_secret",
    "lists_tools",
    "load",
    "load_policy",
    "load_settings",
    "run_cases",
    "schemas",
    "seconds_of",
    "secret",
    "standing_of",
]

"""Calling providers. *Edge*. Three ways, one shape: a `Request` in OpenAI's terms, a `Reply` in OpenAI's wire.

`direct` speaks OpenAI's protocol (the hot path), `translated` goes through litellm, imported only if a deployment needs
it and made `quiet`, `simulated` answers without a model. May import `config` and `errors`. Only catalogue hosts are ever
contacted, within bounds of time and size: all bytes leave by `egress`.
"""

from gateway.providers.faults import (
    BrokeProtocol,
    NotReady,
    OutsideCatalogue,
    ProviderFault,
    ProviderRefused,
    TimedOut,
    Unreachable,
    Untranslatable,
)
from gateway.providers.providers import Providers
from gateway.providers.reply import Reply, Request
from gateway.providers.timestamping import AuthorityUnavailable, ask_authority

__all__ = [
    "AuthorityUnavailable",
    "BrokeProtocol",
    "NotReady",
    "OutsideCatalogue",
    "ProviderFault",
    "ProviderRefused",
    "Providers",
    "Reply",
    "Request",
    "TimedOut",
    "Unreachable",
    "Untranslatable",
    "ask_authority",
]

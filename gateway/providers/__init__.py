"""Calling providers. *Edge*. A `Request` and its `Reply` are in the application's own protocol, whatever the deployment's.

`direct` speaks OpenAI's protocols and Anthropic's (the hot path), `translated` speaks chat through litellm, imported only if
a deployment needs it and made `quiet`, `simulated` answers without a model. What a deployment does not speak goes over its
chat (`ways`): `as_messages` and `as_responses` translate. May import `config` and `errors`. Only catalogue hosts are ever
contacted, within bounds of time and size: all bytes leave by `egress`.
"""

from gateway.providers.counting import estimated_tokens
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
    "estimated_tokens",
]

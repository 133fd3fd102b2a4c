"""How a provider can fail. `retryable`: another deployment may be tried; `counts_against`: the circuit breaker counts it.

Messages never quote what a provider said: it may hold the prompt.
"""

from __future__ import annotations

from gateway.errors import Fault, Message


class ProviderFault(Fault):
    """A provider did not give a usable answer."""

    code = "provider_fault"
    status = 502
    retryable = True
    counts_against = True


class Unreachable(ProviderFault):
    """No connection, or one that broke before the answer began."""

    code = "provider_unreachable"

    def __init__(self) -> None:
        super().__init__(
            Message("Le fournisseur est inaccessible.", "The provider cannot be reached."),
            Message("Réessayer dans quelques instants.", "Retry in a moment."),
        )


class TimedOut(ProviderFault):
    """No answer within the deployment's bounds."""

    code = "provider_timeout"
    status = 504

    def __init__(self) -> None:
        super().__init__(
            Message("Le fournisseur n'a pas répondu à temps.", "The provider did not answer in time."),
            Message("Réessayer, ou raccourcir la demande.", "Retry, or shorten the request."),
        )


class BrokeProtocol(ProviderFault):
    """An answer that is not of its protocol: redirect, wrong content type, invalid JSON, cut short, too large."""

    code = "provider_protocol"

    def __init__(self, what: Message, code: str = "provider_protocol") -> None:
        super().__init__(
            what,
            Message("Prévenir la personne responsable du catalogue.", "Tell the person in charge of the catalogue."),
            code=code,
        )


class ProviderRefused(ProviderFault):
    """An error status of the provider's. Its own 4xx would be the same elsewhere: only 408, 429 and 5xx are retried."""

    code = "provider_refused"

    def __init__(self, upstream: int) -> None:
        passing = upstream in (408, 429) or upstream >= 500
        super().__init__(
            Message(
                f"Le fournisseur a refusé la demande (statut {upstream}).",
                f"The provider refused the request (status {upstream}).",
            ),
            Message("Vérifier la demande et la fiche du déploiement.", "Check the request and the deployment's entry."),
            status=429 if upstream == 429 else 502 if passing or upstream in (401, 403, 404) else 400,
        )
        self.retryable = passing or upstream in (401, 403, 404)
        self.counts_against = passing and upstream != 429

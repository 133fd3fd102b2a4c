"""How a provider can fail. `retryable`: another deployment may be tried; `counts_against`: the circuit breaker counts it.

Messages never quote what a provider said: it may hold the prompt.
"""

from __future__ import annotations

from gateway.errors import Fault, Message

_TELL = Message("Prévenir la personne responsable du catalogue.", "Tell the person in charge of the catalogue.")


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
            code="provider_unreachable",
        )


class TimedOut(ProviderFault):
    """No answer within the deployment's bounds."""

    code = "provider_timeout"
    status = 504

    def __init__(self) -> None:
        super().__init__(
            Message("Le fournisseur n'a pas répondu à temps.", "The provider did not answer in time."),
            Message("Réessayer, ou raccourcir la demande.", "Retry, or shorten the request."),
            code="provider_timeout",
        )


class BrokeProtocol(ProviderFault):
    """An answer that is not of its protocol: redirect, wrong content type, invalid JSON, cut short, too large."""

    code = "provider_protocol"

    def __init__(self, what: Message, *, code: str = "provider_protocol") -> None:
        super().__init__(what, _TELL, code=code)


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
            code="provider_refused",
            status=429 if upstream == 429 else 502 if passing or upstream in (401, 403, 404) else 400,
        )
        self.retryable = passing or upstream in (401, 403, 404)
        self.counts_against = passing and upstream != 429


class Untranslatable(ProviderFault):
    """The request asks for what this provider's protocol does not have. Another deployment's may."""

    code = "provider_untranslatable"
    status = 400
    counts_against = False

    def __init__(self, field: str = "") -> None:
        super().__init__(
            Message(
                "La demande ne peut pas être traduite dans le protocole du fournisseur.",
                "The request cannot be translated into the provider's protocol.",
            ),
            Message(
                "Retirer les paramètres que ce fournisseur n'a pas, ou demander un autre modèle.",
                "Remove the parameters that this provider does not have, or ask for another model.",
            ),
            code="provider_untranslatable",
            param=field or None,
        )


class OutsideCatalogue(ProviderFault):
    """Something tried to reach a host that is not the deployment's. Nothing was sent."""

    code = "provider_outside_catalogue"
    counts_against = False

    def __init__(self) -> None:
        super().__init__(
            Message(
                "L'appel visait un hôte que la fiche du déploiement ne nomme pas; rien n'y a été transmis.",
                "The call was for a host that the deployment's entry does not name; nothing was sent there.",
            ),
            _TELL,
            code="provider_outside_catalogue",
        )


class NotReady(ProviderFault):
    """The deployment cannot be called from here: its secret, or a package that it needs, is missing."""

    code = "provider_not_ready"
    status = 503
    counts_against = False

    def __init__(self, why: Message) -> None:
        super().__init__(why, _TELL, code="provider_not_ready")

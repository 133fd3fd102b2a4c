"""A request to a time-stamping authority (RFC 3161, section 3.4), by the one door out. *Edge*.

Every bound of `egress` holds: one host, no redirect, no proxy, TLS verified where there is TLS, a small answer, seconds and
not minutes. Plain http is admitted, as most authorities ask: a stamp is signed by itself, and what is sent is a hash.
"""

from __future__ import annotations

from yarl import URL

from gateway.config import Timeouts
from gateway.errors import Fault, Message
from gateway.providers.egress import Destination, Egress
from gateway.providers.faults import ProviderFault

QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"
BOUNDS = Timeouts(connect_s=5, first_byte_s=15, idle_s=15, total_s=20)
MOST_BYTES = 64 * 1024


class AuthorityUnavailable(Fault):
    """The time-stamping authority gave no answer that can be one. Nothing waits for it; it is asked again later."""

    code = "timestamp_authority_unavailable"
    status = 502


async def ask_authority(url: str, request: bytes) -> bytes:
    """The authority's answer (DER) to a request. Raises `AuthorityUnavailable`."""
    egress = Egress(Destination(url, BOUNDS, MOST_BYTES, MOST_BYTES))
    try:
        headers = {"content-type": QUERY, "accept": REPLY}
        exchange = await egress.post(URL(url), request, headers, accept=frozenset({REPLY}), stream=False)
        return await exchange.whole()
    except ProviderFault as fault:
        raise AuthorityUnavailable(
            Message(
                f"L'autorité d'horodatage n'a pas donné de réponse ({fault.code}).",
                f"The time-stamping authority gave no answer ({fault.code}).",
            ),
            Message("Vérifier son adresse et le réseau; réessayer.", "Check its address and the network; try again."),
        ) from None
    finally:
        await egress.aclose()

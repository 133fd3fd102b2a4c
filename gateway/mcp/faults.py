"""How an MCP server can fail, and what it can be refused. *Data*. No message quotes what a server said."""

from __future__ import annotations

from typing import Any

from gateway.errors import Fault, Message, Refusal

_TELL = Message("Prévenir la personne responsable de mcp.yaml.", "Tell the person in charge of mcp.yaml.")
_LATER = Message("Réessayer dans quelques instants.", "Retry in a moment.")


class ServerFault(Fault):
    """A server gave no usable answer."""

    code = "mcp_server_fault"
    status = 502


class ServerSaid(Exception):
    """A JSON-RPC error of the server's own. `message` and `data` are its words: to be guarded like a result."""

    def __init__(self, code: int, message: str, data: Any) -> None:
        super().__init__(code)
        self.code, self.message, self.data = code, message, data


def unreachable() -> ServerFault:
    """No connection, or one that broke."""
    return ServerFault(
        Message("Le serveur MCP est inaccessible.", "The MCP server cannot be reached."),
        _LATER,
        code="mcp_server_unreachable",
        status=503,
    )


def timed_out() -> ServerFault:
    """No answer within the server's `timeout_s`."""
    return ServerFault(
        Message("Le serveur MCP n'a pas répondu à temps.", "The MCP server did not answer in time."),
        Message(
            "Vérifier ce qu'il a fait avant de réessayer\u00a0: l'action a pu avoir lieu.",
            "Check what it did before a retry: the action may have happened.",
        ),
        code="mcp_server_timeout",
        status=504,
    )


def broke_protocol() -> ServerFault:
    """An answer that is not of the protocol, or is over its bound."""
    return ServerFault(
        Message("La réponse du serveur MCP n'est pas du protocole.", "The MCP server's answer is not of the protocol."),
        _TELL,
        code="mcp_server_protocol",
    )


def not_ready(why: Message) -> ServerFault:
    """It cannot be opened from here: a secret or a program is missing."""
    return ServerFault(why, _TELL, code="mcp_server_not_ready", status=503)


def wants_input() -> ServerFault:
    """The server answered by a question of its own (sampling, elicitation, roots): never passed on."""
    return ServerFault(
        Message(
            "Le serveur MCP a demandé autre chose à l'application (échantillonnage ou saisie), ce qui est refusé.",
            "The MCP server asked something of the application (sampling or elicitation), which is refused.",
        ),
        Message("Utiliser un outil qui n'en a pas besoin.", "Use a tool that does not need it."),
        code="mcp_input_refused",
    )


def busy() -> Fault:
    """Its bounds are reached: requests at once, or connections."""
    return Fault(
        Message("Le serveur MCP sert déjà trop de demandes.", "The MCP server serves too many requests already."),
        _LATER,
        code="mcp_server_busy",
        status=503,
    )


def unknown_server() -> Refusal:
    """404, the same whether it does not exist or is not for this system."""
    return Refusal(
        Message(
            "Ce serveur MCP n'existe pas, ou pas pour ce système.",
            "There is no such MCP server, or not for this system.",
        ),
        Message("Voir mcp.yaml\u00a0: id et systems.", "See mcp.yaml: id and systems."),
        code="unknown_mcp_server",
        status=404,
    )

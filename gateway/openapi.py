"""`/openapi.json`: the HTTP contract as data, French first. *Data*."""

from __future__ import annotations

from typing import Any

from gateway import __version__
from gateway.audit.reports import REPORTS

_ERROR = {"$ref": "#/components/responses/Error"}
_HEADERS = (
    ("x-vigie-user", "Utilisateur final; haché dès l'arrivée. End user; hashed at once."),
    ("x-vigie-session", "Exécution d'un agent. An agent's run."),
    ("x-vigie-agent", "Agent qui appelle. The agent that calls."),
    ("x-vigie-purpose", "Finalité inscrite au registre. A purpose of the register."),
    ("x-vigie-classification", "Classification des données de cet appel. Classification of this call's data."),
    (
        "x-vigie-dry-run",
        "« true » : rend la décision sans appeler de fournisseur. Returns the decision, calls no provider.",
    ),
    ("Accept-Language", "« en » pour des erreurs en anglais. Errors in English."),
)


def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document of what this version serves."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Vigie",
            "version": __version__,
            "description": "Passerelle de gouvernance pour les appels d'IA. A governance gateway for AI calls.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"key": []}],
        "paths": {
            "/v1/chat/completions": _call("Conversation (protocole d'OpenAI). Chat completion.", "ChatCompletion"),
            "/v1/embeddings": _call("Plongements (protocole d'OpenAI). Embeddings.", "Embeddings"),
            "/v1/messages": _call("Conversation (protocole d'Anthropic). Messages.", "Messages"),
            "/v1/messages/count_tokens": _write(
                "Estimer les jetons, ici même. Estimate tokens, here.", "200", {"model": "string", "messages": "array"}
            ),
            "/v1/responses": _call("Conversation (protocole Responses d'OpenAI). Responses.", "Responses"),
            "/v1/models": _read("Modèles offerts à cette clé. Models this key may use.", "application/json"),
            "/v1/models/{model}": _read("Un modèle. One model.", "application/json", parameters=("model",)),
            "/v1/halts": {
                **_read("Arrêts d'urgence. Emergency stops.", "application/json"),
                **_write(
                    "Arrêter d'urgence. Halt.", "201", {"scope": "string", "reason": "string", "drill": "boolean"}
                ),
            },
            "/v1/halts/{halt}/lift": {
                **_write("Reprendre, par une autre personne. Resume, by another person.", "200", {"reason": "string"}),
                "parameters": [{"name": "halt", "in": "path", "required": True, "schema": {"type": "string"}}],
            },
            "/v1/holds": _read("Actions retenues. Held actions.", "application/json"),
            "/v1/holds/statistics": _read(
                "Délais et décisions, par personne. Times and decisions, by person.", "application/json"
            ),
            "/v1/holds/{hold}": {
                **_read("Une action retenue. One held action.", "application/json"),
                "parameters": [_in_path("hold")],
            },
            "/v1/holds/{hold}/approve": {
                **_write(
                    "Approuver exactement cette action. Approve exactly this action.",
                    "200",
                    {"action_sha256": "string", "comment": "string", "edited_arguments": "object"},
                ),
                "parameters": [_in_path("hold")],
            },
            "/v1/holds/{hold}/deny": {
                **_write("Refuser, avec une raison. Refuse, with a reason.", "200", {"reason": "string"}),
                "parameters": [_in_path("hold")],
            },
            "/v1/actions": _write(
                "Demander la permission d'agir. Ask leave for an action.",
                "202",
                {"tool": "string", "arguments": "object"},
            ),
            "/v1/actions/{action}": {
                **_read(
                    "L'état d'une action; « wait » attend qu'il change. An action's state; 'wait' awaits a change.",
                    "application/json",
                ),
                "parameters": [_in_path("action")],
            },
            "/v1/content": _read(
                "Contenu conservé des appels, sans un octet de celui-ci. What was kept of calls, never a byte of it.",
                "application/json",
            ),
            "/v1/content/{decision}/read": {
                **_write("Le lire; inscrit au registre. Read it; recorded.", "200", {"reason": "string"}),
                "parameters": [_in_path("decision")],
            },
            "/v1/content/{decision}/destroy": {
                **_write("Le détruire pour toujours. Destroy it for good.", "200", {"reason": "string"}),
                "parameters": [_in_path("decision")],
            },
            "/v1/content/{decision}/certificate": _read(
                "Certificats de destruction. Certificates of destruction.",
                "application/json",
                parameters=("decision",),
            ),
            "/v1/legal-holds": {
                **_read("Retenues légales. Legal holds.", "application/json"),
                **_write(
                    "Interdire une destruction. Forbid a destruction.", "201", {"scope": "string", "reason": "string"}
                ),
            },
            "/v1/legal-holds/{hold}/release": {
                **_write("Lever une retenue légale. Release a legal hold.", "200", {"reason": "string"}),
                "parameters": [_in_path("hold")],
            },
            "/mcp/{server}": {**_mcp(), "parameters": [_in_path("server")]},
            "/v1/events": _read("Ce qui arrive, en continu. What happens, as it does.", "text/event-stream"),
            "/v1/provenance/verify": _open(
                _write(
                    "Ce texte vient-il d'ici? Was this text issued here?",
                    "200",
                    {"text": "string", "manifest": "string", "reference": "string"},
                )
            ),
            "/.well-known/jwks.json": _read(
                "Clés des manifestes (RFC 7517). Keys of the manifests.", "application/json", open_to_all=True
            ),
            "/verify": {
                **_read("Page de vérification. Verification page.", "text/html", open_to_all=True),
                **_open(_form("Vérifier un texte. Check a text.")),
            },
            "/verify/style.css": _read("Feuille de style. Style sheet.", "text/css", open_to_all=True),
            "/verify/qr/{decision}.svg": _read(
                "Code QR d'une référence. QR code of a reference.",
                "image/svg+xml",
                open_to_all=True,
                parameters=("decision",),
            ),
            "/badge.svg": _read("Badge. Badge.", "image/svg+xml", open_to_all=True),
            "/v1/reports": _read("Rapports offerts. Reports there are.", "application/json"),
            "/v1/reports/{report}": _report(),
            "/healthz": _read("Le processus vit. The process is alive.", "application/json", open_to_all=True),
            "/readyz": _read("Prêt à répondre. Ready to answer.", "application/json", open_to_all=True),
            "/openapi.json": _read("Ce document. This document.", "application/json", open_to_all=True),
            "/metrics": _read("Mesures (Prometheus). Metrics.", "text/plain", open_to_all=True),
            "/ledger/checkpoint": _read(
                "Point de contrôle signé (C2SP). Signed checkpoint.", "text/plain", open_to_all=True
            ),
            "/ledger/key": _read("Clé de vérification (C2SP). Verifier key.", "text/plain", open_to_all=True),
            "/ledger/tile/{level}/{number}": _read(
                "Tuile de l'arbre (C2SP tlog-tiles). Tile of the tree.",
                "application/octet-stream",
                open_to_all=True,
                parameters=("level", "number"),
            ),
            "/ledger/tile/entries/{number}": _read(
                "Enregistrements, aux auditeurs (C2SP tlog-tiles). Records, to auditors.",
                "application/octet-stream",
                parameters=("number",),
            ),
            "/v1/decisions/{decision}": _read(
                "Ce que le registre tient d'une décision. What the ledger holds of a decision.",
                "application/json",
                parameters=("decision",),
            ),
            "/v1/decisions/{decision}/explanation": _explanation(),
            "/v1/decisions/{decision}/proof": _read(
                "La preuve qu'elle est au registre (C2SP tlog-proof). The proof that it is in the ledger.",
                "application/json",
                parameters=("decision",),
            ),
        },
        "components": {
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer"},
                "anthropic": {"type": "apiKey", "in": "header", "name": "x-api-key"},
            },
            "responses": {
                "Error": {
                    "description": "Refus ou panne. Refusal or fault.",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
                }
            },
            "schemas": {
                "Error": {
                    "type": "object",
                    "required": ["error"],
                    "properties": {
                        "error": {
                            "type": "object",
                            "required": ["message", "type", "code", "param"],
                            "properties": {
                                "message": {"type": "string"},
                                "type": {"type": "string"},
                                "code": {"type": "string"},
                                "param": {"type": ["string", "null"]},
                                "decision": {"type": "string"},
                                "rules": {"type": "array", "items": {"type": "string"}},
                                "hint": {"type": "string"},
                            },
                        }
                    },
                },
                "ChatCompletion": {
                    "type": "object",
                    "required": ["model", "messages"],
                    "properties": {
                        "model": {"type": "string"},
                        "messages": {"type": "array", "items": {"type": "object"}},
                        "stream": {"type": "boolean"},
                    },
                },
                "Messages": {
                    "type": "object",
                    "required": ["model", "max_tokens", "messages"],
                    "properties": {
                        "model": {"type": "string"},
                        "max_tokens": {"type": "integer"},
                        "system": {"type": ["string", "array"]},
                        "messages": {"type": "array", "items": {"type": "object"}},
                        "stream": {"type": "boolean"},
                    },
                },
                "Responses": {
                    "type": "object",
                    "required": ["model", "input"],
                    "properties": {
                        "model": {"type": "string"},
                        "input": {"type": ["string", "array"], "description": "L'échange entier. The whole exchange."},
                        "instructions": {"type": "string"},
                        "tools": {"type": "array", "items": {"type": "object"}},
                        "stream": {"type": "boolean"},
                    },
                },
                "Embeddings": {
                    "type": "object",
                    "required": ["model", "input"],
                    "properties": {"model": {"type": "string"}, "input": {"type": ["string", "array"]}},
                },
            },
        },
    }


def _call(summary: str, schema: str) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "header", "required": False, "description": text, "schema": {"type": "string"}}
        for name, text in _HEADERS
    ]
    statuses = ("400", "401", "403", "404", "413", "429", "502", "503", "504")
    return {
        "post": {
            "summary": summary,
            "parameters": parameters,
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}},
            },
            "responses": {
                "200": {
                    "description": "La réponse, étiquetée. The answer, labelled.",
                    "headers": {
                        "x-vigie-decision": {"schema": {"type": "string"}},
                        "x-vigie-label": {"schema": {"type": "string"}},
                    },
                    "content": {"application/json": {}, "text/event-stream": {}},
                },
                **dict.fromkeys(statuses, _ERROR),
            },
        }
    }


def _mcp() -> dict[str, Any]:
    """Streamable HTTP of the Model Context Protocol: its own documents say what the messages are."""
    headers = ("MCP-Protocol-Version", "Mcp-Method", "Mcp-Name", "Mcp-Session-Id")
    parameters = [
        {"name": name, "in": "header", "required": False, "schema": {"type": "string"}}
        for name in (*headers, "x-vigie-user", "x-vigie-session", "x-vigie-agent")
    ]
    message = {"application/json": {"schema": {"type": "object", "required": ["jsonrpc", "method"]}}}
    answers = {
        "200": {
            "description": "La réponse JSON-RPC. The response.",
            "content": {"application/json": {}, "text/event-stream": {}},
        },
        "202": {"description": "Avis reçu. Notification taken."},
        "default": {"description": "Erreur JSON-RPC. JSON-RPC error.", "content": {"application/json": {}}},
    }
    ended = {"204": {"description": "Session finie. Session ended."}, "default": answers["default"]}
    none = {"405": {"description": "Aucun flux permanent. No standing stream."}, "default": answers["default"]}
    return {
        "get": {"summary": "N'existe pas ici. Not there.", "parameters": parameters, "responses": none},
        "post": {
            "summary": "Un message MCP, gouverné. An MCP message, governed.",
            "parameters": parameters,
            "requestBody": {"required": True, "content": message},
            "responses": answers,
        },
        "delete": {"summary": "Finir une session. End a session.", "parameters": parameters, "responses": ended},
    }


def _write(summary: str, status: str, properties: dict[str, str]) -> dict[str, Any]:
    schema = {"type": "object", "properties": {name: {"type": kind} for name, kind in properties.items()}}
    return {
        "post": {
            "summary": summary,
            "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
            "responses": {status: {"description": summary, "content": {"application/json": {}}}, "default": _ERROR},
        }
    }


def _explanation() -> dict[str, Any]:
    summary = "Pourquoi, et ce qui aurait changé la décision. Why, and what would have changed the decision."
    path = _read(summary, "application/json", parameters=("decision",))
    path["get"]["parameters"] = [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": text,
            "schema": {"type": "string", "enum": values},
        }
        for name, text, values in (
            ("reader", "À qui elle s'adresse. Whom it is for.", ["person", "supervisor", "auditor"]),
            ("format", "« 65.2 » : projet de réponse. A draft answer (s. 65.2).", ["json", "text", "65.2"]),
        )
    ]
    path["get"]["responses"]["200"]["content"] |= {"text/plain": {}, "text/markdown": {}}
    return path


def _form(summary: str) -> dict[str, Any]:
    schema = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
    page: dict[str, Any] = {"description": summary, "content": {"text/html": {}}}
    return {
        "post": {
            "summary": summary,
            "requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": schema}}},
            "responses": {"200": page, "default": page},
        }
    }


def _open(path: dict[str, Any]) -> dict[str, Any]:
    """Open to all."""
    return {method: {**operation, "security": []} for method, operation in path.items()}


def _report() -> dict[str, Any]:
    """A report, as JSON or for a spreadsheet."""
    path = _read(
        "Un rapport, aux officiers et aux auditeurs. A report, to officers and auditors.",
        "application/json",
        parameters=("report",),
    )
    path["get"]["responses"]["200"]["content"]["text/csv"] = {}
    path["parameters"][0]["schema"]["enum"] = list(REPORTS)
    path["parameters"] += [
        {"name": name, "in": "query", "required": False, "description": text, "schema": {"type": "string"}}
        for name, text in (
            ("since", "À partir de : AAAA-MM-JJ ou RFC 3339. From."),
            ("until", "Avant. Before."),
            ("system", "Un seul système. One system."),
            ("format", "json ou csv. json or csv."),
        )
    ]
    return path


def _in_path(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _read(
    summary: str, media_type: str, *, open_to_all: bool = False, parameters: tuple[str, ...] = ()
) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": summary,
        "responses": {"200": {"description": summary, "content": {media_type: {}}}, "default": _ERROR},
    }
    if open_to_all:
        operation["security"] = []
    path: dict[str, Any] = {"get": operation}
    if parameters:
        path["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in parameters
        ]
    return path

"""What is measured, and how each starts. *Data and decisions*; starting is `rounds`' business.

A `Server` is one command; an `Entry` is a line of the table: one or more servers, the first of which answers. Each peer is
set up as its own pages say for one worker in production: no request log, keep-alive to the provider, and a key to check
where it has keys.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench import install, vigie
from bench.install import ROOT, Skipped

KEY = "bench-key-of-no-value"
CHAT = "/v1/chat/completions"


@dataclass(frozen=True, slots=True)
class Server:
    """A command that listens on `port`, and what a request to it says. `needs`: servers that must run as well."""

    command: list[str]
    port: int
    path: str = CHAT
    headers: Mapping[str, str] = field(default_factory=dict)
    model: str = "stand-in"
    wire: str = "chat"
    environment: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    home: vigie.Home | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run lives: an empty folder, the provider's port, and a way to get ports (also those of other servers)."""

    folder: Path
    upstream: int
    ports: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the table. `servers`: the first is driven; memory and processor are of them all."""

    name: str
    fr: str
    en: str
    servers: tuple[str, ...]
    prompts: str = "same"
    streams: bool = True
    turns: bool = False


ENTRIES = (
    Entry(
        "passthrough",
        "relais nu (Starlette + aiohttp)",
        "bare pass-through (Starlette + aiohttp)",
        ("passthrough",),
        turns=True,
    ),
    Entry("nginx", "nginx, simple mandataire", "nginx, a plain proxy", ("nginx",)),
    Entry("portkey", "Portkey", "Portkey", ("portkey",)),
    Entry("litellm", "LiteLLM, sans garde-fou", "LiteLLM, no guardrail", ("litellm",)),
    Entry("vigie", "Vigie, constats retenus", "Vigie, findings remembered", ("vigie",), turns=True),
    Entry("vigie-fresh", "Vigie, textes neufs", "Vigie, fresh texts", ("vigie",), "fresh"),
    Entry(
        "litellm-presidio",
        "LiteLLM + Presidio, textes neufs",
        "LiteLLM + Presidio, fresh texts",
        ("litellm-guarded", "analyzer", "anonymizer"),
        "fresh",
    ),
    Entry(
        "presidio", "Presidio seul, textes neufs", "Presidio alone, fresh texts", ("analyzer",), "fresh", streams=False
    ),
)
SERVERS = (
    "passthrough nginx portkey litellm anonymizer analyzer litellm-guarded vigie".split()
)  # in this order: the guarded proxy needs its analyser


def passthrough(place: Place) -> Server:
    port = place.ports["passthrough"]
    return Server(_ours("bench.passthrough", port, place.upstream), port)


def nginx(place: Place) -> Server:
    port, folder = place.ports["nginx"], place.folder
    binary = install.nginx()
    written = folder / "nginx.conf"
    written.write_text(
        f"""
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx-error.log crit;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000000; client_max_body_size 10m; client_body_buffer_size 64k;
  client_body_temp_path {folder}/nginx-body; proxy_temp_path {folder}/nginx-proxy; fastcgi_temp_path {folder}/nginx-1;
  uwsgi_temp_path {folder}/nginx-2; scgi_temp_path {folder}/nginx-3;
  upstream provider {{ server 127.0.0.1:{place.upstream}; keepalive 64; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://provider; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off;
    }}
  }}
}}
""",
        "utf-8",
    )
    return Server([binary, "-p", str(folder), "-c", str(written)], port)


def portkey(place: Place) -> Server:
    port = place.ports["portkey"]
    script = install.node_modules() / "@portkey-ai" / "gateway" / "build" / "start-server.js"
    provider = {"x-portkey-provider": "openai", "x-portkey-custom-host": f"http://127.0.0.1:{place.upstream}/v1"}
    environment = {"NODE_ENV": "production", "TRUSTED_CUSTOM_HOSTS": "127.0.0.1,localhost"}
    headers = {"authorization": f"Bearer {KEY}", **provider}
    return Server(["node", str(script), "--headless", f"--port={port}"], port, headers=headers, environment=environment)


def litellm(place: Place) -> Server:
    return _litellm(place, "litellm", {})


def litellm_guarded(place: Place) -> Server:
    """The guardrail in the setting that does as Vigie does: mask on the way out, put back on the way in."""
    guardrail = {
        "guardrail": "presidio",
        "mode": "pre_call",
        "default_on": True,
        "presidio_language": "fr",
        "output_parse_pii": True,
        "presidio_analyzer_api_base": f"http://127.0.0.1:{place.ports['analyzer']}",
        "presidio_anonymizer_api_base": f"http://127.0.0.1:{place.ports['anonymizer']}",
    }
    more = {"guardrails": [{"guardrail_name": "presidio", "litellm_params": guardrail}]}
    return _litellm(place, "litellm-guarded", more, needs=("analyzer", "anonymizer"))


def _litellm(place: Place, name: str, more: dict[str, object], needs: tuple[str, ...] = ()) -> Server:
    port = place.ports[name]
    python = install.python_environment()
    provider = {"model": "openai/stand-in", "api_base": f"http://127.0.0.1:{place.upstream}/v1", "api_key": KEY}
    settings = {
        "model_list": [{"model_name": "stand-in", "litellm_params": provider}],
        "litellm_settings": {"set_verbose": False, "telemetry": False, "request_timeout": 600},
        "general_settings": {"master_key": f"sk-{KEY}"},
        **more,
    }
    written = place.folder / f"{name}.yaml"
    written.write_text(json.dumps(settings), "utf-8")  # JSON is YAML
    environment = {
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # else it fetches a price list from the internet
        "LITELLM_MODE": "PRODUCTION",
        "LITELLM_LOG": "ERROR",
    }
    command = [str(python.with_name("litellm")), "--config", str(written), "--host", "127.0.0.1", "--port", str(port)]
    return Server(
        [*command, "--num_workers", "1"],
        port,
        headers={"authorization": f"Bearer sk-{KEY}"},
        environment=environment,
        needs=needs,
    )


def analyzer(place: Place) -> Server:
    return _presidio(place, "analyzer", "/analyze")


def anonymizer(place: Place) -> Server:
    return _presidio(place, "anonymizer", "/anonymize")


def _presidio(place: Place, name: str, path: str) -> Server:
    port = place.ports[name]
    script = str(ROOT / "bench" / "presidio_server.py")
    # -P: else this folder is searched first, and its `profile` hides the standard one.
    return Server([str(install.python_environment()), "-P", script, name, str(port)], port, path, wire=name)


def vigie_on(place: Place) -> Server:
    return _vigie(place, "vigie", ner=True)


def vigie_patterns(place: Place) -> Server:
    """Started only to see how long it takes when names are not looked for by a language model."""
    return _vigie(place, "vigie-patterns", ner=False)


def _vigie(place: Place, name: str, *, ner: bool) -> Server:
    home = vigie.make_home(place.folder / name, upstream=place.upstream, ner=ner)
    port = place.ports[name]
    return Server(
        home.command(port), port, headers={"authorization": f"Bearer {home.key}"}, model=vigie.MODEL, home=home
    )


def _ours(module: str, *arguments: int) -> list[str]:
    import sys

    return [sys.executable, "-m", module, *map(str, arguments)]


BUILDERS: Mapping[str, Callable[[Place], Server]] = {
    "passthrough": passthrough,
    "nginx": nginx,
    "portkey": portkey,
    "litellm": litellm,
    "litellm-guarded": litellm_guarded,
    "analyzer": analyzer,
    "anonymizer": anonymizer,
    "vigie": vigie_on,
    "vigie-patterns": vigie_patterns,
}

__all__ = ["BUILDERS", "ENTRIES", "SERVERS", "Entry", "Place", "Server", "Skipped"]

"""The public endpoints: `/verify` for people, `/v1/provenance/verify` for programs, the badge, the key set. *Edge*.

A check costs about the same whatever it finds, is done away from the event loop, a few at a time, and no address makes more
than the configured number in a minute. Nothing of what is presented is kept or logged.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import parse_qs

import orjson
from jinja2 import Environment, FileSystemLoader, Template, select_autoescape
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.citizen import drawing
from gateway.citizen.saying import Said, as_json, said_of, said_of_manifest, said_of_reference
from gateway.config import Configuration
from gateway.errors import Fault, Message, Refusal, VigieError
from gateway.transparency import (
    Limits,
    NotAManifest,
    Provenance,
    badge,
    key_set,
    label_patterns,
    presented,
    reference_of,
    sentences,
)
from gateway.web import NO_STORE, answered

LONGEST = 200_000
"""Characters of a text that may be presented: some 30,000 words."""
MOST_BYTES = 2_000_000
AT_ONCE, MOST_WAITING = 2, 32
BRIEFLY = "public, max-age=300"
HERE = Path(__file__).parent
SAFE = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
SAFE_IMAGE = {**SAFE, "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"}
_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]{1,255}")
Result = TypeVar("Result")


class House(Protocol):
    """What these pages use of the gateway."""

    @property
    def provenance(self) -> Provenance: ...
    @property
    def configuration(self) -> Configuration: ...


@dataclass(slots=True)
class Counter:
    """Where checks are made: in turn, and not too many from one address. One per process."""

    limits: Limits
    turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    waiting: int = 0


# ── for people ────────────────────────────────────────────────────────────────────────────────────────────────────


async def page(request: Request) -> Response:
    """`GET /verify`: the form; with `?d=REFERENCE`, what is said of that reference."""
    given = request.query_params.get("d", "")
    if not given:
        return _page(request)
    try:
        return _page(request, said=await _reference(request, given))
    except VigieError as error:
        return _page(request, problem=error)


async def form(request: Request) -> Response:
    """`POST /verify`: what is said of the text of the form."""
    text = ""
    try:
        fields = parse_qs((await _body(request)).decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=8)
        text = fields.get("text", [""])[0]
        return _page(request, said=await _text(request, text), text=text)
    except ValueError:
        return _page(request, problem=_malformed(), text=text)
    except VigieError as error:
        return _page(request, problem=error, text=text[:LONGEST])


def _page(request: Request, *, said: Said | None = None, problem: VigieError | None = None, text: str = "") -> Response:
    configuration = _house(request).configuration
    html = _template().render(
        body=configuration.register.body,
        said=said,
        problem=_in_full(problem) if problem is not None else None,
        title="Résultat" if said is not None else "Erreur" if problem is not None else "",
        text=text,
        longest=LONGEST,
    )
    headers = {**SAFE, **NO_STORE, **_retry(problem)}
    return Response(
        html, problem.status if problem is not None else 200, headers, media_type="text/html; charset=utf-8"
    )


def _in_full(error: VigieError) -> Message:
    hint = error.hint or Message("", "")
    return Message(f"{error.message.fr} {hint.fr}".strip(), f"{error.message.en} {hint.en}".strip())


async def style(_: Request) -> Response:
    """The page's style sheet."""
    return Response(_file("style.css"), headers={**SAFE, "cache-control": BRIEFLY}, media_type="text/css")


async def qr(request: Request) -> Response:
    """`/verify/qr/{decision}.svg`: a QR code of the page's address for a reference. Says nothing of the reference."""
    reference = reference_of(request.path_params["decision"])
    if not reference:
        raise _unknown()
    code = await asyncio.to_thread(drawing.qr_code, f"{_public_url(request)}/verify?d={reference}")
    return Response(code, headers={**SAFE_IMAGE, "cache-control": BRIEFLY}, media_type="image/svg+xml")


async def badge_image(request: Request) -> Response:
    """`/badge.svg?lang=en&d=REFERENCE`: the badge of an answer, or, without a reference, of generated content."""
    configuration = _house(request).configuration
    language = "en" if request.query_params.get("lang") == "en" else "fr"
    reference = reference_of(request.query_params.get("d", ""))
    label = "generated"
    if reference:
        provenance = _house(request).provenance
        origin = await _in_turn(request, lambda: provenance.origin(reference))
        said = said_of_reference(origin, configuration)
        label = origin.label if origin is not None and said.reference else label
    words = badge(configuration, label)
    text = getattr(words, language) if words is not None else {"fr": "Généré par IA", "en": "AI-generated"}[language]
    drawn = drawing.badge(text, language)
    return Response(drawn, headers={**SAFE_IMAGE, "cache-control": BRIEFLY}, media_type="image/svg+xml")


# ── for programs ──────────────────────────────────────────────────────────────────────────────────────────────────


async def verify(request: Request) -> Response:
    """`POST /v1/provenance/verify`: `{"text"}`, `{"reference"}`, or `{"manifest"}` with the text that it came with."""
    try:
        given: Any = orjson.loads(await _body(request))
    except orjson.JSONDecodeError:
        raise _malformed() from None
    named = {name: given[name] for name in ("text", "manifest", "reference") if given.get(name) is not None} if (
        isinstance(given, dict)
    ) else {}  # fmt: skip
    if not named or not all(isinstance(one, str) for one in named.values()):
        raise _malformed()
    if "manifest" in named:
        said = await _manifest(request, named["manifest"], named.get("text"))
    elif "text" in named:
        said = await _text(request, named["text"])
    else:
        said = await _reference(request, named["reference"])
    return answered(as_json(said, _house(request).configuration))


async def keys(request: Request) -> Response:
    """`/.well-known/jwks.json`: the keys that sign manifests (RFC 7517), those before them included."""
    provenance = _house(request).provenance
    public = await _in_turn(request, provenance.keys)
    return answered(key_set(public), headers={"cache-control": BRIEFLY})


# ── checking ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def _text(request: Request, text: str) -> Said:
    house = _house(request)
    _take_one(request)
    if len(text) > LONGEST:
        raise _too_large()
    configuration, provenance = house.configuration, house.provenance

    def check() -> Said:
        patterns = _patterns(sentences(configuration))
        return said_of(provenance.recognise(presented(text, patterns)), configuration)

    return await _in_turn(request, check)


async def _reference(request: Request, given: str) -> Said:
    house = _house(request)
    _take_one(request)
    reference, provenance = reference_of(given), house.provenance
    origin = await _in_turn(request, lambda: provenance.origin(reference)) if reference else None
    return said_of_reference(origin, house.configuration)


async def _manifest(request: Request, manifest: str, text: str | None) -> Said:
    house = _house(request)
    _take_one(request)
    configuration, provenance = house.configuration, house.provenance

    def check() -> Said:
        try:
            payload = provenance.read(manifest.strip())
        except NotAManifest:
            return said_of_manifest(None, None, configuration)
        origin = provenance.origin(str(payload.get("decision")))
        if origin is not None and origin.system != payload.get("system"):
            origin = None
        same = None
        if text is not None:
            content = payload.get("content")
            digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
            same = isinstance(content, list) and digest in content
        return said_of_manifest(origin, same, configuration)

    return await _in_turn(request, check)


def _take_one(request: Request) -> None:
    """One check of this address's. Raises a `Fault` (429) when it has none left."""
    wait = _counter(request).limits.wait_s(_address(request))
    if wait:
        raise TooMany(wait)


async def _in_turn(request: Request, read: Callable[[], Result]) -> Result:
    """Read the store away from the event loop, a few at a time; who would wait too long is told to come back."""
    counter = _counter(request)
    if counter.waiting >= MOST_WAITING:
        raise TooMany(1)
    counter.waiting += 1
    try:
        async with counter.turn:
            return await asyncio.to_thread(read)
    finally:
        counter.waiting -= 1


def _counter(request: Request) -> Counter:
    state, house = request.app.state, _house(request)
    if not hasattr(state, "citizen"):
        state.citizen = Counter(
            Limits(lambda: house.configuration.settings.transparency.checks_per_minute, time.monotonic)
        )
    counter: Counter = state.citizen
    return counter


def _address(request: Request) -> str:
    """The client's address; as the reverse proxy gives it, where one is configured."""
    header = _house(request).configuration.settings.transparency.client_header
    given = request.headers.get(header, "").rpartition(",")[2].strip() if header is not None else ""
    return given or (request.client.host if request.client is not None else "")


# ── reading and answering ─────────────────────────────────────────────────────────────────────────────────────────


async def _body(request: Request) -> bytes:
    """The body, within its bound. Raises a `Refusal`."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BYTES:
            raise _too_large()
        parts.append(part)
    return b"".join(parts)


def _house(request: Request) -> House:
    house: House = request.app.state.house
    return house


def _public_url(request: Request) -> str:
    """Where this gateway is reached from outside, without a slash at the end."""
    configured = _house(request).configuration.settings.transparency.public_url
    if configured is not None:
        return configured.rstrip("/")
    host = request.headers.get("host", "")
    return f"{request.url.scheme}://{host if _HOST.fullmatch(host) else 'localhost'}"


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=select_autoescape(), trim_blocks=True, auto_reload=False
    )
    return environment.get_template("verify.html")


@lru_cache(maxsize=4)
def _file(name: str) -> bytes:
    return (HERE / name).read_bytes()


@lru_cache(maxsize=4)
def _patterns(known: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    return label_patterns(known)


def _retry(problem: VigieError | None) -> dict[str, str]:
    return {"retry-after": str(problem.wait_s)} if isinstance(problem, TooMany) else {}


class TooMany(Fault):
    """Too many checks: a moment's wait helps."""

    code = "too_many_checks"
    status = 429

    def __init__(self, wait_s: int) -> None:
        super().__init__(
            Message("Trop de vérifications en peu de temps.", "Too many checks in a short time."),
            Message(f"Réessayer dans {wait_s}\u00a0s.", f"Retry in {wait_s} s."),
        )
        self.wait_s = wait_s


def _too_large() -> Refusal:
    return Refusal(
        Message(f"Le texte dépasse {LONGEST} caractères.", f"The text is over {LONGEST} characters."),
        Message("En présenter une partie.", "Present a part of it."),
        code="too_large",
        status=413,
    )


def _malformed() -> Refusal:
    return Refusal(
        Message("Il faut un texte, un manifeste ou une référence.", "A text, a manifest or a reference is needed."),
        Message(
            'Envoyer {"text": "…"}, {"manifest": "…"} ou {"reference": "d-…"}.',
            'Send {"text": "…"}, {"manifest": "…"} or {"reference": "d-…"}.',
        ),
        code="invalid_request",
        status=400,
    )


def _unknown() -> Refusal:
    return Refusal(
        Message("Ce n'est pas une référence.", "This is not a reference."),
        Message("Elle commence par d-.", "It begins with d-."),
        code="not_found",
        status=404,
    )


ROUTES = [
    Route("/verify", page, methods=["GET"]),
    Route("/verify", form, methods=["POST"]),
    Route("/verify/style.css", style, methods=["GET"]),
    Route("/verify/qr/{decision}.svg", qr, methods=["GET"]),
    Route("/badge.svg", badge_image, methods=["GET"]),
    Route("/v1/provenance/verify", verify, methods=["POST"]),
    Route("/.well-known/jwks.json", keys, methods=["GET"]),
]

"""Labels, manifests and their verification, with stock clients and over real sockets."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from random import Random
from typing import Any
from xml.etree import ElementTree as ET

import openai
import pytest

from gateway.transparency.manifests import read_manifest
from tests.copying import text, word_processor
from tests.gateway_process import Gateway, example_config
from tests.wire.conftest import StandIn
from tests.wire.test_openai_client import answering, chunk, streaming

LETTER = text(Random(9), 150)


class Site:
    """A gateway whose answers carry a visible sentence, and what anybody can ask of it."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key, max_retries=0, timeout=20)

    def open(self, path: str, data: bytes | None = None, **headers: str) -> tuple[int, str, dict[str, str]]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.gateway.url + path, data, named)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.read().decode(), {k.lower(): v for k, v in answer.headers.items()}
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(), {k.lower(): v for k, v in error.headers.items()}

    def verify(self, **given: str) -> dict[str, Any]:
        status, body, _ = self.open("/v1/provenance/verify", json.dumps(given).encode(), **_from(next(ADDRESSES)))
        assert status == 200, body
        said: dict[str, Any] = json.loads(body)
        return said

    def form(self, given: str) -> tuple[int, str]:
        fields = urllib.parse.urlencode({"text": given}).encode()
        return self.open("/verify", fields, **_from(next(ADDRESSES)))[:2]

    def keys(self) -> list[bytes]:
        listed = json.loads(self.open("/.well-known/jwks.json")[1])["keys"]
        return [base64.urlsafe_b64decode(one["x"] + "==") for one in listed]

    def kept_manifest(self, decision: str) -> str | None:
        deadline, kept = time.monotonic() + 20, None
        while kept is None and time.monotonic() < deadline:
            time.sleep(0.1)
            kept = json.loads(self.open(f"/v1/decisions/{decision}", **self.gateway.authorization)[1])["manifest"]
        return kept

    def until_known(self, copied: str) -> dict[str, Any]:
        deadline = time.monotonic() + 20
        while (said := self.verify(text=copied))["found"] == "not_found" and time.monotonic() < deadline:
            time.sleep(0.1)
        return said


ADDRESSES = (f"192.0.2.{number % 250}" for number in range(100_000))


def _from(address: str) -> dict[str, str]:
    return {"x_client": f"spoofed, {address}"}


@pytest.fixture(scope="module")
def site(standin: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    place: Path = tmp_path_factory.mktemp("labels")
    transparency = {"client_header": "X-Client", "public_url": "https://ia.exemple.quebec/vigie"}
    config = example_config(place / "config", provider_port=standin.port, transparency=transparency)
    with Gateway.start(config, place / "data", system="permis-assistant") as running:
        yield Site(running)


def ask(site: Site, **more: Any) -> Any:
    return site.client.chat.completions.create(
        model="assistant", messages=[{"role": "user", "content": "Bonjour"}], **more
    )


def pieces(of: str) -> list[bytes]:
    cut = [chunk({"content": of[at : at + 40]}) for at in range(0, len(of), 40)]
    return [chunk({"role": "assistant", "content": ""}), *cut, chunk({}, "stop")]


# ── stock clients ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_answer_is_signed_as_it_was_delivered(site: Site, standin: StandIn) -> None:
    answering(standin, {"content": "Oui."}, count=2)
    answer = ask(site, n=2)
    vigie = answer.model_extra["vigie"]
    payload = read_manifest(vigie["manifest"], site.keys())
    texts = [choice.message.content for choice in answer.choices]
    assert all(one.startswith("Ce contenu a été généré") and one.endswith("\n\nOui.") for one in texts)
    assert payload["content"] == [hashlib.sha256(one.encode()).hexdigest() for one in texts]
    assert {name: vigie[name] for name in ("decision", "label", "label_version", "source_type")} == {
        name: payload[name] for name in ("decision", "label", "label_version", "source_type")
    }
    assert (payload["system"], payload["model"], payload["body"]) == ("permis-assistant", "assistant", "exemple")
    assert payload["reviewed_by_person"] is False


@pytest.mark.parametrize("usage", [False, True])
def test_a_stream_has_its_label_first_and_its_manifest_last(site: Site, standin: StandIn, usage: bool) -> None:
    counts = [chunk(None, usage={"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3})]
    streaming(standin, *pieces(LETTER), *counts, b"data: [DONE]\n\n")
    chunks = list(ask(site, stream=True, stream_options={"include_usage": usage}))
    said = "".join(one.choices[0].delta.content or "" for one in chunks if one.choices)
    assert said.endswith(f"\n\n{LETTER}")
    labels = [one.model_extra.get("vigie") for one in chunks]
    assert labels[0]["label"] == "generated"
    assert not any(labels[1:-1])
    payload = read_manifest(labels[-1]["manifest"], site.keys())
    assert payload["content"] == [hashlib.sha256(said.encode()).hexdigest()]
    assert payload["decision"] == labels[0]["decision"]


def test_the_helper_that_gathers_a_stream_keeps_the_label_and_shows_the_manifest(site: Site, standin: StandIn) -> None:
    streaming(standin, *pieces("Bonjour à vous."), b"data: [DONE]\n\n")
    manifests = []
    with site.client.chat.completions.stream(
        model="assistant", messages=[{"role": "user", "content": "Bonjour"}]
    ) as stream:
        for event in stream:
            if event.type == "chunk" and event.chunk.model_extra:
                manifests.append(event.chunk.model_extra["vigie"]["manifest"])
        answer = stream.get_final_completion()
    assert (answer.choices[0].message.content or "").endswith("\n\nBonjour à vous.")
    assert answer.model_extra is not None
    decision = answer.model_extra["vigie"]["decision"]  # of the first chunk, as this helper keeps it
    assert read_manifest(manifests[-1], site.keys())["decision"] == decision
    assert site.kept_manifest(decision) == manifests[-1]


def test_json_and_tool_calls_are_signed_and_hold_no_sentence(site: Site, standin: StandIn) -> None:
    answering(standin, {"content": '{"ok": true}'})
    answer = ask(site, response_format={"type": "json_object"})
    assert json.loads(answer.choices[0].message.content) == {"ok": True}
    payload = read_manifest(answer.model_extra["vigie"]["manifest"], site.keys())
    assert payload["content"] == [hashlib.sha256(b'{"ok": true}').hexdigest()]
    call = {"id": "t1", "type": "function", "function": {"name": "chercher", "arguments": '{"q": "permis"}'}}
    answering(standin, {"content": None, "tool_calls": [call]}, finish="tool_calls")
    answer = ask(site)
    assert answer.choices[0].message.content is None
    assert json.loads(answer.choices[0].message.tool_calls[0].function.arguments) == {"q": "permis"}
    assert read_manifest(answer.model_extra["vigie"]["manifest"], site.keys())["label"] == "generated"


def test_a_stream_that_breaks_off_has_no_manifest_and_is_not_recognised(site: Site, standin: StandIn) -> None:
    broken = text(Random(77), 120)
    streaming(standin, *pieces(broken)[:-1])
    seen: list[Any] = []
    with pytest.raises(openai.APIError):
        seen.extend(ask(site, stream=True))
    assert seen
    assert not any((one.model_extra or {}).get("vigie", {}).get("manifest") for one in seen)
    answering(standin, {"content": LETTER})
    ask(site)
    assert site.until_known(LETTER)["found"] == "whole"  # kept after it
    assert site.verify(text=broken)["found"] == "not_found"


# ── verification ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_citizen_learns_who_issued_a_copied_letter_and_nothing_else(site: Site, standin: StandIn) -> None:
    letter = text(Random(31), 150)
    answering(standin, {"content": letter})
    answer = ask(site)
    decision = answer.model_extra["vigie"]["decision"]
    copied = word_processor(answer.choices[0].message.content, Random(1))
    said = site.until_known(copied)
    assert (said["found"], said["reference"]) == ("whole", decision)
    assert said["system"] == {"name": {"fr": "Assistant aux permis", "en": "Permit assistant"}}
    assert said["body"]["contact"] == "ia@exemple.quebec"
    assert said["reviewed_by_person"] is False
    assert set(said) == {
        "object", "found", "code", "said", "body", "passages", "system", "issued_at", "reviewed_by_person", "reference",
    }  # fmt: skip
    assert site.verify(text=letter)["found"] == "whole"
    part = site.verify(text=letter[: len(letter) * 2 // 3])
    assert part["found"] == "part"
    assert "reference" not in part
    assert 0 < part["passages"]["matched"] < part["passages"]["total"]
    other = site.verify(text=text(Random(32), 150))
    assert set(other) == {"object", "found", "code", "said", "body"}
    assert site.verify(text=letter[:190])["found"] == "too_short"
    by_reference = site.verify(reference=decision)
    assert by_reference["found"] == "issued"
    assert letter[:40] not in json.dumps(by_reference, ensure_ascii=False)


def test_a_manifest_is_checked_with_and_without_its_text(site: Site, standin: StandIn) -> None:
    answering(standin, {"content": "Oui."})
    answer = ask(site)
    manifest, said = answer.model_extra["vigie"]["manifest"], answer.choices[0].message.content
    assert site.verify(manifest=manifest)["found"] == "manifest"
    assert site.verify(manifest=manifest, text=said)["found"] == "manifest"
    assert site.verify(manifest=manifest, text=said + " ")["code"] == "manifest_differs"
    head, payload, signature = manifest.split(".")
    assert site.verify(manifest=f"{head}.{payload[:-4]}AAAA.{signature}")["code"] == "manifest_unknown"
    decision = answer.model_extra["vigie"]["decision"]
    assert site.kept_manifest(decision) == manifest


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b"{", 400),
        (b'{"text": 3}', 400),
        (b'{"other": "x"}', 400),
        (json.dumps({"text": "a" * 200_001}).encode(), 413),
        (b'"' + b"a" * 2_100_000 + b'"', 413),
    ],
)
def test_a_request_that_asks_for_nothing_is_told_what_to_send(site: Site, body: bytes, status: int) -> None:
    got, said, _ = site.open("/v1/provenance/verify", body, **_from(next(ADDRESSES)))
    assert got == status
    assert json.loads(said)["error"]["hint"]


def test_who_checks_without_end_is_told_to_wait_and_others_are_not(site: Site) -> None:
    answers = [site.open("/v1/provenance/verify", b'{"text": "court"}', **_from("198.51.100.7")) for _ in range(25)]
    assert [one[0] for one in answers[:20]] == [200] * 20
    assert answers[-1][0] == 429
    assert int(answers[-1][2]["retry-after"]) >= 1
    assert site.verify(text="court")["found"] == "too_short"
    status, page, headers = site.open("/verify?d=d-" + "0" * 32, **_from("198.51.100.7"))
    assert (status, "Réessayer" in page) == (429, True)
    assert headers["retry-after"]


# ── pages ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class Page(HTMLParser):
    """What matters of a page for those who do not see it, and for those who do not trust it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_the_page_says_it_in_french_first_needs_no_script_and_no_other_host(site: Site, standin: StandIn) -> None:
    letter = text(Random(41), 120)
    answering(standin, {"content": letter})
    ask(site)
    site.until_known(letter)
    for status, html in (site.open("/verify")[:2], site.form(letter), site.form("court"), site.form("x" * 200_001)):
        page = Page(html)
        assert status in (200, 413)
        assert page.all("html") == [{"lang": "fr"}]
        assert len(page.all("h1")) == len(page.all("title")) == len(page.all("main")) == 1
        assert not page.all("script")
        named = {one.get("for") for one in page.all("label")}
        assert {one["id"] for one in page.all("textarea")} <= named
        assert all(one.get("alt") for one in page.all("img"))
        described = {one["aria-describedby"] for one in page.all("textarea")}
        assert described <= {attributes.get("id") for _, attributes in page.tags}
        for name, attributes in page.tags:
            for key in ("href", "src", "action"):
                assert not re.match(r"\w+:|//", attributes.get(key) or ""), (name, attributes)
            assert not any(key.startswith("on") or key == "style" for key in attributes)
    said = " ".join(Page(site.form(letter)[1]).words)
    assert "a été émis par Organisme exemple" in said
    assert "was issued by Example body" in said
    assert said.index("a été émis") < said.index("was issued")


def test_what_is_pasted_is_text_and_never_a_page(site: Site) -> None:
    given = "</textarea><script>alert(1)</script>" * 10
    status, html = site.form(given)
    assert status == 200
    assert not Page(html).all("script")
    assert "".join(Page(html).words).count("alert(1)") == 10


def test_pages_carry_a_policy_that_lets_nothing_else_in(site: Site) -> None:
    for path in ("/verify", "/verify/style.css", "/badge.svg", f"/verify/qr/d-{'0' * 32}.svg"):
        status, _, headers = site.open(path)
        assert status == 200
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"].replace("style-src 'unsafe-inline'", "")
        assert headers["x-content-type-options"] == "nosniff"


def test_badge_and_qr_code_are_images_that_say_what_they_are(site: Site) -> None:
    for language, words in (("fr", "Généré par IA"), ("en", "AI-generated"), ("de", "Généré par IA")):
        badge = ET.fromstring(site.open(f"/badge.svg?lang={language}")[1])
        assert badge.get("aria-label") == words
        assert badge.get("role") == "img"
    assert ET.fromstring(site.open(f"/verify/qr/d-{'0' * 32}.svg")[1]).tag.endswith("svg")
    assert site.open("/verify/qr/d-0.svg")[0] == 404


def test_the_qr_code_leads_to_the_public_address() -> None:
    import segno

    from gateway.citizen.drawing import qr_code

    address = f"https://ia.exemple.quebec/vigie/verify?d=d-{'0' * 32}"
    drawn = ET.fromstring(qr_code(address))
    code = segno.make(address, error="m", micro=False)
    assert int(float(drawn.get("width") or 0)) == (code.symbol_size(border=4)[0]) * 4

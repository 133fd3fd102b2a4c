"""Labels that are true where they stand, and manifests that any JOSE library reads and nobody can change."""

from __future__ import annotations

import base64
import hashlib
import json
import warnings
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import KeySet, OKPKey

from gateway.config import Configuration, System, load
from gateway.transparency import (
    Issued,
    Label,
    Limits,
    ManifestSigner,
    NotAManifest,
    badge,
    contents_of,
    envelope,
    header,
    key_set,
    label_for,
    sentence,
)
from gateway.transparency.keeping import Sealer
from gateway.transparency.manifests import read_manifest
from tests.unit.test_config import CONFIG, change
from tests.unit.test_config_hostile import config, problems_of

__all__ = ["config"]
SIGNER = ManifestSigner.of(b"a seed of a test, of 32 bytes. .")
LABEL = Label("generated", 3, "fr", "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia", ())
REVIEWED_RULE = """
  - id: r
    principle: 7
    stage: input
    when: 'true'
    effect: label
    label: reviewed
    code: c
    reason: {fr: x, en: y}
"""
DECISION = "d-01a210e51fe439d6ffc82f10ba72afe3"


def issued(*texts: str, approval: str = "") -> Issued:
    return Issued(
        DECISION, "exemple", "permis", "assistant", "2026-11-24T15:00:00.000Z", LABEL, contents_of(texts), approval
    )


@pytest.fixture(scope="module")
def example() -> Configuration:
    return load(CONFIG)


def system(example: Configuration, **label: Any) -> System:
    one = example.register.systems[0]
    return one.model_copy(update={"label": one.label.model_copy(update={"visible": "generated", **label})})


# ── which label ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_register_chooses_and_reviewed_comes_from_an_approval_alone(example: Configuration) -> None:
    chosen = label_for(system(example, visible="conversation"), example)
    assert chosen is not None
    assert chosen.id == "conversation"
    for claimed in ("reviewed", "action-approved"):  # even if a configuration that was not checked says so
        label = label_for(system(example, visible=claimed), example, [claimed])
        assert label is not None
        assert label.id == "generated"
    approved = label_for(system(example), example, approval="h-1.approved")
    assert approved is not None
    assert approved.id == "reviewed"
    assert approved.source_type.endswith("/compositeWithTrainedAlgorithmicMedia")


def test_a_rule_may_ask_for_a_label_that_is_then_seen(example: Configuration) -> None:
    silent = label_for(system(example, visible="none"), example)
    assert silent is not None
    assert not silent.visible
    asked = label_for(system(example, visible="none"), example, {"summary", "translation"})
    assert asked is not None
    assert (asked.id, asked.visible) == ("translation", True)


def test_a_sentence_says_who_answers_for_it_in_each_language(example: Configuration) -> None:
    label = label_for(system(example, language="fr+en", ground="art. 22.3"), example)
    assert label is not None
    french, english = sentence(label, DECISION).split("\n")
    for said in (french, english):
        assert DECISION in said
        assert example.register.body.contact in said
        assert "{" not in said
    assert "Organisme exemple" in french
    assert "Example body" in english
    assert header(label)["x-vigie-label"] == "generated;v=3;lang=fr-en"
    assert envelope(DECISION, label)["manifest"] is None


def test_every_wording_has_a_badge_in_both_languages(example: Configuration) -> None:
    for one in example.labels.labels:
        words = badge(example, one.id)
        assert words is not None
        assert words.fr
        assert words.en


@pytest.mark.parametrize(
    ("file", "before", "after", "said"),
    [
        ("register.yaml", "visible: generated", "visible: reviewed", "approbation"),
        ("register.yaml", "visible: generated", "visible: automated-decision", "decision_role est support"),
        ("register.yaml", "visible: generated", "visible: summary-of", "label.sources"),
        ("labels.yaml", "partir de\u00a0: {sources}", "partir de {source}", "{source}"),
        ("labels.yaml", "Référence\u00a0: {decision}", "Référence\u00a0: {decision", "Rien ne remplit {"),
        ("labels.yaml", "- id: generated", "- id: produced", "Il manque"),
        ("policies/registre.yaml", "rules:", f"rules:\n{REVIEWED_RULE}", "approbation"),
    ],
)
def test_a_label_that_would_be_untrue_or_blank_is_refused(
    config: Path, file: str, before: str, after: str, said: str
) -> None:
    change(config / file, before, after)
    problems = [one for one in problems_of(config) if said in one.message.fr]
    assert problems
    assert problems[0].hint is not None


# ── manifests ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_manifest_is_read_by_a_library_that_knows_nothing_of_us() -> None:
    manifest = SIGNER.manifest_of(issued("Bonjour.", "Oui."))
    keys = KeySet.import_key_set(json.loads(json.dumps(key_set([SIGNER.public]))))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # joserfc prefers RFC 9864's name of the algorithm
        read = jws.deserialize_compact(manifest, keys, algorithms=["EdDSA"])
    payload = json.loads(read.payload)
    assert payload["content"] == [hashlib.sha256(text.encode()).hexdigest() for text in ("Bonjour.", "Oui.")]
    assert payload["reviewed_by_person"] is False
    assert rfc8785.dumps(payload) == read.payload
    assert read.headers()["kid"] == keys.keys[0].thumbprint()


def test_a_manifest_signed_here_is_the_one_that_the_library_signs() -> None:
    manifest = SIGNER.manifest_of(issued("Bonjour."))
    head, payload, _ = (base64.urlsafe_b64decode(part + "==") for part in manifest.split("."))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = jws.serialize_compact(json.loads(head), payload, OKPKey.import_key(SIGNER.private), ["EdDSA"])
    assert theirs == manifest


def test_reviewed_is_in_a_manifest_only_with_an_approval() -> None:
    assert read_manifest(SIGNER.manifest_of(issued("a")), [SIGNER.public])["reviewed_by_person"] is False
    approved = SIGNER.manifest_of(issued("a", approval="h-1.approved"))
    assert read_manifest(approved, [SIGNER.public])["reviewed_by_person"] is True


def test_a_key_that_came_before_is_still_good_and_a_foreign_one_is_not() -> None:
    before, foreign = ManifestSigner.of(b"1" * 32), ManifestSigner.of(b"2" * 32)
    assert read_manifest(before.manifest_of(issued("a")), [SIGNER.public, before.public])["body"] == "exemple"
    with pytest.raises(NotAManifest):
        read_manifest(foreign.manifest_of(issued("a")), [SIGNER.public, before.public])


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_changed_manifest_is_none(data: st.DataObject) -> None:
    manifest = SIGNER.manifest_of(issued("Bonjour."))
    at = data.draw(st.integers(0, len(manifest) - 2))  # the last character holds bits that mean nothing
    other = data.draw(st.characters().filter(lambda one: one != manifest[at]))
    with pytest.raises(NotAManifest):
        read_manifest(manifest[:at] + other + manifest[at + 1 :], [SIGNER.public])


@pytest.mark.parametrize(
    "header", [{"alg": "none"}, {"alg": "HS256"}, {"alg": "EdDSA"}, {"alg": "EdDSA", "typ": "JWT"}]
)
def test_no_other_algorithm_or_type_is_a_manifest(header: dict[str, str]) -> None:
    def part(value: bytes) -> str:
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

    signed = f"{part(json.dumps({**header, 'kid': SIGNER.kid}).encode())}.{part(rfc8785.dumps(issued('a').payload()))}"
    with pytest.raises(NotAManifest):
        read_manifest(f"{signed}.{part(SIGNER.private.sign(signed.encode()))}", [SIGNER.public])


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda one: base64.urlsafe_b64encode(one).decode() + "..a"))
@settings(max_examples=100, deadline=None)
def test_what_is_no_manifest_is_none_and_nothing_worse(anything: str) -> None:
    with pytest.raises(NotAManifest):
        read_manifest(anything, [SIGNER.public])


def test_a_kept_manifest_is_read_with_its_key_under_its_decision_only() -> None:
    sealer = Sealer(b"k" * 32)
    sealed = sealer.seal("d-1", "un manifeste")
    assert b"manifeste" not in sealed
    assert sealer.unseal("d-1", sealed) == "un manifeste"
    assert sealer.unseal("d-2", sealed) is None
    assert Sealer(b"l" * 32).unseal("d-1", sealed) is None


# ── limits ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_address_has_so_many_checks_a_minute_and_no_more() -> None:
    now = 0.0
    limits = Limits(lambda: 6, lambda: now)
    assert [limits.wait_s("192.0.2.1") for _ in range(7)][:6] == [0] * 6
    assert 1 <= limits.wait_s("192.0.2.1") <= 11
    assert limits.wait_s("192.0.2.2") == 0
    now = 10.1
    assert limits.wait_s("192.0.2.1") == 0
    assert limits.wait_s("192.0.2.1") > 0


def test_a_subscriber_with_many_ipv6_addresses_is_one_and_memory_is_bounded() -> None:
    limits = Limits(lambda: 2, lambda: 0.0, most=10)
    assert [limits.wait_s(f"2001:db8:1:2::{number:x}") > 0 for number in range(3)] == [False, False, True]
    assert limits.wait_s("::ffff:192.0.2.9") == limits.wait_s("192.0.2.9") == 0
    assert limits.wait_s("192.0.2.9") > 0
    for number in range(100):
        limits.wait_s(f"192.0.2.{number}")
    assert len(limits._left) == 10
    assert "192.0.2" not in repr(limits)

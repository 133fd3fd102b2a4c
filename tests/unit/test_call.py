"""The way of a call, as transcripts. Each says what the product promises; none opens a socket."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from gateway.config import Configuration, load
from gateway.config.reading import Loader
from gateway.policies import Policy, recompute
from tests.playbook import play

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture(scope="module")
def body(tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    """The example body with two deployments of its own, one of them in Ontario, and a foreign one that says where it ran."""
    directory = tmp_path_factory.mktemp("body") / "config"
    (directory / "policies").mkdir(parents=True)
    for path in CONFIG.rglob("*.yaml"):
        (directory / path.relative_to(CONFIG)).write_bytes(path.read_bytes())
    catalogue = yaml.load((CONFIG / "catalogue.yaml").read_text(encoding="utf8"), Loader)
    entries = {one["id"]: one for one in catalogue["deployments"]}
    ours = {**entries["cti-mistral"], "id": "cti", "enabled": True}
    second = {**ours, "id": "cti-2"}
    ontario = {**ours, "id": "ontario", "processing": {**ours["processing"], "subdivision": "CA-ON"}}
    verified = ours["verified"]
    azure = {
        **entries["azure-canadaeast"],
        "id": "azure",
        "verified": verified,
        "contract": {"ref": "C-1", "expires": "2099-01-01"},
    }
    catalogue["deployments"] += [ours, second, ontario, azure]
    served = {
        "assistant": ["ontario", "cti", "cti-2"],
        "assistant-etranger": ["ontario"],
        "assistant-infonuagique": ["azure"],
    }
    for model in catalogue["models"]:
        model["deployments"] = served.get(model["id"], model["deployments"])
    (directory / "catalogue.yaml").write_text(yaml.safe_dump(catalogue, allow_unicode=True), encoding="utf8")
    return load(directory)


async def test_an_ordinary_question_is_answered_between_its_two_records(body: Configuration) -> None:
    await play(
        """
        >> client asks: Quels documents faut-il ?
        << record opened
        << provider cti receives: Quels documents faut-il ?
        >> provider answers: Une pièce d'identité.
        << record closed: served
        << client receives 200: Une pièce d'identité.
        """,
        body,
    )


async def test_a_name_is_pseudonymized_out_and_restored_back(body: Configuration) -> None:
    await play(
        """
        >> client asks: Je suis Marie Tremblay, marie@exemple.quebec.
        << record opened
        << provider cti receives: Je suis ⟦PERSONNE_1⟧, ⟦COURRIEL_1⟧.
        >> provider answers: Bonjour ⟦personne 1⟧ ! J'écris à [COURRIEL_1].
        << record closed: served
        << client receives 200: Bonjour Marie Tremblay ! J'écris à marie@exemple.quebec.
        """,
        body,
    )


async def test_an_identifier_is_masked_for_good(body: Configuration) -> None:
    await play(
        """
        >> client asks: Mon NAS est 046 454 286.
        << record opened
        << provider cti receives: Mon NAS est ⟦NAS⟧.
        >> provider answers: Merci pour ⟦NAS⟧.
        << record closed: served
        << client receives 200: Merci pour ⟦NAS⟧.
        """,
        body,
    )


async def test_a_credential_is_refused_and_nothing_leaves(body: Configuration) -> None:
    await play(
        """
        >> client asks: La clé est sk-abcdefghijklmnop.
        << record closed: refused personal_data_denied
        << client receives 403: personal_data_denied
        """,
        body,
    )


async def test_personal_data_needs_an_assessment(body: Configuration) -> None:
    await play(
        """
        >> client asks system=recherche-documents: Je suis Marie Tremblay.
        << record closed: refused assessment_missing
        << client receives 403: assessment_missing
        """,
        body,
    )


async def test_personal_data_does_not_leave_quebec(body: Configuration) -> None:
    await play(
        """
        >> client asks model=assistant-etranger: Je suis Marie Tremblay.
        << record closed: refused sovereignty_denied
        << client receives 403: sovereignty_denied
        """,
        body,
    )


async def test_without_personal_data_the_same_deployment_may_serve(body: Configuration) -> None:
    await play(
        """
        >> client asks model=assistant-etranger: Bonjour.
        << record opened
        << provider ontario receives: Bonjour.
        >> provider answers: Bonjour !
        << record closed: served
        << client receives 200: Bonjour !
        """,
        body,
    )


async def test_fallback_goes_down_the_admitted_list(body: Configuration) -> None:
    records = await play(
        """
        >> client asks: Bonjour.
        << record opened
        << provider cti receives: Bonjour.
        >> provider fails: unreachable
        << provider cti-2 receives: Bonjour.
        >> provider answers: Bonjour !
        << record closed: served
        << client receives 200: Bonjour !
        """,
        body,
    )
    assert records[-1]["attempts"] == [
        {"deployment": "cti", "outcome": "provider_unreachable"},
        {"deployment": "cti-2", "outcome": "answered"},
    ]


async def test_fallback_never_leaves_what_policy_admits(body: Configuration) -> None:
    """Ontario also serves this model; with a name in the call, no fault of the others makes it a candidate."""
    await play(
        """
        >> client asks: Je suis Jean Roy.
        << record opened
        << provider cti receives: Je suis ⟦PERSONNE_1⟧.
        >> provider fails: status 500
        << provider cti-2 receives: Je suis ⟦PERSONNE_1⟧.
        >> provider fails: timed_out
        << record closed: failed provider_timeout
        << client receives 504: provider_timeout
        """,
        body,
    )


async def test_a_request_that_the_provider_refuses_is_not_retried_elsewhere(body: Configuration) -> None:
    await play(
        """
        >> client asks: Bonjour.
        << record opened
        << provider cti receives: Bonjour.
        >> provider fails: status 400
        << record closed: failed provider_refused
        << client receives 400: provider_refused
        """,
        body,
    )


async def test_a_ledger_that_is_out_stops_the_call_before_anything_leaves(body: Configuration) -> None:
    await play(
        """
        >> ledger is out
        >> client asks: Bonjour.
        << ledger refuses opened
        << ledger refuses closed
        << client receives 503: ledger_unavailable
        """,
        body,
    )


async def test_an_answer_that_cannot_be_recorded_is_not_delivered(body: Configuration) -> None:
    await play(
        """
        >> ledger is out from closed
        >> client asks: Bonjour.
        << record opened
        << provider cti receives: Bonjour.
        >> provider answers: Bonjour !
        << ledger refuses closed
        << client receives 503: ledger_unavailable
        """,
        body,
    )


async def test_an_analyser_that_is_out_stops_the_call(body: Configuration) -> None:
    await play(
        """
        >> analyser is out
        >> client asks: Bonjour.
        << record closed: failed analyser_unavailable
        << client receives 503: analyser_unavailable
        """,
        body,
    )


async def test_a_key_revoked_meanwhile_stops_the_call(body: Configuration) -> None:
    await play(
        """
        >> key is revoked meanwhile
        >> client asks: Bonjour.
        << record opened
        << record closed: refused invalid_api_key
        << client receives 401: invalid_api_key
        """,
        body,
    )


async def test_a_halt_stops_a_call_before_anything_leaves(body: Configuration) -> None:
    for scope in ("all", "system:redaction-interne", "model:assistant"):
        records = await play(
            f"""
            >> halt of {scope}
            >> client asks: Bonjour.
            << record closed: refused halted
            << client receives 403: halted
            """,
            body,
        )
        assert records[-1]["facts"]["halt.active"] is True


async def test_a_halt_of_something_else_stops_nothing(body: Configuration) -> None:
    await play(
        """
        >> halt of system:permis-assistant
        >> client asks: Bonjour.
        << record opened
        << provider cti receives: Bonjour.
        >> provider answers: Bonjour !
        << record closed: served
        << client receives 200: Bonjour !
        """,
        body,
    )


async def test_a_halt_raised_while_the_call_was_decided_stops_it_before_anything_leaves(body: Configuration) -> None:
    await play(
        """
        >> halt of all meanwhile
        >> client asks: Bonjour.
        << record opened
        << record closed: refused halted
        << client receives 403: halted
        """,
        body,
    )


async def test_a_halted_deployment_is_passed_over(body: Configuration) -> None:
    await play(
        """
        >> halt of deployment:cti
        >> client asks: Je suis Jean Roy.
        << record opened
        << provider cti-2 receives: Je suis ⟦PERSONNE_1⟧.
        >> provider answers: Bonjour !
        << record closed: served
        << client receives 200: Bonjour !
        """,
        body,
    )


async def test_a_halt_cuts_an_open_stream_with_an_error(body: Configuration) -> None:
    await play(
        """
        >> halt of all after 2 frames
        >> client asks stream: Bonjour.
        << record opened
        << provider cti receives: Bonjour.
        >> provider streams: un |deux |trois |quatre
        << client receives chunk: un
        << client receives chunk: deux trois
        << client receives error: halted
        << record closed: refused halted
        """,
        body,
    )


async def test_an_unknown_key_leaves_no_record(body: Configuration) -> None:
    await play(
        """
        >> client asks token=wrong: Bonjour.
        << client receives 401: invalid_api_key
        """,
        body,
    )


async def test_provider_side_tools_are_refused(body: Configuration) -> None:
    await play(
        """
        >> client asks web-search: Cherche sur le Web.
        << record closed: refused provider_tools_denied
        << client receives 403: provider_tools_denied
        """,
        body,
    )


async def test_a_call_may_raise_its_classification(body: Configuration) -> None:
    await play(
        """
        >> client asks model=assistant-infonuagique classification=sensitive: Bonjour.
        << record closed: refused sovereignty_denied
        << client receives 403: sovereignty_denied
        """,
        body,
    )


async def test_an_unregistered_purpose_is_refused(body: Configuration) -> None:
    await play(
        """
        >> client asks purpose=profilage: Bonjour.
        << record closed: refused purpose_not_registered
        << client receives 403: purpose_not_registered
        """,
        body,
    )


async def test_a_dry_run_says_where_the_call_would_go(body: Configuration) -> None:
    await play(
        """
        >> client asks dry-run: Je suis Marie Tremblay.
        << record closed: dry_run
        << client receives 200: would go to cti, cti-2
        """,
        body,
    )


async def test_a_place_that_contradicts_its_entry_is_recorded(body: Configuration) -> None:
    records = await play(
        """
        >> provider says it ran in: East US
        >> client asks model=assistant-infonuagique: Bonjour.
        << record opened
        << provider azure receives: Bonjour.
        >> provider answers: Bonjour !
        << record closed: served
        << client receives 200: Bonjour !
        """,
        body,
    )
    assert records[-1]["residency"] == "contradicted"


async def test_a_stream_keeps_back_its_end_until_it_is_recorded(body: Configuration) -> None:
    await play(
        """
        >> client asks stream: Bonjour.
        << record opened
        << provider cti receives: Bonjour.
        >> provider streams: bonjour |à vous
        << client receives chunk: bonjour
        << client receives chunk: à
        << record closed: served
        << client receives chunk: vous
        << client receives finish: stop
        << client receives [DONE]
        """,
        body,
    )


async def test_a_placeholder_cut_by_chunks_comes_back_whole(body: Configuration) -> None:
    await play(
        """
        >> client asks stream: Je suis Marie Tremblay.
        << record opened
        << provider cti receives: Je suis ⟦PERSONNE_1⟧.
        >> provider streams: bonjour |⟦PERS|ONNE_|1|⟧ et |merci |bien.
        << client receives chunk: bonjour
        << client receives chunk: Marie Tremblay et
        << client receives chunk: merci
        << record closed: served
        << client receives chunk: bien.
        << client receives finish: stop
        << client receives [DONE]
        """,
        body,
    )


async def test_a_new_identifier_in_a_stream_is_masked_whole(body: Configuration) -> None:
    await play(
        """
        >> client asks stream: Donne un exemple.
        << record opened
        << provider cti receives: Donne un exemple.
        >> provider streams: voici |046 4|54 |286 |merci |bien
        << client receives chunk: voici
        << client receives chunk: ⟦NAS⟧ merci
        << record closed: served
        << client receives chunk: bien
        << client receives finish: stop
        << client receives [DONE]
        """,
        body,
    )


async def test_a_credential_in_a_stream_cuts_it(body: Configuration) -> None:
    await play(
        """
        >> client asks stream: Donne un exemple.
        << record opened
        << provider cti receives: Donne un exemple.
        >> provider streams: voici |sk-abcdefgh|ijklmnop |voilà
        << client receives chunk: voici
        << record closed: refused personal_data_denied
        << client receives error: personal_data_denied
        """,
        body,
    )


async def test_a_stream_that_breaks_off_ends_in_an_error(body: Configuration) -> None:
    await play(
        """
        >> client asks stream: Bonjour.
        << record opened
        << provider cti receives: Bonjour.
        >> provider breaks after: bonjour |à
        << client receives chunk: bonjour
        << record closed: failed provider_ended_early
        << client receives error: provider_ended_early
        """,
        body,
    )


async def test_a_client_that_leaves_is_recorded(body: Configuration) -> None:
    await play(
        """
        >> client leaves after 1 frame
        >> client asks stream: Bonjour.
        << record opened
        << provider cti receives: Bonjour.
        >> provider streams: bonjour |à |vous
        << client receives chunk: bonjour
        << record closed: client_left
        """,
        body,
    )


async def test_a_client_that_leaves_before_the_first_frame_is_recorded_too(body: Configuration) -> None:
    await play(
        """
        >> client leaves after 0 frames
        >> client asks stream: Bonjour.
        << record opened
        << provider cti receives: Bonjour.
        >> provider streams: bonjour |à |vous
        << record closed: client_left
        """,
        body,
    )


async def test_records_hold_no_value_and_recompute(body: Configuration) -> None:
    records = await play(
        """
        >> client asks: Je suis Marie Tremblay, NAS 046 454 286.
        << record opened
        << provider cti receives: Je suis ⟦PERSONNE_1⟧, NAS ⟦NAS⟧.
        >> provider answers: Bonjour ⟦PERSONNE_1⟧.
        << record closed: served
        << client receives 200: Bonjour Marie Tremblay.
        """,
        body,
    )
    said = repr(records)
    assert "Tremblay" not in said
    assert "046" not in said
    versions = {body.policy.version: Policy.from_source(body.policy.source)}
    assert [recompute(record, versions) for record in records] == [None, None]
    records[0]["facts"]["call.classification_rank"] = 0
    records[0]["stages"][0]["facts"]["halt.active"] = True
    assert "recomputed deny" in str(recompute(records[0], versions))


@pytest.mark.parametrize(
    "answer",
    [
        "bonjour ⟦PERSONNE_1⟧ et [personne 1] voici 046 454 286 donc PERSONNE_2",
        '{"nom": "⟦PERSONNE_1⟧", "nas": "046 454 286", "à": "\\u00e9"}',
    ],
)
async def test_a_streamed_answer_is_the_whole_answer_and_leaves_the_same_record(
    body: Configuration, answer: str
) -> None:
    expected = answer.replace("⟦PERSONNE_1⟧", "Marie Tremblay").replace("[personne 1]", "Marie Tremblay")
    expected = expected.replace("046 454 286", "⟦NAS⟧")
    asking = "Je suis Marie Tremblay."
    whole = await play(
        f"""
        >> client asks: {asking}
        << record opened
        << provider cti receives: Je suis ⟦PERSONNE_1⟧.
        >> provider answers: {answer}
        << record closed: served
        << client receives 200: {expected}
        """,
        body,
    )
    streamed = await play(
        f"""
        >> client asks stream together: {asking}
        << record opened
        << provider cti receives: Je suis ⟦PERSONNE_1⟧.
        >> provider streams: {"|".join(answer[at : at + 3] for at in range(0, len(answer), 3))}
        << record closed: served
        << client receives together: {expected}
        """,
        body,
    )
    for name in ("stages", "placeholders_unknown", "outcome"):
        assert streamed[-1][name] == whole[-1][name]
    assert whole[-1]["placeholders_unknown"] == answer.count("PERSONNE_2")

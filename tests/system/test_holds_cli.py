"""`vigie holds` from the host: seen, approved and refused without a gateway or a console."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result

from gateway.cli import main
from gateway.cli.places import open_holds
from gateway.errors import Message
from gateway.supervision import Action, Held, Holds, Proposal, State, Subject
from tests.gateway_process import all_records, example_config

SIN = "130 692 544"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("cli")
    return example_config(root / "config", provider_port=9), root / "data"


@pytest.fixture
def holds(place: tuple[Path, Path]) -> Iterator[Holds]:
    with open_holds(*place) as (one, _):
        yield one


def held(holds: Holds, amount: int, requester: str = "key:abc") -> Held:
    action = Action.of("issue_payment\u202e", {"amount": amount, "to": SIN})
    subject = Subject(system="redaction-interne", session=f"s{amount}", agent="a", tool=action.tool)
    reason = Message("Un paiement exige un accord.", "A payment needs a person.")
    proposal = Proposal(
        "d-1",
        "chat",
        requester,
        subject,
        action,
        {"amount": amount, "to": "⟦NAS⟧"},
        "p",
        "payments",
        "approval",
        reason,
    )
    return holds.hold(proposal)[0]


def run(place: tuple[Path, Path], *arguments: str, answers: str = "") -> Result:
    where = {"VIGIE_CONFIG": str(place[0]), "VIGIE_DATA": str(place[1])}
    return CliRunner().invoke(main, ["holds", *arguments], env=where, input=answers)


def test_what_waits_is_listed_and_shown_masked_with_nothing_hidden(holds: Holds, place: tuple[Path, Path]) -> None:
    one = held(holds, 1500)
    listed = run(place)
    assert one.id in listed.stdout
    shown = run(place, "show", one.id)
    assert "issue_payment⟨U+202E⟩" in shown.stdout
    assert "⟦NAS⟧" in shown.stdout
    assert SIN not in listed.output + shown.output
    (line,) = [orjson.loads(text) for text in run(place, "--json").stdout.splitlines()]
    assert (line["id"], line["action_sha256"]) == (one.id, one.current_sha256)
    assert run(place, "show", one.id, "--reveal").exit_code == 2
    revealed = run(place, "show", one.id, "--reveal", "--by", "s.gagnon", "--why", "Vérifier")
    assert SIN in revealed.stdout
    assert all_records(*place)[-1]["kind"] == "content.read"


def test_a_person_approves_what_they_were_shown_and_says_so(holds: Holds, place: tuple[Path, Path]) -> None:
    one = held(holds, 1600)
    assert run(place, "approve", one.id, "--by", "s.gagnon", answers="n\n").exit_code == 1
    assert holds.get(one.id).state is State.WAITING
    done = run(place, "approve", one.id, "--by", "s.gagnon", "--comment", f"Vu {SIN}", answers="y\n")
    assert (done.exit_code, holds.get(one.id).state, holds.get(one.id).said) == (0, State.APPROVED, "Vu ⟦NAS⟧")
    edited = held(holds, 1700)
    more = ("--sha256", edited.current_sha256, "--edit", '{"amount": 5}', "--json")
    said = orjson.loads(run(place, "approve", edited.id, "--by", "s.gagnon", *more).stdout)
    assert (said["state"], said["action"]["arguments"]) == ("approved", {"amount": 5})


def test_a_person_refuses_and_who_may_not_is_told_who_may(holds: Holds, place: tuple[Path, Path]) -> None:
    one = held(holds, 1800)
    other = run(place, "deny", one.id, "--by", "m.roy", "--reason", "non")
    assert (other.exit_code, "s.gagnon" in other.stderr) == (1, True)
    assert run(place, "deny", one.id, "--by", "s.gagnon", "--reason", "non").exit_code == 0
    assert holds.get(one.id).state is State.DENIED
    assert run(place, "approve", "a-0", "--by", "s.gagnon").exit_code == 1
    own = held(holds, 1900, requester="s.gagnon")
    mine = run(place, "approve", own.id, "--by", "s.gagnon", "--sha256", own.current_sha256)
    assert (mine.exit_code, "requester_may_not_approve" in mine.stderr) == (1, True)

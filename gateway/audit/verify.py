"""`vigie audit verify`: is this ledger, or this bundle, whole, unchanged and consistent with its policies?

Checks, in order: the files (bundle), the checkpoint's signature, every record by itself and against the tree, calls
opened and closed, every decision recomputed from its facts, keys and anchors. Says the first thing wrong and where.

Records are read in stretches of 4,096, by as many processes as there are processors when there are many; this process puts
what they say together in order. Memory does not grow with the ledger, but for the calls that are open at a point.
"""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

from gateway.audit.bundle import Bundle, Range, Subtree, changed, changed_policy, places
from gateway.audit.gathering import Gathering
from gateway.audit.scanning import Run, Wrong
from gateway.audit.stretches import FileSource, Reading, StoreSource, Stretch
from gateway.audit.trust import Anchors, Trust
from gateway.errors import Message
from gateway.storage import Store

Progress = Callable[[int, int], None]
STRETCH = 4_096
NOTHING = Anchors()


@dataclass(slots=True)
class Verdict:
    """What a verification found. `problem` is empty when all is well; `unfinished` are calls opened and never closed.

    `extent` says how much of the ledger was there: "whole", "range" (every record between two positions), or
    "selection" (what was left out is not shown). `backwards` counts clocks set back; `unvouched` counts keys that the
    one before did not name; `cosigned` says when each witness asked for did. `stamps` counts the time stamps that are
    there; `stamped` says, for each that the authority given has made, how many records were there at which time.
    """

    records: int = 0
    decisions: int = 0
    tree_size: int = 0
    unfinished: int = 0
    extent: str = ""
    key: str = ""
    recomputed: bool = True
    backwards: int = 0
    unvouched: int = 0
    cosigned: dict[str, str] = field(default_factory=dict)
    stamps: int = 0
    stamped: dict[int, str] = field(default_factory=dict)
    problem: str = ""
    said: Message | None = None
    position: int | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong. A call cut by a crash is unfinished, not wrong: nothing of it was delivered whole."""
        return not self.problem

    def as_json(self) -> dict[str, Any]:
        """For a program."""
        shown = {name: getattr(self, name) for name in self.__slots__ if name != "said"}
        stamped = [{"records": size, "time": time} for size, time in sorted(self.stamped.items())]
        return {"ok": self.ok, **shown, "stamped": stamped}

    def wrong(self, message: Message, position: int | None = None) -> None:
        """The first thing found wrong."""
        self.problem, self.said, self.position = message.en, message, position


def verify_store(
    store: Store,
    verifier_key: str,
    progress: Progress | None = None,
    *,
    recomputing: bool = True,
    anchors: Anchors = NOTHING,
    workers: int | None = None,
) -> Verdict:
    """Verify the live store against its newest checkpoint, its tree, and all else that it keeps beside the records.

    Raises `StoreUnavailable` when the store cannot be read at all.
    """
    verdict = Verdict(key=verifier_key, recomputed=recomputing)
    try:
        source = StoreSource(store, recomputing=recomputing)
        trust = Trust(source.note(), verifier_key, anchors)
        gathering = Gathering(verdict, trust, source.size, progress, whole=True)
        stretches = (Stretch([run]) for run in _runs((0, source.size)))
        with Reading(source, source.size, trust.apart, workers) as reading:
            for stretch, findings in reading.in_order(stretches):
                gathering.add(stretch, findings)
        gathering.conclude()
        source.compare(gathering, trust.signed.size)
        verdict.extent = "whole"
    except Wrong as wrong:
        verdict.wrong(wrong.message, wrong.position)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        name = type(error).__name__
        verdict.wrong(
            Message(
                f"la base contient ce qu'elle ne devrait pas ({name})",
                f"the store holds what it should not ({name})",
            )
        )
    return verdict


def verify_bundle(
    path: Path,
    progress: Progress | None = None,
    *,
    recomputing: bool = True,
    anchors: Anchors = NOTHING,
    workers: int | None = None,
) -> Verdict:
    """Verify an export with nothing but the export, and the anchors that are given."""
    verdict = Verdict(recomputed=recomputing)
    try:
        with Bundle(path) as bundle:
            _verify(bundle, verdict, progress, anchors, workers)
    except Wrong as wrong:
        verdict.wrong(wrong.message, wrong.position)
    except (tarfile.TarError, EOFError, OSError) as error:
        name = type(error).__name__
        verdict.wrong(Message(f"ce n'est pas un lot lisible ({name})", f"not a readable bundle ({name})"))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        name = type(error).__name__
        verdict.wrong(
            Message(
                f"un fichier du lot n'est pas ce qu'il devrait être ({name})",
                f"a file of the bundle is not what it should be ({name})",
            )
        )
    return verdict


def _verify(bundle: Bundle, verdict: Verdict, progress: Progress | None, anchors: Anchors, workers: int | None) -> None:
    sums = bundle.manifest()
    for name, expected in sums.items():
        if name != "records.jsonl":  # hashed as it is read
            bundle.check(name, expected)
    for version in bundle.policies():
        if sums[f"policies/{version}.json"] != version:
            raise changed_policy(version)
    key = bundle.text("key")
    verdict.key = key.strip()
    trust = Trust(bundle.text("checkpoint"), verdict.key, replace(anchors, stamps=anchors.stamps + bundle.stamps()))
    range_ = Range.read(bundle.read("range.json"))
    if range_.tree_size != trust.signed.size:
        raise Wrong(
            "range.json et le point de contrôle ne s'accordent pas sur la taille de l'arbre",
            "range.json and the checkpoint disagree on the tree's size",
        )
    whole = range_.count == range_.tree_size
    gathering = Gathering(verdict, trust, range_.count, progress, whole=whole, blocks=bundle.blocks())
    source = FileSource(bundle, recomputing=verdict.recomputed)
    with Reading(source, range_.count, trust.apart, workers) as reading:
        steps = places(bundle.subtrees(), range_.tree_size)
        for stretch, findings in reading.in_order(_stretches(bundle, steps, sums["records.jsonl"])):
            gathering.add(stretch, findings)
    gathering.conclude()
    if (gathering.first, verdict.records) != (range_.first, range_.count):
        raise Wrong("range.json n'est pas ce que contient le lot", "range.json is not what the bundle holds")
    gathering.policies(set(bundle.policies()))
    verdict.extent = "whole" if whole else "range" if gathering.contiguous else "selection"


def _stretches(bundle: Bundle, steps: Iterator[Subtree | Run], expected: str) -> Iterator[Stretch]:
    """The bundle's records, in stretches, as they lie in the file; hashed meanwhile. Raises `Wrong`."""
    file, digest = bundle.needed("records.jsonl"), sha256()
    offset, end = file.offset, file.offset + file.size
    with bundle.path.open("rb", buffering=1 << 20) as lines:
        lines.seek(offset)
        for stretch in _grouped(steps):
            taken = list(islice(lines, stretch.count))
            length = sum(map(len, taken))
            if offset + length > end:
                taken, length = [b"".join(taken)[: end - offset]], end - offset
            digest.update(b"".join(taken))
            stretch.offset, stretch.length = offset, length
            offset += length
            yield stretch
    if offset != end:
        raise Wrong("il y a plus d'enregistrements que ne le dit le lot", "there are more records than the bundle says")
    if digest.hexdigest() != expected:
        raise changed("records.jsonl")


def _grouped(steps: Iterator[Subtree | Run]) -> Iterator[Stretch]:
    """Steps together, until they hold `STRETCH` records."""
    stretch = Stretch([])
    for step in steps:
        for part in [step] if isinstance(step, Subtree) else _runs(step):
            stretch.steps.append(part)
            stretch.count += 0 if isinstance(part, Subtree) else part[1]
            if stretch.count >= STRETCH:
                yield stretch
                stretch = Stretch([])
    yield stretch


def _runs(run: Run) -> Iterator[Run]:
    """A run, cut at every multiple of `STRETCH`."""
    at, end = run[0], run[0] + run[1]
    while at < end:
        following = min(end, (at // STRETCH + 1) * STRETCH)
        yield at, following - at
        at = following

"""Putting together, in ledger order, what stretches of records say: the tree, calls, keys, times. *Decisions*: pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from gateway.audit.bundle import Subtree
from gateway.audit.merkle import EMPTY_ROOT, TILE_WIDTH, Frontier, tile_root
from gateway.audit.scanning import Findings, Wrong, put_back
from gateway.audit.trust import Trust, not_signed

if TYPE_CHECKING:
    from gateway.audit.stretches import Stretch
    from gateway.audit.verify import Verdict


class Gathering:
    """The state of a pass. `blocks`: hashes that tell where a change is. `whole`: from the first record to the last."""

    def __init__(
        self,
        verdict: Verdict,
        trust: Trust,
        total: int,
        progress: Callable[[int, int], None] | None,
        *,
        whole: bool,
        blocks: Iterator[bytes] | None = None,
    ) -> None:
        self.frontier = Frontier()
        self.subtrees: list[bytes] = []
        self.tokens: dict[tuple[str, str], int] = {}
        self.keys: dict[str, tuple[str, str, bool]] = {}
        self.first = -1
        self.contiguous = True
        self._verdict, self._trust, self._total, self._progress, self._whole = verdict, trust, total, progress, whole
        self._blocks, self._apart = blocks, frozenset(trust.apart)
        self._open: set[str] = set()
        self._policies: set[str] = set()
        self._published: set[str] = set()
        self._leaves: list[bytes] = []
        self._last, self._last_time = -1, ""

    def add(self, stretch: Stretch, findings: Findings) -> None:
        """What the next stretch says. Raises `Wrong`."""
        if findings.wrong is not None:
            raise findings.wrong
        pieces = iter(findings.pieces)
        for step in stretch.steps:
            if isinstance(step, Subtree):
                self._leaves = []
                self._push(step.hash, step.level)
                continue
            if self.frontier.size != step[0]:
                raise Wrong("proofs.json se contredit", "proofs.json contradicts itself")
            self.first = step[0] if self.first < 0 else self.first
            self.contiguous = self.contiguous and self._last in (-1, step[0] - 1)
            self._last = step[0] + step[1] - 1
            for level, hash_ in next(pieces):
                self._grow(level, hash_)
        self._calls(findings)
        self._others(findings)
        if self._last_time and findings.first_time and put_back(self._last_time, findings.first_time):
            self._verdict.backwards += 1
        self._verdict.backwards += len(findings.backwards)
        self._last_time = findings.last_time or self._last_time
        for key, added in findings.tokens.items():
            self.tokens[key] = self.tokens.get(key, 0) + added
        self._policies |= findings.policies
        self._verdict.records += findings.records
        self._verdict.decisions += findings.decisions
        if self._progress is not None:
            self._progress(self._verdict.records, self._total)

    def conclude(self) -> None:
        """After the last stretch: the tree's root, the blocks, the keys. Raises `Wrong`."""
        signed = self._trust.signed
        if self.frontier.size < signed.size:
            missing = signed.size - self.frontier.size
            raise Wrong(
                f"il manque {missing} enregistrements du point de contrôle signé",
                f"{missing} records of the signed checkpoint are missing",
            )
        if signed.size == 0:
            self._trust.reached(0, EMPTY_ROOT)
        if not self._trust.matched:
            raise not_signed(signed.size)
        if self._blocks is not None and next(self._blocks, None) is not None:
            raise Wrong("proofs.json se contredit", "proofs.json contradicts itself")
        self._trust.conclude(whole=self._whole)
        verdict = self._verdict
        verdict.tree_size, verdict.unfinished = self.frontier.size, len(self._open) if self._whole else 0
        verdict.unvouched, verdict.cosigned = self._trust.unvouched, self._trust.cosigned
        verdict.stamps, verdict.stamped = len(self._trust.anchors.stamps), self._trust.stamped

    def policies(self, there: set[str]) -> None:
        """The policies that are there are those that records name; in a whole ledger, each was published. Raises `Wrong`."""
        for version in sorted((self._policies | self._published) - there):
            raise Wrong(
                f"la version {version[:12]} de la politique manque", f"policy version {version[:12]} is missing"
            )
        for version in sorted(there - self._published - (set() if self._whole else self._policies)):
            raise Wrong(
                f"la version {version[:12]} de la politique n'est d'aucun enregistrement",
                f"policy version {version[:12]} is of no record",
            )

    def _grow(self, level: int, hash_: bytes) -> None:
        """One more leaf or block; a block's hash is compared as soon as it is known, so that a change is placed."""
        if level == 0:
            if self.frontier.size % TILE_WIDTH == 0:
                self._leaves = []
            self._leaves.append(hash_)
            self._push(hash_, 0)
            if len(self._leaves) < TILE_WIDTH or self.frontier.size % TILE_WIDTH:
                return
            hash_, self._leaves = tile_root(self._leaves), []
        else:
            self._push(hash_, level)
        if self._blocks is None:
            self.subtrees.append(hash_)
        elif next(self._blocks, None) != hash_:
            end = self.frontier.size
            raise Wrong(
                f"un des enregistrements {end - TILE_WIDTH} à {end - 1} n'est pas celui qui a été exporté",
                f"one of the records {end - TILE_WIDTH} to {end - 1} is not the one that was exported",
                end - TILE_WIDTH,
            )

    def _push(self, hash_: bytes, level: int) -> None:
        try:
            self.frontier.push(hash_, level)
        except ValueError:
            raise Wrong("proofs.json se contredit", "proofs.json contradicts itself") from None
        if self.frontier.size in self._apart:
            self._trust.reached(self.frontier.size, self.frontier.root())

    def _calls(self, findings: Findings) -> None:
        """A call is opened once, and served only after that."""
        for position, decision, served in findings.closed:
            if decision in self._open:
                self._open.discard(decision)
            elif self._whole and served:
                raise Wrong(
                    f"enregistrement {position}\u00a0: l'appel {decision} a été servi sans avoir été ouvert",
                    f"record {position}: call {decision} was served without having been opened",
                    position,
                )
        for decision in findings.opened:
            if decision in self._open:
                raise Wrong(f"l'appel {decision} est ouvert deux fois", f"call {decision} is opened twice")
            self._open.add(decision)

    def _others(self, findings: Findings) -> None:
        for position, record in findings.other:
            kind = record["kind"]
            if kind == "ledger.rotated":
                self._trust.rotated(position, record)
            elif kind == "policy.published":
                self._published.add(str(record.get("policy")))
            elif kind in ("key.created", "key.revoked"):
                name, whose = str(record.get("key")), (str(record.get("system")), str(record.get("person")))
                self.keys[name] = (*whose, kind == "key.revoked")

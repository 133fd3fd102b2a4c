"""What is remembered of conversations: what was found in the texts that a turn repeats, and what was done with it.

A turn sends all turns before it again, so the texts of a call begin with those of the call before. They are known by the
keyed hash of a block of texts and of all before it, and what is kept for it is offsets, types, placeholders and keyed hashes:
never a value, nor any of a text. So the hundredth turn pays for hashing what it repeats, and little else.

Nothing depends on it: what is not remembered (a short conversation, one that another replica served, one whose beginning
changed) is worked out from the texts, and comes out the same. Memory is bounded by `MOST`, the oldest goes first.
"""

from __future__ import annotations

import secrets
from array import array
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol

from gateway.privacy.embedded import Opened
from gateway.privacy.findings import Finding
from gateway.privacy.numbering import BLOCK, Plan

MOST = 60_000
"""Texts and findings that are kept, together: some 500 bytes each."""

Found = tuple[Finding, ...]


class Finder(Protocol):
    """What is asked of the analyser."""

    async def find(self, texts: Sequence[str]) -> list[Found]: ...


@dataclass(slots=True)
class Layer:
    """A block of texts: what was found in it, and the plan that was last made for it."""

    found: tuple[Found, ...]
    plan: Plan | None = None

    @property
    def weight(self) -> int:
        """How much of the memory it takes."""
        return sum(map(len, self.found)) + BLOCK


class Histories:
    """Owned by the composition root, beside the analyser whose findings it keeps."""

    def __init__(self, most: int = MOST) -> None:
        self._most, self._weight = most, 0
        self._key = secrets.token_bytes(32)
        self._layers: OrderedDict[bytes, Layer] = OrderedDict()

    def of(self, opened: Opened) -> History:
        """What is known of the texts of a call."""
        names = list(self._names(opened))
        layers: list[Layer] = []
        for name in names:
            layer = self._layers.get(name)
            if layer is None:
                break
            layers.append(layer)
        for name in reversed(names[: len(layers)]):  # so that what all turns begin with goes last
            self._layers.move_to_end(name)
        return History(self, opened.windows, names, layers)

    def keep(self, name: bytes, layer: Layer) -> None:
        """Remember a block."""
        weight = layer.weight
        if weight > self._most // 8 or name in self._layers:
            return
        self._layers[name] = layer
        self._weight += weight
        while self._weight > self._most:
            _, gone = self._layers.popitem(last=False)
            self._weight -= gone.weight

    def digest(self, kind: str, value: str) -> bytes:
        """The keyed hash of a type and a value."""
        hashed = blake2b(f"{kind}\0{value}".encode("utf-8", "surrogatepass"), key=self._key, digest_size=16)
        return hashed.digest()

    def _names(self, opened: Opened) -> list[bytes]:
        """The name of each whole block: of its texts, how they are read, and all before it."""
        windows, starts, name, names = opened.windows, opened.starts, b"", []
        for at in range(0, len(windows) - BLOCK + 1, BLOCK):
            block = windows[at : at + BLOCK]
            hashed = blake2b(
                "".join(block).encode("utf-8", "surrogatepass"), key=self._key, digest_size=16, person=b"history"
            )
            hashed.update(array("Q", [*map(len, block), *starts[at : at + BLOCK]]).tobytes() + name)
            name = hashed.digest()
            names.append(name)
        return names


class History:
    """The texts of one call, of which some are known."""

    __slots__ = ("_histories", "_layers", "_names", "_windows")

    def __init__(self, histories: Histories, windows: Sequence[str], names: list[bytes], layers: list[Layer]) -> None:
        self._histories, self._windows, self._names, self._layers = histories, windows, names, layers

    @property
    def plans(self) -> list[Plan | None]:
        """The plan of each block that is known."""
        return [layer.plan for layer in self._layers]

    async def find(self, finder: Finder) -> list[Found]:
        """What is in the windows of all texts; only the others are asked about. Raises what `finder` raises."""
        found = [one for layer in self._layers for one in layer.found]
        found += await finder.find(self._windows[len(found) :])
        for index in range(len(self._layers), len(self._names)):
            layer = Layer(tuple(found[index * BLOCK : (index + 1) * BLOCK]))
            self._layers.append(layer)
            self._histories.keep(self._names[index], layer)
        return found

    def keep(self, block: int, plan: Plan) -> None:
        """The plan of a block."""
        self._layers[block].plan = plan

    def digest(self, kind: str, value: str) -> bytes:
        """The keyed hash of a type and a value."""
        return self._histories.digest(kind, value)

"""Merkle trees as RFC 6962 (and RFC 9162, section 2.1) define them. Pure arithmetic on hashes.

A tree of n leaves is kept as its *frontier*: the hashes of its complete subtrees, one for each bit of n, largest first.
That is all that appending needs, and the root is a fold over it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256

HASH = 32
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(record: bytes) -> bytes:
    """SHA-256(0x00 ‖ record)."""
    return sha256(b"\x00" + record).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right)."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """A tree that only grows."""

    __slots__ = ("hashes", "size")

    def __init__(self, size: int = 0, packed: bytes = b"") -> None:
        """From `size` and `pack()`'s bytes. Raises `ValueError` when they do not fit together."""
        if len(packed) != HASH * size.bit_count():
            raise ValueError("the frontier does not fit the size")
        self.size = size
        self.hashes = [packed[at : at + HASH] for at in range(0, len(packed), HASH)]

    def push(self, subtree: bytes, level: int = 0) -> None:
        """Append a complete subtree of 2**level leaves. Raises `ValueError` unless the size is a multiple of that."""
        if self.size & ((1 << level) - 1):
            raise ValueError("a subtree must be aligned to its own size")
        at, hashes = self.size >> level, self.hashes
        while at & 1:
            subtree = node_hash(hashes.pop(), subtree)
            at >>= 1
        hashes.append(subtree)
        self.size += 1 << level

    def root(self) -> bytes:
        """The tree's root: smaller subtrees are folded into larger ones from the right."""
        if not self.hashes:
            return EMPTY_ROOT
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = node_hash(left, root)
        return root

    def pack(self) -> bytes:
        """The hashes one after the other."""
        return b"".join(self.hashes)


def aligned_blocks(start: int, end: int) -> Iterator[tuple[int, int]]:
    """The fewest complete subtrees that cover leaves [start, end): (first leaf, level) from left to right."""
    while start < end:
        level = (start & -start).bit_length() - 1 if start else end.bit_length()
        while start + (1 << level) > end:
            level -= 1
        yield start, level
        start += 1 << level


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root of a tree given all its leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.push(leaf)
    return frontier.root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """RFC 9162, 2.1.3.1: the audit path of leaf `index`."""
    size = len(leaves)
    if size == 1:
        return []
    split = 1 << ((size - 1).bit_length() - 1)
    if index < split:
        return [*inclusion_proof(leaves[:split], index), root_of(leaves[split:])]
    return [*inclusion_proof(leaves[split:], index - split), root_of(leaves[:split])]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162, 2.1.3.2."""
    if not 0 <= index < size:
        return False
    node, last, value = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            value = node_hash(sibling, value)
            while node and not node & 1:
                node >>= 1
                last >>= 1
        else:
            value = node_hash(value, sibling)
        node >>= 1
        last >>= 1
    return last == 0 and value == root

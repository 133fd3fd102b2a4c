"""Merkle trees as RFC 6962 (and RFC 9162, section 2.1) define them. Pure arithmetic on hashes.

A tree of n leaves is kept as its *frontier*: the hashes of its complete subtrees, one for each bit of n, largest first.
That is all that appending needs, and the root is a fold over it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256

HASH = 32
TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
"""C2SP tlog-tiles: a tile is 256 hashes wide, and stands for 8 levels of the tree."""
Node = Callable[[int, int], bytes]
"""(level, index) → the hash of the complete subtree of 2**level leaves that begins at leaf index·2**level."""
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

    def fill(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """As `push`, of the leaf that fills a tile: (level, number, hash) of what tiles above level 0 gain by it."""
        gained = []
        index, level, hashes = self.size, 0, self.hashes
        while index & 1:
            leaf = node_hash(hashes.pop(), leaf)
            index >>= 1
            level += 1
            if level % TILE_HEIGHT == 0:
                gained.append((level // TILE_HEIGHT, index, leaf))
        hashes.append(leaf)
        self.size += 1
        return gained

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


def tile_root(leaves: Sequence[bytes]) -> bytes:
    """The root of a power of two of hashes, level by level: half the cost of pushing them."""
    level = leaves
    while len(level) > 1:
        level = [sha256(b"\x01" + level[at] + level[at + 1]).digest() for at in range(0, len(level), 2)]
    return level[0]


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root of a tree given all its leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.push(leaf)
    return frontier.root()


def range_root(start: int, end: int, node: Node) -> bytes:
    """MTH(D[start:end]) of a range that is a subtree of some tree: aligned to a power of two that it does not exceed."""
    blocks = [node(level, first >> level) for first, level in aligned_blocks(start, end)]
    root = blocks[-1]
    for left in reversed(blocks[:-1]):
        root = node_hash(left, root)
    return root


def inclusion_path(index: int, size: int, node: Node) -> list[bytes]:
    """RFC 9162, 2.1.3.1: the audit path of leaf `index` in the tree of `size` leaves, from the leaf up."""
    if not 0 <= index < size:
        raise ValueError("no such leaf in the tree")
    path, start, end = [], 0, size
    while end - start > 1:
        split = start + _split(end - start)
        if index < split:
            path.append(range_root(split, end, node))
            end = split
        else:
            path.append(range_root(start, split, node))
            start = split
    return path[::-1]


def consistency_path(first: int, size: int, node: Node) -> list[bytes]:
    """RFC 9162, 2.1.4.1: what shows that the tree of `size` leaves begins with the tree of `first` leaves."""
    if not 0 < first <= size:
        raise ValueError("a tree is consistent with smaller ones only, and not with the empty one")
    path, start, end, whole = [], 0, size, True
    while first != end:
        split = start + _split(end - start)
        if first <= split:
            path.append(range_root(split, end, node))
            end = split
        else:
            path.append(range_root(start, split, node))
            start, whole = split, False
    if not whole:
        path.append(range_root(start, end, node))
    return path[::-1]


def _split(size: int) -> int:
    """The largest power of two smaller than `size`."""
    return 1 << ((size - 1).bit_length() - 1)


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


def verify_consistency(first: int, size: int, first_root: bytes, root: bytes, proof: Sequence[bytes]) -> bool:
    """RFC 9162, 2.1.4.2."""
    if not 0 < first <= size:
        return False
    if first == size:
        return not proof and first_root == root
    path = list(proof) if first & (first - 1) else [first_root, *proof]
    if not path:
        return False
    node, last = first - 1, size - 1
    while node & 1:
        node >>= 1
        last >>= 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while node and not node & 1:
                node >>= 1
                last >>= 1
        else:
            new = node_hash(new, sibling)
        node >>= 1
        last >>= 1
    return last == 0 and old == first_root and new == root

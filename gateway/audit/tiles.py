"""The tree as C2SP tlog-tiles serves it, and the proofs that are made of it. *Edge*: reads the store.

A tile is 256 hashes wide and stands for 8 levels of the tree. Those of level 0 are the leaves of `records`, those above
are in `subtrees`, which the writer fills as the tree grows; so a tile is one read, a proof a few, whatever the size.

    /tile/<L>/<N>[.p/<W>]          N in groups of three digits, all but the last with an `x`: x001/x234/067
    /tile/entries/<N>[.p/<W>]      big-endian 16-bit length and bytes of each record
"""

from __future__ import annotations

import re
import struct
from collections import OrderedDict
from dataclasses import dataclass

from sqlalchemy import Connection, select

from gateway.audit.appending import LONGEST
from gateway.audit.merkle import HASH, TILE_HEIGHT, TILE_WIDTH, node_hash
from gateway.errors import Fault, Message
from gateway.storage.tables import records, subtrees

REMEMBERED = 64
HIGHEST = 63
_PATH = re.compile(r"(entries|0|[1-9]\d?)/((?:x\d{3}/)*\d{3})(?:\.p/([1-9]\d{0,2}))?")


class TreeIncomplete(Fault):
    """The store lacks hashes of its own tree: it was damaged."""

    code = "tree_incomplete"


@dataclass(frozen=True, slots=True)
class Tile:
    """What a path names: `width` hashes of tile `number` at `level`, or those records when `entries`."""

    level: int
    number: int
    width: int
    entries: bool = False

    @classmethod
    def at(cls, path: str) -> Tile | None:
        """The tile of a path below `/tile/`; None unless it is written exactly as the specification writes it."""
        match = _PATH.fullmatch(path)
        if match is None:
            return None
        number = int(match[2].replace("x", "").replace("/", ""))
        width = int(match[3] or TILE_WIDTH)
        entries = match[1] == "entries"
        level = 0 if entries else int(match[1])
        tile = cls(level, number, width, entries)
        return tile if level <= HIGHEST and tile.path() == path else None

    def path(self) -> str:
        """The inverse of `at`."""
        digits = str(self.number)
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        place = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
        partial = f".p/{self.width}" if self.width != TILE_WIDTH else ""
        return f"{'entries' if self.entries else self.level}/{place}{partial}"

    def within(self, size: int) -> bool:
        """Whether a tree of `size` leaves has this tile, at least as wide."""
        return self.number * TILE_WIDTH + self.width <= size >> (TILE_HEIGHT * self.level)


def hashes_of(connection: Connection, tile: Tile) -> bytes:
    """The hashes of a tile, one after the other. Raises `TreeIncomplete`."""
    first, end = tile.number * TILE_WIDTH, tile.number * TILE_WIDTH + tile.width
    if tile.level == 0:
        column, place = records.c.leaf, records.c.seq
        chosen = select(column).where(place >= first, place < end)
    else:
        column, place = subtrees.c.hash, subtrees.c.number
        chosen = select(column).where(subtrees.c.level == tile.level, place >= first, place < end)
    hashes = b"".join(connection.execute(chosen.order_by(place)).scalars())
    if len(hashes) != HASH * tile.width:
        raise TreeIncomplete(
            Message("Il manque des empreintes à l'arbre du registre.", "Hashes of the ledger's tree are missing."),
            Message("Exécuter «\u00a0vigie audit verify\u00a0».", "Run 'vigie audit verify'."),
        )
    return hashes


def entries_of(connection: Connection, tile: Tile) -> bytes:
    """The records of an entry bundle, each after its length."""
    first = tile.number * TILE_WIDTH
    chosen = select(records.c.body).where(records.c.seq >= first, records.c.seq < first + tile.width)
    bodies = list(connection.execute(chosen.order_by(records.c.seq)).scalars())
    if len(bodies) != tile.width or any(len(body) > LONGEST for body in bodies):
        raise TreeIncomplete(
            Message("Il manque des enregistrements au registre.", "Records of the ledger are missing."),
            Message("Exécuter «\u00a0vigie audit verify\u00a0».", "Run 'vigie audit verify'."),
        )
    return b"".join(struct.pack(">H", len(body)) + body for body in bodies)


class StoredTree:
    """Any complete subtree of the stored tree of `size` leaves, read by tiles, the last few of which are remembered."""

    def __init__(self, connection: Connection, size: int) -> None:
        self._connection, self._size = connection, size
        self._known: OrderedDict[tuple[int, int], bytes] = OrderedDict()

    def node(self, level: int, index: int) -> bytes:
        """The hash of the subtree of 2**level leaves that begins at leaf index·2**level. Raises `TreeIncomplete`."""
        tile_level, height = divmod(level, TILE_HEIGHT)
        first = index << height
        hashes = self._tile(tile_level, first // TILE_WIDTH)
        at = first % TILE_WIDTH * HASH
        row = [hashes[one : one + HASH] for one in range(at, at + (HASH << height), HASH)]
        while len(row) > 1:
            row = [node_hash(row[one], row[one + 1]) for one in range(0, len(row), 2)]
        return row[0]

    def _tile(self, level: int, number: int) -> bytes:
        known = self._known.get((level, number))
        if known is None:
            width = min(TILE_WIDTH, (self._size >> (TILE_HEIGHT * level)) - number * TILE_WIDTH)
            known = self._known[level, number] = hashes_of(self._connection, Tile(level, number, width))
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end((level, number))
        return known

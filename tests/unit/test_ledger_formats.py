"""The ledger's arithmetic and formats against their specifications: RFC 8785, RFC 6962, C2SP signed notes."""

from __future__ import annotations

import base64
from hashlib import sha256

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from gateway.audit.merkle import (
    EMPTY_ROOT,
    Frontier,
    Node,
    aligned_blocks,
    consistency_path,
    inclusion_path,
    leaf_hash,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from gateway.audit.notes import read_checkpoint
from gateway.audit.records import canonical
from gateway.audit.signing import Signer
from gateway.audit.tiles import Tile

# The inputs and roots of the test tree that implementations of RFC 6962 share.
RFC_LEAVES = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    b"\x50\x51\x52\x53\x54\x55\x56\x57",
    b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
]
RFC_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), JSON, max_size=6))
def test_canonical_bytes_are_those_of_rfc_8785(record: dict[str, object]) -> None:
    assert canonical(record) == rfc8785.dumps(record)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [1.5, 2**53, -(2**60), b"x", {1}, "\ud800"])
def test_a_record_refuses_what_json_cannot_hold_exactly(value: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        canonical({"value": value})


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_rfc_6962(size: int) -> None:
    assert root_of([leaf_hash(leaf) for leaf in RFC_LEAVES[:size]]).hex() == RFC_ROOTS[size - 1]


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert Frontier().root() == EMPTY_ROOT == sha256(b"").digest()


def by_definition(leaves: list[bytes]) -> bytes:
    """MTH as RFC 6962, 2.1 writes it."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return node_hash(by_definition(leaves[:split]), by_definition(leaves[split:]))


@given(st.integers(1, 200))
def test_the_frontier_gives_the_root_by_definition_and_survives_packing(size: int) -> None:
    leaves = [leaf_hash(str(index).encode()) for index in range(size)]
    frontier = Frontier()
    for leaf in leaves:
        frontier.push(leaf)
        frontier = Frontier(frontier.size, frontier.pack())
    assert frontier.root() == by_definition(leaves)


def nodes(leaves: list[bytes]) -> Node:
    """Any complete subtree, by definition."""
    return lambda level, index: by_definition(leaves[index << level : (index + 1) << level])


@given(st.integers(1, 150), st.data())
def test_every_inclusion_proof_verifies_and_no_other(size: int, data: st.DataObject) -> None:
    leaves = [leaf_hash(str(index).encode()) for index in range(size)]
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, size - 1))
    proof, root = inclusion_path(index, size, nodes(leaves)), root_of(leaves)
    assert verify_inclusion(leaves[index], index, size, proof, root)
    assert verify_inclusion(leaves[other], other, size, proof, root) == (other == index)
    assert not verify_inclusion(leaves[index], index, size, [*proof, root], root)


@given(st.integers(1, 150), st.data())
def test_every_consistency_proof_verifies_and_no_other(size: int, data: st.DataObject) -> None:
    leaves = [leaf_hash(str(index).encode()) for index in range(size)]
    first = data.draw(st.integers(1, size))
    proof = consistency_path(first, size, nodes(leaves))
    old, new = root_of(leaves[:first]), root_of(leaves)
    assert verify_consistency(first, size, old, new, proof)
    forked = root_of([*leaves[: first - 1], leaf_hash(b"another")])
    assert not verify_consistency(first, size, forked, new, proof)
    assert not verify_consistency(first, size, old, forked, proof)
    assert not verify_consistency(first, size, old, new, [*proof, new])
    if proof:
        assert not verify_consistency(first, size, old, new, proof[:-1])
        assert not verify_consistency(first, size, old, new, [node_hash(proof[0], b""), *proof[1:]])


def test_a_consistency_proof_is_the_one_that_rfc_6962_works_out() -> None:
    """The worked example of RFC 6962, 2.1.3: from 3, 4 and 6 leaves to 7."""
    leaves = [leaf_hash(str(index).encode()) for index in range(7)]
    a, b, c, d, e, f, j = leaves
    g, h, i = node_hash(a, b), node_hash(c, d), node_hash(e, f)
    k, m = node_hash(g, h), node_hash(i, j)
    assert consistency_path(3, 7, nodes(leaves)) == [c, d, g, m]
    assert consistency_path(4, 7, nodes(leaves)) == [m]
    assert consistency_path(6, 7, nodes(leaves)) == [i, j, k]


@given(st.integers(0, 500), st.integers(0, 500))
def test_aligned_blocks_cover_a_range_exactly(start: int, length: int) -> None:
    covered = []
    for first, level in aligned_blocks(start, start + length):
        assert first % (1 << level) == 0
        covered += range(first, first + (1 << level))
    assert covered == list(range(start, start + length))


def test_a_checkpoint_is_read_back_and_a_changed_one_is_not() -> None:
    signer = Signer(Ed25519PrivateKey.from_private_bytes(b"\x07" * 32))
    note = signer.sign("exemple.quebec/registre", 7, b"\x01" * 32)
    key = signer.verifier_key("exemple.quebec/registre")
    read = read_checkpoint(note, key)
    assert (read.origin, read.size, read.root) == ("exemple.quebec/registre", 7, b"\x01" * 32)
    assert note.startswith(
        f"exemple.quebec/registre\n7\n{base64.b64encode(bytes([1]) * 32).decode()}\n\n— exemple.quebec/registre "
    )
    other = Signer(Ed25519PrivateKey.from_private_bytes(b"\x08" * 32))
    for changed in (note.replace("\n7\n", "\n8\n"), note.replace("— ", "- "), note[:40], ""):
        with pytest.raises(ValueError, match="checkpoint"):
            read_checkpoint(changed, key)
    with pytest.raises(ValueError, match="signature"):
        read_checkpoint(note, other.verifier_key("exemple.quebec/registre"))


def test_a_signature_is_written_in_one_way_only() -> None:
    """The last character of a base64 has bits that mean nothing: another there is another note, and is refused."""
    signer = Signer(Ed25519PrivateKey.from_private_bytes(b"\x07" * 32))
    note, key = signer.sign("exemple.quebec/registre", 7, b"\x01" * 32), signer.verifier_key("exemple.quebec/registre")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    assert note.endswith("=\n")
    last = alphabet[alphabet.index(note[-3]) ^ 1]
    other = f"{note[:-3]}{last}=\n"
    assert base64.b64decode(other.rsplit(maxsplit=1)[-1]) == base64.b64decode(note.split()[-1])
    with pytest.raises(ValueError, match="base64"):
        read_checkpoint(other, key)
    for line_end in (note[:-1], note + "\n", note.replace("\n— ", "\n—  "), note.replace("\n", "\r\n")):
        with pytest.raises(ValueError, match=r"checkpoint|base64"):
            read_checkpoint(line_end, key)


@pytest.mark.parametrize("number", [0, 1, 255, 256, 999, 1000, 1_234_067, 10**9, 10**12 - 1])
@pytest.mark.parametrize(("level", "entries"), [(0, False), (0, True), (3, False), (63, False)])
def test_a_tile_s_path_is_read_back(number: int, level: int, entries: bool) -> None:
    for width in (1, 17, 255, 256):
        named = Tile(level, number, width, entries)
        assert Tile.at(named.path()) == named
    assert number != 1_234_067 or level or entries or Tile(0, number, 256).path() == "0/x001/x234/067"

#!/usr/bin/env python3
"""Vérificateur indépendant du registre de Vigie · An independent verifier of Vigie's ledger.

Écrit d'après les spécifications seules, il n'importe rien de Vigie : la bibliothèque standard de Python (3.9 ou plus
récent) et « cryptography ». Lisez-le avant de l'exécuter : c'est le but. Written from the specifications alone, it imports
nothing of Vigie: Python's standard library (3.9 or newer) and `cryptography`. Read it before you run it: that is the point.

    python verifier.py bundle registre.tar                   un export · an export
    python verifier.py proof d-….json d-….tlog-proof         la preuve d'une décision · the proof of a decision
    python verifier.py online https://HOST/ledger            le registre en ligne · the ledger, online

    --key CLÉ       la clé que l'organisme publie (ou un fichier) · the key that the body publishes (or a file)
    --expect FILE   un point de contrôle gardé : le registre doit le prolonger · a kept checkpoint, to be extended
    --auditor FILE  (online) une clé d'auditeur : relire aussi chaque enregistrement · an auditor's key: read records too

Spécifications · Specifications: RFC 6962 and RFC 9162, section 2.1 (Merkle trees); C2SP signed-note, tlog-checkpoint,
tlog-tiles, tlog-proof; RFC 8032 (Ed25519); RFC 8785 (canonical JSON). What it does not do: decide again. Decisions follow
from facts by a policy in CEL; `vigie audit verify` recomputes them.
"""

import argparse
import base64
import hashlib
import json
import struct
import sys
import tarfile
import urllib.request

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Wrong(Exception):
    """Ce qui ne va pas · What is wrong."""


def need(condition, what):
    """Cesse à la première chose fausse · Stops at the first thing wrong."""
    if not condition:
        raise Wrong(what)


# ── RFC 6962 / RFC 9162, 2.1 ──────────────────────────────────────────────────────────────────────────────────────


def sha256(data):
    return hashlib.sha256(data).digest()


def leaf(record):
    return sha256(b"\x00" + record)


def node(left, right):
    return sha256(b"\x01" + left + right)


class Tree:
    """Un arbre qui ne fait que croître · A tree that only grows: the hashes of its complete subtrees, largest first."""

    def __init__(self):
        self.size, self.subtrees = 0, []

    def add(self, digest, level=0):
        need(self.size % (1 << level) == 0, "a subtree is out of place")
        index = self.size >> level
        while index & 1:
            digest, index = node(self.subtrees.pop(), digest), index >> 1
        self.subtrees.append(digest)
        self.size += 1 << level

    def root(self):
        if not self.subtrees:
            return sha256(b"")
        root = self.subtrees[-1]
        for left in reversed(self.subtrees[:-1]):
            root = node(left, root)
        return root


def check_inclusion(digest, index, size, path, root):
    """RFC 9162, 2.1.3.2."""
    need(0 <= index < size, "the index is not in the tree")
    last = size - 1
    for sibling in path:
        need(last > 0, "the proof is too long")
        if index & 1 or index == last:
            digest = node(sibling, digest)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            digest = node(digest, sibling)
        index, last = index >> 1, last >> 1
    need(last == 0 and digest == root, "the record is not in the signed tree")


# ── C2SP signed-note, tlog-checkpoint ─────────────────────────────────────────────────────────────────────────────


def unbase64(text):
    data = base64.b64decode(text, validate=True)
    need(base64.b64encode(data).decode() == text, "base64 that is not canonical")
    return data


class Key:
    """Une clé de vérification · A verifier key: name+hash+base64(0x01 ‖ Ed25519 public key)."""

    def __init__(self, text):
        self.text = text.strip()
        self.name, _, rest = self.text.partition("+")
        self.id, _, encoded = rest.partition("+")
        data = unbase64(encoded)
        need(len(data) == 33 and data[:1] == b"\x01", "the key is not an Ed25519 verifier key")
        self.public = data[1:]
        expected = sha256(self.name.encode() + b"\n" + data)[:4].hex()
        need(self.id == expected and not any(c.isspace() for c in self.name), "the key contradicts its own hash")


def signed_text(note, key):
    """Le texte d'une note que `key` a signée · The text of a note that `key` signed."""
    text, found, lines = note.rpartition("\n\n")
    need(found and lines.endswith("\n"), "not a signed note")
    text += "\n"
    signed = False
    for line in lines[:-1].split("\n"):
        dash, name, encoded = line.split(" ")
        data = unbase64(encoded)
        need(dash == "—" and len(data) > 4, "not a signature line")
        if (name, data[:4].hex()) == (key.name, key.id):
            try:
                Ed25519PublicKey.from_public_bytes(key.public).verify(data[4:], text.encode())
            except InvalidSignature:
                raise Wrong("the signature is not the key's") from None
            signed = True
    need(signed, f"not signed by {key.name}+{key.id}")
    return text


def checkpoint(note, key):
    """(taille, racine) · (size, root)."""
    origin, size, root, *_ = signed_text(note, key).split("\n")
    need(origin and size.isdigit() and size == str(int(size)), "not a checkpoint")
    root = unbase64(root)
    need(len(root) == 32, "not a checkpoint")
    return int(size), root


def handed_over(keys, record):
    """Une rotation : la clé précédente a signé la suivante · A rotation: the key before signed the next one."""
    if record["previous"]:
        before, after = Key(record["previous"]), Key(record["key"])
        text = signed_text(record["note"], before)
        expected = f"vigie ledger key rotation v1\n{before.name}\n{after.text}\n{record['time']}\n"
        need(text == expected, "a key names another successor than the ledger says")
        if before.text in keys:
            keys[after.text] = after


# ── un export · an export ─────────────────────────────────────────────────────────────────────────────────────────


def parsed(line, position):
    """Un enregistrement, s'il est du JSON canonique · A record, if it is canonical JSON."""
    try:
        record = json.loads(line)
        again = json.dumps(record, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
        fine = again == line and all(isinstance(record[name], str) for name in ("kind", "id", "time"))
    except (ValueError, KeyError, TypeError):
        fine = False
    need(fine, f"record {position} is not a canonical record")
    return record


def verify_bundle(path, pinned, expect):
    """Tout l'export, sans rien d'autre · The whole export, with nothing else."""
    with tarfile.open(path, "r:") as tar:
        members = {}
        for member in tar:
            need(member.isreg() and member.name not in members, f"{member.name} is there twice, or is not a file")
            members[member.name] = member

        def read(name):
            need(name in members, f"{name} is missing")
            return tar.extractfile(members[name]).read()

        manifest = json.loads(read("manifest.json"))
        need(set(manifest) == {"format", "sha256"} and manifest["format"] == 1, "an unknown format of bundle")
        sums = manifest["sha256"]
        need(set(members) == {"manifest.json", *sums}, "the files are not those of the manifest")
        for name, expected in sums.items():
            if name != "records.jsonl":
                need(sha256(read(name)).hex() == expected, f"{name} was changed")
            if name.startswith("policies/"):
                need(name == f"policies/{expected}.json", f"{name} is not the policy of that version")
        key = Key(read("key").decode())
        size, root = checkpoint(read("checkpoint").decode(), key)
        said = json.loads(read("range.json"))
        need(set(said) == {"first", "count", "tree_size"} and said["tree_size"] == size, "range.json is wrong")
        check = Records(key, pinned, {name[9:-5] for name in sums if name.startswith("policies/")})
        check.whole = said["count"] == size
        check.expect(expect)
        check.read(tar.extractfile(members["records.jsonl"]), json.loads(read("proofs.json"))["subtrees"], size)
    need(check.digest.hexdigest() == sums["records.jsonl"], "records.jsonl was changed")
    need((check.first, check.count) == (said["first"], said["count"]), "range.json is not what the bundle holds")
    need(check.tree.root() == root, "the records are not those of the signed checkpoint")
    check.end(key)
    extent = "all" if check.whole else "some"
    print(f"{check.count} records of {size} ({extent}), {check.opened} calls opened, {len(check.open)} not closed here")
    return key


class Records:
    """La lecture des enregistrements · The pass over the records."""

    def __init__(self, key, pinned, policies):
        self.tree, self.digest, self.count, self.first, self.opened = Tree(), hashlib.sha256(), 0, -1, 0
        self.open, self.whole, self.policies, self.published, self.used = set(), False, policies, set(), set()
        self.trusted = {one.text: one for one in ([pinned] if pinned else [key])}
        self.keys, self.kept, self.kept_root = {key.text: key, **self.trusted}, None, None

    def expect(self, note):
        """Le point de contrôle gardé · The kept checkpoint. Its signature is looked at once every key is known."""
        if note is not None:
            _, size, root, *_ = note.split("\n")
            self.kept = (int(size), unbase64(root), note)

    def read(self, lines, subtrees, size):
        """Les lignes, et entre elles les sous-arbres · The lines, and between them the subtrees."""
        for step in [*subtrees, {"start": size, "level": None}]:
            while self.tree.size < step["start"]:
                line = lines.readline()
                need(line.endswith(b"\n"), f"record {self.tree.size} is missing or cut")
                self.digest.update(line)
                self.record(line[:-1])
                self.grown(leaf(line[:-1]), 0)
            need(self.tree.size == step["start"], "proofs.json contradicts itself")
            if step["level"] is not None:
                need(len(step["hash"]) == 64, "proofs.json is wrong")
                self.grown(bytes.fromhex(step["hash"]), step["level"])
        need(not lines.read(1), "there are more records than the bundle says")

    def grown(self, digest, level):
        self.tree.add(digest, level)
        if self.kept is not None and self.tree.size == self.kept[0]:
            self.kept_root = self.tree.root()

    def record(self, line):
        """Un enregistrement de plus · One more record."""
        position = self.tree.size
        self.first = position if self.first < 0 else self.first
        self.count += 1
        record = parsed(line, position)
        kind, decision = record["kind"], record.get("decision", "")
        if record.get("policy"):
            need(record["policy"] in self.policies, f"record {position}: its policy is missing")
            self.used.add(record["policy"])
        if kind == "call.opened":
            need(decision not in self.open, f"record {position}: opened twice")
            self.open.add(decision)
            self.opened += 1
        elif kind == "call.closed":
            served = record["outcome"] == "served"
            need(decision in self.open or not (self.whole and served), f"record {position}: served, never opened")
            self.open.discard(decision)
        elif kind == "policy.published":
            self.published.add(record["policy"])
        elif kind == "ledger.rotated":
            handed_over(self.trusted, record)
            self.keys.update({text: Key(text) for text in (record["previous"], record["key"]) if text})

    def end(self, key):
        """Les clés, et le point de contrôle gardé · The keys, and the kept checkpoint."""
        need(key.text in self.trusted, "the ledger's key is not the one given, nor one that it named")
        need(self.policies == self.used, "a policy is there that no record names")
        need(not self.whole or self.used <= self.published, "a policy was never published")
        if self.kept is not None:
            size, root, note = self.kept
            need(size <= self.tree.size, "this ledger is older than the kept checkpoint")
            need(size == 0 or self.kept_root == root, "the kept checkpoint is of another history, or not shown here")
            ids = {line.split(" ")[1] + "+" + unbase64(line.split(" ")[2])[:4].hex() for line in signatures(note)}
            signers = [one for one in self.keys.values() if f"{one.name}+{one.id}" in ids]
            need(signers, "the kept checkpoint is signed by no key of this ledger")
            checkpoint(note, signers[0])


def signatures(note):
    return note.rpartition("\n\n")[2].splitlines()


# ── une preuve · a proof ──────────────────────────────────────────────────────────────────────────────────────────


def verify_proof(record_path, proof_path, key):
    """C2SP tlog-proof."""
    need(key is not None, "--key is needed: a proof does not bring its key")
    with open(record_path, "rb") as file:
        record = file.read()
    with open(proof_path, encoding="utf8") as file:
        head, _, note = file.read().partition("\n\n")
    title, *lines = head.split("\n")
    need(title == "c2sp.org/tlog-proof@v1", "not a tlog-proof")
    lines = lines[1:] if lines[0].startswith("extra ") else lines
    word, index = lines[0].split(" ")
    need(word == "index" and index == str(int(index)), "not a tlog-proof")
    size, root = checkpoint(note, key)
    check_inclusion(leaf(record), int(index), size, [unbase64(line) for line in lines[1:]], root)
    kind, name = (parsed(record, int(index))[field] for field in ("kind", "id"))
    print(f"{kind} {name} is record {index} of the {size} that are signed")
    return key


# ── en ligne · online ─────────────────────────────────────────────────────────────────────────────────────────────


class Online:
    """C2SP tlog-tiles."""

    def __init__(self, prefix, auditor):
        need(prefix.startswith(("https://", "http://127.0.0.1", "http://localhost")), "the ledger is read by https")
        self.prefix, self.auditor, self.known, self.size = prefix.rstrip("/"), auditor, {}, 0

    def get(self, path, *headers):
        request = urllib.request.Request(f"{self.prefix}/{path}", headers=dict(headers))
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read()

    def tile(self, kind, number, width, *headers):
        digits = str(number).zfill(-(-len(str(number)) // 3) * 3)
        groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        place = "/".join([*("x" + group for group in groups[:-1]), groups[-1]])
        return self.get(f"tile/{kind}/{place}" + (f".p/{width}" if width < 256 else ""), *headers)

    def hash(self, level, index):
        """L'empreinte d'un sous-arbre complet · The hash of a complete subtree of 2**level leaves."""
        tile_level, height = divmod(level, 8)
        first = index << height
        number = first // 256
        if (tile_level, number) not in self.known:
            width = min(256, (self.size >> (8 * tile_level)) - 256 * number)
            data = self.tile(tile_level, number, width)
            need(len(data) == 32 * width, "a tile is cut")
            self.known[tile_level, number] = data
        data, at = self.known[tile_level, number], first % 256 * 32
        row = [data[one : one + 32] for one in range(at, at + (32 << height), 32)]
        while len(row) > 1:
            row = [node(row[one], row[one + 1]) for one in range(0, len(row), 2)]
        return row[0]

    def grow(self, tree, end):
        """Agrandit l'arbre jusqu'à `end` feuilles · Grows the tree to `end` leaves by the largest subtrees that fit."""
        while tree.size < end:
            level = (tree.size & -tree.size).bit_length() - 1 if tree.size else end.bit_length()
            while tree.size + (1 << level) > end:
                level -= 1
            tree.add(self.hash(level, tree.size >> level), level)

    def verify(self, key, expect):
        """Le point de contrôle, l'arbre, et avec une clé d'auditeur les enregistrements · Checkpoint, tree, records."""
        key = key or Key(self.get("key").decode())
        self.size, root = checkpoint(self.get("checkpoint").decode(), key)
        tree = Tree()
        if expect is not None:
            # Un même arbre passe par les deux tailles : la nouvelle prolonge l'ancienne. One tree goes through both
            # sizes, by hashes that both roots commit to: the new one extends the old one.
            kept, kept_root = checkpoint(expect, key)
            need(kept <= self.size, "this ledger is older than the kept checkpoint")
            self.grow(tree, kept)
            need(tree.root() == kept_root, "the kept checkpoint is of another history")
        self.grow(tree, self.size)
        need(tree.root() == root, "the tiles are not those of the signed checkpoint")
        print(f"{self.size} records signed; the tiles agree" + (", and extend what was kept" if expect else ""))
        if self.auditor is not None:
            self.verify_entries(root)
        return key

    def verify_entries(self, root):
        tree = Tree()
        for number in range(-(-self.size // 256)):
            width = min(256, self.size - 256 * number)
            data = self.tile("entries", number, width, ("authorization", f"Bearer {self.auditor}"))
            at = 0
            for _ in range(width):
                (length,) = struct.unpack_from(">H", data, at)
                record = data[at + 2 : at + 2 + length]
                parsed(record, tree.size)
                tree.add(leaf(record))
                at += 2 + length
            need(at == len(data), "an entry bundle is cut")
        need(tree.root() == root, "the records are not those of the signed checkpoint")
        print(f"{tree.size} records read again, and they are those")


def text_of(value):
    """Un texte, ou le contenu du fichier qui le porte · A text, or the content of the file that holds it."""
    if value is None or "+" in value:
        return value
    with open(value, encoding="utf8") as file:
        return file.read()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("bundle", "proof", "online"))
    parser.add_argument("where", nargs="+")
    parser.add_argument("--key")
    parser.add_argument("--expect")
    parser.add_argument("--auditor")
    options = parser.parse_args()
    try:
        key = Key(text_of(options.key)) if options.key else None
        expect = None
        if options.expect:
            with open(options.expect, encoding="utf8") as file:
                expect = file.read()
        if options.what == "bundle":
            used = verify_bundle(options.where[0], key, expect)
        elif options.what == "proof":
            used = verify_proof(*options.where, key)
        else:
            auditor = text_of(options.auditor).strip() if options.auditor else None
            used = Online(options.where[0], auditor).verify(key, expect)
    except (Wrong, ValueError, KeyError, TypeError, IndexError, OSError, tarfile.TarError) as error:
        print(f"ÉCHEC (FAILED) : {error or type(error).__name__}")
        return 1
    print("En ordre (all good)")
    if key is None:
        print(f"Clé trouvée, à comparer à celle que l'organisme publie (key found; compare it): {used.text}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

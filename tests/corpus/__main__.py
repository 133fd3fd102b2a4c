"""`python -m tests.corpus --seed 1 --count 400 > corpus.jsonl`: one document a line, UTF-8."""

from __future__ import annotations

import argparse
import io
import sys

from tests.corpus import COUNT, SEED, generate


def main() -> None:
    """Print the corpus."""
    parser = argparse.ArgumentParser(prog="python -m tests.corpus", description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--split", choices=["a", "b"], help="half of the builders, names and phrases")
    options = parser.parse_args()
    out = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="\n")
    for document in generate(options.seed, options.count, options.split):
        out.write(document.as_json() + "\n")
    out.flush()


if __name__ == "__main__":
    main()

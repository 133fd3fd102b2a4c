"""The process that has the models: texts in, findings out, over its standard streams. *Edge*.

A message is a 4-byte big-endian length and JSON: a list of texts in, a list of findings a text out; the first message out
is empty and says that the models are loaded. It ends when its input ends, so it never outlives the gateway.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import IO, Any

import orjson

from gateway.privacy.recognition import Recognition


def main() -> None:
    """Serve until the input ends."""
    settings = orjson.loads(sys.argv[1])
    into, out = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a library that prints cannot break the protocol
    recognition = Recognition(tuple(settings["languages"]), ner=settings["ner"], threshold=settings["threshold"])
    recognition.find(["Bonjour, je suis Marie Tremblay.", "Hello, I am John Smith."])
    gc.collect()
    gc.freeze()
    write(out, [])
    while header := into.read(4):
        texts = orjson.loads(into.read(int.from_bytes(header, "big")))
        write(out, recognition.find(texts))


def write(out: IO[bytes], value: Any) -> None:
    """One message."""
    message = orjson.dumps(value)
    out.write(len(message).to_bytes(4, "big") + message)
    out.flush()


if __name__ == "__main__":
    main()

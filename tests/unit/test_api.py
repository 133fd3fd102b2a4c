"""The HTTP contract as it is described and as it is served: the same paths and methods, each described whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from gateway.app import create
from gateway.openapi import document

DOCUMENT = document()
TILES = {  # one segment may become three: `x012/345`, which a route's pattern cannot say
    "/ledger/tile/{path}": "/ledger/tile/{level}/{number}",
    "/ledger/tile/entries/{path}": "/ledger/tile/entries/{number}",
}
METHODS = {"get", "post", "put", "patch", "delete"}


def served() -> set[tuple[str, str]]:
    """Every (path, method) of the application, as OpenAPI writes them."""
    app: Any = create()
    for _ in range(5):
        if isinstance(app, Starlette):
            break
        app = next(value for value in vars(app).values() if callable(value))
    calls = {(f"/v1/{name}", "post") for name in ("chat/completions", "embeddings", "messages", "responses")}
    return calls | {
        (TILES.get(path := re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path), path), method.lower())
        for route in app.routes
        if isinstance(route, Route)
        for method in route.methods or ()
        if method != "HEAD"
    }


def test_every_route_is_described_and_every_description_is_served() -> None:
    described = {(path, method) for path, item in DOCUMENT["paths"].items() for method in METHODS & set(item)}
    assert described == served()


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for one in value.values():
            yield from references(one)
    elif isinstance(value, list):
        for one in value:
            yield from references(one)


@pytest.mark.parametrize("reference", sorted(set(references(DOCUMENT))))
def test_a_reference_of_the_document_leads_somewhere(reference: str) -> None:
    node: Any = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        node = node[step]
    assert node


@pytest.mark.parametrize("path", sorted(DOCUMENT["paths"]))
def test_a_path_is_described_whole(path: str) -> None:
    item = DOCUMENT["paths"][path]
    for method in METHODS & set(item):
        operation = item[method]
        assert operation["summary"], path
        assert operation["responses"], path
        given = [*item.get("parameters", []), *operation.get("parameters", [])]
        named = {one["name"] for one in given if one.get("in") == "path"}
        assert named == set(re.findall(r"\{(\w+)\}", path)), path

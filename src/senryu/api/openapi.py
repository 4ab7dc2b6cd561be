"""The OpenAPI 3.1 document, made from the wire models so that it cannot differ from them."""

import json
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from senryu import __version__
from senryu.api.auth import API_PREFIXES, OWN_PREFIX
from senryu.wire.cache import CacheCleared, CacheList, CacheQuery
from senryu.wire.errors import ErrorEnvelope
from senryu.wire.files import DeletedFile, FileMetadata, FilePage, FilesQuery, UploadForm
from senryu.wire.messages import Message
from senryu.wire.models import ModelInfo, ModelPage, ModelsQuery
from senryu.wire.requests import CountTokensRequest, MessagesRequest
from senryu.wire.usage import TokenCount

__all__ = ["openapi_json"]

_Json = dict[str, Any]

_ABOUT = "The Messages API on open-weight models, on your own hardware."

_MODELS: list[tuple[type[BaseModel], JsonSchemaMode]] = [
    (MessagesRequest, "validation"),
    (CountTokensRequest, "validation"),
    (ModelsQuery, "validation"),
    (Message, "serialization"),
    (TokenCount, "serialization"),
    (ModelInfo, "serialization"),
    (ModelPage, "serialization"),
    (FilesQuery, "validation"),
    (UploadForm, "validation"),
    (FileMetadata, "serialization"),
    (FilePage, "serialization"),
    (DeletedFile, "serialization"),
    (CacheQuery, "validation"),
    (CacheList, "serialization"),
    (CacheCleared, "serialization"),
    (ErrorEnvelope, "serialization"),
]

_ERRORS = {
    400: "The request is wrong; the message names the field.",
    401: "No key, or an unknown one.",
    402: "The workspace's budget is spent.",
    403: "The key may not do this.",
    404: "No such model or file.",
    409: "The resource's state does not allow this now.",
    413: "The body is too large.",
    429: "The key's limit is used up.",
    500: "The engine or the server failed.",
    504: "The request took too long.",
    529: "The queue is full or the model is loading; retry-after tells when to try again.",
}
_KEYS = {
    "x-api-key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
    "bearer": {"type": "http", "scheme": "bearer"},
    "api-key": {"type": "apiKey", "in": "header", "name": "api-key"},
}
_VERSION: _Json = {
    "name": "anthropic-version",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "examples": ["2023-06-01", "2026-10-21"]},
    "description": "Which version's rules apply. Required in strict mode.",
}
_MODEL_ID: _Json = {
    "name": "model_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "minLength": 1},
}
_FILE_ID = _MODEL_ID | {"name": "file_id"}
_IDS: _Json = {
    "name": "ids[]",
    "in": "query",
    "required": False,
    "schema": {"type": "array", "items": {"type": "string"}},
    "description": "Only these files; at most 100, and none of limit, page, after_id, before_id.",
}


@cache
def openapi_json(*, needs_key: bool) -> bytes:
    """The document as JSON.

    Arguments:
        needs_key: whether this server has keys configured.
    """
    _, schemas = models_json_schema(_MODELS, ref_template="#/components/schemas/{model}")
    definitions = schemas["$defs"]
    pages = _query_parameters(definitions.pop("ModelsQuery"))
    file_pages = _query_parameters(definitions.pop("FilesQuery"))
    upload = _form(definitions.pop("UploadForm"))
    paths = _own_paths(_query_parameters(definitions.pop("CacheQuery")))
    for prefix in API_PREFIXES:
        paths |= _api_paths(prefix, pages)
        paths |= _file_paths(prefix, [_IDS, *file_pages], upload)
    document: _Json = {
        "openapi": "3.1.0",
        "info": {"title": "Senryu", "version": __version__, "description": _ABOUT},
        "security": [{name: []} for name in _KEYS] if needs_key else [{}],
        "paths": paths | _operation_paths(),
        "components": {"schemas": definitions, "securitySchemes": _KEYS},
    }
    return json.dumps(document).encode()


def _query_parameters(query: _Json) -> list[_Json]:
    return [
        {"name": name, "in": "query", "required": False, "schema": _not_null(schema)}
        for name, schema in query["properties"].items()
    ]


def _form(fields: _Json) -> _Json:
    """An upload's body: a file, and fields that are text."""
    properties = {name: _not_null(schema) for name, schema in fields["properties"].items()}
    properties["file"] = {"type": "string", "format": "binary"}
    schema = {"type": "object", "properties": properties, "required": ["file"]}
    return {"multipart/form-data": {"schema": schema}}


def _own_paths(parameters: list[_Json]) -> _Json:
    """What is Senryu's own, and knows no API version."""
    operations = {
        "get": _operation(
            "List what the prompt cache keeps", _content(CacheList), parameters=parameters
        ),
        "delete": _operation(
            "Clear the prompt cache", _content(CacheCleared), parameters=parameters
        ),
    }
    return {f"{OWN_PREFIX}/cache": operations}


def _api_paths(prefix: str, parameters: list[_Json]) -> _Json:
    stream = {"text/event-stream": {"schema": {"type": "string"}}}
    return {
        f"{prefix}/messages": {
            "post": _operation(
                "Create a message",
                _content(Message) | stream,
                parameters=[_VERSION],
                body=_content(MessagesRequest),
            )
        },
        f"{prefix}/messages/count_tokens": {
            "post": _operation(
                "Count a prompt's tokens",
                _content(TokenCount),
                parameters=[_VERSION],
                body=_content(CountTokensRequest),
            )
        },
        f"{prefix}/models": {
            "get": _operation(
                "List models", _content(ModelPage), parameters=[_VERSION, *parameters]
            )
        },
        f"{prefix}/models/{{model_id}}": {
            "get": _operation(
                "Retrieve a model", _content(ModelInfo), parameters=[_VERSION, _MODEL_ID]
            )
        },
    }


def _file_paths(prefix: str, parameters: list[_Json], upload: _Json) -> _Json:
    one = [_VERSION, _FILE_ID]
    data = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    return {
        f"{prefix}/files": {
            "post": _operation(
                "Upload a file", _content(FileMetadata), parameters=[_VERSION], body=upload
            ),
            "get": _operation("List files", _content(FilePage), parameters=[_VERSION, *parameters]),
        },
        f"{prefix}/files/{{file_id}}": {
            "get": _operation("Retrieve a file's metadata", _content(FileMetadata), parameters=one),
            "delete": _operation("Delete a file", _content(DeletedFile), parameters=one),
        },
        f"{prefix}/files/{{file_id}}/content": {
            "get": _operation("Download a file", data, parameters=one)
        },
    }


def _operation(
    summary: str, reply: _Json, *, parameters: list[_Json], body: _Json | None = None
) -> _Json:
    responses: _Json = {"200": {"description": "Done.", "content": reply}}
    for status, text in _ERRORS.items():
        responses[str(status)] = {"description": text, "content": _content(ErrorEnvelope)}
    for response in responses.values():
        response["headers"] = {"request-id": {"schema": {"type": "string"}, "required": True}}
    operation: _Json = {
        "summary": summary,
        "parameters": parameters,
        "responses": responses,
    }
    if body:
        operation["requestBody"] = {"required": True, "content": body}
    return operation


def _operation_paths() -> _Json:
    """What operators ask."""
    anything: _Json = {"application/json": {"schema": {"type": "object"}}}
    plain: _Json = {"text/plain": {"schema": {"type": "string"}}}
    done: _Json = {"200": {"description": "Done.", "content": anything}}
    loading: _Json = {"503": {"description": "A model is loading.", "content": anything}}
    text: _Json = {"200": {"description": "Done.", "content": plain}}
    refused: _Json = {"401": {"description": _ERRORS[401], "content": _content(ErrorEnvelope)}}
    return {
        "/health": {"get": {"summary": "The process answers", "security": [{}], "responses": done}},
        "/ready": {
            "get": {
                "summary": "Every model takes jobs",
                "security": [{}],
                "responses": done | loading,
            }
        },
        "/metrics": {"get": {"summary": "Prometheus metrics", "responses": text | refused}},
    }


def _content(model: type) -> _Json:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}}


def _not_null(schema: _Json) -> _Json:
    """A URL cannot say null: leave a parameter out instead."""
    choices = schema.get("anyOf")
    return next(c for c in choices if c != {"type": "null"}) if choices else schema

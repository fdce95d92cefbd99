"""``/docs``: the API for a person to read, made from ``/openapi.json``. No script, no other server."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

_STYLE = """
:root{color-scheme:light dark;--line:#8884}
body{font:15px/1.55 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h2{margin-top:2.5rem;border-bottom:1px solid var(--line);text-transform:capitalize}
details{border:1px solid var(--line);border-radius:6px;margin:.5rem 0}
summary{cursor:pointer;padding:.5rem .75rem}
details>div{padding:0 .9rem .75rem}
.method{display:inline-block;min-width:4.2rem;font:600 13px ui-monospace,monospace}
.path{font-family:ui-monospace,monospace}
.what{opacity:.75;margin-left:.6rem}
table{border-collapse:collapse;width:100%}
td,th{text-align:left;padding:.2rem .6rem .2rem 0;vertical-align:top;border-bottom:1px solid var(--line)}
pre{overflow:auto;padding:.6rem;border:1px solid var(--line);border-radius:6px;font-size:13px}
"""

router = APIRouter(include_in_schema=False)


@router.get("/docs", response_class=HTMLResponse)
def docs(request: Request) -> HTMLResponse:
    """Every route by topic."""
    return HTMLResponse(render(request.app.openapi()))


def render(schema: Mapping[str, Any]) -> str:
    """An OpenAPI description as one HTML page."""
    info = schema["info"]
    topics: dict[str, list[str]] = {}
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            topic = (operation.get("tags") or ["other"])[0]
            topics.setdefault(topic, []).append(_operation(schema, method, path, operation))
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8>",
        "<meta name=viewport content='width=device-width'>",
        f"<title>{escape(info['title'])} API</title><style>{_STYLE}</style>",
        f"<h1>{escape(info['title'])} <small>{escape(info['version'])}</small></h1>",
        f"<p>{_prose(info.get('description', ''))}</p>",
        "<p>Machine-readable: <a href=/openapi.json>/openapi.json</a>. ",
        "Metrics: <a href=/metrics>/metrics</a>. Health: <a href=/api/health>/api/health</a>.</p>",
    ]
    for topic in sorted(topics):
        parts.append(f"<h2>{escape(topic)}</h2>")
        parts += topics[topic]
    return "".join(parts)


def _operation(schema: Mapping[str, Any], method: str, path: str, operation: Mapping[str, Any]) -> str:
    return (
        f"<details><summary><span class=method>{method.upper()}</span>"
        f"<span class=path>{escape(path)}</span>"
        f"<span class=what>{escape(operation.get('summary', ''))}</span></summary><div>"
        f"<p>{_prose(operation.get('description', ''))}</p>"
        f"{_parameters(operation)}{_body(schema, operation)}{_answers(schema, operation)}</div></details>"
    )


def _parameters(operation: Mapping[str, Any]) -> str:
    rows = [
        f"<tr><td><code>{escape(one['name'])}</code><td>{escape(one['in'])}"
        f"<td>{escape(_type(one.get('schema', {})))}{'' if one.get('required') else ' (optional)'}"
        f"<td>{escape(one.get('description', ''))}"
        for one in operation.get("parameters", ())
    ]
    return f"<table><tr><th>parameter<th>in<th>type<th>meaning{''.join(rows)}</table>" if rows else ""


def _body(schema: Mapping[str, Any], operation: Mapping[str, Any]) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    return "".join(
        f"<p>Body, <code>{escape(kind)}</code></p>{_shape(schema, one.get('schema', {}))}"
        for kind, one in content.items()
    )


def _answers(schema: Mapping[str, Any], operation: Mapping[str, Any]) -> str:
    parts = []
    for code, answer in operation.get("responses", {}).items():
        parts.append(f"<p><b>{escape(code)}</b> {escape(answer.get('description', ''))}</p>")
        for one in answer.get("content", {}).values():
            parts.append(_shape(schema, one.get("schema", {})))
    return "".join(parts)


def _shape(schema: Mapping[str, Any], shape: Mapping[str, Any]) -> str:
    if not shape:
        return ""
    return f"<pre>{escape(json.dumps(_example(schema, shape), ensure_ascii=False, indent=2))}</pre>"


def _example(schema: Mapping[str, Any], shape: Mapping[str, Any], depth: int = 0) -> Any:
    """A value of the shape with each field's type in words."""
    if "$ref" in shape:
        if depth > 5:
            return "…"
        return _example(schema, schema["components"]["schemas"][shape["$ref"].rsplit("/", 1)[1]], depth + 1)
    if shape.get("type") == "object" and "properties" in shape:
        return {name: _example(schema, inner, depth + 1) for name, inner in shape["properties"].items()}
    if shape.get("type") == "array":
        return [_example(schema, shape.get("items", {}), depth + 1)]
    choices = [one for one in shape.get("anyOf", ()) if one.get("type") != "null"]
    if len(choices) == 1:
        return _example(schema, choices[0], depth)
    return " ".join(_words(shape))


def _words(shape: Mapping[str, Any]) -> Iterator[str]:
    yield _type(shape)
    if shape.get("description"):
        yield f"– {shape['description']}"


def _type(shape: Mapping[str, Any]) -> str:
    if "enum" in shape:
        return " | ".join(map(str, shape["enum"]))
    if "anyOf" in shape:
        return " | ".join(_type(one) for one in shape["anyOf"])
    return str(shape.get("$ref", shape.get("type", "any"))).rsplit("/", 1)[-1]


def _prose(text: str) -> str:
    """Paragraphs and `code` of a description."""
    pieces = escape(text).split("`")
    marked = "".join(f"<code>{piece}</code>" if index % 2 else piece for index, piece in enumerate(pieces))
    return marked.replace("\n\n", "</p><p>")

"""A description as a plain page: without scripts, readable in any browser, and fit to be printed."""

import html
import json
from collections.abc import Iterator, Mapping
from typing import Any


def plain_page(document: Mapping[str, Any], folder: str) -> str:
    """Return the page.

    Args:
        document: The description.
        folder: The URL of the page's other files, up to the last slash.
    """
    info: Mapping[str, Any] = document["info"]
    parts = [
        f"<h1>{_text(info['title'])} <small>{_text(info['version'])}</small></h1>",
        _words(info.get("summary", "")),
        _words(info.get("description", "")),
        f'<p>This description as <a href="{folder}/openapi.json">OpenAPI</a></p>',
        *_servers(document),
        "<nav><ul>",
        *(_link(name, title) for name, title, _ in _operations(document)),
        "</ul></nav>",
        *(_operation(name, title, operation) for name, title, operation in _operations(document)),
        *_schemas(document),
    ]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{_text(info["title"])}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,"><link rel="stylesheet" href="{folder}/plain.css"></head>'
        f"<body>{''.join(parts)}</body></html>"
    )


def _link(name: str, title: str) -> str:
    return f'<li><a href="#{_text(name)}"><code>{_text(title)}</code></a></li>'


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield the operations: each with its name, and its method and path."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield operation["operationId"], f"{method.upper()} {path}", operation
    for name, item in document.get("webhooks", {}).items():
        for method, operation in item.items():
            yield operation["operationId"], f"{method.upper()} (webhook) {name}", operation


def _servers(document: Mapping[str, Any]) -> Iterator[str]:
    for server in document.get("servers", ()):
        yield f"<p><code>{_text(server['url'])}</code> {_text(server.get('description', ''))}</p>"


def _operation(name: str, title: str, operation: Mapping[str, Any]) -> str:
    heading = f"<code>{_text(title)}</code>"
    if operation.get("deprecated"):
        heading = f"<del>{heading}</del> <small>deprecated</small>"
    parts = [
        f'<section id="{_text(name)}"><h2>{heading}</h2>',
        _words(operation.get("summary", "")),
        _words(operation.get("description", "")),
        *_security(operation),
    ]
    if parameters := operation.get("parameters"):
        parts.append("<h3>Parameters</h3><table><tr><th>Name</th><th>In</th><th>Schema</th><th></th></tr>")
        parts += [_parameter(parameter) for parameter in parameters]
        parts.append("</table>")
    if body := operation.get("requestBody"):
        parts.append(f"<h3>Body</h3>{_words(body.get('description', ''))}{_content(body['content'])}")
    parts.append("<h3>Answers</h3>")
    for status, answer in operation["responses"].items():
        parts.append(f"<h4>{_text(status)} {_text(answer['description'])}</h4>")
        headers: Mapping[str, Any] = answer.get("headers", {})
        if headers:
            parts.append(f"<p>Headers: {', '.join(f'<code>{_text(header)}</code>' for header in headers)}</p>")
        parts.append(_content(answer.get("content", {})))
    return "".join([*parts, "</section>"])


def _security(operation: Mapping[str, Any]) -> Iterator[str]:
    alternatives = [" and ".join(each) or "nothing" for each in operation.get("security", ())]
    if alternatives:
        yield f"<p>Needs {_text(', or '.join(alternatives))}.</p>"


def _parameter(parameter: Mapping[str, Any]) -> str:
    notes = [word for word in ("required", "deprecated") if parameter.get(word)]
    cells = [
        f"<code>{_text(parameter['name'])}</code>",
        _text(parameter["in"]),
        f"<code>{_text(json.dumps(parameter['schema'], ensure_ascii=False))}</code>",
        _text(". ".join([", ".join(notes), parameter.get("description", "")]).strip(". ")),
    ]
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _content(content: Mapping[str, Any]) -> str:
    parts: list[str] = []
    for media_type, part in content.items():
        schema: Any = part.get("schema")
        reference = schema.get("$ref") if isinstance(schema, dict) else None
        if isinstance(reference, str):
            name = reference.rpartition("/")[2]
            parts.append(f'<p><code>{_text(media_type)}</code>: <a href="#schema-{_text(name)}">{_text(name)}</a></p>')
        else:
            parts.append(f"<p><code>{_text(media_type)}</code></p>{_json(schema) if schema else ''}")
    return "".join(parts)


def _schemas(document: Mapping[str, Any]) -> Iterator[str]:
    schemas: Mapping[str, Any] = document.get("components", {}).get("schemas", {})
    if schemas:
        yield "<section><h2>Schemas</h2>"
        for name, schema in schemas.items():
            yield f'<h3 id="schema-{_text(name)}">{_text(name)}</h3>{_json(schema)}'
        yield "</section>"


def _json(value: object) -> str:
    return f"<pre>{_text(json.dumps(value, indent=2, ensure_ascii=False))}</pre>"


def _words(text: str) -> str:
    return f'<p class="words">{_text(text)}</p>' if text else ""


def _text(value: object) -> str:
    return html.escape(str(value))

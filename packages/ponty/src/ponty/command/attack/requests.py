"""Requests as bytes, and how valid ones are made from an OpenAPI document."""

import json
import random
import shlex
import urllib.parse
from collections.abc import Sequence
from typing import Any

import msgspec

from ponty.command.attack.target import Operation
from ponty.command.attack.values import Values

Json = Any
Pairs = tuple[tuple[str, str], ...]


class Case(msgspec.Struct, frozen=True):
    """A request.

    Args:
        operation: The operation that it is for.
        kind: The kind of hostility; an empty string for a valid request.
        method: The method.
        path: The path, percent-encoded.
        query: The pairs of names and values of the query, percent-encoded.
        headers: The headers, without `Content-Length`.
        body: The body.
        raw: The bytes of the whole request, if they cannot be composed of these parts.
        marks: Random texts in the request; if an answer has one, it repeats the request.
    """

    operation: Operation
    kind: str
    method: str
    path: str
    query: Pairs = ()
    headers: Pairs = ()
    body: bytes = b""
    raw: bytes = b""
    marks: tuple[str, ...] = ()

    @property
    def target(self) -> str:
        """The path and the query."""
        query = "&".join(f"{name}={value}" for name, value in self.query)
        return f"{self.path}?{query}" if query else self.path

    def wire(self) -> bytes:
        """Return the request as bytes."""
        if self.raw:
            return self.raw
        lines = [f"{self.method} {self.target} HTTP/1.1", "Host: 127.0.0.1"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.body or self.method in {"POST", "PUT", "PATCH"}:
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + self.body

    def header(self, name: str) -> str:
        """Return the first header of a name, or an empty string."""
        return next((value for known, value in self.headers if known.lower() == name.lower()), "")

    def curl(self, port: int) -> str:
        """Return a curl command that sends the request; an empty string if there is none, or none that is readable."""
        data = self.wire()
        is_odd = any(byte < 32 and byte not in b"\r\n\t" for byte in data)
        if self.raw or len(data) > 3000 or not data.isascii() or is_odd:
            return ""
        words = ["curl", "-i", "--path-as-is", "-g", "-X", self.method]
        for name, value in self.headers:
            words += ["-H", f"{name}: {value}" if value else f"{name};"]
        if self.body:
            words += ["--data-binary", self.body.decode()]
        return shlex.join([*words, f"http://127.0.0.1:{port}{self.target}"])


def quoted(text: str) -> str:
    """Return a text percent-encoded for a path or a query."""
    return urllib.parse.quote(text, safe="", errors="surrogatepass")


def written(value: Json) -> str:
    """Return a scalar as a text outside of JSON."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value) if isinstance(value, str | int | float) else json.dumps(value)


class Maker:
    """Makes the valid requests of operations.

    Args:
        values: Makes their values.
        random: The source of random decisions.
        headers: Headers to add to each request, such as credentials.
    """

    def __init__(self, values: Values, random: random.Random, headers: Sequence[tuple[str, str]]) -> None:
        self.values = values
        self.random = random
        self._given = tuple(headers)

    def case(self, operation: Operation, *, edge: bool = False) -> Case:
        """Return a valid request.

        Args:
            operation: The operation.
            edge: Whether its values are at the bounds that the schemas allow.
        """
        values = self.values
        values.marks.clear()
        path = operation.path
        query: list[tuple[str, str]] = []
        headers: list[tuple[str, str]] = []
        cookies: list[str] = []
        for parameter in operation.parameters:
            name, place = parameter["name"], parameter["in"]
            if not parameter.get("required") and self.random.random() < 0.5:
                continue
            value = values.of(parameter.get("schema", {}), edge=edge)
            if place == "path":
                value = known if (known := values.known(name)) is not None else value
                path = path.replace(f"{{{name}}}", quoted(written(value) or "x"))
            elif place == "query":
                query += _in_query(name, value, parameter)
            elif place == "header":
                if name.lower() == "if-match" and self.random.random() < 0.7:
                    value = "*"  # matches every version (RFC 9110 §13.1.1)
                headers.append((name, written(value).encode("ascii", "replace").decode()))
            else:
                cookies.append(f"{name}={quoted(written(value))}")
        if cookies:
            headers.append(("Cookie", "; ".join(cookies)))
        given = {name.lower() for name, _ in self._given}
        headers = [*self._given, *((name, value) for name, value in headers if name.lower() not in given)]
        if operation.is_secured and "authorization" not in given:
            tokens = values.seen.get("token") or values.seen.get("access_token") or ()
            token = tokens[-1] if tokens and self.random.random() < 0.9 else values.mark()
            headers.append(("Authorization", f"Bearer {token}"))
        body = b""
        if operation.bodies:
            media_type = self.random.choice([*operation.bodies])
            schema = operation.bodies[media_type]
            media_type, body = self.body(media_type, values.of(schema, edge=edge), values.followed(schema))
            headers.append(("Content-Type", media_type))
        return Case(
            operation, "", operation.method, path, tuple(query), tuple(headers), body, marks=tuple(values.marks)
        )

    def body(self, media_type: str, value: Json, schema: Json) -> tuple[str, bytes]:
        """Return a body that encodes a value of a schema, and its media type with parameters."""
        if "json" in media_type:
            text = json.dumps(value, ensure_ascii=self.random.random() < 0.5)
            return media_type, text.encode("utf-8", "surrogatepass")
        if media_type == "application/x-www-form-urlencoded" and isinstance(value, dict):
            pairs = [pair for name, each in value.items() for pair in _in_query(name, each, {})]
            return media_type, "&".join(f"{name}={each}" for name, each in pairs).encode()
        if media_type.startswith("multipart/") and isinstance(value, dict):
            properties = schema.get("properties", {})
            parts = [
                f'--zqzq\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n{written(each)}\r\n'
                for name, inner in value.items()
                for file in ['; filename="a.bin"' if _is_file(properties.get(name, {})) else ""]
                for each in (inner if isinstance(inner, list) else [inner])
            ]
            return f"{media_type}; boundary=zqzq", ("".join(parts) + "--zqzq--\r\n").encode("utf-8", "surrogatepass")
        return media_type, written(value).encode("utf-8", "surrogatepass")


def _is_file(schema: Json) -> bool:
    """Return whether a field of a form is a file or a list of files."""
    text = json.dumps(schema)
    return '"binary"' in text or "contentMediaType" in text


def _in_query(name: str, value: Json, parameter: Json) -> list[tuple[str, str]]:
    name = quoted(name)
    if isinstance(value, list):
        texts = [quoted(written(each)) for each in value]
        if parameter.get("explode", parameter.get("style", "form") == "form"):
            return [(name, text) for text in texts]
        return [(name, ",".join(texts))]
    return [(name, quoted(written(value)))]

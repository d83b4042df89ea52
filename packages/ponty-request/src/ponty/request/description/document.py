"""`openapi`: the whole document of an API, made from its routes.

The same tables make the same document, byte for byte: everything is in the order of registration, except the
components, which are sorted by name.
"""

import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, cast

from aiohttp import web

from ponty.core import PontyError, Route, Routes, routes
from ponty.request.description.components import Components
from ponty.request.description.links import add_links
from ponty.request.description.operation import Context, EnvelopeSchema, envelope_schema, name_of_handler, operation
from ponty.request.description.paths import PathTemplate, path_template
from ponty.request.description.problems import Problems
from ponty.request.description.security import SecuritySchemes

Table = Routes | web.RouteTableDef | Iterable[Route]
"""The input of a description: a table of Ponty or of aiohttp, or routes, as `routes_of(app)` returns them."""

_INFO = frozenset({"contact", "license", "termsOfService"})
"""The members of the Info Object that no other argument sets."""

_METHODS = ("GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE")


def openapi(
    *tables: Table,
    title: str,
    version: str,
    summary: str = "",
    description: str = "",
    servers: Sequence[str | Mapping[str, Any]] = (),
    tags: Mapping[str, str] | None = None,
    raises: Sequence[type[PontyError]] = (),
    envelope: EnvelopeSchema | Literal[False] = envelope_schema,
    answer_invalid: int = 400,
    problem: Any = None,
    webhooks: Sequence[Table] = (),
    specification: Literal["3.1", "3.2"] = "3.1",
    **info: object,
) -> dict[str, Any]:
    """Return the description of an API, as an OpenAPI 3.1 document.

    ::

        document = openapi(title="Mugs", version="1.0.0", servers=["https://mugs.example"])
        assert document["openapi"] == "3.1.0"

    It says what the program enforces: each field of a request describes itself, an answer has the type of
    `render_json(returns)`, and the problems are those with which fields refuse, and those in the `raises` of routes.
    The summary and the description of an operation are the first line of the handler's docstring and the rest, in
    Markdown, unless the route has its own; the `operationId` is the function's name. An operation that answers 201 has
    links to the operations on the thing that it has made. Routes that are `hidden` are left out, and so are methods
    that OpenAPI does not know. A handler of bare aiohttp is described by its path and its docstring only.

    Args:
        *tables: The tables; if none is given, the default table.
        title: The name of the API.
        version: The version of the API.
        summary: One line about the API.
        description: More about the API, in Markdown.
        servers: The servers of the API: URLs, or Server Objects of OpenAPI.
        tags: The meaning of the tags of routes, by their names; these tags come first, in this order.
        raises: The errors that any handler may raise, or a middleware may answer with: classes of PontyError.
        envelope: If the application has another `envelope` than Ponty's, a function that takes the schema of a value
            and returns the schema of the answer; False if it has no envelope.
        answer_invalid: If the application has an `answer_invalid`, the status of its answers to invalid requests; 400
            by default.
        problem: If the application's `errors` and `answer_invalid` answer in a form of their own, the type of these
            answers, which are JSON. None, the default, if errors are answered with problem documents.
        webhooks: Tables of the requests that the program sends, described as if it received them. The name of each is
            its path, without the slash at the beginning.
        specification: The release of OpenAPI. In 3.2, the items of streams have their `itemSchema`; 3.1 has no such
            keyword, so there it is `x-itemSchema`.
        **info: Further members of OpenAPI's Info Object: `contact`, `license`, `termsOfService`, `x-…`.

    Raises:
        ValueError: Two routes have the same `operation_id`.
        TypeError: The type of an answer has no form in JSON, or an option does not exist.
    """
    check_options("openapi", info)
    if not isinstance(answer_invalid, int):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError("openapi(answer_invalid=…) must be a status; describe the answers of a function with problem=…")
    components, security = Components(), SecuritySchemes()
    problems = Problems(components, answer_invalid, problem)
    context = Context(components, security, envelope or dict, problems, raises)
    names = _Names()
    about = {"title": title, "summary": summary, "description": description, "version": version, **info}
    document: dict[str, Any] = {"openapi": "3.1.0", "info": {name: value for name, value in about.items() if value}}
    document["info"] |= {"title": title, "version": version}
    if servers:
        document["servers"] = [{"url": server} if isinstance(server, str) else dict(server) for server in servers]
    entries = [*_entries(tables or (routes,))]
    sent = [*_entries(webhooks)]
    names.reserve([*entries, *sent])
    document["paths"] = _paths(entries, names, context)
    if sent:
        hooks = _paths(sent, names, context)
        document["webhooks"] = {path.removeprefix("/"): item for path, item in hooks.items()}
    told = dict(tags or {})
    used = dict.fromkeys([*told, *(tag for route in [*entries, *sent] for tag in route.tags)])
    if used:
        document["tags"] = [{"name": tag, "description": told[tag]} if told.get(tag) else {"name": tag} for tag in used]
    if security.schemes:
        document["components"] = {"securitySchemes": dict(sorted(security.schemes.items()))}
    finished = components.finish(document)
    add_links(finished["paths"], finished.get("components", {}).get("schemas", {}))
    if specification == "3.2":
        finished["openapi"] = "3.2.0"
        _name_items(finished)
    return finished


def check_options(function: str, names: Iterable[str]) -> None:
    """Refuse the names of options that do not exist.

    Args:
        function: The name of the function that takes the options.
        names: The names of the options.

    Raises:
        TypeError: An option does not exist.
    """
    known = _INFO.union(openapi.__kwdefaults__ or ())
    for name in names:
        if name not in known and not name.startswith("x-"):
            raise TypeError(f"{function}() has no option {name!r}, and neither has the Info Object of OpenAPI")


def _name_items(part: object) -> None:
    """Rename the schemas of items to the name that they have in OpenAPI 3.2."""
    whole = cast("dict[str, Any]", part) if isinstance(part, dict) else {}
    if "x-itemSchema" in whole:
        whole["itemSchema"] = whole.pop("x-itemSchema")
    for inner in cast("list[object]", part) if isinstance(part, list) else [*whole.values()]:
        _name_items(inner)


def _entries(tables: Iterable[Table]) -> Iterator[Route]:
    """Yield the routes that are described."""
    for table in tables:
        for entry in table:
            if isinstance(entry, Route):
                found: Iterable[Route] = (entry,)
            else:
                found = _of_aiohttp(entry)
            yield from (route for route in found if not route.hidden)


def _of_aiohttp(entry: web.AbstractRouteDef) -> Iterator[Route]:
    """Yield the routes of an entry in a table of aiohttp: one, or several if it is a view."""
    if not isinstance(entry, web.RouteDef):
        return
    handler: Any = entry.handler
    if inspect.isclass(handler):
        for method in _METHODS:
            if (function := getattr(handler, method.lower(), None)) is not None and entry.method in {"*", method}:
                yield Route(method=method, path=entry.path, handler=function, description=inspect.getdoc(function))
    else:
        yield Route(method=entry.method, path=entry.path, handler=handler, description=inspect.getdoc(handler))


class _Names:
    """The names of operations; each is used once."""

    def __init__(self) -> None:
        self._taken: dict[str, str] = {}
        self._numbers: dict[str, int] = {}

    def reserve(self, entries: Iterable[Route]) -> None:
        """Reserve the names that routes set themselves.

        Raises:
            ValueError: Two routes set the same name.
        """
        for route in entries:
            name, place = route.operation_id, f"{route.method} {route.path}"
            if name is not None:
                if name in self._taken:
                    raise ValueError(f"{place}: the operation_id {name!r} is also that of {self._taken[name]}")
                self._taken[name] = place

    def of(self, route: Route, method: str) -> str:
        """Return the name of the operation of a route for one method."""
        if route.operation_id is not None and route.method != "*":
            return route.operation_id
        stem = route.operation_id or name_of_handler(route)
        if route.method == "*":
            stem = f"{stem}_{method.lower()}"
        number, name = self._numbers.get(stem, 1), stem
        while name in self._taken:
            number += 1
            name = f"{stem}_{number}"
        self._numbers[stem] = number
        self._taken[name] = f"{method} {route.path}"
        return name


def _paths(entries: Sequence[Route], names: _Names, context: Context) -> dict[str, Any]:
    places = _Places()
    paths: dict[str, dict[str, Any]] = {}
    # Routes for every method come after routes for one method.
    own = {(path_template(route.path).shape, route.method) for route in entries}
    for route in entries:
        template = path_template(route.path)
        for method in _METHODS if route.method == "*" else (route.method,):
            if method not in _METHODS or (route.method == "*" and (template.shape, method) in own):
                continue
            path = places.path(template, method)
            made = operation(route, path, names.of(route, method), context)
            paths.setdefault(path.text, {})[method.lower()] = made
    return paths


class _Places:
    """The paths of a document.

    For OpenAPI, `/mugs/{id}` and `/mugs/{name}` are one path, whatever their patterns. So all methods of such a path
    share the names of the first route; a method that is there already is put under a path with other names.
    """

    def __init__(self) -> None:
        self._known: dict[str, list[tuple[PathTemplate, set[str]]]] = {}

    def path(self, template: PathTemplate, method: str) -> PathTemplate:
        """Return the path under which a method is described."""
        known = self._known.setdefault(template.shape, [])
        for other, methods in known:
            if method not in methods:
                methods.add(method)
                return template.renamed([*other.patterns])
        texts = {other.text for other, _ in known}
        place, number = template, 1
        while place.text in texts:
            number += 1
            place = template.renamed([f"{name}_{number}" for name in template.patterns])
        known.append((place, {method}))
        return place

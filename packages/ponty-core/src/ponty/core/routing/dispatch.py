"""Dispatch: find the handler of a request in a table that is made once, when the application starts to serve.

aiohttp asks the resources of its router one by one, each in a coroutine, and finds the middlewares of the handler in a
cache. But the router does not change once the application serves. So here the same resources are asked in the same
order, by plain calls, and the handler of each route is wrapped in its middlewares beforehand. A handler sees the same
objects of aiohttp: the match information, the route, the resource, the application.

If a path may lead to files, a sub-application or a resource of another kind, aiohttp itself handles the request, from
the start.
"""

import functools
import itertools
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Protocol, TypeAlias, cast

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware
from aiohttp.web_urldispatcher import MatchedSubAppResource

from ponty.core.routing.path_group import PathGroup, decoded
from ponty.core.routing.paths import Path, path_of_pattern
from ponty.core.routing.segment_index import SegmentIndex
from ponty.core.routing.unmatched import Unmatched

_Answering: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
_Found: TypeAlias = tuple[web.AbstractRoute, dict[str, str]]


class _Candidate(Protocol):
    def find(self, path: str, method: str) -> _Found | None:
        """Return the route for a path and method, and the variable parts of the path.

        Raises:
            UnknownError: Only aiohttp can find the route.
        """
        ...


class UnknownError(Exception):
    """Only aiohttp can find the route of a request."""


class _Literal:
    def __init__(self, resource: web.PlainResource) -> None:
        self._path = resource.canonical
        self._routes = {route.method: route for route in resource}
        self._any = self._routes.get(hdrs.METH_ANY)

    def find(self, path: str, method: str) -> _Found | None:
        route = self._routes.get(method, self._any) if path == self._path else None
        return None if route is None else (route, {})


class _Dynamic:
    def __init__(self, resource: web.DynamicResource) -> None:
        self._match = resource.get_info()["pattern"].fullmatch  # pyright: ignore[reportTypedDictNotRequiredAccess]  # a dynamic one has it
        self._routes = {route.method: route for route in resource}
        self._any = self._routes.get(hdrs.METH_ANY)

    def find(self, path: str, method: str) -> _Found | None:
        match = self._match(path)
        if match is None:
            return None
        route = self._routes.get(method, self._any)
        if route is None:
            return None
        parts: dict[str, str] = match.groupdict()
        if None in parts.values():
            raise UnknownError
        return route, {name: decoded(part) for name, part in parts.items()} if "%" in path else parts


class _Crowd:
    """Many candidates in a row: only those that may match are asked, in the same order."""

    def __init__(self, crowd: Iterable[tuple[_Candidate, list[Path]]]) -> None:
        self._index: SegmentIndex[_Candidate] = SegmentIndex()
        for candidate, paths in crowd:
            for path in paths:
                self._index.add(path, candidate)

    def find(self, path: str, method: str) -> _Found | None:
        for candidate in dict.fromkeys(self._index.candidates(path)):
            found = candidate.find(path, method)
            if found is not None:
                return found
        return None


class _Foreign:
    def find(self, path: str, method: str) -> _Found | None:
        del path, method
        raise UnknownError


def _candidate(resource: web.AbstractResource) -> _Candidate:
    kind = type(resource)
    if kind is web.PlainResource:
        return _Literal(cast("web.PlainResource", resource))
    if kind is web.DynamicResource:
        return _Dynamic(cast("web.DynamicResource", resource))
    return resource if isinstance(resource, PathGroup | Unmatched) else _Foreign()


_FEW = 8
"""Up to this many candidates are asked one after another, since an index would not be faster."""


def _paths_of(resource: web.AbstractResource) -> list[Path]:
    """Return the dynamic paths of a resource; an empty list if they are not known."""
    if isinstance(resource, PathGroup):
        return resource.paths
    if type(resource) is not web.DynamicResource:
        return []
    info = resource.get_info()
    path = path_of_pattern(info["formatter"], info["pattern"])  # pyright: ignore[reportTypedDictNotRequiredAccess]  # a dynamic one has both
    return [] if path is None else [path]


def _joined(resources: list[web.AbstractResource]) -> Iterable[_Candidate]:
    """Make candidates from resources; many in a row whose paths are known share an index of these paths."""
    if len(resources) <= _FEW:
        yield from map(_candidate, resources)
        return
    made = [(_candidate(resource), _paths_of(resource)) for resource in resources]
    for is_known, several in itertools.groupby(made, lambda one: bool(one[1])):
        run = [*several]
        if is_known and len(run) > _FEW:
            yield _Crowd(run)
        else:
            yield from (candidate for candidate, _ in run)


class Table:
    """The resources of a router, by the literal beginning of their paths.

    Args:
        resources: The resources, in the order in which aiohttp asks them.
    """

    def __init__(self, resources: Iterable[web.AbstractResource]) -> None:
        below: dict[str, list[web.AbstractResource]] = {}
        self._depth = 0
        for resource in resources:
            fixed, brace, _ = resource.canonical.partition("{")
            key = (fixed.rpartition("/")[0] if brace else fixed).rstrip("/") or "/"
            below.setdefault(key, []).append(resource)
            self._depth = max(self._depth, key.count("/"))
        self._index: dict[str, list[Callable[[str, str], _Found | None]]] = {
            key: [candidate.find for candidate in _joined(several)] for key, several in below.items()
        }

    def find(self, path: str, method: str) -> _Found | None:
        """Return the first route for a path and method, and the variable parts of the path; None if there is none.

        Raises:
            UnknownError: Only aiohttp can find the route.
        """
        part = path
        depth = self._depth
        if depth == 1:  # as in most applications, so it has a quick way
            end = path.find("/", 1)
            if end >= 0:
                part = path[:end] or "/"
        elif path.count("/") > depth:  # a path with thousands of slashes takes no more steps than the deepest route
            part = "/".join(path.split("/", depth + 1)[: depth + 1]) or "/"
        index = self._index
        while part:
            candidates = index.get(part)
            if candidates is not None:
                for find in candidates:
                    found = find(path, method)
                    if found is not None:
                        return found
            if part == "/":
                break
            part = part.rpartition("/")[0] or "/"
        return None


class Dispatch:
    """The dispatcher of an application: it finds the handler of each request, and calls it.

    Args:
        app: A frozen application, whose routes and middlewares do not change.
        otherwise: aiohttp's way of answering a request.
        direct: Makes one function from a handler and the only middleware around it; it returns None if it cannot.
    """

    def __init__(
        self,
        app: web.Application,
        otherwise: _Answering,
        direct: Callable[[web.Application, Handler], Handler | None],
    ) -> None:
        self._app = app
        self._otherwise = otherwise
        self._direct = direct
        self._around = tuple(app.middlewares)
        resources = list(app.router.resources())
        last = [resource for resource in resources if isinstance(resource, Unmatched)]
        table = Table([*(one for one in resources if not isinstance(one, Unmatched)), *last])
        self.find: Callable[[str, str], _Found | None] = table.find
        self._composed: dict[web.AbstractRoute, Handler] = {}

    def __call__(self, base: web.BaseRequest) -> Awaitable[web.StreamResponse]:
        """Answer a request."""
        request: Any = base  # the factory of an application makes a web.Request
        try:
            found = self.find(request.rel_url.path_safe, request.method)
        except UnknownError:
            found = None
        if found is None:
            return self._otherwise(request)
        route, parts = found
        handler = self._composed.get(route) or self._compose(route)
        matched = matched_with(parts, route, self._app)
        request._match_info = matched  # noqa: SLF001  # as the application does
        if hdrs.EXPECT in request.headers:
            return _expected(request, matched, handler)
        return handler(request)

    def _compose(self, route: web.AbstractRoute) -> Handler:
        handler = route.handler
        composed = self._direct(self._app, handler)
        if composed is None:
            composed = handler
            for middleware in reversed(self._around):
                composed = functools.update_wrapper(functools.partial(middleware, handler=composed), composed)
        self._composed[route] = composed
        return composed


def matched_with(parts: dict[str, str], route: web.AbstractRoute, app: web.Application) -> web.UrlMappingMatchInfo:
    """Return frozen match information for `parts` and `route`, with `app` added.

    The methods that do the same step by step take three times as long.
    """
    matched = web.UrlMappingMatchInfo.__new__(web.UrlMappingMatchInfo)
    if parts:
        matched.update(parts)
    made: Any = matched
    made._route = route  # noqa: SLF001
    made._apps = [app]  # noqa: SLF001
    made._current_app = app  # noqa: SLF001
    made._frozen = True  # noqa: SLF001
    return matched


async def _expected(request: web.Request, matched: web.UrlMappingMatchInfo, handler: Handler) -> web.StreamResponse:
    """Answer a request with an Expect header, whose client may wait before it sends the body."""
    if request.headers[hdrs.EXPECT]:
        answer = await matched.expect_handler(request)
        await request.writer.drain()
        if answer is not None:
            return answer
    return await handler(request)


def can_dispatch(app: web.Application) -> bool:
    """Return whether `Dispatch` can serve `app`: it has no subclasses of aiohttp's, old middlewares or domains."""
    middlewares: Iterable[Middleware] = app.middlewares
    return (
        type(app) is web.Application
        and type(app.router) is web.UrlDispatcher
        and all(getattr(middleware, "__middleware_version__", 0) == 1 for middleware in middlewares)
        and not any(isinstance(resource, MatchedSubAppResource) for resource in app.router.resources())
    )


def stands_alone(app: web.Application) -> bool:
    """Return whether `app` has no sub-applications, so that each request is for `app` itself."""
    return can_dispatch(app) and all(
        isinstance(resource, PathGroup | Unmatched)
        or type(resource) in {web.PlainResource, web.DynamicResource, web.StaticResource}
        for resource in app.router.resources()
    )

"""Closed applications: those that nobody adds to once they are built.

An application that may grow answers its errors in a middleware, since aiohttp gives no other hold on the routes,
sub-applications and middlewares that are added later. It costs every request a walk through the chain of middlewares,
and a new chain for every request that matches no route. The application that `startmeup` builds and serves is in
nobody else's hands. There, what answers errors stands around each handler instead, and one resource that comes last
takes the requests that no other takes.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence

from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware
from yarl import URL

from ponty.core.expectation import meet_expectation
from ponty.core.problems import problem
from ponty.core.routing import Handler


def can_close(tables: Iterable[web.RouteTableDef], middlewares: Sequence[Middleware]) -> bool:
    """Tell whether an application is served by handlers alone, so that each of them can be wrapped."""
    return not middlewares and all(
        isinstance(definition, web.RouteDef) and _is_handler(definition.handler)
        for table in tables
        for definition in table
    )


def _is_handler(handler: object) -> bool:
    return inspect.iscoroutinefunction(handler) and not isinstance(handler, type)


class Unmatched(web.AbstractResource):
    """The resource of every path that no other has, and of the methods that the others do not answer.

    It must come last.
    """

    def __init__(self, router: web.UrlDispatcher, guard: Callable[[Handler], Handler]) -> None:
        super().__init__()
        self._router = router
        self._by_prefix: dict[str, list[web.AbstractResource]] = {}
        self._route = web.ResourceRoute(hdrs.METH_ANY, guard(self._answer), self, expect_handler=meet_expectation)

    @property
    def canonical(self) -> str:
        """The root of all paths."""
        return "/"

    async def resolve(self, request: web.Request) -> tuple[web.UrlMappingMatchInfo, set[str]]:
        """Match."""
        del request
        return web.UrlMappingMatchInfo({}, self._route), set()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        allowed = await self._allowed(request)
        if allowed:
            return problem(405, headers={hdrs.ALLOW: ",".join(sorted(allowed))})
        return problem(404)

    async def _allowed(self, request: web.Request) -> set[str]:
        """Give the methods that other resources answer on the path of `request`."""
        methods: set[str] = set()
        path = request.rel_url.path_safe
        while path:
            for resource in self._by_prefix.get(path, ()):
                _, allowed = await resource.resolve(request)
                methods |= allowed
            path = path.rpartition("/")[0] or ("/" if path != "/" else "")
        return methods

    def freeze(self) -> None:
        """Note what all the other resources match, by the part of their path that does not vary."""
        for resource in self._router.resources():
            if resource is not self:
                fixed, brace, _ = resource.canonical.partition("{")
                prefix = (fixed.rpartition("/")[0] if brace else fixed).rstrip("/") or "/"
                self._by_prefix.setdefault(prefix, []).append(resource)

    def add_prefix(self, prefix: str) -> None:
        """Refuse to become part of another application."""
        raise RuntimeError(f"a closed application cannot be mounted under {prefix!r}")

    def url_for(self, **parts: str) -> URL:
        """Refuse to name a path: it has none."""
        raise RuntimeError(f"no path is the path of no resource: {parts}")

    def get_info(self) -> dict[str, object]:  # type: ignore[override]
        """Say nothing."""
        return {}

    def raw_match(self, path: str) -> bool:
        """Tell that no path is its own."""
        del path
        return False

    def __len__(self) -> int:
        return 0

    def __iter__(self) -> Iterator[web.AbstractRoute]:
        return iter(())

"""Unmatched requests: a resource that comes last and answers 404, 405 and OPTIONS for an application.

aiohttp answers these outside of any handler, and makes a new chain of middlewares for each. With a resource that
matches all paths which the others do not, they are answered by a handler like any other.
"""

from collections.abc import Callable, Iterator

from aiohttp import hdrs, web
from yarl import URL

from ponty.core.errors.problems import problem
from ponty.core.routing.expect_continue import meet_expectation
from ponty.core.routing.route import Handler


class Unmatched(web.AbstractResource):
    """The resource for all paths that no other resource has, and for methods that the others do not answer.

    Args:
        router: The router that it is in. When the router is frozen, this resource becomes the last one.
        guard: Wraps its handler.
        raises: Raises aiohttp's errors instead of answering, if the application has answers of its own to errors.
    """

    def __init__(self, router: web.UrlDispatcher, guard: Callable[[Handler], Handler], *, raises: bool = False) -> None:
        super().__init__()
        self._raises = raises
        self._router = router
        self._prefix = ""
        self._by_prefix: dict[str, list[web.AbstractResource]] = {}
        self._depth = 0
        self._route = web.ResourceRoute(hdrs.METH_ANY, guard(self._answer), self, expect_handler=meet_expectation)

    @property
    def canonical(self) -> str:
        """The root of all paths of the application."""
        return self._prefix or "/"

    async def resolve(self, request: web.Request) -> tuple[web.UrlMappingMatchInfo, set[str]]:
        """Match any request."""
        del request
        return web.UrlMappingMatchInfo({}, self._route), set()

    def find(self, path: str, method: str) -> tuple[web.AbstractRoute, dict[str, str]]:
        """Return its route, whatever the path and method."""
        del path, method
        return self._route, {}

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        allowed = await self._allowed(request)
        if not allowed:
            if self._raises:
                raise web.HTTPNotFound
            return problem(404)
        allowed.add(hdrs.METH_OPTIONS)
        headers = {hdrs.ALLOW: ",".join(sorted(allowed))}
        if request.method == hdrs.METH_OPTIONS:
            return web.Response(status=204, headers=headers)
        if self._raises:
            raise web.HTTPMethodNotAllowed(request.method, allowed)
        return problem(405, headers=headers)

    async def _allowed(self, request: web.Request) -> set[str]:
        """Return the methods that other resources answer on the path of `request`."""
        methods: set[str] = set()
        # A path with thousands of slashes takes no more steps than the deepest route.
        parts = request.rel_url.path_safe.split("/", self._depth + 1)[: self._depth + 1]
        while parts:
            for resource in self._by_prefix.get("/".join(parts) or "/", ()):
                _, allowed = await resource.resolve(request)
                methods |= allowed
            parts.pop()
        return methods

    def freeze(self) -> None:
        """Index all other resources by the literal beginning of their paths, and become the last one."""
        for resource in self._router.resources():
            if resource is not self:
                fixed, brace, _ = resource.canonical.partition("{")
                prefix = (fixed.rpartition("/")[0] if brace else fixed).rstrip("/")
                self._by_prefix.setdefault(prefix or "/", []).append(resource)
                self._depth = max(self._depth, prefix.count("/"))
        self._router.unindex_resource(self)
        self._router.index_resource(self)

    def add_prefix(self, prefix: str) -> None:
        """Only answer below `prefix`, since the application is mounted there."""
        self._prefix = prefix + self._prefix

    def url_for(self, **parts: str) -> URL:
        """Refuse to build a URL, since this resource has no path."""
        raise RuntimeError(f"unmatched paths have no URL: {parts}")

    def get_info(self) -> dict[str, object]:  # type: ignore[override]
        """Return nothing, since there is no path to describe."""
        return {}

    def raw_match(self, path: str) -> bool:
        """Return False, since this resource has no path."""
        del path
        return False

    def __len__(self) -> int:
        return 0

    def __iter__(self) -> Iterator[web.AbstractRoute]:
        return iter(())

"""What no route matches: the 404, the 405 and OPTIONS of an application, told by a resource of its own that comes last.

aiohttp answers these from outside of any handler, and makes a new chain of middlewares for each. A resource that takes
whatever the others leave is a handler like any other.
"""

from collections.abc import Callable, Iterator

from aiohttp import hdrs, web
from yarl import URL

from ponty.core.errors.problems import problem
from ponty.core.routing.expect_continue import meet_expectation
from ponty.core.routing.route import Handler


class Unmatched(web.AbstractResource):
    """The resource of every path that no other has, and of the methods that the others do not answer.

    Args:
        router: What it stands in; when that is frozen, it moves behind whatever has been added meanwhile.
        guard: Put around its handler.
        raises: Whether it raises what aiohttp's router does, since the application may have answers to that.
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
        """Match."""
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
        # No deeper than the deepest route: a path of thousands of slashes is not walked through.
        parts = request.rel_url.path_safe.split("/", self._depth + 1)[: self._depth + 1]
        while parts:
            for resource in self._by_prefix.get("/".join(parts) or "/", ()):
                _, allowed = await resource.resolve(request)
                methods |= allowed
            parts.pop()
        return methods

    def freeze(self) -> None:
        """Note what all the other resources match, by the part of their path that does not vary, and come last."""
        for resource in self._router.resources():
            if resource is not self:
                fixed, brace, _ = resource.canonical.partition("{")
                prefix = (fixed.rpartition("/")[0] if brace else fixed).rstrip("/")
                self._by_prefix.setdefault(prefix or "/", []).append(resource)
                self._depth = max(self._depth, prefix.count("/"))
        self._router.unindex_resource(self)
        self._router.index_resource(self)

    def add_prefix(self, prefix: str) -> None:
        """Answer below `prefix` only, as the application does that is mounted there."""
        self._prefix = prefix + self._prefix

    def url_for(self, **parts: str) -> URL:
        """Refuse to name a path: it has none."""
        raise RuntimeError(f"no path is the path of no resource: {parts}")

    def get_info(self) -> dict[str, object]:  # type: ignore[override]
        """Return nothing: there is no path to describe."""
        return {}

    def raw_match(self, path: str) -> bool:
        """Return False: no path is its own."""
        del path
        return False

    def __len__(self) -> int:
        return 0

    def __iter__(self) -> Iterator[web.AbstractRoute]:
        return iter(())

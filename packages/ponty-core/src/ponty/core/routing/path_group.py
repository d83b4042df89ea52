"""Path group: one resource for several dynamic paths, which does more than aiohttp's resources.

aiohttp has a resource for each path, and tries those with a common prefix one after another. A group finds a path among
thousands by its segments. It also matches literal text that is not in aiohttp's form, and it does not try a path that
is too long for its pattern.

The members of a group are resources of aiohttp, and a handler sees such a member as the resource of its route. Only the
group is in the router.
"""

import re
from collections.abc import Iterator

import msgspec
from aiohttp import hdrs, web
from aiohttp.abc import AbstractView
from yarl import URL

from ponty.core.routing.paths import Path, read_path
from ponty.core.routing.route import ExpectHandler, Handler
from ponty.core.routing.segment_index import SegmentIndex


class _Member(msgspec.Struct):
    path: Path
    resource: web.DynamicResource
    routes: dict[str, web.AbstractRoute]
    methods: set[str]


class PathGroup(web.AbstractResource):
    """A resource for paths that have the same key.

    Args:
        key: The key.
        name: The name of the route, if the group has only one path.
    """

    def __init__(self, key: str, *, name: str | None = None) -> None:
        super().__init__(name=name)
        self._key = key
        self._members: list[_Member] = []
        self._index: SegmentIndex[_Member] = SegmentIndex()

    def takes(self, path: Path, name: str | None) -> bool:
        """Return whether a route with this path and name may be added."""
        return name == self.name and (name is None or self._members[-1].path.text == path.text)

    def add(
        self, method: str, path: Path, handler: Handler | type[AbstractView], expect_handler: ExpectHandler | None
    ) -> None:
        """Answer `method` on `path` with `handler`."""
        if not self._members or self._members[-1].path.text != path.text:
            self._put(_Member(path, web.DynamicResource(path.text, name=self.name), {}, set()))
        member = self._members[-1]
        member.routes[method] = member.resource.add_route(method, handler, expect_handler=expect_handler)
        member.methods.add(method)

    def _put(self, member: _Member) -> None:
        self._members.append(member)
        self._index.add(member.path, member)

    @property
    def paths(self) -> list[Path]:
        """The paths, in the order of registration."""
        return [member.path for member in self._members]

    @property
    def canonical(self) -> str:
        """The literal beginning that the paths have in common, followed by a variable part."""
        return f"{self._key.rstrip('/')}/{{}}"

    async def resolve(self, request: web.Request) -> tuple[web.UrlMappingMatchInfo | None, set[str]]:
        """Return the match of the first route for the path and method of `request`, and the methods of its path."""
        allowed = set[str]()
        found = self._found(request.rel_url.path_safe, request.method, allowed)
        return None if found is None else web.UrlMappingMatchInfo(found[1], found[0]), allowed

    def find(self, path: str, method: str) -> tuple[web.AbstractRoute, dict[str, str]] | None:
        """Return the first route for a path and method, and the variable parts of the path."""
        return self._found(path, method, set())

    def _found(self, path: str, method: str, allowed: set[str]) -> tuple[web.AbstractRoute, dict[str, str]] | None:
        for member in self._index.candidates(path):
            if member.path.longest is not None and len(path) > member.path.longest:
                continue
            match = member.path.pattern.fullmatch(path)
            if match is None:
                continue
            allowed |= member.methods
            route = member.routes.get(method) or member.routes.get(hdrs.METH_ANY)
            if route is not None:
                return route, {name: decoded(part) for name, part in match.groupdict().items() if part is not None}
        return None

    def add_prefix(self, prefix: str) -> None:
        """Only answer below `prefix`, since the application is mounted there."""
        self._key = prefix + self._key.rstrip("/")
        members, self._members, self._index = self._members, [], SegmentIndex()
        for member in members:
            member.resource.add_prefix(prefix)
            self._put(msgspec.structs.replace(member, path=_below(prefix, member.path)))

    def url_for(self, **parts: str) -> URL:
        """Return the path with these variable parts, if the group has only one path."""
        return self._members[0].resource.url_for(**parts)

    def get_info(self) -> dict[str, object]:  # type: ignore[override]
        """Return nothing, since the members describe the paths."""
        return {}

    def raw_match(self, path: str) -> bool:
        """Return False, so that aiohttp makes a new resource for a path that is added later."""
        del path
        return False

    def __len__(self) -> int:
        return sum(len(member.routes) for member in self._members)

    def __iter__(self) -> Iterator[web.AbstractRoute]:
        for member in self._members:
            yield from member.routes.values()


def decoded(part: str) -> str:
    """Return a variable part of a path as handlers get it, with `%2F` and `%25` decoded."""
    return part.replace("%2F", "/").replace("%25", "%") if "%" in part else part


def _below(prefix: str, path: Path) -> Path:
    above = read_path(prefix)
    return msgspec.structs.replace(
        path,
        text=prefix + path.text,
        pattern=re.compile(above.pattern.pattern + path.pattern.pattern),
        shape=(*above.shape, *path.shape[1:]),
        edges=(*above.edges, *path.edges[1:]),
    )

"""`cors` lets pages of other origins read answers, by the Fetch standard (§3.2, CORS protocol).

If a page sends a request that it could not send without scripts, the browser first asks for permission (a *preflight*:
OPTIONS with `Access-Control-Request-Method`). A browser also checks each answer before a page of another origin may
read it. The rules:

- A preflight is answered here, before any handler, for each path that has routes. The router knows the methods.
- Each other answer, also an error, gets the headers that let the page read it, if its origin is allowed.
- Credentials are never allowed together with `*`. An answer that depends on the origin says so (`Vary: Origin`), also
  if the request has no origin, since a cache may send it to a page that has one.
- Other requests are never refused here: CORS relaxes the rules of browsers, and does not protect a server.
"""

import functools
import re
from collections.abc import Callable, Iterable, Mapping

from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware

from ponty.core.errors.problems import problem
from ponty.core.middlewares.passages import Instead, Notes, Step, passage
from ponty.core.responses.further_headers import FurtherHeaders, further_headers
from ponty.core.routing.unmatched import Unmatched

_ORIGIN = re.compile(r"[a-z][a-z0-9+.\-]*://(?:[a-z0-9._\-]+|\[[0-9a-f:.]+\])(?::[1-9][0-9]{0,4})?")
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_MOST_ASKED = 100
"""The most header names that a preflight may ask for if all are allowed."""

_ASKED_BY_PRIVATE_NETWORK = "Access-Control-Request-Private-Network"
_ALLOWS_PRIVATE_NETWORK = "Access-Control-Allow-Private-Network"


def cors(
    origins: Iterable[str] | Callable[[str], bool],
    *,
    headers: Iterable[str] = ("Authorization", "Content-Type"),
    expose: Iterable[str] = (),
    credentials: bool = False,
    max_age: int = 600,
    private_network: bool = False,
) -> Middleware:
    """Make a middleware that lets pages of other origins read answers (CORS).

    ::

        app = build_app(middlewares=[cors(["https://shop.example"], expose=["Location"])])

    List it first, so that pages can also read the answers of other middlewares; only `trusted_proxies` and
    `request_ids` come before it.

    Args:
        origins: The allowed origins, each as a browser writes it (`https://shop.example`, with a port if that is not
            the default); `"*"` for all; or a function of an origin that returns whether its pages may read answers.
        headers: The request headers that pages may set, besides those that need no permission; `"*"` for all.
        expose: The answer headers that pages may read, besides those that need no permission; `"*"` for all.
        credentials: Whether requests may have cookies, HTTP authentication and client certificates.
        max_age: Seconds for which a browser may cache the answer to a preflight.
        private_network: Whether pages of public sites may send requests to this server in a private network.

    Raises:
        ValueError: An origin would match nothing (it has a path, a slash at the end, capitals, or the default port), or
            is `null`, which any page can send; the name of a header is not valid; `credentials` is used together with
            a `*`; or `max_age` is less than 0.
        TypeError: `headers` or `expose` is a text, not a list.
    """
    is_allowed = _allowing(origins)
    exposed = _names("expose", expose)
    if credentials and (is_allowed is None or exposed == "*"):
        raise ValueError("cors: credentials never go with '*'; name the origins and the exposed headers")
    if isinstance(max_age, bool) or not isinstance(max_age, int) or max_age < 0:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError(f"cors: max_age must be a whole number of seconds, at least 0, not {max_age!r}")
    readers = _Readers(is_allowed, credentials=credentials, exposed=exposed)
    preflights = _Preflights(_names("headers", headers), max_age=max_age, private_network=private_network)
    return passage(_Sharing(readers, preflights))


class _Sharing(Step):
    """The step that adds the headers which let a page read an answer, and that answers preflights."""

    def __init__(self, readers: "_Readers", preflights: "_Preflights") -> None:
        self._readers = readers
        self._preflights = preflights

    def enter(self, request: web.Request, notes: Notes) -> FurtherHeaders | Instead:
        """Return the headers that let a page read the answer."""
        del notes
        permission = self._readers.permission(request)
        if request.method == hdrs.METH_OPTIONS and _is_preflight(request):
            return Instead(functools.partial(self._preflight, request, permission.headers), permission)
        return permission

    async def _preflight(self, request: web.Request, permission: Mapping[str, str]) -> web.StreamResponse | None:
        methods = await _methods(request)
        return self._preflights.answer(request, permission, methods) if methods else None


class _Readers:
    """The origins whose pages may read answers.

    Args:
        is_allowed: A function that decides about an origin, or the allowed origins; None if all are allowed.
        credentials: Whether requests may have credentials.
        exposed: The headers that may be read besides the usual ones.
    """

    def __init__(
        self, is_allowed: Callable[[str], bool] | frozenset[str] | None, *, credentials: bool, exposed: str
    ) -> None:
        self._shared: dict[str, str] = {}
        if credentials:
            self._shared[hdrs.ACCESS_CONTROL_ALLOW_CREDENTIALS] = "true"
        if exposed:
            self._shared[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = exposed
        self._for_all = further_headers({hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: "*", **self._shared})
        self._for_nobody = further_headers({hdrs.VARY: hdrs.ORIGIN})
        self._decide = is_allowed if callable(is_allowed) else None
        # Most requests come from a few origins. Origins that clients invent are not allowed, so they are not cached.
        self._for_one = functools.lru_cache(maxsize=128)(self._permission_of)
        listed = is_allowed if isinstance(is_allowed, frozenset) else ()
        self._for_each = {origin: self._permission_of(origin) for origin in listed}
        self._are_all_alike = is_allowed is None

    def permission(self, request: web.Request) -> FurtherHeaders:
        """Return the headers that let the page read the answer to `request`."""
        if self._are_all_alike:
            return self._for_all
        origins = request.headers.getall(hdrs.ORIGIN, ())
        if len(origins) != 1:  # a browser never sends two
            return self._for_nobody
        origin = origins[0]
        if self._decide is None:
            return self._for_each.get(origin, self._for_nobody)
        if _ORIGIN.fullmatch(origin) and self._decide(origin):
            return self._for_one(origin)
        return self._for_nobody

    def _permission_of(self, origin: str) -> FurtherHeaders:
        return further_headers({hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: origin, **self._shared, hdrs.VARY: hdrs.ORIGIN})


class _Preflights:
    """The answers to preflights.

    Args:
        headers: The headers that pages may set.
        max_age: Seconds for which a browser may cache the answer.
        private_network: Whether pages of public sites may send requests to a server in a private network.
    """

    def __init__(self, headers: str, *, max_age: int, private_network: bool) -> None:
        self._headers = headers
        self._max_age = str(max_age)
        self._private_network = private_network

    def answer(self, request: web.Request, permission: Mapping[str, str], methods: list[str]) -> web.StreamResponse:
        """Answer a preflight.

        Args:
            request: The preflight.
            permission: The headers that let the page read the answer, if it may.
            methods: The methods of the path.
        """
        if hdrs.ACCESS_CONTROL_ALLOW_ORIGIN not in permission:
            refusal = problem(403, detail="pages of this origin may not send this request")
            refusal.headers[hdrs.VARY] = _VARYING
            return refusal
        told = {**permission, hdrs.ACCESS_CONTROL_ALLOW_METHODS: ", ".join(methods)}
        names = _asked_names(request) if self._headers == "*" else self._headers
        if names:
            told[hdrs.ACCESS_CONTROL_ALLOW_HEADERS] = names
        if self._private_network and request.headers.get(_ASKED_BY_PRIVATE_NETWORK) == "true":
            told[_ALLOWS_PRIVATE_NETWORK] = "true"
        told[hdrs.ACCESS_CONTROL_MAX_AGE] = self._max_age
        return web.Response(status=204, headers=told | {hdrs.VARY: _VARYING})


_VARYING = (
    f"{hdrs.ORIGIN}, {hdrs.ACCESS_CONTROL_REQUEST_METHOD}, {hdrs.ACCESS_CONTROL_REQUEST_HEADERS}, "
    f"{_ASKED_BY_PRIVATE_NETWORK}"
)


def _is_preflight(request: web.Request) -> bool:
    return hdrs.ORIGIN in request.headers and hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers


async def _methods(request: web.Request) -> list[str]:
    """Return the methods that routes answer on the path of `request`, among them the one that is asked for."""
    asked = request.headers[hdrs.ACCESS_CONTROL_REQUEST_METHOD]
    candidates = dict.fromkeys((*_METHODS, asked) if _TOKEN.fullmatch(asked) else _METHODS)
    return [method for method in candidates if await _is_routed(request, method)]


async def _is_routed(request: web.Request, method: str) -> bool:
    router = request.match_info.apps[0].router
    match = await router.resolve(request.clone(method=method))
    return match.http_exception is None and not isinstance(match.route.resource, Unmatched)


def _allowing(origins: Iterable[str] | Callable[[str], bool]) -> Callable[[str], bool] | frozenset[str] | None:
    """Return the origins, or the function that decides about one; None if all are allowed."""
    if callable(origins):
        return origins
    if isinstance(origins, str) and origins != "*":
        raise ValueError(f"cors: origins must be a list, such as [{origins!r}]")
    listed = frozenset(origins)
    if listed == frozenset({"*"}):
        return None
    for origin in listed:
        scheme, _, rest = origin.partition("://") if isinstance(origin, str) else ("", "", "")  # pyright: ignore[reportUnnecessaryIsInstance]
        if not (rest and _ORIGIN.fullmatch(origin)) or rest.endswith(_DEFAULT_PORTS.get(scheme, "/")):
            raise ValueError(
                f"cors: {origin!r} is not an origin as browsers write it: 'https://shop.example', in lower case, "
                "without a path, a slash at the end, or the usual port"
            )
    return listed


def _names(argument: str, names: Iterable[str]) -> str:
    """Return the names of headers as the value of a header."""
    if names == "*":
        return "*"
    if isinstance(names, str):
        raise TypeError(f"cors: {argument} must be a list of names, such as [{names!r}]")
    listed = list(dict.fromkeys(names))
    for name in listed:
        if not _TOKEN.fullmatch(name) or name == "*":
            raise ValueError(f"cors: {name!r} is not the name of a header")
    return ", ".join(listed)


def _asked_names(request: web.Request) -> str:
    """Return the header names that a preflight asks for, since with credentials, `*` is a name like any other."""
    asked = request.headers.get(hdrs.ACCESS_CONTROL_REQUEST_HEADERS, "")
    names = [name.strip() for name in asked.split(",", _MOST_ASKED)]
    return ", ".join(name for name in names if _TOKEN.fullmatch(name))

"""`api_docs`: the table of routes that serve a description."""

import asyncio
import gzip
import hashlib
import html
import importlib
import importlib.util
import pathlib
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware

from ponty.core import Routes, encode_json, etag_matches
from ponty.request.description.document import Table, check_options, openapi
from ponty.request.description.pages.plain import plain_page

_HERE = pathlib.Path(__file__).parent

_FILES: Mapping[str, tuple[str, str]] = {
    "swagger-ui.js": ("swagger_bundle.js", "text/javascript"),
    "swagger-ui.css": ("swagger_style.css", "text/css"),
}
"""The files of the page that come from `offapi`, by name: the file there, and its media type."""

_OWN_FILES: Mapping[str, str] = {"page.js": "text/javascript", "page.css": "text/css", "plain.css": "text/css"}

_LEAST_TO_COMPRESS = 1400
"""Bodies of fewer bytes fit into one packet, and gain nothing from compression."""


def api_docs(
    *tables: Table,
    title: str,
    version: str,
    path: str = "/docs",
    interactive: bool | None = None,
    middlewares: Sequence[Middleware] = (),
    **options: Any,
) -> Routes:
    """Make a table of routes that serve the description of an API, to people and to programs.

    ::

        app = build_app(routes=[routes, api_docs(title="Mugs", version="1.0.0")])

    `GET /docs` is a page that lists the operations, and where you can try them; `/docs/openapi.json` and
    `/docs/openapi.yaml` are the document, with an entity tag. The page is Swagger UI, from the package `offapi`; YAML
    needs PyYAML. The extra `docs` of ponty-request installs both. Without them, the page is a plain one without
    scripts, and there is no YAML. Nothing is loaded from another host, which a Content-Security-Policy enforces:
    scripts and styles come only from the program, and the page may connect only to the program and to the `servers` of
    the document.

    The document is made when it is first requested. These routes are hidden: they are not in the document.

    Args:
        *tables: The tables; if none is given, the default table.
        title: The name of the API.
        version: The version of the API.
        path: The path of the page.
        interactive: Whether the page is Swagger UI; by default, it is if `offapi` is installed. With True, it is an
            error if `offapi` is not installed.
        middlewares: The middlewares of these routes, for example one that admits only known users.
        **options: Further options of `openapi`.

    Raises:
        ValueError: The path does not begin with a slash, or ends with one.
        TypeError: `openapi` does not take an option.
        ImportError: `interactive=True` is given, and `offapi` is not installed.
    """
    if not path.startswith("/") or path.endswith("/"):
        raise ValueError(f"api_docs: the path must begin with a slash and not end with one, as /docs, not {path!r}")
    check_options("api_docs", options)
    assets = _assets()
    if interactive and assets is None:
        raise ImportError("api_docs(interactive=True) needs offapi: pip install 'ponty-request[docs]'")
    said = {"title": title, "version": version, **options}
    pages = _Pages(tables, said, path.rpartition("/")[2])
    table = Routes(path, middlewares=middlewares)
    is_interactive = assets is not None and interactive is not False
    _serve(table, "", "text/html; charset=utf-8", pages.interactive if is_interactive else pages.plain, pages.policy)
    _serve(table, "/openapi.json", "application/json", pages.json, options=said)
    if importlib.util.find_spec("yaml") is not None:
        _serve(table, "/openapi.yaml", "application/yaml", pages.yaml)
    files = {name: (_HERE / name, kind) for name, kind in _OWN_FILES.items()}
    if assets is not None and is_interactive:
        files |= {name: (assets / file, kind) for name, (file, kind) in _FILES.items()}
    for name, (file, kind) in files.items():
        _serve(table, f"/{name}", f"{kind}; charset=utf-8", file.read_bytes)
    return table


def _assets() -> pathlib.Path | None:
    """Return the folder of `offapi`, without importing it, which would read all its files."""
    spec = importlib.util.find_spec("offapi")
    return pathlib.Path(spec.origin).parent if spec is not None and spec.origin else None


class _Pages:
    """The document in several forms, each made once.

    Args:
        tables: The tables that it describes.
        options: The other arguments of `openapi`.
        folder: The URL of the page's other files, relative to the page, since a program may be mounted anywhere.
    """

    def __init__(self, tables: Sequence[Table], options: Mapping[str, Any], folder: str) -> None:
        self._tables = tables
        self._options = options
        self._folder = html.escape(folder)
        self._lock = threading.Lock()
        self._document: dict[str, Any] | None = None

    def document(self) -> dict[str, Any]:
        """Return the document."""
        with self._lock:
            if self._document is None:
                self._document = openapi(*self._tables, **self._options)
            return self._document

    def json(self) -> bytes:
        """Return the document as JSON."""
        return encode_json(self.document())

    def yaml(self) -> bytes:
        """Return the document as YAML."""
        yaml: Any = importlib.import_module("yaml")
        dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
        text: str = yaml.dump(_unshared(self.document()), Dumper=dumper, sort_keys=False, allow_unicode=True)
        return text.encode()

    def plain(self) -> bytes:
        """Return the page without scripts."""
        return plain_page(self.document(), self._folder).encode()

    def interactive(self) -> bytes:
        """Return the page with scripts."""
        title, folder = html.escape(str(self._options["title"])), self._folder
        page = (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            '<link rel="icon" href="data:,">'
            f'<link rel="stylesheet" href="{folder}/swagger-ui.css"><link rel="stylesheet" href="{folder}/page.css">'
            f'</head><body><div id="description" data-document="{folder}/openapi.json"></div>'
            f'<noscript><p>{title}: <a href="{folder}/openapi.json">OpenAPI</a></p></noscript>'
            f'<script src="{folder}/swagger-ui.js"></script><script src="{folder}/page.js"></script></body></html>'
        )
        return page.encode()

    def policy(self) -> str:
        """Return the policy: what the page may load, and where it may connect to."""
        servers: Sequence[Any] = self.document().get("servers", ())
        parts = [urlsplit(str(server["url"])) for server in servers]
        origins = {f"{part.scheme}://{part.netloc}": None for part in parts if part.netloc and "{" not in part.netloc}
        return "; ".join([*_POLICY, " ".join(["connect-src 'self'", *origins])])


_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
)


def _unshared(value: Any) -> Any:
    """Return a copy in which no part is shared: YAML would write a reference for a part that occurs twice."""
    if isinstance(value, dict):
        return {name: _unshared(part) for name, part in value.items()}
    return [*map(_unshared, value)] if isinstance(value, list) else value


class _Content:
    """The bytes of an answer, plain and compressed, made once."""

    def __init__(self, make: Callable[[], bytes]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: tuple[bytes, bytes | None, str] | None = None

    def get(self) -> tuple[bytes, bytes | None, str]:
        """Return the bytes, the same compressed if that is worth it, and their entity tag."""
        with self._lock:
            if self._made is None:
                body = self._make()
                small = gzip.compress(body, 6, mtime=0) if len(body) > _LEAST_TO_COMPRESS else None
                self._made = body, small, hashlib.sha256(body).hexdigest()[:32]
            return self._made


def _serve(
    table: Routes,
    path: str,
    content_type: str,
    make: Callable[[], bytes],
    policy: Callable[[], str] | None = None,
    *,
    options: Mapping[str, Any] | None = None,
) -> None:
    """Answer GET on a path with bytes that are made in a thread, at the first request."""
    content = _Content(make)

    async def answer(request: web.Request) -> web.Response:
        body, small, tag = await asyncio.to_thread(content.get)
        wants_small = small is not None and "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, "")
        etag = f'"{tag}-gzip"' if wants_small else f'"{tag}"'
        headers = {
            hdrs.ETAG: etag,
            hdrs.CACHE_CONTROL: "no-cache",
            hdrs.VARY: hdrs.ACCEPT_ENCODING,
            "X-Content-Type-Options": "nosniff",
        }
        if policy is not None:
            headers |= {"Content-Security-Policy": policy(), "Referrer-Policy": "no-referrer"}
        if etag_matches(", ".join(request.headers.getall(hdrs.IF_NONE_MATCH, ())), etag, weak=True):
            return web.Response(status=304, headers=headers)
        headers[hdrs.CONTENT_TYPE] = content_type
        if wants_small:
            headers[hdrs.CONTENT_ENCODING] = "gzip"
        return web.Response(body=small if wants_small else body, headers=headers)

    # The options of the description, for tools that describe the program from outside, such as `ponty openapi`.
    vars(answer)["__ponty_description__"] = options
    table.get(path, hidden=True)(answer)

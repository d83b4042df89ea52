"""The options of `serve` and `startmeup` that do not depend on the address."""

import logging
import ssl
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypedDict

from aiohttp import web
from aiohttp.typedefs import Middleware

from ponty.core.connections.limits import Limits
from ponty.core.errors.answer_settings import Envelope, ErrorAnswer
from ponty.core.lifecycle.providers import Provider
from ponty.core.routing.table import Routes


class ServeOptions(TypedDict, total=False):
    """The options of `serve` besides the address; its docstring explains them."""

    limits: Limits | None
    server_header: str | None
    shutdown_timeout: float
    ready_delay: float
    access_log: logging.Logger | None
    ssl_context: ssl.SSLContext | None


class StartOptions(ServeOptions, total=False):
    """The options of `startmeup` besides the address; its docstring explains them."""

    routes: Routes | Iterable[Routes] | None
    providers: Iterable[Provider]
    route_tables: Iterable[web.RouteTableDef]
    middlewares: Sequence[Middleware]
    client_max_size: int
    envelope: Envelope | Literal[False] | None
    errors: Mapping[type[Exception], ErrorAnswer] | None
    answer_invalid: ErrorAnswer | None
    check_returns: int | Literal["raise"]

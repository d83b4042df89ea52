"""The current application, since several may run in one process."""

import contextvars

from aiohttp import web

current_apps: contextvars.ContextVar[tuple[web.Application, ...]] = contextvars.ContextVar("ponty.core.current_apps")
"""The applications of the current request, startup or teardown: the outermost first, then its sub-applications."""

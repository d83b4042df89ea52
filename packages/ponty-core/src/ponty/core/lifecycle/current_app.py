"""Which application is at work here, where several live in one process."""

import contextvars

from aiohttp import web

current_apps: contextvars.ContextVar[tuple[web.Application, ...]] = contextvars.ContextVar("ponty.core.current_apps")
"""The applications whose request, startup or teardown this is: the outermost first, then its sub-applications."""

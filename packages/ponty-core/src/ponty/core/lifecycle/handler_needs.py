"""Handler needs: the application keys that handlers read, and the replacement of their fields.

A handler has two attributes for this. `__ponty_app_keys__` takes an application, and returns the keys that must be set
when the providers have started. `__ponty_replace_fields__` takes an application and the fields to replace in it, and
returns the ids of the fields that the handler has. Decorators that copy the attributes of a function keep them.
"""

from collections.abc import AsyncGenerator, Iterator, Mapping

from aiohttp import web
from aiohttp.web_urldispatcher import PrefixedSubAppResource


def replace_fields(app: web.Application, stand_ins: Mapping[object, object]) -> None:
    """Replace fields of the mounted handlers, only in this application.

    Raises:
        ValueError: No handler has one of the fields.
    """
    found: set[int] = set()
    done: set[int] = set()
    for route in _own_routes(app):
        replace = getattr(route.handler, "__ponty_replace_fields__", None)
        if replace is not None and id(replace) not in done:
            done.add(id(replace))
            found |= replace(app, stand_ins)
    if missing := [key for key in stand_ins if id(key) not in found]:
        names = ", ".join(getattr(key, "__qualname__", None) or type(key).__qualname__ for key in missing)
        raise ValueError(f"build_app(fields=…): no handler of the application has a field {names}")


async def check_app_keys(app: web.Application) -> AsyncGenerator[None]:
    """Check that all keys are set that handlers read; this is the last provider of an application.

    Raises:
        RuntimeError: A key is missing.
    """
    for route in _own_routes(app):
        keys = getattr(route.handler, "__ponty_app_keys__", None)
        for key in keys(app) if keys else ():
            if key not in app and not _is_mounted(app):
                raise RuntimeError(
                    f"{route.method} {route.resource.canonical if route.resource else '?'} reads {key}, "
                    "and no provider of the application has put a value there"
                )
    yield


def _own_routes(app: web.Application) -> Iterator[web.AbstractRoute]:
    """Yield the routes of an application without those of its sub-applications."""
    for resource in app.router.resources():
        if not isinstance(resource, PrefixedSubAppResource):
            yield from resource


def _is_mounted(app: web.Application) -> bool:
    """Return whether `app` is mounted under a prefix of another application, which may have the key."""
    return any(resource.canonical != "/" for resource in app.router.resources() if not resource.get_info())

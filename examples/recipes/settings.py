"""Settings from the environment, read once, checked, and passed to the handlers."""

import dataclasses
import os
from collections.abc import AsyncIterator, Mapping

import msgspec
from aiohttp import web

from ponty import Provided, Provider, Request, expect, get, render_json, startmeup


@dataclasses.dataclass(frozen=True)
class Settings:
    shop_name: str = "Mugs"
    port: int = 8080
    debug: bool = False
    database_password: str = dataclasses.field(default="", repr=False)


def read_settings(environment: Mapping[str, str]) -> Settings:
    names = {field.name for field in dataclasses.fields(Settings)}
    found = {name.lower(): text for name, text in environment.items() if name.lower() in names}
    return msgspec.convert(found, Settings, strict=False)


SETTINGS = web.AppKey("SETTINGS", Settings)


def provide_settings(settings: Settings) -> Provider:
    async def provide(app: web.Application) -> AsyncIterator[None]:
        app[SETTINGS] = settings
        yield

    return provide


class ShowShop(Request):
    settings = Provided(SETTINGS)


@get("/shop")
@expect(ShowShop)
@render_json(str)
async def show_shop(settings: Settings) -> str:
    return settings.shop_name


if __name__ == "__main__":
    settings = read_settings(os.environ)
    startmeup(port=8080, providers=[provide_settings(settings)])

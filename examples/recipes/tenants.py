"""Settings for each customer, who is known by a key; the settings are read at most twice a minute."""

import dataclasses
import hashlib

from aiohttp import web

from ponty import ApiKey, Description, Field, InvalidField, PontyError, Request, Routes, expect, render_json, startmeup
from ponty.memo import localcache


@dataclasses.dataclass(frozen=True)
class Tenant:
    name: str
    currency: str = "EUR"
    features: frozenset[str] = frozenset()


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


TENANTS = {  # a database in practice; it has digests, so that nobody can read keys in it
    digest("k-north"): Tenant("north", features=frozenset({"gifts"})),
    digest("k-south"): Tenant("south", currency="CHF"),
}


@localcache(ttl_ms=30_000, maxsize=10_000, cache_if=lambda tenant: tenant is not None)
async def tenant_of(key: str) -> Tenant | None:
    return TENANTS.get(key)


class NotForYou(PontyError):
    status_code = 403
    type = "https://mugs.example/problems/feature-is-off"


class CurrentTenant(Field[Tenant]):
    """The customer that a key belongs to; with `feature`, the customer must have that feature."""

    guard = True

    def __init__(self, feature: str | None = None) -> None:
        super().__init__(key=ApiKey(header="X-Api-Key"))
        self._feature = feature

    async def extract(self, request: web.Request, *, key: str) -> Tenant:
        tenant = await tenant_of(digest(key))
        if tenant is None:
            raise InvalidField("is not known", status=401, headers={"WWW-Authenticate": "ApiKey"})
        if self._feature is not None and self._feature not in tenant.features:
            raise NotForYou
        return tenant

    def describe(self) -> Description:
        return Description("header", "X-Api-Key")


class Everybody(Request):
    tenant = CurrentTenant()


class WithGifts(Request):
    tenant = CurrentTenant("gifts")


shop = Routes()


@shop.get("/prices/red")
@expect(Everybody)
@render_json(str)
async def price(tenant: Tenant) -> str:
    return f"7.50 {tenant.currency}"


@shop.post("/gifts", raises=[NotForYou])
@expect(WithGifts)
@render_json(str, status=201)
async def give(tenant: Tenant) -> str:
    return f"a gift from {tenant.name}"


if __name__ == "__main__":
    startmeup(port=8080, routes=[shop])

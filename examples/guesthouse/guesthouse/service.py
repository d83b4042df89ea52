"""The application: its tables of routes, middlewares and providers."""

from aiohttp import web

from guesthouse import accounts, bookings, rooms
from guesthouse.database import database_answers, open_database
from guesthouse.rates import forget_rates, rates_client
from guesthouse.settings import Settings
from ponty import api_docs, build_app, cors, health, metrics, request_ids, security_headers


def build(settings: Settings) -> web.Application:
    tables = [accounts.routes, rooms.routes, bookings.routes]
    description = api_docs(*tables, title="Guesthouse", version="1.0.0")
    return build_app(
        routes=[*tables, description, health(database_answers), metrics()],
        middlewares=[
            request_ids(),
            cors(settings.origins, headers=["Authorization", "Content-Type", "If-Match"], expose=["ETag", "Location"]),
            security_headers(),
        ],
        providers=[open_database(settings.database), rates_client(settings.rates_url), forget_rates],
    )

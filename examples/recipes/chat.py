"""Chat rooms over websockets; users are known by a session in a cookie."""

import dataclasses
from collections import defaultdict
from typing import Annotated

from aiohttp import web

from ponty import (
    Annotation,
    Cookie,
    Description,
    Field,
    Hub,
    InvalidField,
    Request,
    Routes,
    Socket,
    StringRouteParameter,
    accept_socket,
    expect,
    startmeup,
)

SESSIONS = {"s3cret": "ann", "0ther": "bob"}  # a database in practice


@dataclasses.dataclass
class Say:
    text: Annotated[str, Annotation(minLength=1, maxLength=2000)]


@dataclasses.dataclass
class Said(Say):
    name: str


class Speaker(Field[str]):
    """The user who is logged in."""

    guard = True

    def extract(self, request: web.Request, *, session: str) -> str:
        if session not in SESSIONS:
            raise InvalidField("must be that of somebody who is logged in", status=401)
        return SESSIONS[session]

    def describe(self) -> Description:
        return Description("cookie", "session")


class Talk(Request):
    name = Speaker(session=Cookie(name="session", required=True, errorcode=401))
    room = StringRouteParameter()


rooms = Routes("/rooms")
hubs: defaultdict[str, Hub[Said]] = defaultdict(Hub)


@rooms.websocket(f"/{Talk.room}")
@expect(Talk)
@accept_socket(Say, Said)
async def talk(socket: Socket[Say, Said], name: str, room: str) -> None:
    hub = hubs[room]
    try:
        async with hub.subscribe() as heard, socket.sending(heard):
            async for message in socket:
                hub.publish(Said(message.text, name))
    finally:
        if not len(hub):
            hubs.pop(room, None)


if __name__ == "__main__":
    startmeup(port=8080, routes=[rooms])

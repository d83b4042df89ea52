"""Login with an OpenID provider: the authorization code flow with PKCE (RFC 6749, RFC 7636, RFC 9700)."""

import base64
import hashlib
import os
import secrets
from http.cookies import Morsel, SimpleCookie
from urllib.parse import urlencode

from aiohttp import web

from ponty import (
    Cookie,
    Description,
    Field,
    InvalidField,
    PontyError,
    Reply,
    Request,
    Routes,
    StringQueryParameter,
    expect,
    http_client_provider,
    lease_http_client,
    render_json,
    startmeup,
)

PROVIDER = os.environ.get("LOGIN_PROVIDER", "https://login.example")
PUBLIC = os.environ.get("PUBLIC_URL", "https://shop.example")
CLIENT = {"client_id": "shop", "client_secret": os.environ.get("LOGIN_SECRET", "")}
SESSIONS: dict[str, str] = {}  # the user of each session; a database in practice


def cookie(name: str, value: str, seconds: int) -> "Morsel[str]":
    morsel = SimpleCookie({name: value})[name]
    morsel.update({"path": "/", "samesite": "Lax", "max-age": str(seconds)})
    morsel["httponly"], morsel["secure"] = True, PUBLIC.startswith("https:")
    return morsel


def go_to(place: str, *cookies: "Morsel[str]") -> Reply[None]:
    headers = {"Location": place, "Cache-Control": "no-store"}
    return Reply(None, status=303, headers=headers, cookies={morsel.key: morsel for morsel in cookies})


account = Routes()


class BeginLogin(Request):
    pass


@account.get("/login")
@expect(BeginLogin)
@render_json
async def begin_login() -> Reply[None]:
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    query = {
        "response_type": "code",
        "client_id": CLIENT["client_id"],
        "redirect_uri": f"{PUBLIC}/callback",
        "scope": "openid",
        "state": state,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    return go_to(f"{PROVIDER}/authorize?{urlencode(query)}", cookie("login", f"{state}.{verifier}", 600))


class LoginFailed(PontyError):
    status_code = 403


class EndLogin(Request):
    code = StringQueryParameter(required=True)
    state = StringQueryParameter(required=True)
    begun = Cookie(name="login", required=True)


@account.get("/callback", raises=[LoginFailed])
@expect(EndLogin)
@render_json
async def end_login(code: str, state: str, begun: str) -> Reply[None]:
    due, _, verifier = begun.partition(".")
    if not secrets.compare_digest(due.encode(errors="surrogateescape"), state.encode(errors="surrogateescape")):
        raise LoginFailed
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": f"{PUBLIC}/callback"}
    async with lease_http_client() as session:
        async with session.post(f"{PROVIDER}/token", data=form | CLIENT | {"code_verifier": verifier}) as answer:
            if answer.status != 200:
                raise LoginFailed
            token = (await answer.json())["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        async with session.get(f"{PROVIDER}/userinfo", headers=headers, raise_for_status=True) as answer:
            subject = (await answer.json())["sub"]
    name = secrets.token_urlsafe(32)
    SESSIONS[name] = subject
    return go_to("/me", cookie("session", name, 86_400), cookie("login", "", 0))


class CurrentUser(Field[str]):
    """The user who is logged in."""

    guard = True

    def __init__(self) -> None:
        super().__init__(session=Cookie(name="session", required=True, errorcode=401))

    def extract(self, request: web.Request, *, session: str) -> str:
        if session not in SESSIONS:
            raise InvalidField("must be that of somebody who is logged in", status=401)
        return SESSIONS[session]

    def describe(self) -> Description:
        return Description("cookie", "session")


class ShowMe(Request):
    user = CurrentUser()


@account.get("/me")
@expect(ShowMe)
@render_json(str)
async def show_me(user: str) -> str:
    return user


if __name__ == "__main__":
    startmeup(port=8080, routes=[account], providers=[http_client_provider()])

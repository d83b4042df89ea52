"""An OpenID provider for tests: it logs everybody in as ann, and makes the same checks as a real one."""

import base64
import dataclasses
import hashlib
import secrets
from urllib.parse import urlencode

from ponty import (
    BearerToken,
    ParsedForm,
    PontyError,
    Reply,
    Request,
    Routes,
    StringQueryParameter,
    expect,
    render_json,
    startmeup,
)

provider = Routes()
challenges: dict[str, tuple[str, str]] = {}


class Authorize(Request):
    redirect_uri = StringQueryParameter(required=True)
    state = StringQueryParameter(required=True)
    code_challenge = StringQueryParameter(required=True)


@provider.get("/authorize")
@expect(Authorize, whole=True)
@render_json
async def authorize(r: Authorize) -> Reply[None]:
    code = secrets.token_urlsafe(8)
    challenges[code] = r.code_challenge, r.redirect_uri
    query = urlencode({"code": code, "state": r.state})
    return Reply(None, status=303, headers={"Location": f"{r.redirect_uri}?{query}"})


@dataclasses.dataclass
class TokenForm:
    grant_type: str
    code: str
    redirect_uri: str
    client_id: str
    client_secret: str
    code_verifier: str


class AskToken(Request):
    form = ParsedForm(TokenForm)


class Refused(PontyError):
    status_code = 400


@provider.post("/token")
@expect(AskToken)
@render_json(dict[str, str], envelope=False)
async def give_token(form: TokenForm) -> dict[str, str]:
    digest = hashlib.sha256(form.code_verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    if challenges.pop(form.code, None) != (challenge, form.redirect_uri):
        raise Refused
    return {"access_token": "t0ken", "token_type": "Bearer"}


class AskUser(Request):
    token = BearerToken()


@provider.get("/userinfo")
@expect(AskUser)
@render_json(dict[str, str], envelope=False)
async def tell_user(token: str) -> dict[str, str]:
    return {"sub": "ann"}


if __name__ == "__main__":
    startmeup(port=8080, routes=[provider])

"""Error messages in the language of the client."""

import dataclasses
from typing import Annotated

from aiohttp import web

from ponty import (
    Annotation,
    Fault,
    ParsedJsonBody,
    Request,
    ValidationError,
    expect,
    json_response,
    post,
    render_json,
    startmeup,
)

TEXTS = {
    "es": {
        "required": "falta",
        "minimum": "es muy bajo",
        "minLength": "es muy corto",
        "type": "es de otro tipo",
        "": "no es válido",
    },
}


def language_of(request: web.Request) -> str:
    wanted = request.headers.get("Accept-Language", "").lower().split(",")
    tags = (tag.partition(";")[0].partition("-")[0].strip() for tag in wanted)
    return next((tag for tag in tags if tag in TEXTS), "en")


def in_words(fault: Fault, language: str) -> str:
    texts = TEXTS.get(language, {})
    return texts.get(fault.code) or texts.get("") or fault.detail


def answer_invalid(request: web.Request, error: ValidationError) -> web.Response:
    language = language_of(request)
    errors = [
        {"in": fault.location, "name": fault.name, "pointer": fault.pointer, "code": fault.code}
        | {"detail": in_words(fault, language)}
        for fault in error.faults
    ]
    document = {"type": "about:blank", "title": "Bad Request", "status": 400, "errors": errors}
    headers = {"Content-Type": "application/problem+json", "Content-Language": language, "Vary": "Accept-Language"}
    return json_response(document, status=400, headers=headers)


@dataclasses.dataclass
class SignUp:
    name: Annotated[str, Annotation(minLength=1)]
    age: Annotated[int, Annotation(minimum=18)]


class PostSignUp(Request):
    form = ParsedJsonBody(SignUp)


@post("/sign-ups")
@expect(PostSignUp)
@render_json(status=204)
async def sign_up(form: SignUp) -> None:
    pass


if __name__ == "__main__":
    startmeup(port=8080, answer_invalid=answer_invalid)

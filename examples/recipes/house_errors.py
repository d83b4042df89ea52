"""An application that answers all errors in the form of its house, and says so in its description."""

import dataclasses

from aiohttp import web

from ponty import (
    ParsedJsonBody,
    PontyError,
    Request,
    Routes,
    StringRouteParameter,
    api_docs,
    expect,
    json_response,
    render_json,
    startmeup,
)


@dataclasses.dataclass
class Wrong:
    """What is wrong, by the name of what it is about."""

    errors: dict[str, list[str]]


class NoArticle(PontyError):
    status_code = 404
    title = "There is no such article"


@dataclasses.dataclass
class Comment:
    body: str


class AddComment(Request):
    slug = StringRouteParameter()
    comment = ParsedJsonBody(Comment)


articles = Routes("/articles")


@articles.post(f"/{AddComment.slug}/comments", raises=[NoArticle])
@expect(AddComment)
@render_json(Comment, status=201)
async def add_comment(slug: str, comment: Comment) -> Comment:
    raise NoArticle


def refused(request: web.Request, error: PontyError) -> web.Response:
    """Answer what handlers raise, and what fields refuse: a guard's 401, a 415, an invalid request."""
    errors: dict[str, list[str]] = {}
    for fault in error.faults:
        errors.setdefault(fault.pointer.strip("/") or fault.name, []).append(fault.detail)
    return json_response(
        Wrong(errors or {"request": [error.title or "is refused"]}),
        status=422 if error.status_code == 400 else error.status_code,
        headers=error.options.get("headers"),  # a 401 has a challenge
    )


def of_http(request: web.Request, error: web.HTTPError) -> web.Response:
    """Answer what no route matches, a method that is not allowed, and a body that is too large."""
    headers = {"Allow": error.headers["Allow"]} if error.status == 405 else None
    return json_response(Wrong({"request": [error.reason]}), status=error.status, headers=headers)


def failed(request: web.Request, error: Exception) -> web.Response:
    """Answer what nobody foresaw; the log has its traceback."""
    return json_response(Wrong({"server": ["has failed"]}), status=500)


docs = api_docs(articles, title="Articles", version="1.0.0", answer_invalid=422, problem=Wrong)

if __name__ == "__main__":
    startmeup(
        port=8080,
        routes=[articles, docs],
        errors={PontyError: refused, web.HTTPError: of_http, Exception: failed},
    )

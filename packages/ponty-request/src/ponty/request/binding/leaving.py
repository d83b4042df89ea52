"""A request's scopes are left before its answer is sent, or after, if the answer is made while it is sent."""

from typing import Any

from aiohttp import payload, web

from ponty.request.fields.scoped import Scopes


def is_whole(answer: Any) -> bool:
    """Return whether an answer is complete before it is sent."""
    as_made = getattr(type(answer), "is_as_made", None)
    if as_made is not None and as_made(answer):
        return True
    if not isinstance(answer, web.StreamResponse) or answer.prepared:
        return True
    if type(answer).prepare is not web.StreamResponse.prepare and as_made is None:
        return False
    body = answer.body if isinstance(answer, web.Response) else None
    return isinstance(answer, web.Response) and (not isinstance(body, payload.Payload) or isinstance(body, _WHOLE))


_WHOLE = (payload.BytesPayload, payload.StringPayload)


def leave_when_sent(scopes: Scopes, answer: web.StreamResponse) -> None:
    """Leave scopes when an answer was sent, or could not be sent."""
    prepare, write_eof = answer.prepare, answer.write_eof

    async def prepare_or_leave(request: web.BaseRequest) -> Any:
        try:
            return await prepare(request)
        except BaseException as error:
            await scopes.leave(error)
            raise

    async def end(data: bytes = b"") -> None:
        try:
            await write_eof(data)
        except BaseException as error:
            await scopes.leave(error)
            raise
        await scopes.leave(None)

    vars(answer).update(prepare=prepare_or_leave, write_eof=end)

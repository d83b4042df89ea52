"""The answers of an application that replace Ponty's own: its envelope, and its answers to errors.

Each application has its own settings, so two applications in one process may differ. The decorators that render a value
do not know the application, so its settings are in a context variable while its handler runs.
"""

import contextvars
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal

import msgspec
from aiohttp import web

from ponty.core.errors.exceptions import PontyError, ValidationError
from ponty.core.responses.statuses import check_status

Envelope = Callable[[object, int, int], object]
"""A function that makes the document of an answer.

It gets the value, the milliseconds that the handler took, and the time when it was done, in milliseconds since the
epoch."""

ErrorAnswer = int | Callable[[web.Request, Any], web.StreamResponse | Awaitable[web.StreamResponse]]
"""The answer to an error, as a status, or as a function of the request and the error that returns the response.

A status is sent as a problem document. The function may be a coroutine function. If it raises, that is answered like an
exception of a handler."""


class AnswerSettings(msgspec.Struct, frozen=True):
    """The answers of an application that replace Ponty's own.

    Args:
        envelope: Makes the documents of answers; None for Ponty's envelope, False for none.
        errors: The answers to exceptions, by class.
        answer_invalid: The answer to an invalid request.
        check_returns: One of this many answers is compared with its declared type, 0 for none. With "raise", each one
            is compared, and an answer that differs is not sent.
    """

    envelope: Envelope | Literal[False] | None = None
    errors: Mapping[type, ErrorAnswer] = {}
    answer_invalid: ErrorAnswer | None = None
    check_returns: int | Literal["raise"] = 1

    def __post_init__(self) -> None:
        if self.envelope is not None and self.envelope is not False and not callable(self.envelope):
            raise TypeError(f"envelope must be a function of a value and two numbers, or False, not {self.envelope!r}")
        for kind, answer in self.errors.items():
            if not (isinstance(kind, type) and issubclass(kind, Exception)):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise TypeError(f"the keys of errors must be classes of exceptions, not {kind!r}")
            _check_answer(f"errors[{kind.__qualname__}]", answer)
        if self.answer_invalid is not None:
            _check_answer("answer_invalid", self.answer_invalid)
        number = self.check_returns
        if number != "raise" and (not isinstance(number, int) or number < 0):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ValueError(f"check_returns must be a whole number of at least 0, or 'raise', not {number!r}")

    def answers_errors(self) -> bool:
        """Return whether the application has its own answer to any error."""
        return bool(self.errors) or self.answer_invalid is not None

    def renders(self) -> bool:
        """Return whether the application renders or checks values differently from the default."""
        return self.envelope is not None or self.check_returns != 1

    def answer_to(self, error: BaseException) -> ErrorAnswer | None:
        """Return the application's answer to `error`, by the nearest class; None if Ponty's own answer is used.

        Classes that have an answer by themselves end the search for a base class: `errors={Exception: …}` does not
        change exceptions that were meant as answers.
        """
        for kind in type(error).__mro__:
            if (answer := self.errors.get(kind)) is not None:
                return answer
            if kind is ValidationError and self.answer_invalid is not None and _is_invalid_request(error):
                return self.answer_invalid
            if kind in _ANSWERED_ALREADY or "__ponty_status__" in vars(kind):
                return None
        return None


def _is_invalid_request(error: BaseException) -> bool:
    return isinstance(error, ValidationError) and (error.status_code, error.text, error.body) == (400, None, None)


def _check_answer(place: str, answer: object) -> None:
    if isinstance(answer, int):
        check_status(answer)
    elif not callable(answer):
        raise TypeError(f"{place} must be a status, or a function of a request and an error, not {answer!r}")


_ANSWERED_ALREADY = {PontyError, web.HTTPException}

current_settings: contextvars.ContextVar[AnswerSettings] = contextvars.ContextVar("ponty.core.current_settings")
"""The settings of the application whose handler runs, if they differ from the default."""

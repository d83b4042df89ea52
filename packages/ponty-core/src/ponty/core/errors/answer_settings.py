"""What an application answers with in place of Ponty's own: its envelope, and its answers to errors.

Each application has its own, so that two in one process may differ. What renders a value is called from a handler,
which need not know its application: the settings of the one at work stand in a context variable while its handler runs.
"""

import contextvars
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal

import msgspec
from aiohttp import web

from ponty.core.errors.exceptions import PontyError, ValidationError
from ponty.core.responses.statuses import check_status

Envelope = Callable[[object, int, int], object]
"""Makes the document of an answer, of the value, the milliseconds that its handler took, and the milliseconds since the
epoch when it was done."""

ErrorAnswer = int | Callable[[web.Request, Any], web.StreamResponse | Awaitable[web.StreamResponse]]
"""The answer to an error: a status, for a problem document, or a function of the request and the error (a coroutine
function, too) that returns the response. What it raises is answered as what a handler raises."""


class AnswerSettings(msgspec.Struct, frozen=True):
    """The answers of an application in place of Ponty's own.

    Args:
        envelope: Makes the documents of its answers; None for Ponty's own, False for the values themselves.
        errors: The answers to exceptions, by class.
        answer_invalid: The answer to an invalid request.
        check_returns: How many answers there are to each of which the type is compared, 0 for none, and "raise" to have
            each compared, and none sent that differs.
    """

    envelope: Envelope | Literal[False] | None = None
    errors: Mapping[type, ErrorAnswer] = {}
    answer_invalid: ErrorAnswer | None = None
    check_returns: int | Literal["raise"] = 1

    def __post_init__(self) -> None:
        if self.envelope is not None and self.envelope is not False and not callable(self.envelope):
            raise TypeError(f"envelope is a function of a value and two numbers, or False, not {self.envelope!r}")
        for kind, answer in self.errors.items():
            if not (isinstance(kind, type) and issubclass(kind, Exception)):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise TypeError(f"errors has answers by class of exception, not by {kind!r}")
            _check_answer(f"errors[{kind.__qualname__}]", answer)
        if self.answer_invalid is not None:
            _check_answer("answer_invalid", self.answer_invalid)
        number = self.check_returns
        if number != "raise" and (not isinstance(number, int) or number < 0):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ValueError(f"check_returns is a whole number from 0 on, or 'raise', not {number!r}")

    def answers_errors(self) -> bool:
        """Return whether any error has an answer of the application's own."""
        return bool(self.errors) or self.answer_invalid is not None

    def renders(self) -> bool:
        """Return whether it differs from the default in what values are answered with."""
        return self.envelope is not None or self.check_returns != 1

    def answer_to(self, error: BaseException) -> ErrorAnswer | None:
        """Return the answer to `error` of the nearest of its classes; None where it has the one of any application.

        A class that has an answer by itself is nearer than the classes it is derived from: `errors={Exception: …}` is
        not about what was meant as an answer.
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
        raise TypeError(f"{place} is a status, or a function of a request and an error, not {answer!r}")


_ANSWERED_ALREADY = {PontyError, web.HTTPException}

current_settings: contextvars.ContextVar[AnswerSettings] = contextvars.ContextVar("ponty.core.current_settings")
"""The settings of the application whose handler runs, where they differ from the default."""

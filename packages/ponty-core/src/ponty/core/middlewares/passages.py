"""Passages: Ponty's own middlewares that are next to each other are joined into one, a *passage* of several steps.

A middleware costs a coroutine for each request, however little it does, and its guard costs another one. Ponty's own
middlewares do not wait for anything before and after the handler, so each is a `Step` of plain functions. The states of
a step, for a request:

- *entered*: `enter` was called, the outermost step first, and has returned the headers for the answer.
- *left*: the answer is there and has these headers, and `leave` was called, the innermost step first.
- *over*: `end` was called, whatever has happened before.

If a step raises in `enter`, its headers and those of the steps inside it are not sent. The answer to the error goes out
through the steps around it, as through middlewares. In an application that `build_app` has not made, the error itself
does.

Most answers are unsent when the handler returns them. Then the headers are added, and a plain answer stays plain. A
stream is begun by its handler, so the headers are noted before, and a receiver of the signal `on_response_prepare`,
which `build_app` connects, adds them when the stream is prepared. In other applications, streams do not get them.
"""

import abc
import functools
import itertools
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from ponty.core.middlewares.guarding import is_for_others
from ponty.core.responses.further_headers import FurtherHeaders, further_headers
from ponty.core.responses.noted_headers import merge, noted
from ponty.core.responses.plain_response import PlainResponse

Notes = dict[object, Any]
"""The notes that steps keep for a request, each under its own key."""

AnswerError = Callable[[web.Request, BaseException], Awaitable[web.StreamResponse]]

STEPS_ATTRIBUTE = "__ponty_steps__"
"""The attribute of a middleware that lists its steps."""


class Instead(NamedTuple):
    """An answer that replaces that of the handler; the steps inside the one that returns this are not entered.

    Args:
        answer: Returns the answer; None if the handler should answer after all.
        further: The headers for the answer of the handler in that case.
    """

    answer: Callable[[], Awaitable[web.StreamResponse | None]]
    further: FurtherHeaders


class Step(abc.ABC):
    """A middleware that does not wait: its work before and after the handler.

    `leave` and `end` are only called if a class overrides them. They are also called if the step was not entered, which
    they can see by its notes.
    """

    @abc.abstractmethod
    def enter(self, request: web.Request, notes: Notes) -> FurtherHeaders | Instead | None:
        """Do the work before the handler, and return the headers for the answer."""

    def leave(self, request: web.Request, answer: web.StreamResponse, notes: Notes) -> web.StreamResponse:
        """Do the work after the handler, and return the answer to send."""
        del request, notes
        return answer

    def end(self, notes: Notes) -> None:  # noqa: B027 - most have nothing to undo
        """Undo the changes of `enter`, if it has made any."""


def passage(*steps: Step, answer_error: AnswerError | None = None) -> Middleware:
    """Make one middleware from steps.

    Args:
        *steps: The steps, the outermost first.
        answer_error: Answers the errors of `enter`; None to raise them.
    """
    way_in = _WayIn(steps, answer_error)
    leaves = tuple(step.leave for step in reversed(steps) if type(step).leave is not Step.leave)
    ends = tuple(step.end for step in reversed(steps) if type(step).end is not Step.end)

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        notes: Notes = {}
        further: list[FurtherHeaders] = []
        try:
            turned = way_in.enter(request, notes, further)
            answer = None if turned is None else await way_in.turn(turned, request, notes, further)
            if answer is None:
                before = noted.get(None)
                noted.set((further, before))
                try:
                    answer = await handler(request)
                finally:
                    noted.set(before)  # this is quicker than a token
            if type(answer) is PlainResponse:
                answer.carry_all(further)
            elif not answer.prepared:
                merge(further, answer)
            for leave in leaves:
                answer = leave(request, answer, notes)
        finally:
            for end in ends:
                end(notes)
        return answer

    vars(middleware)[STEPS_ATTRIBUTE] = steps
    return middleware


class _Turned(NamedTuple):
    """The step at which a request does not go on to the next one.

    Args:
        number: The number of the step.
        why: The answer that the step may give instead.
    """

    number: int
    why: Instead


async def _raised(error: BaseException) -> web.StreamResponse | None:
    raise error


_NOTHING = further_headers({})


class _WayIn:
    """Calls `enter` of all steps for a request.

    Args:
        steps: The steps.
        answer_error: Answers the errors of `enter`.
    """

    def __init__(self, steps: Sequence[Step], answer_error: AnswerError | None) -> None:
        self._enters = tuple(step.enter for step in steps)
        self._answer_error = answer_error

    def enter(
        self, request: web.Request, notes: Notes, further: list[FurtherHeaders], start: int = 0
    ) -> _Turned | None:
        """Enter the steps, beginning at `start`, and add their headers to `further`."""
        number = start
        try:
            for enter in self._enters[start:]:
                more = enter(request, notes)
                if type(more) is FurtherHeaders:
                    further.append(more)
                elif type(more) is Instead:
                    return _Turned(number, more)
                number += 1
        except BaseException as error:  # noqa: BLE001 - a panic or SystemExit must not end the server
            return _Turned(number, Instead(functools.partial(_raised, error), _NOTHING))
        return None

    async def turn(
        self, turned: _Turned | None, request: web.Request, notes: Notes, further: list[FurtherHeaders]
    ) -> web.StreamResponse | None:
        """Return the answer that replaces the handler's; None if all steps were entered after all."""
        try:
            while turned is not None:
                answer = await turned.why.answer()
                if answer is not None:
                    return answer
                further.append(turned.why.further)
                turned = self.enter(request, notes, further, turned.number + 1)
        except BaseException as error:
            if self._answer_error is None or is_for_others(error):
                raise
            return await self._answer_error(request, error)
        return None


def joined(middlewares: Iterable[Middleware], answer_error: AnswerError) -> Iterator[Middleware]:
    """Join middlewares that are made from steps and are next to each other into one passage.

    Args:
        middlewares: The middlewares, the outermost first.
        answer_error: Answers the errors of `enter`.
    """
    for steps, group in itertools.groupby(middlewares, key=lambda each: hasattr(each, STEPS_ATTRIBUTE)):
        if steps:
            every = [step for each in group for step in getattr(each, STEPS_ATTRIBUTE)]
            yield passage(*every, answer_error=answer_error)
        else:
            yield from group

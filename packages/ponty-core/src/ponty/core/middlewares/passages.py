"""Middlewares of Ponty's own: those that stand next to each other are one, a *passage* of several steps.

A middleware costs a coroutine for each request, however little it does, and once more what guards it. What Ponty's own
do before and after a handler needs no waiting, so each is a `Step`, of plain functions. Its states, for a request:

- *entered*: `enter` has been called, by the outermost first, and has told which headers are to be sent along;
- *left*: the answer is there, has these headers, and `leave` has been called, by the innermost first;
- *over*: `end` was called, whatever has happened in between.

Of a step that raises while it is entered, and of those behind it, nothing is sent along: the answer to that goes out
through the steps before it, as it would through middlewares. Under an application that `build_app` has not made, the
error itself does.

Most answers are unsent when they come back: the headers are added to them then, and a plain answer stays one. A stream
was begun by its handler, so the headers are noted before, and added when the stream is prepared, by a receiver of the
signal `on_response_prepare` that `build_app` connects. Under other applications, streams go without.
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
"""What steps note of a request while it is on its way, each by itself."""

AnswerError = Callable[[web.Request, BaseException], Awaitable[web.StreamResponse]]

STEPS_ATTRIBUTE = "__ponty_steps__"
"""The attribute of a middleware that has the steps it is made of."""


class Instead(NamedTuple):
    """An answer in place of that of the handler, and of the steps behind the one that returns this.

    Args:
        answer: Returns the answer; None where the handler is to answer after all.
        further: The headers for the answer of the handler then.
    """

    answer: Callable[[], Awaitable[web.StreamResponse | None]]
    further: FurtherHeaders


class Step(abc.ABC):
    """The part of a middleware before and after the handler, without waiting.

    `leave` and `end` are called where a class has its own, also where the step was not entered; it can see that by its
    notes.
    """

    @abc.abstractmethod
    def enter(self, request: web.Request, notes: Notes) -> FurtherHeaders | Instead | None:
        """Take a request on its way in, and return the headers for its answer."""

    def leave(self, request: web.Request, answer: web.StreamResponse, notes: Notes) -> web.StreamResponse:
        """Take its answer on the way out, and return what is answered."""
        del request, notes
        return answer

    def end(self, notes: Notes) -> None:  # noqa: B027 - most have nothing to take back
        """Take back what `enter` has done, if it has done anything."""


def passage(*steps: Step, answer_error: AnswerError | None = None) -> Middleware:
    """Make one middleware of steps.

    Args:
        *steps: The steps, the outermost first.
        answer_error: Answers what a step raises while it is entered; None to have it raised.
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
                    noted.set(before)  # which costs less than a token
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
    """Where a request does not go straight on.

    Args:
        number: The number of the step.
        why: What may answer instead.
    """

    number: int
    why: Instead


async def _raised(error: BaseException) -> web.StreamResponse | None:
    raise error


_NOTHING = further_headers({})


class _WayIn:
    """How a request enters steps.

    Args:
        steps: The steps.
        answer_error: Answers what one of them raises.
    """

    def __init__(self, steps: Sequence[Step], answer_error: AnswerError | None) -> None:
        self._enters = tuple(step.enter for step in steps)
        self._answer_error = answer_error

    def enter(
        self, request: web.Request, notes: Notes, further: list[FurtherHeaders], start: int = 0
    ) -> _Turned | None:
        """Enter the steps from `start` on, and add their headers to `further`."""
        number = start
        try:
            for enter in self._enters[start:]:
                more = enter(request, notes)
                if type(more) is FurtherHeaders:
                    further.append(more)
                elif type(more) is Instead:
                    return _Turned(number, more)
                number += 1
        except BaseException as error:  # noqa: BLE001 - a panic and SystemExit end no server
            return _Turned(number, Instead(functools.partial(_raised, error), _NOTHING))
        return None

    async def turn(
        self, turned: _Turned | None, request: web.Request, notes: Notes, further: list[FurtherHeaders]
    ) -> web.StreamResponse | None:
        """Return the answer in place of the handler's; None where all steps were entered after all."""
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
    """Make one passage of those middlewares that are made of steps and stand next to each other.

    Args:
        middlewares: The middlewares, the outermost first.
        answer_error: Answers what a step raises while it is entered.
    """
    for steps, group in itertools.groupby(middlewares, key=lambda each: hasattr(each, STEPS_ATTRIBUTE)):
        if steps:
            every = [step for each in group for step in getattr(each, STEPS_ATTRIBUTE)]
            yield passage(*every, answer_error=answer_error)
        else:
            yield from group

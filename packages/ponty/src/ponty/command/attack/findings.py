"""The results of a run: the promises that were broken, and the requests that broke them."""

from collections.abc import Sequence

import msgspec

from ponty.command.attack.requests import Case
from ponty.command.attack.wire import Answer


class Finding(msgspec.Struct, frozen=True):
    """A promise that was broken.

    Args:
        promise: The name of the promise.
        how: How it was broken.
        case: A request that breaks it, as small as was found.
        answer: The answer; None if there was none.
        number: The number of the request in the run.
        is_repeatable: Whether the same request broke it again.
    """

    promise: str
    how: str
    case: Case
    answer: Answer | None
    number: int
    is_repeatable: bool


class Report(msgspec.Struct, frozen=True):
    """The outcome of a run.

    Args:
        findings: The broken promises.
        count: How many requests were made.
        unmet: The operations for which no valid request succeeded.
        operations: How many operations there are.
        port: The port at which the program was served.
        log: What the program has written to its standard error.
    """

    findings: Sequence[Finding]
    count: int
    unmet: Sequence[str]
    operations: int
    port: int
    log: str

"""What a run has found: promises that were broken, and by which requests."""

from collections.abc import Sequence

import msgspec

from ponty.command.attack.requests import Case
from ponty.command.attack.wire import Answer


class Finding(msgspec.Struct, frozen=True):
    """A promise that was broken.

    Args:
        promise: Which.
        how: How.
        case: The request, made small.
        answer: What came back; None where nothing did.
        number: The number of the request in the run.
        is_repeatable: Whether it was broken again by the same request.
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
        findings: What was found.
        count: How many requests were made.
        unmet: The operations of which no valid request was answered as one.
        operations: How many there are.
        port: Where the program was served.
        log: What it has written to its standard error.
    """

    findings: Sequence[Finding]
    count: int
    unmet: Sequence[str]
    operations: int
    port: int
    log: str

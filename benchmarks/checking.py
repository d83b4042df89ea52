"""Before anything is timed: does a server do what all the others do?"""

from benchmarks.cases import Ask, Case
from benchmarks.serving import Server, ServerError


def check(server: Server, case: Case) -> None:
    """Compare the answers of a server with those that a case expects.

    Raises:
        ServerError: One of them is another.
    """
    status, value = server.ask(case.request)
    if not _agrees(status, case.status):
        raise ServerError(f"{case.name}: answered {status}, not {case.status}")
    if case.status == 200:
        if not isinstance(value, dict) or set(value) != {"data", "elapsed", "now"}:
            raise ServerError(f"{case.name}: no envelope of data, elapsed and now")
        if value["data"] != case.data:
            raise ServerError(f"{case.name}: answered other data")
        if not (isinstance(value["elapsed"], int) and isinstance(value["now"], int)):
            raise ServerError(f"{case.name}: elapsed and now are whole milliseconds")
    for ask in case.refused:
        _refuses(server, case, ask)


def _refuses(server: Server, case: Case, ask: Ask) -> None:
    status, _ = server.ask(ask)
    if not _agrees(status, 400):
        raise ServerError(f"{case.name}: answered {status} to a bad request: {ask.path} {(ask.body or b'').decode()}")


def _agrees(status: int, expected: int) -> bool:
    if expected == 400:
        return status in {400, 422}
    return status == expected

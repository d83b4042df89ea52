"""The production profile: what servers make with a JSON access log, request ids, metrics, CORS and security headers on.

Run it as a program, with the number of rounds and a directory for the table as its arguments. It needs wrk. Rates are
compared by what the server's core spent on an answer, in the median of the rounds; in each round all servers are
measured one after another.
"""

import contextlib
import dataclasses
import pathlib
import statistics
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from benchmarks.cases import CASES, Case
from benchmarks.environments import python_of
from benchmarks.load import Load
from benchmarks.peers import PEERS, Peer
from benchmarks.results import Sample
from benchmarks.serving import Server, ServerError, running
from benchmarks.targets import PLAIN

CONNECTIONS = 8
TRIES = 10
ORIGIN = "https://shop.example"
LOGGING = ("asgi-correlation-id==5.0.1", "prometheus-client==0.25.0", "python-json-logger==4.2.0")
REQUIRES = {
    "FastAPI": (*LOGGING, "prometheus-fastapi-instrumentator==8.1.0"),
    "Litestar": LOGGING,
}
TARGETS = {"aiohttp tuned": 0.9, "FastAPI": 2.5, "Litestar": 1.8}
SEEN = ("x-request-id", "content-security-policy", "x-content-type-options", "access-control-allow-origin")


def production(peer: Peer) -> Peer:
    """Return the peer with all of the profile."""
    requires = None if peer.requires is None else (*peer.requires, *REQUIRES[peer.name])
    return dataclasses.replace(peer, file=peer.file.replace("_app", "_production"), requires=requires)


def check(server: Server, name: str) -> None:
    """See that a server does what the profile says.

    Raises:
        AssertionError: It lacks something.
    """
    import http.client  # noqa: PLC0415 - with its only user

    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    with contextlib.closing(connection):
        connection.request("GET", "/hello/ann", headers={"Origin": ORIGIN})
        answer = connection.getresponse()
        answer.read()
        missing = [header for header in SEEN if answer.getheader(header) is None]
        assert not missing, f"{name} sends no {missing}"
        connection.request("GET", "/metrics/" if name == "Litestar" else "/metrics")
        text = connection.getresponse().read()
        assert b"/hello/{" in text, f"{name} does not measure by the template of a route"
    log = server.last_words()
    assert '"message"' in log, f"{name} logs no JSON"
    assert "/hello/ann" in log, f"{name} logs no request"


def try_on(load: Load, server: Server, case: Case) -> Sample:
    """Put load on a server, once more where answers were lost, as on a machine that is busy with something else.

    Raises:
        ServerError: They were lost again and again.
    """
    for _ in range(TRIES - 1):
        with contextlib.suppress(ServerError):
            return load.on(server, case.request, connections=CONNECTIONS)
    return load.on(server, case.request, connections=CONNECTIONS)


def measure(rounds: int) -> dict[tuple[str, str], float]:
    """Return the microseconds of a core that an answer takes, by case and server."""
    peers = [production(peer) for peer in PEERS if peer.name == "ponty" or peer.name in TARGETS]
    cases = [case for case in CASES if case.name in PLAIN]
    found: dict[tuple[str, str], list[float]] = {}
    load = Load("wrk", seconds=2, headers=(f"Origin: {ORIGIN}",))
    for _ in range(rounds):
        for peer in peers:
            with running(python_of(peer), peer.script) as server:
                server.wait_for(CASES[0].request)
                check(server, peer.name)
                for case in cases:
                    sample = try_on(load, server, case)
                    found.setdefault((case.name, peer.name), []).append(sample["cpu_us"])
        print(end=".", flush=True)
    print()
    return {key: statistics.median(values) for key, values in found.items()}


def table(found: dict[tuple[str, str], float], cases: list[Case]) -> list[list[str]]:
    """Return the rows of the table: what an answer takes, and how many of ours a core makes for one of theirs."""
    rows = [["case", "ponty", *(f"{name} (target {bound:g})" for name, bound in TARGETS.items())]]
    for case in cases:
        ours = found[case.name, "ponty"]
        theirs = [found[case.name, name] for name in TARGETS]
        rows.append([case.name, f"{ours:.0f} us", *(f"{other:.0f} us: {other / ours:.2f}" for other in theirs)])
    return rows


def main() -> None:
    """Do as the command line says."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    found = measure(rounds)
    rows = table(found, [case for case in CASES if case.name in PLAIN])
    text = "".join(",".join(row) + "\n" for row in rows)
    print(text)
    if len(sys.argv) > 2:
        folder = pathlib.Path(sys.argv[2])
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "production.csv").write_text(text)


if __name__ == "__main__":
    main()

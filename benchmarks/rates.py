"""Answers a second, of each peer in each case, in rounds that go from peer to peer."""

import contextlib
import functools
import itertools
from collections.abc import Iterable

from benchmarks.cases import Case
from benchmarks.checking import check
from benchmarks.environments import InstallError, python_of
from benchmarks.load import Load
from benchmarks.peers import PEERS, PONTY, Peer
from benchmarks.results import Results
from benchmarks.serving import Server, ServerError, running
from benchmarks.targets import speed


def start(
    stack: contextlib.ExitStack, peers: Iterable[Peer], cases: Iterable[Case], results: Results
) -> dict[str, Server]:
    """Start the peers that can be had, until the end of the `stack`; note why others cannot."""
    servers: dict[str, Server] = {}
    first, *_ = cases
    for peer in peers:
        try:
            server = stack.enter_context(running(python_of(peer), peer.script, *peer.arguments))
            server.wait_for(first.request)
        except (InstallError, ServerError) as error:
            results.miss(peer.name, str(error))
        else:
            servers[peer.name] = server
    return servers


def agree(servers: dict[str, Server], case: Case, results: Results) -> dict[str, Server]:
    """Return those servers that answer a case as they should; note what others do, but for what is known of them."""
    agreeing = {}
    unfit = {peer.name for peer in PEERS if case.name in peer.unfit}
    for name, server in servers.items():
        if name in unfit:
            continue
        try:
            check(server, case)
        except ServerError as error:
            results.miss(f"{name}, {case.name}", str(error))
        else:
            agreeing[name] = server
    return agreeing


def measure(peers: list[Peer], cases: list[Case], rounds: int, load: Load, results: Results) -> None:
    """Measure each peer in each case, and print each case as it is done.

    The cases of one path are compared with one another, so each peer is measured in all of them before the next one.
    """
    of_path: dict[str, list[Case]] = {}
    for case in cases:
        of_path.setdefault(case.request.path, []).append(case)
    with contextlib.ExitStack() as stack:
        servers = start(stack, peers, cases, results)
        for alike in of_path.values():
            agreeing = {case.name: agree(servers, case, results) for case in alike}
            for number, name, case in itertools.product(range(rounds), servers, alike):
                if name not in agreeing[case.name]:
                    continue
                try:
                    take = functools.partial(load.on, agreeing[case.name][name], case.request, status=case.status)
                    results.measure(("rates", case.name, name, number), take)
                except ServerError as error:
                    results.miss(f"{name}, {case.name}", str(error))
                    del agreeing[case.name][name]
            for case in alike:
                _tell(case, results)


def _tell(case: Case, results: Results) -> None:
    print(f"{case.name}: {case.what}", flush=True)
    for name in results.peers("rates", case.name):
        rate = results.median("rates", case.name, name, "rate")
        cpu = results.median("rates", case.name, name, "cpu_us")
        ratio = speed(results, (case.name, PONTY.name), (case.name, name))
        ours = f"ponty: {ratio:5.2f} of it" if ratio and name != PONTY.name else ""
        print(f"  {name:18} {rate:9,.0f}/s {cpu:9.1f} µs  {ours}", flush=True)

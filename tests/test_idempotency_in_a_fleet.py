"""Idempotency keys over a real Redis, with processes that are killed, or stand still, at each step of their work."""

import asyncio
import itertools
import multiprocessing.forkserver
import os
import pathlib
import signal

import aiohttp
import paying
import pytest

from ponty.memo import RedisLink

NUMBERS = itertools.count()
KEY = {"Idempotency-Key": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}
ORDER = {"cents": 450}


PROCESSES = multiprocessing.get_context("forkserver")


class Worker:
    """A process that pays; see paying.py."""

    def __init__(self, *words):
        self.pipe, theirs = PROCESSES.Pipe()
        self.process = PROCESSES.Process(target=paying.serve, args=(theirs, *words), daemon=True)
        self.process.start()
        theirs.close()
        self.port = None

    async def hear(self):
        async with asyncio.timeout(300):
            return await asyncio.to_thread(self.pipe.recv)

    def send(self, number):
        os.kill(self.process.pid, number)

    def go_on(self):
        self.pipe.send("go on")

    def end(self):
        self.process.kill()
        self.process.join()
        self.process.close()
        self.pipe.close()


@pytest.fixture(scope="module", autouse=True)
def imported():
    """Have the server that forks import what a process needs, so that each is there at once.

    Not each Python tells it where tests are, and it says nothing of a module that it does not find.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(pathlib.Path(paying.__file__).parent))
        PROCESSES.set_forkserver_preload(["paying"])
        multiprocessing.forkserver.ensure_running()


@pytest.fixture
def namespace():
    return f"paying-{os.getpid()}-{next(NUMBERS)}"


@pytest.fixture
async def start(redis_url, namespace):
    workers = []

    async def begin(step, after_crash="again"):
        workers.append(Worker(redis_url, namespace, after_crash, step))
        workers[-1].port = await workers[-1].hear()
        return workers[-1]

    yield begin
    for worker in workers:
        worker.end()


@pytest.fixture
async def link(redis_url):
    async with RedisLink(redis_url, timeout_ms=20_000) as link:
        yield link


@pytest.fixture
def other(aiohttp_client, link, namespace):
    """Serve the same in this process, where nothing stops; give a function that asks it."""
    clients = []

    async def ask(after_crash="again", order=ORDER):
        if not clients:
            clients.append(await aiohttp_client(paying.paying(link, namespace, after_crash, paying.Stops())))
        async with clients[0].post("/payments", json=order, headers=KEY) as answer:
            return answer.status, answer.headers.get("Idempotent-Replayed"), await answer.json()

    return ask


@pytest.fixture
def payments(link, namespace):
    async def count():
        return int(await link.command("GET", f"{namespace}-payments") or 0)

    return count


@pytest.fixture
def end_leases(link, namespace):
    """Return a function that has the time of all leases be over; their holders hear nothing of it."""

    async def end():
        for name in await link.command("KEYS", f"{namespace}:value-lock:*"):
            await link.command("DEL", name)

    return end


async def ask(worker):
    """Ask a worker; None where it dies over it."""
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"http://127.0.0.1:{worker.port}/payments", json=ORDER, headers=KEY) as answer,
        ):
            return answer.status, await answer.json()
    except aiohttp.ClientConnectionError:
        return None


KILLED = [
    # after_crash, the step at which the process is killed, payments made in the end, what a repetition gets
    ("again", "looked", 1, "carried out"),
    ("again", "held", 1, "carried out"),
    ("again", "called", 1, "carried out"),
    ("again", "paid", 2, "carried out"),
    ("again", "recording", 2, "carried out"),
    ("again", "recorded", 1, "the answer"),
    ("again", "given back", 1, "the answer"),
    ("refuse", "looked", 1, "carried out"),
    ("refuse", "held", 1, "carried out"),
    ("refuse", "beginning", 1, "carried out"),
    ("refuse", "begun", 0, "refused"),
    ("refuse", "called", 0, "refused"),
    ("refuse", "paid", 1, "refused"),
    ("refuse", "recording", 1, "refused"),
    ("refuse", "recorded", 1, "the answer"),
    ("refuse", "given back", 1, "the answer"),
]


@pytest.mark.parametrize(("after_crash", "step", "made", "gets"), KILLED)
async def test_a_process_is_killed_at_each_step(start, other, payments, end_leases, after_crash, step, made, gets):
    """No step leaves half an answer, or a key that is held for longer than its lease.

    That a payment may be made twice, where the process dies between it and its record, cannot be had otherwise but by
    refusing.
    """
    worker = await start(step, after_crash)
    asking = asyncio.create_task(ask(worker))
    assert await worker.hear() == step
    worker.send(signal.SIGKILL)
    assert await asking is None
    await end_leases()
    status, replayed, document = await other(after_crash)
    assert await payments() == made
    if gets == "refused":
        assert (status, document["detail"]) == (409, "the request was cut short; whether it took effect is not known")
        assert (await other(after_crash))[0] == 409
        return
    by = os.getpid() if gets == "carried out" else worker.process.pid
    assert (status, document["by"], document["payment"]) == (201, by, made)
    assert replayed == (None if gets == "carried out" else "true")
    assert await other(after_crash) == (201, "true", document)
    assert (await other(after_crash, {"cents": 1}))[0] == 422
    assert await payments() == made


@pytest.mark.parametrize("step", ["called", "paid", "recording"])
async def test_a_process_that_wakes_up_late_overwrites_nothing(start, other, payments, end_leases, step):
    """It stood still while its lease ended; another one has answered meanwhile, and that answer stays."""
    worker = await start(step)
    asking = asyncio.create_task(ask(worker))
    assert await worker.hear() == step
    worker.send(signal.SIGSTOP)
    await end_leases()
    status, _, document = await other()
    assert (status, document["by"]) == (201, os.getpid())
    worker.send(signal.SIGCONT)
    worker.go_on()
    status, refusal = await asking
    assert (status, refusal["detail"][:28]) == (409, "the request took too long, a")
    assert await other() == (201, "true", document)
    assert await ask(worker) == (201, document)
    assert await payments() == 2


async def test_a_lease_outlives_its_process_for_its_time(start, other, link, namespace):
    """Until then, a repetition waits."""
    worker = await start("called")
    asking = asyncio.create_task(ask(worker))
    assert await worker.hear() == "called"
    worker.send(signal.SIGKILL)
    assert await asking is None
    (lock,) = await link.command("KEYS", f"{namespace}:value-lock:*")
    assert 0 < await link.command("PTTL", lock) <= paying.LEASE_MS
    fence = int(await link.command("HGET", lock, "fence"))
    repeating = asyncio.create_task(other())
    while await link.command("HGET", lock, "wanted") is None:
        assert not repeating.done()
    await link.command("PEXPIRE", lock, 1)
    status, _, document = await repeating
    assert status == 201
    assert document["fence"] > fence


async def test_repetitions_at_several_processes_pay_once(start, other, payments):
    """Those that come meanwhile wait, wherever they come, and get the one answer."""
    workers = [await start("paid"), await start("nowhere"), await start("nowhere")]
    first = asyncio.create_task(ask(workers[0]))
    assert await workers[0].hear() == "paid"
    others = [asyncio.create_task(ask(worker)) for worker in workers for _ in range(5)]
    others += [asyncio.create_task(other()) for _ in range(5)]
    workers[0].go_on()
    status, document = await first
    assert (status, document["payment"]) == (201, 1)
    for answer in await asyncio.gather(*others):
        assert (answer[0], answer[-1]) == (201, document)
    assert await payments() == 1

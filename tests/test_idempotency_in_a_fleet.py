"""Idempotency keys over a real Redis, with processes that are killed, or stand still, at each step of their work."""

import asyncio
import itertools
import os
import pathlib
import signal
import sys

import aiohttp
import paying
import pytest

from ponty.memo import RedisLink

NUMBERS = itertools.count()
KEY = {"Idempotency-Key": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}
ORDER = {"cents": 450}


class Worker:
    """A process that pays; see paying.py."""

    def __init__(self, process):
        self.process = process
        self.port = None

    async def hear(self, what):
        async with asyncio.timeout(120):
            line = (await self.process.stdout.readline()).decode()
        assert line.startswith(f"{what} "), line
        return line.removeprefix(f"{what} ").strip()

    def send(self, number):
        os.kill(self.process.pid, number)

    def go_on(self):
        self.process.stdin.write(b"go on\n")


@pytest.fixture
def namespace():
    return f"paying-{os.getpid()}-{next(NUMBERS)}"


@pytest.fixture
async def start(redis_url, namespace):
    workers = []

    async def begin(step, after_crash="again"):
        program = str(pathlib.Path(paying.__file__))
        words = [sys.executable, program, redis_url, namespace, after_crash, step]
        pipe = asyncio.subprocess.PIPE
        worker = Worker(await asyncio.create_subprocess_exec(*words, stdin=pipe, stdout=pipe))
        workers.append(worker)
        worker.port = int(await worker.hear("port"))
        return worker

    yield begin
    for worker in workers:
        if worker.process.returncode is None:
            worker.send(signal.SIGKILL)
        worker.process.stdin.close()
        await worker.process.communicate()


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
async def test_a_process_is_killed_at_each_step(start, other, payments, after_crash, step, made, gets):
    """No step leaves half an answer, or a key that stays held.

    That a payment may be made twice, where the process dies between it and its record, cannot be had otherwise but by
    refusing.
    """
    worker = await start(step, after_crash)
    asking = asyncio.create_task(ask(worker))
    await worker.hear("at")
    worker.send(signal.SIGKILL)
    assert await asking is None
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
async def test_a_process_that_wakes_up_late_overwrites_nothing(start, other, payments, step):
    """It stood still while its lease ended; another one has answered meanwhile, and that answer stays."""
    worker = await start(step)
    asking = asyncio.create_task(ask(worker))
    await worker.hear("at")
    worker.send(signal.SIGSTOP)
    status, _, document = await other()
    assert (status, document["by"]) == (201, os.getpid())
    worker.send(signal.SIGCONT)
    worker.go_on()
    status, refusal = await asking
    assert status in {409, 503}, refusal
    assert await other() == (201, "true", document)
    assert await ask(worker) == (201, document)
    assert await payments() == (1 if step == "called" else 2)


async def test_the_fence_of_a_later_attempt_is_greater(start, other):
    """A handler that writes it along can keep out one that wakes up late."""
    worker = await start("given back")
    asking = asyncio.create_task(ask(worker))
    await worker.hear("at")
    _, _, first = await other()
    worker.go_on()
    assert await asking == (201, first)
    killed = await start("paid")
    assert first["fence"] > 0
    killed.send(signal.SIGKILL)


async def test_repetitions_at_several_processes_pay_once(start, other, payments):
    """Those that come meanwhile wait, wherever they come, and get the one answer."""
    workers = [await start("paid"), await start("nowhere"), await start("nowhere")]
    first = asyncio.create_task(ask(workers[0]))
    await workers[0].hear("at")
    others = [asyncio.create_task(ask(worker)) for worker in workers for _ in range(5)]
    others += [asyncio.create_task(other()) for _ in range(5)]
    workers[0].go_on()
    status, document = await first
    assert (status, document["payment"]) == (201, 1)
    for answer in await asyncio.gather(*others):
        assert (answer[0], answer[-1]) == (201, document)
    assert await payments() == 1

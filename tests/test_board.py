"""The board of `examples/board`, in a real browser: events that come again, a websocket, several processes."""

import asyncio
import json
import urllib.request

import pytest
from aiohttp import web

from ponty import Event, LastEventId, Request, Routes, app_runner, build_app, expect, render_events

ITEMS = "[...document.querySelectorAll('#board li')].map(item => item.textContent)"


def book(address, room, guest):
    request = urllib.request.Request(
        f"{address}/bookings",
        data=json.dumps({"room": room, "guest": guest}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        return answer.status


async def test_a_page_sees_what_anybody_books_and_who_looks(run, browser):
    _, address = run("board/board.py")
    await browser.open(f"{address}/?name=ann")
    await browser.until("document.getElementById('state').textContent === 'live'")
    await browser.until("document.getElementById('looking').textContent === 'ann'")
    assert await asyncio.to_thread(book, address, 3, "bea <b>") == 202
    await browser.until(f"{ITEMS}.length === 1")
    await browser.run("document.querySelector('[name=guest]').value = 'cid'; document.querySelector('button').click();")
    await browser.until(f"{ITEMS}.length === 2")
    assert await browser.run(f"return {ITEMS}") == ["room 3: bea <b>", "room 1: cid"]
    await browser.run(
        "document.querySelector('[name=room]').removeAttribute('max');"
        "document.querySelector('[name=room]').value = 99; document.querySelector('button').click();"
    )
    await browser.until("document.getElementById('fault').textContent")
    rows = await browser.run("return await (await fetch('/bookings.csv')).text()")
    assert rows == "room,guest,number\r\n3,bea <b>,1\r\n1,cid,2\r\n"


async def test_the_processes_of_a_fleet_have_one_board(run, browser, redis_url):
    (_, first), (_, second) = (run("board/board.py", REDIS_URL=redis_url) for _ in range(2))
    await browser.open(f"{first}/")
    await browser.until("document.getElementById('state').textContent === 'live'")
    await asyncio.to_thread(book, second, 7, "dan")
    await browser.until(f"{ITEMS}.includes('room 7: dan')")


class Follow(Request):
    last = LastEventId(int)


@pytest.mark.parametrize("how", ["the generator ends", "an error", "the connection is cut"])
async def test_a_browser_connects_again_and_says_what_it_has_seen(browser, how, caplog):
    """Whatever ends the stream, each event is seen once."""
    table = Routes()
    seen = []
    confirmed = set()
    transports = []

    @table.get("/")
    async def page(request: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><title>a page</title>", content_type="text/html")

    @web.middleware
    async def note(request, handler):
        if request.path == "/events":
            transports.append(request.transport)
        return await handler(request)

    @table.get("/confirm")
    async def confirm(request: web.Request) -> web.Response:
        confirmed.add(int(request.query["number"]))
        return web.Response()

    @table.get("/events")
    @expect(Follow)
    @render_events
    async def events(last: int | None):
        seen.append(last)
        number = (last or 0) + 1
        yield Event(number, id=str(number), retry_ms=1)
        if number == 4:
            await asyncio.Event().wait()
        while number not in confirmed:
            await asyncio.sleep(0)
        if how == "an error":
            raise ValueError("broken")
        if how == "the connection is cut":
            transports[-1].abort()
            await asyncio.Event().wait()

    runner = app_runner(build_app(routes=table, middlewares=[note]), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await browser.open(f"http://127.0.0.1:{runner.addresses[0][1]}/")
    await browser.run(
        "window.got = []; window.source = new EventSource('/events');"
        "source.onmessage = event => {"
        "  got.push([event.data, event.lastEventId]);"
        "  fetch(`/confirm?number=${event.data}`);"
        "};"
    )
    await browser.until("got.length >= 4")
    assert await browser.run("return got") == [[str(number)] * 2 for number in (1, 2, 3, 4)]
    assert seen == [None, 1, 2, 3]
    await browser.run("source.close()")
    await runner.cleanup()
    assert len([record for record in caplog.records if record.exc_info]) == (3 if how == "an error" else 0)

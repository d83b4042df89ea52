"""A file is sent once, whatever stands around its handler, and its connection lives on."""

import logging

import pytest
from aiohttp import TCPConnector, web

from ponty.core import Routes, build_app, security_headers


@web.middleware
async def signing(request, handler):
    answer = await handler(request)
    answer.headers["X-Signed"] = "yes"
    return answer


@pytest.fixture
async def ask(aiohttp_client, tmp_path):
    """Ask for files over one connection, of an application with middlewares or without."""
    (tmp_path / "list.txt").write_text("tea, toast")

    async def connect(middlewares):
        table = Routes()

        @table.get("/download")
        async def download(request: web.Request) -> web.FileResponse:
            return web.FileResponse(tmp_path / "list.txt")

        app = build_app(routes=[table], middlewares=middlewares)
        app.router.add_static("/files", tmp_path)
        return await aiohttp_client(app, connector=TCPConnector(limit=1))

    return connect


@pytest.mark.parametrize("middlewares", [[], [signing], [security_headers(), signing]], ids=len)
@pytest.mark.parametrize("path", ["/download", "/files/list.txt"])
async def test_a_file_is_sent_and_the_connection_is_kept(ask, caplog, middlewares, path):
    caplog.set_level(logging.INFO)
    client = await ask(middlewares)
    for method, headers, status, body in [
        ("GET", {}, 200, "tea, toast"),
        ("HEAD", {}, 200, ""),
        ("GET", {"Range": "bytes=0-2"}, 206, "tea"),
        ("GET", {"Range": "bytes=90-"}, 416, ""),
        ("GET", {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}, 304, ""),
        ("GET", {}, 200, "tea, toast"),
    ]:
        async with client.request(method, path, headers=headers) as answer:
            assert (answer.status, await answer.text()) == (status, body)
            assert answer.headers.get("X-Signed") == ("yes" if middlewares else None)
            assert answer.headers.get("Connection", "keep-alive") == "keep-alive"
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []

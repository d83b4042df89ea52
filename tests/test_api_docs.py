"""The pages of a description: what is served, and what a real browser does with it."""

import gzip
import importlib.util
import json
import subprocess
import sys

import pytest
import yaml

from ponty import (
    BearerToken,
    PosIntQueryParameter,
    Request,
    Routes,
    ValidationError,
    api_docs,
    expect,
    openapi,
    render_json,
    security_headers,
)

MUGS = Routes(tags=["mugs"])


class ListMugs(Request):
    token = BearerToken()
    most = PosIntQueryParameter(default=3)


@MUGS.get("/mugs", raises=[ValidationError])
@expect(ListMugs)
@render_json(list[str])
async def list_mugs(token: str, most: int) -> list[str]:
    """List <mugs>.

    Of *all* colours.
    """
    return ["red", "blue", token][:most]


NAMES = {"title": "Mugs & more", "version": "1.2.3"}


@pytest.fixture
async def client(ponty_client):
    return await ponty_client(MUGS, api_docs(MUGS, **NAMES))


@pytest.mark.parametrize(
    ("path", "content_type", "read"),
    [
        ("/docs/openapi.json", "application/json", json.loads),
        ("/docs/openapi.yaml", "application/yaml", yaml.safe_load),
    ],
)
async def test_the_document_is_served(client, path, content_type, read):
    async with client.get(path) as answer:
        assert (answer.status, answer.content_type) == (200, content_type)
        assert read(await answer.read()) == openapi(MUGS, **NAMES)


@pytest.mark.parametrize(
    "path", ["/docs", "/docs/openapi.json", "/docs/openapi.yaml", "/docs/page.js", "/docs/swagger-ui.js"]
)
async def test_what_a_client_has_is_not_sent_again(client, path):
    async with client.get(path) as answer:
        etag = answer.headers["ETag"]
        assert answer.headers["Cache-Control"] == "no-cache"
    async with client.get(path, headers={"If-None-Match": f"W/{etag}"}) as answer:
        assert (answer.status, await answer.read(), answer.headers["ETag"]) == (304, b"", etag)
    async with client.get(path, headers={"If-None-Match": '"another"'}) as answer:
        assert answer.status == 200


async def test_what_is_large_is_compressed_for_who_takes_it(client):
    headers = {"Accept-Encoding": "identity"}
    async with client.get("/docs/swagger-ui.js", headers=headers) as answer:
        whole, etag = await answer.read(), answer.headers["ETag"]
        assert "Content-Encoding" not in answer.headers
    headers = {"Accept-Encoding": "gzip"}
    async with client.get("/docs/swagger-ui.js", headers=headers, auto_decompress=False) as answer:
        small = await answer.read()
        assert answer.headers["ETag"] != etag
    assert len(small) < len(whole) / 2
    assert gzip.decompress(small) == whole


async def test_the_policy_lets_nothing_in_from_elsewhere(ponty_client):
    """Only the servers of the document may be asked, since that is what the page is for."""
    servers = ["https://mugs.example/v1", "/v2", "https://{region}.example"]
    client = await ponty_client(api_docs(MUGS, servers=servers, **NAMES))
    async with client.get("/docs") as answer:
        policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
        page = await answer.text()
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["connect-src"] == "'self' https://mugs.example"
    assert "<style" not in page
    assert "<script>" not in page
    assert "http" not in page


async def test_the_pages_are_in_no_document(client):
    table = api_docs(MUGS, **NAMES)
    assert openapi(table, **NAMES)["paths"] == {}


async def test_they_may_be_guarded(ponty_client):
    from aiohttp import web

    @web.middleware
    async def refuse(request, handler):
        raise web.HTTPForbidden

    client = await ponty_client(api_docs(MUGS, middlewares=[refuse], **NAMES))
    for path in ("/docs", "/docs/openapi.json", "/docs/page.js"):
        async with client.get(path) as answer:
            assert answer.status == 403


async def test_the_plain_page_has_no_script_and_says_it_all(ponty_client):
    client = await ponty_client(api_docs(MUGS, interactive=False, path="/read/me", **NAMES))
    async with client.get("/read/me") as answer:
        page = await answer.text()
    assert "<script" not in page
    for text in ("Mugs &amp; more", "GET /mugs", "List &lt;mugs&gt;", "Of *all* colours.", "most", "400", "bearerAuth"):
        assert text in page
    async with client.get("/read/me/plain.css") as answer:
        assert (answer.status, answer.content_type) == (200, "text/css")
    async with client.get("/read/me/swagger-ui.js") as answer:
        assert answer.status == 404


async def test_without_the_extra_the_page_is_plain_and_there_is_no_yaml(ponty_client, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name in {"offapi", "yaml"} else find(name, *more)
    )
    with pytest.raises(ImportError, match=r"pip install 'ponty-request\[docs\]'"):
        api_docs(MUGS, interactive=True, **NAMES)
    client = await ponty_client(api_docs(MUGS, **NAMES))
    async with client.get("/docs") as answer:
        assert "<script" not in await answer.text()
    async with client.get("/docs/openapi.yaml") as answer:
        assert answer.status == 404


@pytest.mark.parametrize("path", ["", "docs", "/docs/", "/"])
def test_a_path_that_is_none_is_refused(path):
    with pytest.raises(ValueError, match=r"as /docs"):
        api_docs(MUGS, path=path, **NAMES)


def test_a_program_that_shows_no_description_imports_nothing_of_it():
    code = """
import sys, ponty
ponty.expect, ponty.Request
assert not any(name.startswith(("ponty.request.description", "yaml", "offapi")) for name in sys.modules)
ponty.api_docs(title="T", version="1")
assert "offapi" not in sys.modules and "yaml" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


OPERATIONS = """[...document.querySelectorAll(".opblock-summary")].map(
    block => block.innerText.replace(/\\s+/g, " ").trim())"""
ASKED = "performance.getEntriesByType('resource').map(entry => new URL(entry.name).origin)"


@pytest.mark.parametrize("prefix", ["", "/api/v1"])
async def test_the_page_lists_the_operations_and_asks_nobody_else(ponty_client, browser, prefix):
    """Wherever it is mounted, its own files are found beside it; and a stricter policy for answers is not for it."""
    outer = Routes()
    outer.include(api_docs(MUGS, **NAMES), prefix=prefix)
    client = await ponty_client(MUGS, outer, middlewares=[security_headers()])
    await browser.open(client.make_url(f"{prefix}/docs"))
    await browser.until("document.querySelector('.opblock-summary')")
    (operation,) = await browser.run(f"return {OPERATIONS}")
    assert operation.startswith("GET /mugs List <mugs>")
    assert set(await browser.run(f"return {ASKED}")) == {str(client.make_url("/")).rstrip("/")}
    assert await browser.console() == []


async def test_an_operation_is_tried_with_a_bearer_token(client, browser):
    await browser.open(client.make_url("/docs"))
    await browser.until("document.querySelector('.btn.authorize')")
    await browser.run("document.querySelector('.btn.authorize').click()")
    await browser.until("document.querySelector('.modal-ux input')")
    await browser.run(
        """
        const input = document.querySelector(".modal-ux input");
        Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(input, "s3cret");
        input.dispatchEvent(new Event("input", {bubbles: true}));
        """
    )
    await browser.run("document.querySelector('.modal-ux .btn.authorize').click()")
    await browser.until("document.querySelector('.modal-ux .btn-done')")
    await browser.run("document.querySelector('.modal-ux .btn-done').click()")
    await browser.run("document.querySelector('.opblock-summary-control').click()")
    await browser.until("document.querySelector('.try-out__btn')")
    await browser.run("document.querySelector('.try-out__btn').click()")
    await browser.until("document.querySelector('.execute')")
    await browser.run("document.querySelector('.execute').click()")
    await browser.until("document.querySelector('.live-responses-table .response-col_status')")
    text = await browser.run("return document.querySelector('.live-responses-table').innerText")
    assert "200" in text
    assert "s3cret" in text
    assert await browser.console() == []


async def test_the_plain_page_is_read_with_scripts_switched_off(ponty_client, browser):
    client = await ponty_client(api_docs(MUGS, interactive=False, **NAMES))
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        await browser.open(client.make_url("/docs"))
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert "GET /mugs" in await browser.run("return document.body.innerText")
    margin = await browser.run("return getComputedStyle(document.querySelector('section')).borderTopStyle")
    assert margin == "solid"
    assert await browser.console() == []

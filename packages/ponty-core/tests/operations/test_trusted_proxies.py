"""Who asks, where proxies stand in between."""

import asyncio
import ipaddress
import logging
import pathlib
import string
import sys

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from ponty.core import Limits, Routes, build_app, get, trusted_proxies
from ponty.core.logs.access_log import AccessLogger
from ponty.core.operations.forwarding import Hop, MalformedForwarded, read_forwarded, read_x_forwarded

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from serving import Served, rest, until

PEER = "127.0.0.1"


@pytest.fixture(autouse=True)
def who(routes):
    """Tell what a handler sees."""

    @get("/")
    async def who(request: web.Request) -> web.Response:
        return web.json_response([request.remote, request.scheme, request.host])


async def seen(serve, headers, *proxies, **options):
    client = await serve(middlewares=[trusted_proxies(*proxies, **options)])
    async with client.get("/", headers={"Host": "inside"} | headers) as answer:
        assert answer.status == 200
        remote, scheme, host = await answer.json()
        return remote, scheme, host


@pytest.mark.parametrize(
    ("forwarded_for", "remote"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("  203.0.113.7\t", "203.0.113.7"),
        ("203.0.113.7:4711", "203.0.113.7"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        # A client's own words stand left of what the proxy has written.
        ("10.0.0.1, 203.0.113.7", "203.0.113.7"),
        ("127.0.0.1, 203.0.113.7", "203.0.113.7"),
        ("garbage, 203.0.113.7", "203.0.113.7"),
        ('"broken, 203.0.113.7', "203.0.113.7"),
        # Proxies behind one another.
        ("203.0.113.7, 10.0.0.1", "203.0.113.7"),
        ("198.51.100.9, 203.0.113.7, 10.0.0.1, 10.1.1.1", "203.0.113.7"),
        # A client within the network of the proxies.
        ("10.0.0.3, 10.0.0.1", "10.0.0.3"),
        # What is no address ends the reading: the proxy that says so is the last that is known.
        ("unknown, 10.0.0.1", "10.0.0.1"),
        ("203.0.113.7, garbage, 10.0.0.1", "10.0.0.1"),
        ("203.0.113.7, , 10.0.0.1", "10.0.0.1"),
        ("unknown", PEER),
        ("", PEER),
        (",", PEER),
        ("256.1.1.1", PEER),
        ("127.1", PEER),
        ("0177.0.0.1", PEER),
        ("203.0.113.7 10.0.0.1", PEER),
        ("fe80::1%eth0", PEER),
        ("[203.0.113.7]:80:90", PEER),
        ("203.0.113.7:port", PEER),
        ("1" * 5000, PEER),
        ("\u0661.2.3.4", PEER),
    ],
)
async def test_the_address_behind_x_forwarded_for(serve, forwarded_for, remote):
    assert (await seen(serve, {"X-Forwarded-For": forwarded_for}, PEER, "10.0.0.0/8"))[0] == remote


@pytest.mark.parametrize(
    ("headers", "scheme", "host"),
    [
        ({}, "http", "inside"),
        ({"X-Forwarded-Proto": "https"}, "https", "inside"),
        ({"X-Forwarded-Proto": "HTTPS", "X-Forwarded-Host": "shop.example:8443"}, "https", "shop.example:8443"),
        ({"X-Forwarded-Proto": "http, https"}, "https", "inside"),
        ({"X-Forwarded-Proto": "https, http, http"}, "http", "inside"),
        ({"X-Forwarded-Host": "evil.example, shop.example"}, "http", "shop.example"),
        ({"X-Forwarded-Host": "[2001:db8::1]:8443"}, "http", "[2001:db8::1]:8443"),
        ({"X-Forwarded-Proto": "javascript"}, "http", "inside"),
        ({"X-Forwarded-Proto": "https://"}, "http", "inside"),
        ({"X-Forwarded-Host": "shop.example/path"}, "http", "inside"),
        ({"X-Forwarded-Host": "user@shop.example"}, "http", "inside"),
        ({"X-Forwarded-Host": "shop.example:99999"}, "http", "inside"),
        ({"X-Forwarded-Host": "shop.example:0"}, "http", "inside"),
        ({"X-Forwarded-Host": "[::zz]"}, "http", "inside"),
        ({"X-Forwarded-Host": ""}, "http", "inside"),
        ({"X-Forwarded-Host": "a" * 300}, "http", "inside"),
    ],
)
async def test_the_scheme_and_the_host(serve, headers, scheme, host):
    found = await seen(serve, {"X-Forwarded-For": "203.0.113.7"} | headers, PEER)
    assert found == ("203.0.113.7", scheme, host)


async def test_a_scheme_is_read_from_the_hop_of_the_address(serve):
    headers = {"X-Forwarded-For": "203.0.113.7, 10.0.0.1", "X-Forwarded-Proto": "https, http"}
    assert (await seen(serve, headers, PEER, "10.0.0.0/8"))[:2] == ("203.0.113.7", "https")


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        ("for=203.0.113.7", ("203.0.113.7", "http", "inside")),
        ('For="203.0.113.7:4711";Proto=https;host=shop.example', ("203.0.113.7", "https", "shop.example")),
        ('for="[2001:db8::1]:4711"; by=203.0.113.43', ("2001:db8::1", "http", "inside")),
        ('for="[2001:db8::1]:_port"', ("2001:db8::1", "http", "inside")),
        (r'for="20\3.0.113.7"', ("203.0.113.7", "http", "inside")),
        ('for=203.0.113.7;ext="a,b;c\\"d"', ("203.0.113.7", "http", "inside")),
        ("for=203.0.113.7, for=10.0.0.1;proto=https", ("203.0.113.7", "http", "inside")),
        ("for=10.0.0.9;proto=https, for=203.0.113.7", ("203.0.113.7", "http", "inside")),
        ("for=203.0.113.7;proto=https, for=10.0.0.1;proto=http", ("203.0.113.7", "https", "inside")),
        (",, for=203.0.113.7 ,;", ("203.0.113.7", "http", "inside")),
        ("for=unknown;proto=https", (PEER, "https", "inside")),
        ("for=_hidden, for=10.0.0.1", ("10.0.0.1", "http", "inside")),
        ("proto=https", (PEER, "https", "inside")),
        ("", (PEER, "http", "inside")),
        ('host="shop.example:8443";for=203.0.113.7', ("203.0.113.7", "http", "shop.example:8443")),
        ('host="a b";for=203.0.113.7', ("203.0.113.7", "http", "inside")),
    ],
)
async def test_forwarded(serve, forwarded, expected):
    assert await seen(serve, {"Forwarded": forwarded}, PEER, "10.0.0.0/8", header="Forwarded") == expected


@pytest.mark.parametrize(
    "forwarded",
    [
        'for="203.0.113.7',
        'for=", for="[2001:db8::1]"',
        "for = 203.0.113.7",
        "for=203.0.113.7 for=10.0.0.1",
        "for=[2001:db8::1]",
        "for=203.0.113.7:4711",
        "for=1.2.3.4;for=203.0.113.7",
        "for",
        "=203.0.113.7",
        'for="a\\',
        "for=\u00fc",
    ],
)
async def test_what_breaks_the_syntax_of_forwarded_is_refused(serve, forwarded):
    """A client that could have it passed over would be taken for the proxy."""
    client = await serve(middlewares=[trusted_proxies(PEER, header="Forwarded")])
    async with client.get("/", headers={"Forwarded": forwarded}) as answer:
        assert answer.status == 400
        assert (await answer.json())["detail"] == "the header Forwarded is malformed"


async def test_a_line_of_the_client_s_own_cannot_spoil_that_of_the_proxy(serve):
    client = await serve(middlewares=[trusted_proxies(PEER, header="Forwarded")])
    headers = [("Forwarded", 'for="broken'), ("Forwarded", "for=203.0.113.7")]
    async with client.get("/", headers=headers) as answer:
        assert (await answer.json())[0] == "203.0.113.7"


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded"])
async def test_the_header_that_is_not_read_says_nothing(serve, header):
    headers = {"X-Forwarded-For": "203.0.113.7", "Forwarded": "for=203.0.113.7", "X-Real-IP": "203.0.113.7"}
    headers.pop(header)
    assert await seen(serve, headers, PEER, header=header) == (PEER, "http", "inside")


async def test_a_stranger_is_not_believed(serve):
    headers = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "shop.example"}
    assert await seen(serve, headers, "10.0.0.0/8", "::1", "unix") == (PEER, "http", "inside")


@pytest.mark.parametrize(
    ("hops", "remote"), [(None, "203.0.113.7"), (3, "203.0.113.7"), (2, "10.0.0.2"), (1, "10.0.0.1")]
)
async def test_no_more_hops_are_walked_than_there_are(serve, hops, remote):
    headers = {"X-Forwarded-For": "203.0.113.7, 10.0.0.2, 10.0.0.1"}
    assert (await seen(serve, headers, PEER, "10.0.0.0/8", hops=hops))[0] == remote


async def test_a_proxy_on_a_unix_socket(tmp_path):
    import aiohttp

    for proxies, remote in [(["unix"], "203.0.113.7"), ([PEER], "")]:
        runner = web.AppRunner(build_app(middlewares=[trusted_proxies(*proxies)]))
        await runner.setup()
        path = str(tmp_path / f"{len(remote)}.sock")
        await web.UnixSite(runner, path).start()
        async with (
            aiohttp.ClientSession(connector=aiohttp.UnixConnector(path)) as session,
            session.get("http://inside/", headers={"X-Forwarded-For": "203.0.113.7"}) as answer,
        ):
            assert (await answer.json())[0] == remote
        await runner.cleanup()


async def test_the_access_log_has_the_client_s_address(caplog):
    logger = logging.getLogger("test.proxied")
    runner = web.AppRunner(
        build_app(middlewares=[trusted_proxies(PEER)]), access_log=logger, access_log_class=AccessLogger
    )
    await runner.setup()
    await web.TCPSite(runner, PEER, 0).start()
    with caplog.at_level(logging.INFO, "test.proxied"):
        for line in ("X-Forwarded-For: 203.0.113.7", "X-Other: 203.0.113.7"):
            reader, writer = await asyncio.open_connection(*runner.addresses[0])
            writer.write(f"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{line}\r\n\r\n".encode())
            await reader.read()
            writer.close()
    await runner.cleanup()
    assert [message.split()[0] for message in caplog.messages] == ["203.0.113.7", PEER]


async def test_a_body_is_read_and_a_form_too(serve):
    from ponty.core import post

    @post("/echo")
    async def echo(request: web.Request) -> web.Response:
        return web.Response(text=await request.text())

    client = await serve(middlewares=[trusted_proxies(PEER)])
    async with client.post("/echo", data="x" * 200_000, headers={"X-Forwarded-For": "203.0.113.7"}) as answer:
        assert await answer.text() == "x" * 200_000


@pytest.mark.parametrize(
    ("proxies", "options", "words"),
    [
        ((), {}, "name the addresses of your proxies"),
        (("proxy.example",), {}, "'proxy.example' is not an address, network or 'unix'"),
        (("10.0.0.1/8",), {}, "has host bits set"),
        (("",), {}, "is not an address"),
        ((PEER,), {"header": "X-Real-IP"}, "header must be 'X-Forwarded-For' or 'Forwarded'"),
        ((PEER,), {"hops": 0}, "hops must be a whole number of at least 1"),
        ((PEER,), {"hops": True}, "hops must be a whole number of at least 1"),
    ],
)
def test_settings_that_make_no_sense_are_refused(proxies, options, words):
    with pytest.raises(ValueError, match=words):
        trusted_proxies(*proxies, **options)


TOKEN = st.text(string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~", min_size=1)
# What a header can hold.
VALUE = st.text(st.characters(min_codepoint=0x20, exclude_categories=["Cs"], exclude_characters="\x7f"))
ADDRESS = st.ip_addresses()


def quoted(value):
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


@given(st.lists(st.tuples(ADDRESS, st.sampled_from(["http", "https"]), st.dictionaries(TOKEN, VALUE)), max_size=5))
def test_what_is_written_by_rfc_7239_is_read(hops):
    """Whatever else stands in an element, and however it is quoted."""
    elements = []
    for address, scheme, others in hops:
        node = f"[{address}]" if address.version == 6 else str(address)
        pairs = [f"for={quoted(node)}", f"proto={scheme}"]
        pairs += [
            f"{name}={quoted(value)}" for name, value in others.items() if name.lower() not in {"for", "proto", "host"}
        ]
        if len({pair.partition("=")[0].lower() for pair in pairs}) == len(pairs):
            elements.append((address, scheme, ";".join(pairs)))
    read = list(read_forwarded([", ".join(text for _, _, text in elements)]))
    plain = [getattr(address, "ipv4_mapped", None) or address for address, _, _ in elements]
    assert read == [Hop(address, scheme) for address, (_, scheme, _) in zip(plain, elements, strict=True)][::-1]


@given(st.text(), ADDRESS)
def test_nothing_that_a_client_writes_is_taken_for_a_proxy_s_word(forged, address):
    """Whatever it sends, the last element is the proxy's, or the whole is refused."""
    node = f'"[{address}]"' if address.version == 6 else str(address)
    try:
        latest = next(read_forwarded([f"{forged}, for={node}"]))
    except MalformedForwarded:
        pass
    else:
        assert latest.address == (getattr(address, "ipv4_mapped", None) or address)
    latest = next(read_x_forwarded([f"{forged}, {address}"], [forged], [forged]))
    assert latest.address == (getattr(address, "ipv4_mapped", None) or address)


@given(st.lists(st.text()), st.lists(st.text()), st.lists(st.text()))
def test_any_text_is_read_without_an_error(addresses, schemes, hosts):
    for hop in read_x_forwarded(addresses, schemes, hosts):
        assert hop.address is None or isinstance(hop.address, ipaddress.IPv4Address | ipaddress.IPv6Address)
        assert hop.scheme in {None, "http", "https"}


def ask(address="203.0.113.7", path="/"):
    forwarded = f"X-Forwarded-For: {address}\r\n" if address else ""
    return f"GET {path} HTTP/1.1\r\nHost: a\r\n{forwarded}Connection: close\r\n\r\n".encode()


@pytest.fixture
def go_on(routes):
    """Wait in a handler until the test goes on."""
    event = asyncio.Event()

    @get("/wait")
    async def wait(request: web.Request) -> web.Response:
        await event.wait()
        return web.Response(text="waited")

    return event


def serving_behind(*proxies, most=1, further=(), **options):
    middlewares = [*further, trusted_proxies(*proxies, **options)]
    return Served(build_app(middlewares=middlewares), limits=Limits(connections_per_client=most))


async def begin_to_wait(served, *requests):
    """Have handlers wait; return who reads their answers."""
    readers = []
    for number, request in enumerate(requests, 1):
        reader, _ = await served.send(request)
        await until(lambda n=number: len([each for each in served.server.connections if each.request is not None]) == n)
        readers.append(reader)
    return readers


@pytest.mark.parametrize("is_behind_another", [False, True])
async def test_one_client_of_a_proxy_has_no_more_than_its_share_of_requests_at_once(go_on, is_behind_another):
    async def middleware(request, handler):
        return await handler(request)

    further = [web.middleware(middleware)] if is_behind_another else []
    async with serving_behind(PEER, most=2, further=further) as served:
        waiting = await begin_to_wait(served, *[ask(path="/wait")] * 2)
        third, _ = await served.send(ask(path="/wait"))
        answer = await rest(third)
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nRetry-After: 1\r\n" in answer
        assert served.refusals == {"connections_per_client": 1}
        others = [await rest((await served.send(ask(f"203.0.113.{number}")))[0]) for number in range(10, 15)]
        assert all(answer.startswith(b"HTTP/1.1 200 ") for answer in others)
        go_on.set()
        assert all([b"waited" in await rest(reader) for reader in waiting])
        fourth, _ = await served.send(ask())
        assert (await rest(fourth)).startswith(b"HTTP/1.1 200 ")


async def test_the_connections_of_a_proxy_are_not_limited_though_those_of_others_are(go_on):
    """A proxy opens many, and keeps them; what it asks by itself is nobody's."""
    async with serving_behind("192.0.2.1") as served:
        await begin_to_wait(served, ask(path="/wait"))
        second, _ = await served.send(ask())
        assert (await rest(second)).startswith(b"HTTP/1.1 503 ")
        go_on.set()
    go_on.clear()
    async with serving_behind(PEER) as served:
        waiting = await begin_to_wait(served, *[ask(address=None, path="/wait")] * 3, ask(path="/wait"))
        go_on.set()
        assert all([b"waited" in await rest(reader) for reader in waiting])
        assert not served.refusals


async def test_a_request_that_fails_or_loses_its_client_gives_its_place_back(go_on, caplog):
    @get("/fails")
    async def fails(request: web.Request) -> web.Response:
        raise ZeroDivisionError

    async with serving_behind(PEER) as served:
        for _ in range(2):
            reader, _ = await served.send(ask(path="/fails"))
            assert (await rest(reader)).startswith(b"HTTP/1.1 500 ")
        _, writer = await served.send(ask(path="/wait"))
        await until(lambda: any(each.request is not None for each in served.server.connections))
        writer.close()
        go_on.set()
        await until(lambda: not served.server.connections)
        reader, _ = await served.send(ask())
        assert (await rest(reader)).startswith(b"HTTP/1.1 200 ")


async def test_a_client_that_two_middlewares_name_is_counted_once():
    table = Routes(middlewares=[trusted_proxies("203.0.113.7", PEER)])

    @table.get("/twice")
    async def twice(request: web.Request) -> web.Response:
        return web.Response(text="once")

    app = build_app(routes=[table], middlewares=[trusted_proxies(PEER)])
    async with Served(app, limits=Limits(connections_per_client=1)) as served:
        reader, _ = await served.send(ask(path="/twice"))
        assert (await rest(reader)).startswith(b"HTTP/1.1 200 ")

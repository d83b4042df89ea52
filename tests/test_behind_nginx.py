"""Request smuggling: what nginx took for a body, or refused, never reaches a handler as a request.

Each attack hides `GET /items/secret` somewhere. A real nginx, set up as `examples/deploy/nginx.conf` is, writes down
each request that it has passed on, and the program each one that reached a handler. The program may not have seen one
more. After each attack, connections between the two are used again: an answer that waits there would reach the wrong
client.
"""

import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import urllib.request
from collections import Counter

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import warm
from hostile import answers, nginx

ROOT = pathlib.Path(__file__).parent.parent
PROGRAM = ROOT / "tests/hostile/program.py"

pytestmark = [
    pytest.mark.programs,
    pytest.mark.skipif(nginx.NGINX is None and "CI" not in os.environ, reason="nginx is not on the path"),
]

MORE = {
    "as deployed": "",
    "as lax as can be": "proxy_request_buffering off; ignore_invalid_headers off; underscores_in_headers on;",
}

LAST = "GET /items/last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
HIDDEN = "GET /items/secret HTTP/1.1\r\nHost: a\r\n\r\n"
CHUNK = f"{len(HIDDEN):x}\r\n{HIDDEN}\r\n0\r\n\r\n"
ENDED = f"0\r\n\r\n{HIDDEN}"
FORM = '{"name": "a"}'


def post(*headers, body=HIDDEN, path="/unread", end="\r\n"):
    return end.join([f"POST {path} HTTP/1.1", "Host: a", *headers, "", ""]) + body


LENGTH = f"Content-Length: {len(ENDED)}"
CODINGS = {
    "a blank before the colon": "Transfer-Encoding : chunked",
    "a tab before the value": "Transfer-Encoding:\tchunked",
    "a tab after the value": "Transfer-Encoding: chunked\t",
    "a vertical tab": "Transfer-Encoding: \x0bchunked",
    "a form feed": "Transfer-Encoding: \x0cchunked",
    "a NUL": "Transfer-Encoding: chunked\x00",
    "a no-break space": "Transfer-Encoding:\xa0chunked",
    "a high byte": "Transfer-Encoding: chunked\xff",
    "another coding": "Transfer-Encoding: xchunked",
    "upper case": "Transfer-Encoding: CHUNKED",
    "quotes": 'Transfer-Encoding: "chunked"',
    "two codings": "Transfer-Encoding: identity, chunked",
    "chunked first": "Transfer-Encoding: chunked, identity",
    "chunked twice": "Transfer-Encoding: chunked, chunked",
    "an empty element": "Transfer-Encoding: ,chunked",
    "a parameter": "Transfer-Encoding: chunked;a=b",
    "two headers": "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    "two headers, the other first": "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
    "an underscore": "Transfer_Encoding: chunked",
    "folded": "Transfer-Encoding:\r\n chunked",
    "folded into another": "X: a\r\n Transfer-Encoding: chunked",
    "after a bare LF": "X: a\nTransfer-Encoding: chunked",
    "after a bare CR": "X: a\rTransfer-Encoding: chunked",
    "a name with a high byte": "Transfer-Encoding\xff: chunked",
    "a name with a NUL": "Transfer-Encoding\x00: chunked",
    "a blank before the name": " Transfer-Encoding: chunked",
    "a Kelvin sign": "Transfer-Encoding: chun\u212aed".encode().decode("latin-1"),
}
ATTACKS = {
    "a length, and chunks": post(LENGTH, "Transfer-Encoding: chunked", body=ENDED),
    "chunks, and a length": post("Transfer-Encoding: chunked", "Content-Length: 4", body=CHUNK),
    **{f"a coding with {what}": post(LENGTH, coding, body=ENDED) for what, coding in CODINGS.items()},
    **{f"a coding with {what}, alone": post(coding, body=CHUNK) for what, coding in CODINGS.items()},
    "two lengths": post("Content-Length: 0", f"Content-Length: {len(HIDDEN)}"),
    "two lengths, the longer first": post(f"Content-Length: {len(HIDDEN)}", "Content-Length: 0"),
    "two lengths in one": post(f"Content-Length: 0, {len(HIDDEN)}"),
    "the same length twice": post(*[f"Content-Length: {len(HIDDEN)}"] * 2),
    "a length with a sign": post(f"Content-Length: +{len(HIDDEN)}"),
    "a length below zero": post("Content-Length: -1"),
    "a length in hexadecimal": post(f"Content-Length: 0x{len(HIDDEN):x}"),
    "a length with an underscore": post("Content-Length: 1_0"),
    "a length with zeros": post(f"Content-Length: 000{len(HIDDEN)}"),
    "a length with a blank": post(f"Content-Length : {len(HIDDEN)}"),
    "a length beyond 64 bits": post(f"Content-Length: {2**64 + 1}"),
    "a length of other digits": post("Content-Length: \u0664".encode().decode("latin-1")),
    "a length that stands after a bare CR": post(f"X: a\rContent-Length: {len(HIDDEN)}"),
    "no length": post(),
    "a body of GET": HIDDEN.replace("secret", "first").replace("\r\n\r\n", f"\r\n{LENGTH}\r\n\r\n") + ENDED,
    "an extension of a chunk": post("Transfer-Encoding: chunked", body=f"{len(HIDDEN):x};a=b\r\n{HIDDEN}\r\n0\r\n\r\n"),
    "an extension with a bare LF": post("Transfer-Encoding: chunked", body=f"2;\nxx\r\n{len(HIDDEN):x}\r\n{ENDED}"),
    "an extension in quotes": post("Transfer-Encoding: chunked", body=f'0;a="\r\n\r\n{HIDDEN}"\r\n\r\n'),
    "a size of a chunk with a sign": post("Transfer-Encoding: chunked", body="+" + CHUNK),
    "a size of a chunk with 0x": post("Transfer-Encoding: chunked", body="0x" + CHUNK),
    "a size of a chunk beyond 64 bits": post("Transfer-Encoding: chunked", body="1" + "0" * 16 + "\r\n" + CHUNK),
    "a chunk that ends in a bare LF": post("Transfer-Encoding: chunked", body=CHUNK.replace("\r\n0", "\n0")),
    "chunks with bare LF": post("Transfer-Encoding: chunked", body=f"0\n\n{HIDDEN}"),
    "a chunk that is too short": post("Transfer-Encoding: chunked", body=f"1\r\n{HIDDEN}\r\n0\r\n\r\n"),
    "trailers": post("Transfer-Encoding: chunked", body=f"0\r\nContent-Length: {len(HIDDEN)}\r\n\r\n{HIDDEN}"),
    "a request among the trailers": post("Transfer-Encoding: chunked", body=f"0\r\n{HIDDEN}"),
    "bare LF": post(LENGTH, body=ENDED, end="\n"),
    "bare CR": post(LENGTH, body=ENDED, end="\r"),
    "a request in a header": post(f"X: a\r\r{HIDDEN}".replace("\r\n", "\r"), "Content-Length: 0", body=""),
    "a request in the target": "GET /items/a%0d%0a%0d%0aGET%20/items/secret HTTP/1.1\r\nHost: a\r\n\r\n",
    "a target with blanks": "GET /items/a HTTP/1.1\tGET /items/secret HTTP/1.1\r\nHost: a\r\n\r\n",
    "two hosts": post("Host: b", f"Content-Length: {len(HIDDEN)}"),
    "an absolute target": f"GET http://b/items/first HTTP/1.1\r\nHost: a\r\n{LENGTH}\r\n\r\n{ENDED}",
    "a header that the connection names": post("Connection: close, Content-Length", f"Content-Length: {len(HIDDEN)}"),
    "an expectation": post("Expect: 100-continue", f"Content-Length: {len(HIDDEN)}"),
    "an expectation that nobody knows": post("Expect: 200-maybe", f"Content-Length: {len(HIDDEN)}"),
    "an upgrade": post("Connection: upgrade", "Upgrade: h2c", f"Content-Length: {len(HIDDEN)}"),
    "HTTP/1.0 with chunks": post("Transfer-Encoding: chunked", body=ENDED).replace("1.1", "1.0", 1),
    "HTTP/1.0 that stays": post("Connection: keep-alive", LENGTH, body=ENDED).replace("1.1", "1.0", 1),
    "the preface of HTTP/2": f"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{HIDDEN}",
    "a pipeline": HIDDEN * 3,
    "a pipeline behind a body": post(f"Content-Length: {len(HIDDEN)}") + HIDDEN,
    "a pipeline behind a body that is read": post(
        "Content-Type: application/json", f"Content-Length: {len(FORM)}", path="/items", body=FORM + HIDDEN
    ),
    "a pipeline behind a body that is refused": post(
        "Content-Type: text/plain", f"Content-Length: {len(HIDDEN)}", path="/items", body=HIDDEN * 2
    ),
    "a pipeline behind a path that is none": post(f"Content-Length: {len(HIDDEN)}", path="/none", body=HIDDEN * 2),
    "empty lines before a request": "\r\n\r\n" + HIDDEN,
}
BARE = {
    "HTTP/0.9": "GET /items/secret\r\n",
    "HTTP/0.9, and a request": "GET /items/first\r\n" + HIDDEN,
}


class Pair:
    """nginx before a program, both on 127.0.0.1."""

    def __init__(self, port, program, log):
        self.port, self.program, self.log = port, program, log

    def send(self, data):
        """Send bytes through nginx; return all that comes until it closes the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=300) as connection:
            got = b""
            try:
                connection.sendall(data)
                while some := connection.recv(2**16):
                    got += some
            except ConnectionError:  # it has closed with something unread
                pass
        return got

    def more_than_passed(self):
        """Return the requests that handlers have seen, and nginx has not passed on."""
        with urllib.request.urlopen(f"{self.program}/seen") as answer:
            seen = Counter(json.load(answer)["data"])
        lines = [line.split(" ", 1) for line in self.log.read_text(errors="replace").splitlines()]
        return seen - Counter(request for status, request in lines if status != "-")


@pytest.fixture(params=MORE, scope="module")
def pair(request, tmp_path_factory):
    """Start a program, and nginx before it."""
    folder = tmp_path_factory.mktemp("nginx")
    program = warm.Popen([sys.executable, PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        address = next(match[1] for line in program.stdout if (match := re.match(r"Serving on (http://[^/\s]+)", line)))
        with nginx.before(address.removeprefix("http://"), folder, MORE[request.param]) as port:
            yield Pair(port, address, folder / "requests")
    finally:
        program.kill()
        program.communicate()


def check_in_step(pair):
    """Ask over connections to the program that have been used before: each answer is that of its request."""
    for name in ("one", "two", "three"):
        (answer,) = answers.read_all(pair.send(LAST.replace("last", name).encode()))
        assert json.loads(answer.body)["data"][0] == name


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_is_smuggled(pair, attack):
    """No handler has seen more than nginx has passed on, and all answers are well-formed."""
    answered = answers.read_all(pair.send((ATTACKS[attack] + LAST).encode("latin-1")))
    assert all(answer.status < 500 or answer.status == 501 for answer in answered), answered
    check_in_step(pair)
    assert not pair.more_than_passed()


@pytest.mark.parametrize("attack", BARE)
def test_requests_without_a_version(pair, attack):
    """The first version of HTTP has no heads; nginx speaks it, and asks the program in another one."""
    pair.send((BARE[attack] + LAST).encode())
    check_in_step(pair)
    assert not pair.more_than_passed()


def test_what_is_passed_on_is_seen(pair):
    """A request that nginx does pass on reaches its handler; the tests above hold for a program that answers."""
    (answer,) = answers.read_all(pair.send(LAST.replace("last", "plain").encode()))
    assert answer.status == 200
    with urllib.request.urlopen(f"{pair.program}/seen") as seen:
        assert "GET /items/plain" in json.load(seen)["data"]

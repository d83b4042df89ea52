"""Uploads: what they give, how little memory they take, and that nothing of them stays, whatever ends their request."""

import asyncio
import dataclasses
import os
import resource
import tempfile

import aiohttp
import pytest
from aiohttp import web

from ponty.core import PontyError, build_app, post, render_json
from ponty.request import InvalidField, ParsedForm, Request, Upload, expect
from ponty.request.fields.base import Description, Field
from ponty.request.forms.spool import PIECE, Spool
from ponty.request.forms.upload import SpooledUpload

LARGE = 3 * PIECE + 7
SIZES = [0, 1, PIECE - 1, PIECE, PIECE + 1, LARGE]


@dataclasses.dataclass
class Form:
    file: Upload
    number: int = 0


class PostFile(Request):
    form = ParsedForm(Form, max_size=10**9)


class Spools(list):
    """Spools, and what is done when they are closed."""

    def __init__(self):
        super().__init__()
        self.closing = []
        self.is_closing = asyncio.Event()

    async def gone(self):
        await self.is_closing.wait()
        await asyncio.wait([future for future in self.closing if future is not None])
        return are_gone(self)


@pytest.fixture
def spools(monkeypatch, tmp_path):
    """Collect all spools that are made, and let their files be nowhere but in a folder that must be empty."""
    made = Spools()
    filling, closing = Spool.__init__, Spool.close

    def noted(self, *arguments):
        filling(self, *arguments)
        made.append(self)

    def closed(self):
        future = closing(self)
        made.closing.append(future)
        made.is_closing.set()
        return future

    monkeypatch.setattr(Spool, "__init__", noted)
    monkeypatch.setattr(Spool, "close", closed)
    folder = tmp_path / "spooled"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield made
    assert not list(folder.iterdir())


def are_gone(spools):
    return [spool._closed and (spool._file is None or spool._file.closed) for spool in spools]


def form_of(content, **fields):
    data = aiohttp.FormData(fields)
    data.add_field("file", content, filename="a.bin")
    return data


@pytest.mark.parametrize("size", SIZES)
async def test_an_upload_is_read_as_often_as_one_likes(ponty_client, spools, size):
    """As a whole, in chunks, in chunks beside one another, and from where it was saved."""
    content = os.urandom(size)

    @post("/")
    @expect(PostFile)
    @render_json
    async def handler(form: Form) -> object:
        upload = form.file
        both = [b"", b""]

        async def collect(number, step):
            async for chunk in upload.chunks(step):
                assert len(chunk) <= step
                both[number] += chunk

        async with asyncio.TaskGroup() as group:
            group.create_task(collect(0, 1000))
            group.create_task(collect(1, PIECE))
        read = [await upload.read(), await upload.read()]
        return [upload.size, *(each == content for each in read + both)]

    client = await ponty_client()
    async with client.post("/", data=form_of(content)) as answer:
        assert (await answer.json())["data"] == [size, True, True, True, True]
    assert are_gone(spools) == [True]


@pytest.mark.parametrize("size", SIZES)
async def test_an_upload_is_saved_in_one_step(ponty_client, tmp_path, size):
    content = os.urandom(size)
    (tmp_path / "old.bin").write_bytes(b"old")

    @post("/")
    @expect(PostFile)
    @render_json
    async def handler(form: Form) -> None:
        await form.file.save(tmp_path / "new.bin")
        await form.file.save(str(tmp_path / "old.bin"))

    client = await ponty_client()
    async with client.post("/", data=form_of(content)) as answer:
        assert answer.status == 200
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"new.bin": content, "old.bin": content}


@pytest.mark.parametrize("content", [b"few", b"x" * LARGE])
async def test_what_cannot_be_saved_leaves_nothing(tmp_path, content):
    spool = Spool()
    if spool.add(content):
        await spool.write()
    await spool.finish()
    upload = SpooledUpload("a", spool, content_type="text/plain")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        await upload.save(tmp_path / "folder")
    with pytest.raises(FileNotFoundError):
        await upload.save(tmp_path / "nowhere" / "a")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
    if closed := spool.close():
        await closed


async def test_a_test_makes_an_upload_of_bytes(tmp_path):
    upload = Upload("../me.png", b"abc", content_type="image/png")
    assert (upload.filename, upload.content_type, upload.size) == ("me.png", "image/png", 3)
    assert await upload.read() == b"abc"
    assert [chunk async for chunk in upload.chunks(2)] == [b"ab", b"c"]
    await upload.save(tmp_path / "me.png")
    assert (tmp_path / "me.png").read_bytes() == b"abc"
    assert Upload("a").content_type == "application/octet-stream"
    assert "abc" not in repr(upload)
    with pytest.raises(ValueError, match="at least one byte"):
        [chunk async for chunk in upload.chunks(0)]


class SoldOut(PontyError):
    status_code = 410


@pytest.mark.parametrize(("error", "status"), [(SoldOut(), 410), (ValueError(), 500), (asyncio.CancelledError(), 500)])
async def test_an_upload_is_gone_when_its_handler_fails(ponty_client, spools, error, status):
    @post("/")
    @expect(PostFile)
    async def handler(form: Form) -> object:
        raise error

    client = await ponty_client()
    async with client.post("/", data=form_of(b"x" * LARGE)) as answer:
        assert answer.status == status
    assert are_gone(spools) == [True]


async def test_what_was_kept_of_an_upload_says_that_it_is_gone(ponty_client, spools, tmp_path):
    kept = []

    @post("/")
    @expect(PostFile)
    @render_json
    async def handler(form: Form) -> None:
        kept.append(form.file)

    client = await ponty_client()
    for size in (1, LARGE):
        async with client.post("/", data=form_of(b"x" * size)) as answer:
            assert answer.status == 200
    for upload in kept:
        for use in (upload.read, lambda upload=upload: upload.save(tmp_path / "a"), upload.chunks().__anext__):
            with pytest.raises(ValueError, match="its request has ended"):
                await use()
    assert len(kept) == 2


class Refusing(Field[None]):
    def extract(self, request):
        raise InvalidField("is refused")

    def describe(self):
        return Description("header", self.name)


class Late(Refusing):
    async def extract(self, request):
        raise InvalidField("is refused")


@pytest.mark.parametrize("refuse", [Refusing, Late, None])
async def test_an_upload_is_gone_when_its_request_is_refused(ponty_client, spools, refuse):
    """By another field, before it or after it, or by the form itself."""
    fields = {"form": ParsedForm(Form, max_size=10**9), **({"other": refuse()} if refuse else {})}

    @post("/")
    @expect(type("Refused", (Request,), fields), whole=True)
    async def handler(r) -> object: ...

    client = await ponty_client()
    async with client.post("/", data=form_of(b"x" * LARGE, number="none")) as answer:
        assert (answer.status, len((await answer.json())["errors"])) == (400, 2 if refuse else 1)
    assert are_gone(spools) == [True]


async def test_an_upload_is_gone_when_a_limit_is_passed(ponty_client, spools):
    class Small(Request):
        form = ParsedForm(Form, max_size=10**9, max_file_size=LARGE - 1)

    @post("/")
    @expect(Small)
    async def handler(form: Form) -> object: ...

    client = await ponty_client()
    async with client.post("/", data=form_of(b"x" * LARGE)) as answer:
        assert answer.status == 413
    assert are_gone(spools) == [True]


HEAD = (
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=X\r\nContent-Length: 9000000\r\n\r\n"
    b'--X\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
)


async def test_an_upload_is_gone_when_its_client_leaves(ponty_client, spools):
    """The connection breaks in the middle of the file."""
    written = asyncio.Event()
    writing = Spool.write

    async def noted(self):
        await writing(self)
        written.set()

    @post("/")
    @expect(PostFile)
    async def handler(form: Form) -> object: ...

    client = await ponty_client()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Spool, "write", noted)
        _, writer = await asyncio.open_connection(client.server.host, client.server.port)
        writer.write(HEAD + b"x" * LARGE)
        await written.wait()
        writer.transport.abort()
        assert await spools.gone() == [True]


async def test_an_upload_is_gone_when_the_server_stops(spools):
    """The handler is cancelled while it has the upload."""
    running = asyncio.Event()

    @post("/")
    @expect(PostFile)
    async def handler(form: Form) -> object:
        running.set()
        await asyncio.Event().wait()

    runner = web.AppRunner(build_app(), shutdown_timeout=0.01)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        asking = asyncio.ensure_future(session.post(url, data=form_of(b"x" * LARGE)))
        await running.wait()
        await runner.cleanup()
        with pytest.raises(aiohttp.ClientError):
            await asking
        assert await spools.gone() == [True]


async def test_a_cancelled_write_ends_before_its_file_is_closed(spools):
    spool = Spool()
    spool.add(b"x" * LARGE)
    await spool.write()
    finishing = asyncio.ensure_future(spool.finish())
    finishing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await finishing
    await spool.close()
    assert are_gone(spools) == [True]
    await asyncio.wait([spool._writing])  # its thread may say so a moment after that which has closed the file
    assert spool._writing.exception() is None


async def test_what_cannot_be_written_is_raised(spools, monkeypatch):
    """A full disk is the server's fault: a 500, and no upload that is not whole."""
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere/at/all")
    spool = Spool()
    spool.add(b"x" * LARGE)
    await spool.write()
    with pytest.raises(FileNotFoundError):
        await spool.finish()
    await spool.close()


async def test_a_large_upload_takes_little_memory(ponty_client):
    """200 MB come and go; what the process has in memory at its peak grows by a small part of that."""

    @post("/")
    @expect(PostFile)
    @render_json
    async def handler(form: Form) -> int:
        return sum([len(chunk) async for chunk in form.file.chunks()])

    client = await ponty_client()

    async def pieces(count):
        yield b'--X\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for _ in range(count):
            yield b"x" * PIECE
        yield b"\r\n--X--\r\n"

    async def upload(count):
        headers = {"Content-Type": "multipart/form-data; boundary=X"}
        async with client.post("/", data=pieces(count), headers=headers) as answer:
            assert (await answer.json())["data"] == count * PIECE

    await upload(40)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    await upload(800)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000

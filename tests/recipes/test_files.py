"""Recipes about files: taken, given, and those of a front end."""

import gzip

import aiohttp
import pytest


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "1").write_bytes(b"%PDF-1.7 " + bytes(1000))
    (tmp_path / "2").write_bytes(b"%PDF-1.7")
    return tmp_path


async def test_a_download_has_ranges_and_a_name(recipe, folder):
    client = await recipe("downloads", FOLDER=folder)
    answer = await client.get("/files/1")
    assert (answer.status, len(await answer.read())) == (200, 1009)
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''price%20list.pdf"
    part = await client.get("/files/1", headers={"Range": "bytes=0-7"})
    assert (part.status, await part.read(), part.headers["Content-Range"]) == (206, b"%PDF-1.7", "bytes 0-7/1009")
    again = await client.get("/files/1", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status == 304
    assert (await client.get("/files/2")).headers["Content-Disposition"].endswith("''Gr%C3%B6%C3%9Fen.pdf")
    assert (await client.get("/files/3")).status == 404


async def test_a_download_is_made_while_it_is_sent(recipe, folder):
    client = await recipe("downloads", FOLDER=folder)
    answer = await client.get("/files/mugs.csv.gz")
    lines = gzip.decompress(await answer.read()).splitlines()
    assert (len(lines), lines[0], lines[-1]) == (10_000, b"0,red", b"9999,red")


async def test_a_download_that_fails_in_the_midst_is_not_taken_for_whole(recipe, folder):
    client = await recipe("downloads", FOLDER=folder)

    async def rows():
        for number in range(100_000):
            yield b"%d,red\n" % (number * number)
        raise ConnectionError("the database is gone")

    client.module.rows = rows
    with pytest.raises(aiohttp.ClientPayloadError):
        await (await client.get("/files/mugs.csv.gz")).read()


async def test_uploads_are_kept_under_names_of_the_programs_own(recipe, data, tmp_path):
    client = await recipe("uploads", PHOTOS=tmp_path)
    form = aiohttp.FormData()
    form.add_field("photo", b"\x89PNG", filename="../../cat.png", content_type="image/png")
    assert await data(await client.post("/photos", data=form)) == {"title": "cat.png", "kept": True}
    [kept] = tmp_path.iterdir()
    assert (kept.suffix, kept.read_bytes()) == (".png", b"\x89PNG")
    form = aiohttp.FormData()
    form.add_field("photo", b"MZ", filename="cat.exe", content_type="application/x-msdownload")
    assert (await client.post("/photos", data=form)).status == 415


async def test_a_front_end_has_its_paths_and_the_api_its_own(recipe, data, tmp_path):
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets/app-3f9c.js").write_text("console.log('mugs')")
    (tmp_path / "index.html").write_text("<!doctype html><title>Mugs</title><script src=/assets/app-3f9c.js></script>")
    client = await recipe("front_end", FRONT=tmp_path)
    for path in ("/", "/mugs/7", "/mugs/7/edit?tab=2"):
        answer = await client.get(path)
        assert (answer.status, answer.content_type) == (200, "text/html")
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'self';")
        assert answer.headers["Cache-Control"] == "no-cache"
    asset = await client.get("/assets/app-3f9c.js")
    assert (asset.status, asset.headers["Cache-Control"]) == (200, "public, max-age=31536000, immutable")
    missing = await client.get("/assets/nothing.js")
    assert (missing.status, missing.headers["Cache-Control"]) == (404, "no-store")
    assert await data(await client.get("/api/mugs")) == ["red", "blue"]
    answer = await client.get("/api/mugs/7")  # no page, but a problem document
    assert (answer.status, answer.content_type) == (404, "application/problem+json")
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")

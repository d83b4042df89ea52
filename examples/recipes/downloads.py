"""Downloads: a file on disk, with ranges, and a file that is made while it is sent."""

import asyncio
import os
import pathlib
import zlib
from collections.abc import AsyncIterator
from urllib.parse import quote

from aiohttp import web

from ponty import AIOHttpReq, DoesNotExist, PosIntRouteParameter, Request, Routes, expect, startmeup

FOLDER = pathlib.Path(os.environ.get("FOLDER", "files"))
FILES = {1: "price list.pdf", 2: "Größen.pdf"}  # a database in practice


def attachment(name: str) -> dict[str, str]:
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}", "X-Content-Type-Options": "nosniff"}


class OneFile(Request):
    number = PosIntRouteParameter()


files = Routes("/files")


@files.get(f"/{OneFile.number}")
@expect(OneFile)
async def download(number: int) -> web.FileResponse:
    if number not in FILES:
        raise DoesNotExist
    return web.FileResponse(FOLDER / str(number), headers=attachment(FILES[number]))


async def rows() -> AsyncIterator[bytes]:
    """Yield rows, as a database would."""
    for number in range(10_000):
        yield b"%d,red\n" % number
        if number % 100 == 0:
            await asyncio.sleep(0)


class Export(Request):
    request = AIOHttpReq()


@files.get("/mugs.csv.gz")
@expect(Export)
async def export(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers=attachment("mugs.csv.gz") | {"Content-Type": "application/gzip"})
    await answer.prepare(request)
    packer = zlib.compressobj(wbits=31)  # in the format of gzip
    async for row in rows():
        if packed := packer.compress(row):
            await answer.write(packed)
    await answer.write(packer.flush())
    await answer.write_eof()
    return answer


if __name__ == "__main__":
    startmeup(port=8080, routes=[files])

"""Take the pictures of the pages of a description that the documentation shows, in a real browser.

`hatch run hatch-test.py3.13:python tests/described/pictures.py` writes them into `docs/pictures`.
"""

import asyncio
import base64
import pathlib
import sys
import tempfile

from aiohttp.test_utils import TestServer

ROOT = pathlib.Path(__file__).parent.parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "examples/guesthouse")]

import browser  # noqa: E402 - found on the path that was set just now
from guesthouse import accounts, bookings, rooms  # noqa: E402 - likewise

from ponty import api_docs, build_app  # noqa: E402 - likewise

TABLES = accounts.routes, rooms.routes, bookings.routes
NAMES = {"title": "Guesthouse", "version": "1.0.0"}
SHOTS = {
    "docs-wide-light": ("/docs", 1200, 900, "light", False),
    "docs-wide-dark": ("/docs", 1200, 900, "dark", True),
    "docs-narrow-light": ("/docs", 400, 800, "light", False),
    "docs-plain": ("/plain", 1000, 900, "light", False),
}
OPEN = "document.querySelectorAll('.opblock-summary-control')[1].click()"


async def main() -> None:
    app = build_app(routes=[api_docs(*TABLES, **NAMES), api_docs(*TABLES, path="/plain", interactive=False, **NAMES)])
    pictures = ROOT / "docs/pictures"
    pictures.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, browser.chromium(pathlib.Path(folder)) as driver:
        async with TestServer(app) as server:
            for name, (path, width, height, scheme, opened) in SHOTS.items():
                with browser.tab(driver) as tab:
                    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
                    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
                    features = [{"name": "prefers-color-scheme", "value": scheme}]
                    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
                    await tab.open(server.make_url(path))
                    await tab.until("document.querySelector('.opblock-summary, section')")
                    if opened:
                        await tab.run(OPEN)
                        await tab.until("document.querySelector('.try-out__btn')")
                        await tab.run("document.querySelector('.opblock.is-open').scrollIntoView()")
                    shot = await asyncio.to_thread(driver.execute_cdp_cmd, "Page.captureScreenshot", {"format": "png"})
                    (pictures / f"{name}.png").write_bytes(base64.b64decode(shot["data"]))


if __name__ == "__main__":
    asyncio.run(main())

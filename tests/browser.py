"""A real browser: Chromium without a window, driven by its own `chromedriver`, for what pages see of an application.

It stays on this machine: no name resolves in it, so pages and what they ask for are at `http://127.0.0.1:PORT`. Ports
are what tells origins apart. Each test has a tab of its own, and no cookies or caches of another test.

Nothing here waits for a time: a call returns when the page has done what it was asked for, and fails after `PATIENCE`
seconds.
"""

import asyncio
import contextlib
import os
import pathlib
import shutil

import pytest
from selenium import webdriver
from selenium.webdriver.support.wait import WebDriverWait

PATIENCE = 300
"""Seconds until something that a page does not do is taken for a fault."""

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")

ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",  # root may have none
    "--disable-dev-shm-usage",  # small in containers
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)

RUN = """
const [source, values, done] = [arguments[0], arguments[1], arguments[2]];
const AsyncFunction = (async () => {}).constructor;
new AsyncFunction("...values", source)(...values).then(
    value => done({value}),
    error => done({error: String(error)}),
);
"""


class ScriptError(AssertionError):
    """A script has thrown, with what it has thrown as text."""


class Browser:
    """A tab. Its methods wait beside the event loop, so that a server may run in that.

    Args:
        driver: The whole of what Selenium offers.
    """

    def __init__(self, driver):
        self.driver = driver

    async def open(self, url):
        """Go to a page, and return when it is loaded."""
        await asyncio.to_thread(self.driver.get, str(url))

    async def run(self, source, *values):
        """Run the body of an async function in the page, with `values` as its arguments; return what it returns.

        Raises:
            ScriptError: It throws.
        """
        ended = await asyncio.to_thread(self.driver.execute_async_script, RUN, source, values)
        if "error" in ended:
            raise ScriptError(ended["error"])
        return ended.get("value")

    async def until(self, expression):
        """Return the value of a JavaScript expression as soon as that is true."""
        waiting = WebDriverWait(self.driver, PATIENCE, poll_frequency=0.02)
        return await asyncio.to_thread(
            waiting.until, lambda driver: driver.execute_script(f"return {expression}"), expression
        )

    async def console(self):
        """Return what the console has said since it was last asked, a line each: scripts, and the browser itself."""
        return [entry["message"] for entry in await asyncio.to_thread(self.driver.get_log, "browser")]


@contextlib.contextmanager
def chromium(folder: pathlib.Path):
    """Start the browser, with its files in `folder`; end it with the block."""
    if not (CHROMIUM and DRIVER):
        missing = "chromium and chromedriver are not on the path (Debian has them as chromium and chromium-driver)"
        if "CI" in os.environ:
            pytest.fail(missing)
        pytest.skip(missing)
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in (*ARGUMENTS, f"--user-data-dir={folder}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    try:
        driver.set_page_load_timeout(PATIENCE)
        driver.set_script_timeout(PATIENCE)
        yield driver
    finally:
        driver.quit()


@contextlib.contextmanager
def tab(driver):
    """Open a tab, and close it with the block; forget what its pages have left."""
    kept = driver.current_window_handle
    driver.switch_to.new_window("tab")
    try:
        yield Browser(driver)
    finally:
        driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        driver.execute_cdp_cmd("Network.clearBrowserCache", {})
        driver.close()
        driver.switch_to.window(kept)

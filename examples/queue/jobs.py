"""Jobs in a queue over Redis, which outlive the process that creates them: the job functions and the worker.

REDIS_URL=redis://127.0.0.1:6379 saq jobs.settings
"""

import os
from typing import Any

from saq import Queue
from saq.types import Context, SettingsDict

queue = Queue.from_url(os.environ.get("REDIS_URL", "redis://127.0.0.1:6379"), name="mails")
attempts: dict[str, int] = {}


async def send_mail(_: Context, *, address: str, order: str) -> str:
    """Send a mail. If the worker dies just after, it is sent again, so the mail names the order."""
    attempts[order] = attempts.get(order, 0) + 1
    if order == "unlucky" and attempts[order] == 1:
        raise ConnectionError("the mail server hung up")
    return f"{order} to {address}"


settings: SettingsDict[Any] = {"queue": queue, "functions": [send_mail], "concurrency": 4}

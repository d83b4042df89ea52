"""Log records of the access log, made quickly from the parts that they have in common.

A record of `logging` looks up the process, the thread, the task and the file each time. For lines of the access log,
all these are known. So a record is a copy of the first record of its logger, with the values that differ. If the
program has its own record factory, that one makes the records.
"""

import asyncio
import functools
import logging
import os
import threading
import time
from typing import Any

_FILE = __file__


def access_record(logger: logging.Logger, line: str, arguments: tuple[object, ...]) -> logging.LogRecord:
    """Return a record of `logger`, at INFO."""
    if logging.getLogRecordFactory() is not logging.LogRecord or type(logger) is not logging.Logger:
        return logger.makeRecord(logger.name, logging.INFO, _FILE, 0, line, arguments, None, "log")
    record = logging.LogRecord.__new__(logging.LogRecord)
    fields = record.__dict__
    first = _first(logger.name, line, os.getpid(), threading.get_ident(), threading.current_thread().name)
    fields.update(first)
    fields["args"] = arguments
    created = fields["created"] = time.time()
    fields["msecs"] = int((created - int(created)) * 1000) + 0.0
    fields["relativeCreated"] = first["relativeCreated"] + (created - first["created"]) * 1000
    if "taskName" in fields:  # from Python 3.12 on
        fields["taskName"] = _task_name()
    return record


@functools.lru_cache(maxsize=64)
def _first(name: str, line: str, process: int, thread: int, thread_name: str) -> dict[str, Any]:
    """Return the attributes that all records of a logger have in common, in one thread of a process."""
    del process, thread, thread_name
    return logging.LogRecord(name, logging.INFO, _FILE, 0, line, (), None, "log").__dict__


def _task_name() -> str | None:
    if not getattr(logging, "logAsyncioTasks", True):
        return None
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return None
    return None if task is None else task.get_name()

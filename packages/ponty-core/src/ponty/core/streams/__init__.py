"""Answers that are made while they are sent, each from an async generator.

::

    events, lines, arrays, csv_rows  -> streamed (a handler's decorator) -> stream -> aiohttp's writer -> the client
             '-> framing: items as bytes --------------------------------'
"""

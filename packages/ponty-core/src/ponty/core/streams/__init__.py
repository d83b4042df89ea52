"""Streams: answers that are made while they are sent, from async generators.

::

    events, lines -> prompt_items -.
    arrays, csv_rows --------------+-> streamed (a handler's decorator) -> stream -> aiohttp's writer -> the client
                                   '-> limited_items (the parts that are sent) -> framing (as bytes) -'

`hub` sends published values to many streams.
"""

"""Answers that are made while they are sent, each from an async generator.

::

    events, lines -> prompt_items -.
    arrays, csv_rows --------------+-> streamed (a handler's decorator) -> stream -> aiohttp's writer -> the client
                                   '-> limited_items (what of each is sent) -> framing (as bytes) -'

`hub` hands what is published to many streams.
"""

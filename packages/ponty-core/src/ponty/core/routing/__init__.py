"""Which coroutine answers which method and path.

::

    @get(path) -> table of route records --mounting, at build_app--> aiohttp's router -> (expect_continue) -> handler
                                                                             '-> unmatched  (404, 405, OPTIONS)
"""

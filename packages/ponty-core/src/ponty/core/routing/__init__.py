"""Which coroutine answers which method and path.

::

    @get(path) -> routes --mounted by build_app--> aiohttp's router -> (expect_continue) -> handler
                                                               '-----> unmatched  (404, 405)
"""

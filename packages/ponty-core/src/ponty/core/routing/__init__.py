"""Routing: which coroutine answers which method and path.

::

    at import     @get(path) -> table, of records of route
    at build_app  table -> mounting (paths, conflicts, body_limit) -> aiohttp's router (path_group, unmatched)
    at the start  aiohttp's router -> dispatch (segment_index), a faster table of the same routes
    a request     -> dispatch -> (expect_continue) -> handler
                         '-> unmatched  (404, 405, OPTIONS)

`patterns` analyses the pattern of a path before it is matched. With `admission`, a middleware runs code after the
guards of a request, and before its body is read.
"""

"""Which coroutine answers which method and path.

::

    at import     @get(path) -> table, of records of route
    at build_app  table -> mounting (paths, conflicts, body_limit) -> aiohttp's router (path_group, unmatched)
    at the start  aiohttp's router -> dispatch (segment_index), a table of the same
    a request     -> dispatch -> (expect_continue) -> handler
                         '-> unmatched  (404, 405, OPTIONS)

`patterns` says what can be known of the pattern of a path before it is matched. `admission` is what a middleware does
between the guards of a request and its body.
"""

"""Guards: the fields that say who a client is. Without an answer to that, it is told nothing else.

::

    request ── bearer_token │ basic_credentials │ api_key ──> credentials
                        └──────── challenge ──────────┴─────> 401, before the body is read
"""

"""Guards: the fields that read a client's credentials. Without them, the client gets a 401, and nothing else.

::

    request ── bearer_token │ basic_credentials │ api_key ──> credentials
                        └──────── challenge ──────────┴─────> 401, before the body is read
"""

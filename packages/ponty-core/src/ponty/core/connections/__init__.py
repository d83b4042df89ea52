"""Connections of clients: how many there may be, how much of the server's time each may use, and how they end.

::

    a socket -> server (-> limits -> open_files) -> connection -> prompt_connection -> aiohttp's handling of a request
                  ^                                     '- protocol_errors, for bytes that are not a request
                  '- draining, which lets the requests in flight finish while the server stops

`connection_owner` is the interface of the server that its connections use.
"""

"""Connections of clients: who may have one, what each may take of the server's time, and how they end.

::

    a socket -> server (-> limits -> open_files) -> connection -> prompt_connection -> aiohttp's handling of a request
                  ^                                     '- protocol_errors, of what is no request
                  '- draining, which lets the requests in flight finish while the server stops

`connection_owner` is the server as its connections see it.
"""

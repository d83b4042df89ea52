"""Connections of clients: who may have one, what each may take of the server's time, and how they end.

::

    a socket -> server (-> limits, open_files) -> prompt_connection -> connection -> aiohttp's handling of a request
                  ^                                                       '- protocol_errors, of what is no request
                  '- draining, which lets the requests in flight finish while the server stops
"""

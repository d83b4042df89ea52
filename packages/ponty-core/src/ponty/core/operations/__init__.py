"""What an application needs when it faces the world: middlewares and tables that a program lists beside its own.

::

    the client -> trusted_proxies -> request_ids -> cors -> security_headers -> handler
                      '- addresses, forwarding       '- preflights
    health, a table of routes; json_logs, of the logs that all of them write
"""

"""Operations: middlewares and tables for running an application in production, which a program lists with its own.

::

    the client -> trusted_proxies -> cors -> security_headers -> request_deadlines -> handler
                      '- addresses, forwarding
    health, a table of routes
"""

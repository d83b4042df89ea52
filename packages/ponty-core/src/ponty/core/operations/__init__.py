"""What an application needs when it faces the world: middlewares and tables that a program lists beside its own.

::

    the client -> trusted_proxies -> cors -> security_headers -> request_deadlines -> handler
                      '- addresses, forwarding
    health, a table of routes
"""

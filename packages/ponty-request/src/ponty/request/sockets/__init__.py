"""Websockets (RFC 6455): conversations in messages that are typed as bodies and answers are.

::

    accept (a handler's decorator) -> handshake -> conversation -> socket, in a handler's hands
                                                        '-> messages, rate
"""

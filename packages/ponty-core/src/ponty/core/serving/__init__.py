"""Serving an application over a socket, from its start to a graceful stop.

::

    startmeup -> aiohttp's runner -> access_log, server_log  (a line for each request, and for what is none)
              '- on a signal ----> draining
"""

"""The wire: the headers that the server adds to each answer, and the bodies that a handler does not read or send.

::

    connections --make--> server_writer --reads--> server_state <--read by-- code that must know of a stop
    middlewares --call--> unread_bodies, head_requests, announced_bodies, late_handlers, departures
    streams     --call--> withheld_head, departures
"""

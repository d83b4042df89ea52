"""What goes over the wire beside an answer's own words: what every server adds, and bodies beyond their handler.

::

    connections --make--> server_writer --reads--> server_state <--asked by-- whoever wants to know of a stop
    middlewares --call--> unread_bodies, head_requests, announced_bodies, late_handlers, departures
    streams     --call--> withheld_head, departures
"""

"""Request bodies on the wire, as far as they go beyond their handler: which still arrive, and which nobody reads.

::

    answers.error_middleware --notes--> arriving_bodies --asked by--> serving.draining
                             --leaves-> unread_bodies
"""

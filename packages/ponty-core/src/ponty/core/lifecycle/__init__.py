"""What an application has while it runs.

::

    build_app -> providers  (start, stop) -> current_app  (whose they are) <- client  (leased from one of them)
"""

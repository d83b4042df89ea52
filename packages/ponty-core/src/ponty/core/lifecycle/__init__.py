"""What an application has while it runs, and which request and application are at work.

::

    background, tasks of an application: a provider
    build_app -> providers -> provider_task  (start, stop) -> current_app  (whose they are) <- client  (leased from one)
                                                                   client_places (its bounds), client_cookies <-'
"""

"""What an application has while it runs, and which request and application are at work.

::

    build_app (-> handler_needs) -> providers -> provider_task (start, stop) -> current_app (whose they are)
                                        '- background, the tasks of an application    ^
    a handler (current_request: its id) -> client, leased from the application at work -'
                                              '-> client_places (its bounds), client_cookies, deadline_headers
    a stop -> stopping -> whoever wants to know of it
"""

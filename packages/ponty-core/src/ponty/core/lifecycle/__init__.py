"""Lifecycle: the resources of an application while it runs, and the current request and application.

::

    build_app (-> handler_needs) -> providers -> provider_task (start, stop) -> current_app (their application)
                                        '- background, the tasks of an application    ^
    a handler (current_request: its id) -> client, leased from the current application -'
                                              '-> client_places (its limits), client_cookies, deadline_headers
    a stop -> stopping -> functions that are called at a stop
"""

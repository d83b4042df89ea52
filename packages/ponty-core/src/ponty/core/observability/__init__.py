"""What an operator sees of an application: the identity of each request, spans, and what is counted.

::

    a request -> metrics (-> tallies) -> tracing (spans) -> request_ids (-> trace_context) -> handler
    a cache   -> cache_events -'-----------'
"""

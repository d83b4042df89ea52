"""What an operator sees of an application: the identity of each request, spans, and what is counted.

::

    a request -> request_ids (-> trace_context) -> tracing (spans) -> metrics (-> tallies) -> handler
    a cache   -> cache_events  --------------------'------------------'
"""

"""Observability: ids of requests, spans, and metrics of an application.

::

    a request -> metrics (-> tallies) -> tracing (spans) -> request_ids (-> trace_context) -> handler
    a cache   -> cache_events -'-----------'
"""

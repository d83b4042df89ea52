"""Serving: running an application as a process, with its sockets, its signals, and its start and stop.

::

    startmeup -> serve (-> options, interception) -> runner -> connections, logs
                   '-> listening, signals              ^
                                            app_runner-'
"""

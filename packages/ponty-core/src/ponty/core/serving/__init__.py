"""An application as a process: its sockets, its signals, its connections and their limits, its logs.

::

    startmeup -> serve -> runner -> draining -> server -> connection -> limits, protocol_errors
                                                                              -> prompt_connection
                       -> listening, signals
    app_runner -> runner
"""

"""Logs: each record is one line, whatever a client sent.

::

    a request -> access_log (-> access_records) -.
    aiohttp   -> server_log ---------------------+-> logging -> json_logs, if a program uses it
    Ponty     -> ponty.core.log_lines -----------'
"""

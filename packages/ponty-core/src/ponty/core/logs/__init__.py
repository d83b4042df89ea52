"""Log lines: one for each record, whatever a client sent.

::

    a request -> access_log (-> access_records) -.
    aiohttp   -> server_log ---------------------+-> logging -> json_logs, where a program asks for it
    Ponty     -> ponty.core.log_lines -----------'
"""

"""`ponty attack`: a program is served in a separate process, and is sent requests that could break its promises.

The requests are made from its OpenAPI document and a seed, so that a run can be repeated::

    target (served by `server`, reached by `wire`) <-- run --> promises --> findings --> report
       ^                                               |
       '-- requests, made of `values` by `hostile`     '-- shrink
"""

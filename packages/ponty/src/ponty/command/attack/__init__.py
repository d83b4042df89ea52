"""`ponty attack`: a program is served in a process of its own, and asked by its description what could break it.

What it is asked is made from a seed, so that a run can be had again::

    target (served by `server`, met by `wire`) <-- run --> promises --> findings --> report
       ^                                           |
       '-- requests, made of `values` by `hostile` '-- shrink
"""

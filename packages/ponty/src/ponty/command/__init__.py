"""The command `ponty`, which runs, lists and checks programs, and makes new ones.

A program is executed as its author would execute it, and what it asks to be served is intercepted::

    cli --APP--> programs --the program's Serving--> running | reloading (<-> worker) | listing | checking
     |               '----> describing --> contract (json_lines)
     |--APP--> attacking --> attack/ (a process of its own <-> requests)
     '--NAME--> new
"""

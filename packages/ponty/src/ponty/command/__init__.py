"""The command `ponty`: it runs, lists and checks programs, and makes new ones.

A program is executed as its author would execute it. When it starts to serve, its `Serving` is intercepted::

    cli --APP--> programs --the program's Serving--> running | reloading (<-> worker) | listing | checking
     |               '----> describing --> contract (json_lines)
     |--APP--> attacking --> attack/ (a separate process <-> requests)
     '--NAME--> new
"""

"""The command `ponty`, which runs, lists and checks programs, and makes new ones.

A program is executed as its author would execute it, and what it asks to be served is intercepted::

    cli --APP--> programs --the program's Serving--> serving | reloading (supervisor <-> worker) | routes | check
     |               '----> describing --> contract
     |--APP--> attacking --> attack/ (a process of its own <-> requests)
     '--NAME--> new
"""

"""The description of an API as OpenAPI 3.1 has it, made from the routes and the fields of their requests.

::

    routes -> document -> operation, one for each route -> paths, security, problems, answer_types
                 |                                             '-> components  (schemas that have a name)
                 '-> links  (between the operations on one resource)

`pages` are the routes where it is read. Nothing here is imported before a program asks for a description.
"""

"""The description of an API, as OpenAPI 3.1 has it: a fold over routes and the fields of their requests.

`document` is the whole, `operation` one route of it, `components` the schemas that it names. Nothing here is imported
before a program asks for a description.
"""

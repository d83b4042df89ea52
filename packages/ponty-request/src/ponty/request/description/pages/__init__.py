"""The pages of a description: the document as JSON and YAML, and a page to read it and to try its operations.

::

    api_docs -> table, of routes -> document, as JSON and as YAML
                                 -> plain, a page without scripts; or the page that tries operations

Nothing is made before it is requested, and nothing is loaded from another host.
"""

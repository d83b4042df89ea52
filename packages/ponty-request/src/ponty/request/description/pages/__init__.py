"""The pages of a description: the document as JSON and YAML, and a page to read it and to try its operations.

Nothing of them is made before somebody asks for it, and nothing comes from another host.
"""

"""What stands around a handler: what makes errors answers, and how middlewares are put around each other.

::

    a request -> error_middleware -> passages (several middlewares as one) -> guarding -> a handler
                                                                                 | returns: response_checks
                                                                                 | raises:  error_watchers, errors
    the client <- error_middleware <- passages  <--------------------------------'
                        '- sent_file, of a file that was sent while it was prepared
"""

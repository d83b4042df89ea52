"""How a plain answer is written: its head, its headers and cookies, its body, in one write.

::

    status, media type -> heads  (-> statuses) -.
    body ---------------------------------------+-> lazy_response -> (entity_tags) -> plain_response -> the client
    headers of the answer  -> header_sets ------+  (written_headers: where they were not sent before)
    its cookies            -> written_cookies --+
    those of middlewares   -> further_headers --'  (noted_headers: for what a handler begins to send itself)

`plain_way` says of a request whether its answer may be one write.
"""

"""Idempotency keys: a request that is repeated with the same key is carried out once, and answered the same each time.

::

    middleware -> attempt -> stored_answer
                          -> keys
                          -> problems, store

A key belongs to a caller, and names one request of theirs. What is recorded of it, in a store:

- *nothing*: it was not carried out, as far as anybody can tell.
- *begun*: it is being carried out, or was when its process died. Only with `after_crash="refuse"`.
- *answered*: it was carried out, and this is the answer.
- *unkept*: it was carried out, and its answer is not kept, for it was a stream or too large.

An attempt is one request with a key. It is in one of these states:

- *waiting to be admitted*: the guards of its handler run. Nothing was looked at or read on its behalf.
- *looking*: its body is read, and the record of its key is looked for. A record that is of another request (another
  method, path or body) is a 422; any other ends the attempt with what it says.
- *waiting for the key*: another attempt holds it. When the wait is over, a 409. Where it gets the key, it looks again.
- *holding*: nobody else has the key, and nothing is recorded. The handler runs.
- *recording*: the handler has answered. The answer is recorded if it is one to keep, or else the record is dropped; and
  only then the key is given back, and the answer sent.

Rules:

1. The handler runs only while its attempt holds the key, after it has seen, holding it, that nothing is recorded.
2. What is recorded is written by who holds the key. A store whose leases end compares both in one step.
3. What was refused before the handler was called, for its fields were not valid, is not recorded. Nor is an answer that
   says to try again: a 5xx, a 408, 425 or 429, and whatever has a `Retry-After`.
4. However an attempt ends, by an answer, an error or a cancellation, the key is given back exactly once. A cancellation
   while the record is written does not stop the writing.
5. A store that cannot be asked fails the request, before its handler is called. Where it fails afterwards, the client
   gets its answer, and the log is told that nothing is recorded.

What can never happen: two handlers at once for one key, unless a lease has ended under one of them, which is cancelled
then; a handler for a key that has a record; half an answer; an answer recorded by an attempt that had lost the key; an
answer for another caller, or for another request.

What cannot be had: that a handler runs exactly once. Where its process dies after the effect and before the record,
nobody can tell. `after_crash` says what is done then.
"""

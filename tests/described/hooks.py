"""What the guesthouse asks of a booking and no schema says: a room that there is, and a departure after the arrival."""

import datetime

import schemathesis


@schemathesis.hook
def before_call(context, case, kwargs):
    """Make a valid booking one that the house takes."""
    body = case.body
    if not (isinstance(body, dict) and isinstance(body.get("stay"), dict)):
        return
    stay = body["stay"]
    try:
        arrival = datetime.date.fromisoformat(stay["arrival"])
        departure = datetime.date.fromisoformat(stay["departure"])
        if departure <= arrival:
            body["stay"] = stay | {"departure": str(arrival + datetime.timedelta(days=1))}
    except (KeyError, TypeError, ValueError, OverflowError):
        return  # it is not valid, and is to stay so
    if type(body.get("room")) is int:
        body["room"] = 1 + body["room"] % 3

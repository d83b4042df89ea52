"""A mail that is sent after the answer."""

import asyncio

from ponty import (
    BACKGROUND_TASKS,
    BackgroundTasks,
    Provided,
    Request,
    StringRouteParameter,
    background_tasks,
    expect,
    post,
    render_json,
    startmeup,
)

sent: list[str] = []


async def send_mail(order: str) -> None:
    await asyncio.sleep(0.01)  # the mail server is slow
    if order == "0":
        raise ValueError("there is no such order")
    sent.append(order)


class OrderReq(Request):
    order = StringRouteParameter()
    tasks = Provided(BACKGROUND_TASKS)


@post(f"/orders/{OrderReq.order}")
@expect(OrderReq)
@render_json(str, status=202)
async def order_mug(order: str, tasks: BackgroundTasks) -> str:
    tasks.start(send_mail(order))
    return order


if __name__ == "__main__":
    startmeup(port=8080, providers=[background_tasks(limit=100, stop_timeout=10)])

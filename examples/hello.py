"""The smallest application: `curl http://127.0.0.1:8080/hello/ann` greets Ann."""

from ponty import Request, StringRouteParameter, expect, get, render_json, startmeup


class HelloReq(Request):
    name = StringRouteParameter()


@get(f"/hello/{HelloReq.name}")
@expect(HelloReq)
@render_json
async def greet(name: str) -> dict[str, str]:
    return {"greeting": f"hello {name}!"}


if __name__ == "__main__":
    startmeup(port=8080)

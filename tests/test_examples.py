"""The examples run as a reader would run them, but for the port."""

import hashlib
import hmac
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import warm

EXAMPLES = pathlib.Path(__file__).parent.parent / "examples"
GUESTHOUSE = EXAMPLES / "guesthouse"


def ask(url, body=None, *, method=None, **headers):
    """Return the status and the JSON of an answer."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=body, headers=headers, method=method)) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def stop(process):
    """Stop a program as a reader does by Ctrl-C or a service manager, and give its exit status."""
    process.send_signal(signal.SIGTERM)
    return process.wait(timeout=300)


def greet(address):
    """Ask for a greeting, over a connection of its own."""
    with urllib.request.urlopen(f"{address}/hello/ann") as answer:
        return json.load(answer)["data"]


def test_hello(run):
    process, address = run("hello.py")
    status, answer = ask(f"{address}/hello/ann")
    assert (status, answer["data"]) == (200, {"greeting": "hello ann!"})
    assert stop(process) == 0


def test_the_memo_works_without_the_web():
    script = str(EXAMPLES / "memo_alone.py")
    answer = warm.run([sys.executable, script], capture_output=True, text=True, check=True, timeout=300)
    assert answer.stdout == "visited home, news, shop, about\n43 questions, 4 visits\n"
    assert answer.stderr == ""


def test_a_field_of_ones_own_checks_a_signature(run):
    _, address = run("custom_field.py", WEBHOOK_SECRET="test")
    body = b'{"order": 7, "paid": true}'
    signature = hmac.new(b"test", body, hashlib.sha256).hexdigest()
    status, answer = ask(f"{address}/payments", body, X_Signature=signature, Content_Type="application/json")
    assert (status, answer["data"]) == (200, "order 7 is paid")
    status, answer = ask(f"{address}/payments", body + b" ", X_Signature=signature, Content_Type="application/json")
    assert status == 401
    assert [fault["detail"] for fault in answer["errors"]] == ["must be signed by X-Signature"]


def test_a_store_of_ones_own_is_shared_by_processes_and_outlives_them(tmp_path):
    def start():
        command = [sys.executable, str(EXAMPLES / "custom_store.py")]
        return warm.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)

    def finish(process):
        out, err = process.communicate(timeout=300)
        assert (process.returncode, err) == (0, "")
        return out.splitlines()

    lines = [line for process in [start(), start()] for line in finish(process)]
    assert sorted(lines) == ["computing", *["{'year': 2026, 'days': 365}"] * 2]
    assert finish(start()) == ["{'year': 2026, 'days': 365}"]


def test_two_services_share_the_classes_of_their_requests(run):
    """One installs neither the routes nor the handlers of the other."""
    folder = str(EXAMPLES / "both_ends")
    orders, orders_url = run("both_ends/orders.py", PYTHONPATH=folder)
    _, address = run("both_ends/till.py", PYTHONPATH=folder, ORDERS_URL=orders_url)
    assert ask(f"{address}/till/7?item=mug", method="POST")[1]["data"] == "order 1: mug, due 01.03.2026"
    assert ask(f"{address}/till/7")[1]["data"] == ["mug"]
    assert ask(f"{address}/till/8")[1]["data"] == []
    status, problem = ask(f"{address}/till/8?item=mug", method="POST")
    assert (status, problem["title"], problem["customer"]) == (404, "There is no such customer", 8)
    assert stop(orders) == 0


def test_a_step_of_the_tutorial_starts_and_stops(run):
    """What each of them answers is held by the pages that show them."""
    process, _ = run("tutorial/step5_database.py")
    assert stop(process) == 0


def test_the_guesthouse_passes_its_own_tests():
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider"],
        cwd=GUESTHOUSE,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(r"^\d\d passed", run.stdout, re.MULTILINE)


def test_a_booking_of_the_guesthouse_outlives_the_server(run, tmp_path):
    booking = {
        "room": 2,
        "stay": {"arrival": "2027-05-01", "departure": "2027-05-04"},
        "guests": [{"name": "Ann", "email": "ann@example.org"}],
    }
    process, address = run("guesthouse", cwd=GUESTHOUSE, DATABASE=str(tmp_path / "test.db"))
    _, answer = ask(f"{address}/accounts", b'{"name": "ann"}', Content_Type="application/json")
    ann = {"Authorization": f"Bearer {answer['data']['token']}"}
    status, made = ask(f"{address}/bookings", json.dumps(booking).encode(), Content_Type="application/json", **ann)
    assert (status, made["data"]) == (201, {**booking, "note": None, "id": 1})
    assert stop(process) == 0
    _, address = run("guesthouse", cwd=GUESTHOUSE, DATABASE=str(tmp_path / "test.db"))
    status, found = ask(f"{address}/bookings/1", **ann)
    assert (status, found["data"]) == (200, made["data"])


def test_several_processes_serve_one_port(run, tmp_path):
    """And when one of them stops, the others go on."""
    first, address = run("deploy/app.py")
    port = address.rpartition(":")[2]
    second = warm.Popen(
        [sys.executable, str(EXAMPLES / "deploy/app.py")],
        env=os.environ | {"PORT": port},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert any(line == f"Serving on {address}\n" for line in second.stdout)
        asked = {ask(f"{address}/pid")[1]["data"] for _ in range(200)}  # the kernel tosses a coin for each connection
        assert asked == {first.pid, second.pid}
        assert stop(first) == 0
        assert {ask(f"{address}/pid")[1]["data"] for _ in range(20)} == {second.pid}
    finally:
        second.kill()
        second.communicate()


def test_a_fleet_shares_a_cache_as_its_page_shows(run, redis_url):
    """Over a Redis, and over none: what is asked of the two servers, and what they answer, is read from the page."""
    page = (EXAMPLES.parent / "docs/howto/share-a-cache.rst").read_text()
    with_redis, without = page.split("When Redis is stopped")
    over_redis = {port: run("fleet/shop.py", PORT=port, REDIS_URL=redis_url)[1] for port in ("8080", "8081")}
    fences = converse(with_redis, over_redis)
    assert len(fences) == 2
    assert fences[0] < fences[1]
    over_none = {port: run("fleet/shop.py", PORT=port, REDIS_URL="redis://127.0.0.1:1")[1] for port in over_redis}
    assert converse(without, over_none) == []
    status, answer = ask(f"{over_redis['8081']}/price/milk")
    assert (status, answer["title"]) == (404, "Not Found")


def converse(text, addresses):
    """Ask what the `$ curl` lines ask, each of the server with that port, compare, and give the fences."""
    commands = re.findall(r"(?m)^    \$ curl -s (?:-X (\w+) )?'?http://127.0.0.1:(\d+)(/[^'\n]*)'?\n    (.*)$", text)
    assert len(commands) == text.count("$ curl") > 0
    fences = []
    for method, port, path, shown in commands:
        answer, expected = ask(addresses[port] + path, method=method or "GET")[1], json.loads(shown)
        for each in (answer, expected):
            for clock in ("elapsed", "now"):
                each.pop(clock, None)
        if "fence" in (expected.get("data") or {}):
            expected["data"].pop("fence")
            fences.append(answer["data"].pop("fence"))
        assert answer == expected, f"{method} {path} of {port}"
    return fences


def test_the_container_holds_what_there_is():
    """No container is built here; its file names what exists, and the settings that the program reads."""
    lines = (GUESTHOUSE / "Dockerfile").read_text().splitlines()
    for line in lines:
        if line.startswith("COPY"):
            *_, source, _ = line.split()
            assert (GUESTHOUSE / source).exists(), source
    settings = next(line for line in lines if line.startswith("ENV"))
    program = (GUESTHOUSE / "guesthouse/settings.py").read_text()
    assert set(re.findall(r"(\w+)=", settings)) == {"HOST", "PORT", "DATABASE"}
    assert all(f'"{name}"' in program for name in re.findall(r"(\w+)=", settings))
    assert lines[-1] == 'CMD ["python", "-m", "guesthouse"]'


def test_payments_are_made_once_at_two_servers(run, redis_url, tmp_path):
    """Whichever server is asked, and whatever the request that comes second with the same key."""
    environment = {"REDIS_URL": redis_url, "LEDGER": str(tmp_path / "ledger.db")}
    (one, first), (_, second) = (run("payments/payments.py", **environment) for _ in range(2))
    body = b'{"cents": 450}'
    headers = {"Authorization": "Bearer token-of-ann", "Content_Type": "application/json"}
    key = {"Idempotency_Key": f'"{os.getpid()}-{time.time_ns()}"'}
    assert ask(f"{first}/payments", body, **headers)[0] == 400
    assert ask(f"{first}/payments", b'{"cents": "all"}', **headers, **key)[0] == 400
    status, payment = ask(f"{first}/payments", body, **headers, **key)
    assert (status, payment["data"]["cents"]) == (201, 450)
    assert ask(f"{second}/payments", body, **headers, **key) == (201, payment)
    assert ask(f"{second}/payments", b'{"cents": 451}', **headers, **key)[0] == 422
    assert ask(f"{second}/payments", body, **headers | {"Authorization": "Bearer xyz"}, **key)[0] == 401
    bobs = ask(f"{second}/payments", body, **headers | {"Authorization": "Bearer token-of-bob"}, **key)
    assert (bobs[0], bobs[1]["data"]["id"]) == (201, payment["data"]["id"] + 1)
    assert stop(one) == 0

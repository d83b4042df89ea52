"""Recipes over a real PostgreSQL."""

import asyncio

import psycopg


async def test_postgresql_keeps_mugs(recipe, data, postgres_url):
    client = await recipe("postgresql", DATABASE_URL=postgres_url)
    red = {"colour": "red", "stock": 3}
    assert await data(await client.post("/mugs", json=red), 201) == red
    assert (await client.post("/mugs", json=red)).status == 409
    assert (await client.post("/mugs/blue/sale")).status == 404
    sold = await asyncio.gather(*(client.post("/mugs/red/sale") for _ in range(12)))
    assert sorted(answer.status for answer in sold) == [200] * 3 + [410] * 9
    assert (await client.get("/mugs")).status == 405


async def test_postgresql_outlives_a_lost_connection_and_closes_its_pool(recipe, data, postgres_url, until):
    client = await recipe("postgresql", DATABASE_URL=postgres_url)
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with psycopg.connect(postgres_url, autocommit=True) as watch:
        [(ended,)] = watch.execute(f"SELECT count(pg_terminate_backend(pid)) {others}").fetchall()
        assert ended >= 1
        assert await data(await client.post("/mugs", json={"colour": "red", "stock": 1}), 201)
        await client.close()

        async def nobody():
            return not watch.execute(f"SELECT 1 {others}").fetchall()

        await until(nobody)


async def test_bulk_writes_what_it_can_and_tells_of_the_rest(recipe, data, postgres_url):
    client = await recipe("bulk", DATABASE_URL=postgres_url)
    with psycopg.connect(postgres_url, autocommit=True) as database:
        database.execute("INSERT INTO mugs VALUES ('red', 5), ('blue', 1)")
        sales = [("red", 2), ("blue", 2), ("pink", 1), ("red", 3)]
        many = {"sales": [{"colour": colour, "count": count} for colour, count in sales]}
        results = await data(await client.post("/sales", json=many), 207)
        assert [result["status"] for result in results] == [200, 409, 409, 200]
        assert dict(database.execute("SELECT colour, stock FROM mugs").fetchall()) == {"red": 0, "blue": 1}
        many["sales"][3]["count"] = 0
        answer = await client.post("/sales", json=many)
        assert answer.status == 400
        assert [fault["pointer"] for fault in (await answer.json())["errors"]] == ["/sales/3/count"]
        assert dict(database.execute("SELECT colour, stock FROM mugs").fetchall()) == {"red": 0, "blue": 1}


async def test_jobs_are_done_though_one_before_them_raises(recipe, postgres_url, caplog, until):
    """What that one has written is undone, and it waits for its next try; the jobs behind it are not lost."""
    client = await recipe("job_table", DATABASE_URL=postgres_url, PAUSE=0.01)
    for colour in ("red", "broken", "blue", "green"):
        assert (await client.post(f"/orders/{colour}")).status == 202
    async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as database:

        async def packed():
            rows = await (await database.execute("SELECT colour FROM parcels ORDER BY colour")).fetchall()
            return len(rows) >= 3 and [colour for (colour,) in rows]

        async def tried_twice():
            rows = await (await database.execute("SELECT colour, failures FROM jobs")).fetchall()
            return rows[0][1] >= 2 and rows

        assert await until(packed) == ["blue", "green", "red"]
        [(colour, _)] = await until(tried_twice)
        assert colour == "broken"
    assert "this mug is broken" in caplog.text


async def test_jobs_are_each_done_once_by_two_processes(load, aiohttp_client, postgres_url, until):
    clients = [await aiohttp_client(load("job_table", DATABASE_URL=postgres_url, PAUSE=0.01).built) for _ in range(2)]
    for number in range(30):
        assert (await clients[number % 2].post(f"/orders/mug{number}")).status == 202
    async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as database:

        async def all_done():
            [row] = await (await database.execute("SELECT count(*) FROM jobs")).fetchall()
            return row == (0,)

        await until(all_done)
        rows = await (await database.execute("SELECT colour FROM parcels")).fetchall()
    assert sorted(colour for (colour,) in rows) == sorted(f"mug{number}" for number in range(30))


async def test_sqlalchemy_keeps_mugs_in_postgresql(recipe, data, postgres_url):
    url = postgres_url.replace("postgresql://", "postgresql+psycopg://")
    client = await recipe("with_sqlalchemy", DATABASE_URL=url)
    assert await data(await client.post("/mugs", json={"colour": "red"}), 201) == {"colour": "red", "id": 1}
    assert (await client.post("/mugs", json={"colour": "red"})).status == 409
    assert await data(await client.get("/mugs/1")) == {"colour": "red", "id": 1}
    assert (await client.get("/mugs/9")).status == 404

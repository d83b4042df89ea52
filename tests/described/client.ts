// A program for the compiler alone: it uses the types of the two documents rightly, and where it says so, wrongly.
import createClient from "openapi-fetch";
import type { components, paths } from "./everything.js";
import type { paths as housePaths } from "./guesthouse.js";

type Mug = components["schemas"]["Mug"];

const client = createClient<paths>({ baseUrl: "http://127.0.0.1:8080" });
const house = createClient<housePaths>({ baseUrl: "http://127.0.0.1:8080" });

export async function use(): Promise<string[]> {
    const made = await client.POST("/mugs", {
        body: { id: "a", colour: "dark blue", level: 2, name: "tea", price: "3.50", made: "2026-02-28" },
    });
    const name: Mug["name"] | undefined = made.data?.data.name;
    const problem: string | undefined = made.error?.title;

    // @ts-expect-error: there is no such colour
    await client.POST("/mugs", { body: { id: "a", colour: "green", level: 2, name: "tea", price: "3", made: "x" } });
    // @ts-expect-error: the number is required
    await client.GET("/query", { params: { query: {} } });

    const rooms = await house.GET("/rooms", { params: { query: { beds: 2, order: "price" } } });
    return [name ?? "", problem ?? "", ...(rooms.data?.data ?? []).map((room) => room.price)];
}

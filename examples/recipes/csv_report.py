"""A report of any length as CSV, row by row."""

import dataclasses
import datetime
from collections.abc import AsyncIterator

from ponty import PosIntQueryParameter, Request, Routes, expect, render_csv, startmeup

reports = Routes("/reports")


@dataclasses.dataclass
class Sale:
    day: datetime.date
    product: str
    sold: int


async def sales_of(year: int) -> AsyncIterator[Sale]:
    """Yield rows, as a database would."""
    yield Sale(datetime.date(year, 2, 28), "mug, red", 7)
    yield Sale(datetime.date(year, 3, 1), "=1+1", 1)


class YearReport(Request):
    year = PosIntQueryParameter(required=True)


@reports.get("/sales.csv")
@expect(YearReport)
@render_csv(Sale, filename="sales.csv")
async def sales(year: int) -> AsyncIterator[Sale]:
    async for sale in sales_of(year):
        yield sale


if __name__ == "__main__":
    startmeup(port=8080, routes=[reports])

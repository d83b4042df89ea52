"""What a run leaves: a conclusion, tables as Markdown and CSV, and a picture."""

import importlib.util
import pathlib

from benchmarks.conclusion import conclusion
from benchmarks.results import Results
from benchmarks.tables import all_tables


def write(results: Results, folder: pathlib.Path) -> None:
    """Write everything into `folder`, and print the tables."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = all_tables(results)
    text = "# Benchmarks\n\n" + "\n".join(table.markdown() for table in tables)
    if results.missing:
        text += "\n## Not measured\n\n" + "".join(
            f"- {name}: {reason.splitlines()[-1]}\n" for name, reason in results.missing.items()
        )
    (folder / "results.md").write_text(text)
    for table in tables:
        (folder / f"{table.name}.csv").write_text(table.csv())
    (folder / "conclusion.txt").write_text(conclusion(results))
    if results.subjects("rates") and importlib.util.find_spec("matplotlib"):
        from benchmarks.plot import draw  # noqa: PLC0415 - the tables do without matplotlib

        draw(results, folder)
    print(f"\n{text}\nwritten to {folder}")

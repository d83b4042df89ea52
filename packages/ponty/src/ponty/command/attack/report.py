"""What came of a run, as Markdown: to be read on a terminal, and pasted where it is talked about."""

from collections.abc import Iterator

from ponty.command.attack.findings import Finding, Report
from ponty.command.attack.promises import PROMISES
from ponty.command.attack.run import Settings

_SHOWN = 600
_NAMED = 8


def told(report: Report, program: str, settings: Settings) -> str:
    """Return a report as a text.

    Args:
        report: What came of the run.
        program: The program.
        settings: What the run was.
    """
    return "\n".join(_lines(report, program, settings)) + "\n"


def _lines(report: Report, program: str, settings: Settings) -> Iterator[str]:
    unmet = f", {len(report.unmet)} of them without a valid one" if report.unmet else ""
    asked = f"{report.count} requests of {report.operations} operations{unmet}, seed {settings.seed}"
    if not report.findings:
        yield f"{program} has kept its promises: {asked}."
    else:
        words = "promise was" if len(report.findings) == 1 else "promises were"
        yield f"# {program}: {len(report.findings)} {words} broken"
        yield ""
        yield f"By {asked}."
    if report.unmet:
        count = len(report.unmet)
        names = ", ".join(report.unmet[:_NAMED]) + (", …" if count > _NAMED else "")
        yield ""
        yield (
            f"No valid request was answered as one by {names}. Where it is credentials that are missing, give them "
            "with --header."
        )
    for finding in report.findings:
        yield from _of_finding(finding, report, program, settings)
    if report.findings and report.log.strip():
        yield from ("", "## What the program has logged, at its end", "", "```text")
        yield from report.log.strip().splitlines()[-40:]
        yield "```"


def _of_finding(finding: Finding, report: Report, program: str, settings: Settings) -> Iterator[str]:
    case = finding.case
    yield ""
    yield f"## {finding.promise}: {case.operation}"
    yield ""
    yield f"Promised: {PROMISES[finding.promise]}. But {finding.how}."
    kind = f" with {case.kind}" if case.kind else ""
    again = "" if finding.is_repeatable or finding.promise in {"cost", "no holding up", "in step"} else ", seen once"
    yield f"The request{kind}{again}:"
    yield ""
    command = case.curl(report.port)
    if command:
        yield from ("```shell", command, "```")
    else:
        data = case.wire()
        more = f"  … {len(data)} bytes in all" if len(data) > _SHOWN else ""
        yield from ("```text", f"hex: {data[:_SHOWN].hex()}{more}", "```")
    if finding.answer is not None:
        yield ""
        yield "What came back:"
        yield ""
        yield "```text"
        yield str(finding.answer.status)
        yield from (f"{name}: {value[:200]}" for name, value in finding.answer.headers)
        yield ""
        yield finding.answer.body[:_SHOWN].decode("utf-8", "backslashreplace")
        yield "```"
    yield ""
    yield f"Again: `ponty attack {program} --seed {settings.seed} --requests {max(finding.number + 1, 1)}`"

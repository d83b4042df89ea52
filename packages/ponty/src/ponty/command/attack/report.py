"""The report of a run as Markdown, to be read on a terminal or pasted into an issue."""

from collections.abc import Iterator

from ponty.command.attack.findings import Finding, Report
from ponty.command.attack.promises import PROMISES
from ponty.command.attack.run import Settings

_SHOWN = 600
_NAMED = 8


def markdown(report: Report, program: str, settings: Settings) -> str:
    """Return a report as Markdown.

    Args:
        report: The outcome of the run.
        program: The program.
        settings: The settings of the run.
    """
    return "\n".join(_lines(report, program, settings)) + "\n"


def _lines(report: Report, program: str, settings: Settings) -> Iterator[str]:
    unmet = f", {len(report.unmet)} of which accepted no valid request" if report.unmet else ""
    sent = f"{report.count} requests to {report.operations} operations{unmet}; seed {settings.seed}"
    if not report.findings:
        yield f"{program} kept its promises: {sent}."
    else:
        words = "promise was" if len(report.findings) == 1 else "promises were"
        yield f"# {program}: {len(report.findings)} {words} broken"
        yield ""
        yield f"After {sent}."
    if report.unmet:
        count = len(report.unmet)
        names = ", ".join(report.unmet[:_NAMED]) + (", …" if count > _NAMED else "")
        yield ""
        yield (
            f"No valid request succeeded for {names}, so little of it was tested. If credentials are missing, add "
            "them with --header."
        )
    for finding in report.findings:
        yield from _of_finding(finding, report, program, settings)
    if report.findings and report.log.strip():
        yield from ("", "## The end of the program's log", "", "```text")
        yield from report.log.strip().splitlines()[-40:]
        yield "```"


def _of_finding(finding: Finding, report: Report, program: str, settings: Settings) -> Iterator[str]:
    case = finding.case
    yield ""
    yield f"## {finding.promise}: {case.operation}"
    yield ""
    yield f"Promised: {PROMISES[finding.promise]}. But {finding.how}."
    kind = f" with {case.kind}" if case.kind else ""
    is_sure = finding.is_repeatable or finding.promise in {"cost", "no holding up", "in step"}
    yield f"The request{kind}{'' if is_sure else ' (a second try did not break the promise)'}:"
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
        yield "The response:"
        yield ""
        yield "```text"
        yield str(finding.answer.status)
        yield from (f"{name}: {value[:200]}" for name, value in finding.answer.headers)
        yield ""
        yield finding.answer.body[:_SHOWN].decode("utf-8", "backslashreplace")
        yield "```"
    yield ""
    yield f"To reproduce: `ponty attack {program} --seed {settings.seed} --requests {max(finding.number + 1, 1)}`"

"""The command line: names, options and help.

The code of a command is imported when the command is called, so that the program starts quickly.
"""

import pathlib
import sys
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def _complete_app(_: click.Context, __: click.Parameter, incomplete: str) -> list["CompletionItem"]:
    """Have the shell complete file names: programs are files more often than modules."""
    from click.shell_completion import CompletionItem  # noqa: PLC0415 - needed for shell completion only

    return [CompletionItem(incomplete, type="file")]


_APP = click.argument("app", metavar="APP", shell_complete=_complete_app)


def _version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        import importlib.metadata  # noqa: PLC0415 - importing it takes longer than everything else

        click.echo(f"ponty {importlib.metadata.version('ponty')}")
        context.exit()


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version and exit."
)
def main() -> None:
    """Make, run, check and describe programs of Ponty.

    APP is a file or a module that serves when it is executed, such as app.py or shop.main. It can also be an object in
    a module, such as shop.main:app: an application, a function that makes one, or tables of routes.
    """


@main.command()
@_APP
@click.option(
    "--host",
    envvar="PONTY_HOST",
    help="The address to listen on. Default: the variable PONTY_HOST, or else what the program says.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    envvar="PONTY_PORT",
    help="The port to listen on; 0 for any free port. Default: the variable PONTY_PORT, or else what the program says.",
)
@click.option(
    "--reload", is_flag=True, help="Restart the program when a file changes. Requests in progress are finished first."
)
@click.option(
    "--watch",
    multiple=True,
    type=click.Path(exists=True, path_type=pathlib.Path),
    help="With --reload: a file or directory to watch. Can be repeated. Default: the working directory.",
)
@click.option("--access-log/--no-access-log", default=True, help="Log each request, or not. Default: --access-log.")
def run(
    app: str, *, host: str | None, port: int | None, reload: bool, watch: tuple[pathlib.Path, ...], access_log: bool
) -> None:
    """Run APP during development, with a log of requests.

    The program listens at its own address unless --host or --port replace it. Requests are logged to the terminal,
    unless the program has set up its own logging.
    """
    if watch and not reload:
        raise click.UsageError("--watch has an effect only with --reload: give both")
    if reload:
        from ponty.command.reloading import reload_forever  # noqa: PLC0415

        sys.exit(reload_forever(app, host=host, port=port, watched=watch, access_log=access_log))
    from ponty.command.running import run as run_here  # noqa: PLC0415

    _run_or_exit(lambda: run_here(app, host=host, port=port, access_log=access_log), with_traceback=True)


@main.command()
@_APP
def routes(app: str) -> None:
    """List the routes of APP with their handlers and fields.

    Each line has the method, the path, the handler, its place in the source, and the fields of its request. A question
    mark follows the name of an optional field.
    """
    from ponty.command.listing import rows, table  # noqa: PLC0415

    click.echo(table(_run_or_exit(lambda: rows(app))))


@main.command()
@_APP
@click.option("--title", help="The name of the API. Default: the title in the program's api_docs, or else its name.")
@click.option("--version", help="The version of the API. Default: the version in the program's api_docs, or else 0.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=pathlib.Path),
    help="The file to write the document to. Default: standard output.",
)
@click.option(
    "--against",
    metavar="OLD",
    type=click.Path(exists=True, dir_okay=False, path_type=pathlib.Path),
    help="An earlier document, in JSON: list the changes since then instead; exit with 1 if one breaks clients.",
)
def openapi(
    app: str, *, title: str | None, version: str | None, output: pathlib.Path | None, against: pathlib.Path | None
) -> None:
    """Write the OpenAPI 3.1 document of APP, as JSON.

    The same program always makes the same document, byte for byte, so it can be kept under version control.
    """
    from ponty.command.describing import changes_since, describe  # noqa: PLC0415

    text = _run_or_exit(lambda: describe(app, title=title, version=version))
    if against is not None:
        changes = changes_since(against, text)
        for change in changes:
            words = click.style("breaks", fg="red") if change.breaks else click.style("changed", fg="green")
            click.echo(f"{words}: {change}")
        if output is not None:
            _write(output, text)
        sys.exit(any(change.breaks for change in changes))
    if output is None:
        click.echo(text, nl=False)
    else:
        _write(output, text)


@main.command()
@_APP
@click.option(
    "--write/--check", default=False, help="Write the contract file, or compare APP with it. Default: --check."
)
@click.option(
    "--lock",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=pathlib.Path),
    help="The contract file. Default: openapi.lock.json beside APP, or in the working directory if APP is a module.",
)
@click.option("--accept-breaks", is_flag=True, help="With --write: accept changes that break clients, too.")
def contract(app: str, *, write: bool, lock: pathlib.Path | None, accept_breaks: bool) -> None:
    """Compare APP with its contract file, or write that file.

    The file is an OpenAPI document that is kept under version control. If APP has changed since the file was written,
    the changes are listed with the line of the file, and the exit status is 1. A change that breaks clients comes with
    a way to avoid that. --write updates the file; it refuses breaking changes unless --accept-breaks is given.
    """
    from ponty.command import contract as contracts  # noqa: PLC0415

    path = lock or contracts.path_of(app)
    text = _run_or_exit(lambda: contracts.contract(app))
    if write and not path.exists():
        _write(path, text)
        click.echo(f"{click.style('made', fg='green')} {path}")
        return
    verdict = contracts.compare(path, text)
    for finding in verdict.findings:
        click.echo(contracts.line_for(path, finding))
    if verdict.breaks and not (write and accept_breaks):
        count = f"{verdict.breaks} change{'s break' if verdict.breaks > 1 else ' breaks'} clients"
        click.echo(f"{count}. If that is intended: ponty contract {app} --write --accept-breaks", err=True)
        sys.exit(1)
    if write:
        _write(path, text)
    elif verdict.is_stale:
        click.echo(f"{path} is out of date. No change breaks clients, so: ponty contract {app} --write", err=True)
        sys.exit(1)


@main.command()
@_APP
@click.option("--start/--no-start", default=True, help="Start and stop the providers too, or not. Default: --start.")
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=60,
    show_default=True,
    help="How many seconds the providers may take to start, and again to stop.",
)
def check(app: str, *, start: bool, seconds: float) -> None:
    """Report errors and likely mistakes in APP, without serving it.

    APP is executed, its routes are mounted, and its providers are started and stopped. The exit status is 1 if an error
    keeps APP from starting, and 0 if there are only warnings.
    """
    from ponty.command.checking import check as look  # noqa: PLC0415

    findings = look(app, start=start, seconds=seconds)
    for finding in findings:
        colour = "red" if finding.is_fatal else "yellow"
        click.echo(f"{click.style('error' if finding.is_fatal else 'warning', fg=colour)}: {finding.text}")
    if not findings:
        click.echo(click.style(f"{app}: no mistakes found", fg="green"))
    sys.exit(any(finding.is_fatal for finding in findings))


@main.command()
@_APP
@click.option(
    "--seconds", type=click.FloatRange(min=0), default=30, show_default=True, help="How many seconds to go on."
)
@click.option("--requests", type=click.IntRange(min=1), help="The largest number of requests. Default: no limit.")
@click.option("--seed", type=int, help="The random seed of the requests. Default: another one in each run.")
@click.option(
    "--header",
    multiple=True,
    metavar="'NAME: VALUE'",
    help="A header to add to each request, for instance to authenticate. Can be repeated.",
)
@click.option("--read-only", is_flag=True, help="Send only GET, HEAD and OPTIONS, which change nothing.")
@click.option("--yes", is_flag=True, help="Send requests that write and delete, without asking first.")
@click.option(
    "--times",
    type=click.FloatRange(min=1),
    default=25,
    show_default=True,
    help="How many times the cost of a good request another request may cost.",
)
@click.option(
    "--hold",
    "hold_seconds",
    type=click.FloatRange(min=0),
    default=0.5,
    show_default=True,
    help="How many seconds a good request may have to wait for another request.",
)
@click.option(
    "--measure",
    type=click.Choice(["cpu", "calls"]),
    default="cpu",
    show_default=True,
    help="How cost is measured: CPU time, or the number of function calls, which is the same on every machine.",
)
def attack(app: str, *, seed: int | None, header: tuple[str, ...], yes: bool, **options: Any) -> None:
    """Fuzz APP: send it hostile requests, and report broken promises.

    APP is served in a separate process, at a free port of 127.0.0.1 and with its own settings. It is sent requests that
    its OpenAPI description allows, and many that it does not. These requests create, change and delete data: use a
    database that you can throw away. The exit status is 1 if a promise was broken.
    """
    if not yes and not options["read_only"]:
        words = f"{app} will get requests that write and delete data, with the settings of this environment. Go on?"
        if not sys.stdin.isatty():
            raise click.UsageError("the requests write and delete data: allow this with --yes, or use --read-only")
        click.confirm(words, abort=True, err=True)
    from ponty.command.attacking import attack as attack_now  # noqa: PLC0415

    sys.exit(attack_now(app, seed=seed, headers=header, **options))


@main.command()
@click.argument("name")
@click.option("--into", type=click.Path(path_type=pathlib.Path), help="The directory to make. Default: NAME.")
def new(name: str, *, into: pathlib.Path | None) -> None:
    """Make a new project called NAME, with a database and tests.

    The project is a small package with one resource over SQLite, an OpenAPI page, health checks, tests, a container
    file and a CI workflow.
    """
    from ponty.command.new import make_project  # noqa: PLC0415

    directory = into or pathlib.Path(name)
    try:
        files = make_project(name, directory)
    except (ValueError, OSError) as error:
        raise click.ClickException(str(error)) from None
    for file in files:
        click.echo(f"{click.style('made', fg='green')} {directory / file}")
    click.echo(
        f"\nNow:\n  cd {directory}\n  python3 -m venv .venv && .venv/bin/pip install -e '.[test]'\n"
        f"  .venv/bin/pytest\n  .venv/bin/ponty run {name.replace('-', '_')} --reload"
    )


def _write(path: pathlib.Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(str(error)) from None


def _run_or_exit(act: Callable[[], Any], *, with_traceback: bool = False) -> Any:
    """Do something with a program; if this fails, report the error and exit with 1.

    Args:
        act: What to do.
        with_traceback: Whether an error of the program is shown with its traceback, as Python shows it, but without the
            frames of the command. Otherwise it is one line, which names the line of the program.
    """
    from ponty.command.programs import ProgramError, error_line, own_part  # noqa: PLC0415

    try:
        return act()
    except ProgramError as error:
        raise click.ClickException(str(error)) from None
    except Exception as error:  # noqa: BLE001 - whatever the program raises is reported
        if not with_traceback:
            raise click.ClickException(error_line(error)) from None
        click.echo("".join(traceback.format_exception(own_part(error))), err=True, nl=False)
        sys.exit(1)

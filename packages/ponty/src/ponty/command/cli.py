"""The command line: names, options and help.

What a command does is imported when it is called, so that it starts soon.
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
    """Have the shell complete files: programs are files more often than modules."""
    from click.shell_completion import CompletionItem  # noqa: PLC0415 - a shell asks for it, and nobody else

    return [CompletionItem(incomplete, type="file")]


_APP = click.argument("app", metavar="APP", shell_complete=_complete_app)


def _version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        import importlib.metadata  # noqa: PLC0415 - it takes longer than all the rest

        click.echo(f"ponty {importlib.metadata.version('ponty')}")
        context.exit()


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
def main() -> None:
    """Run, list and check the programs that Ponty serves.

    APP is a file or a module that serves when it is executed, as app.py or shop.main; or an application, a function
    that makes one, or a table of routes in a module, as shop.main:app.
    """


@main.command()
@_APP
@click.option("--host", envvar="PONTY_HOST", help="The address to listen on, in place of the program's.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    envvar="PONTY_PORT",
    help="The port to listen on, in place of the program's; 0 for any free one.",
)
@click.option("--reload", is_flag=True, help="Start anew when a file changes; requests in flight are finished.")
@click.option(
    "--watch",
    multiple=True,
    type=click.Path(exists=True, path_type=pathlib.Path),
    help="With --reload: a file or directory to watch, in place of the working directory. May be given again.",
)
@click.option("--access-log/--no-access-log", default=True, help="Write a line for each request; so it is by default.")
def run(
    app: str, *, host: str | None, port: int | None, reload: bool, watch: tuple[pathlib.Path, ...], access_log: bool
) -> None:
    """Run APP while working on it.

    It listens where the program says, unless --host or --port say otherwise, or the variables PONTY_HOST and PONTY_PORT
    of the environment. A request log is written unless the program has set up its own.
    """
    if watch and not reload:
        raise click.UsageError("--watch says what --reload watches: give both")
    if reload:
        from ponty.command.reloading import reload_forever  # noqa: PLC0415

        sys.exit(reload_forever(app, host=host, port=port, watched=watch, access_log=access_log))
    from ponty.command.running import run as run_here  # noqa: PLC0415

    _told(lambda: run_here(app, host=host, port=port, access_log=access_log))


@main.command()
@_APP
def routes(app: str) -> None:
    """List the routes of APP: method, path, handler, place, and fields."""
    from ponty.command.listing import rows, table  # noqa: PLC0415

    click.echo(table(_told(lambda: rows(app))))


@main.command()
@_APP
@click.option("--title", help="The name of the API; by default what its page says, or that of the program.")
@click.option("--version", help="The version of the API; by default what its page says, or 0.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=pathlib.Path), help="A file to write it into.")
@click.option(
    "--against",
    metavar="OLD",
    type=click.Path(exists=True, dir_okay=False, path_type=pathlib.Path),
    help="An earlier document, in JSON: tell what has changed since instead, and fail if it breaks clients.",
)
def openapi(
    app: str, *, title: str | None, version: str | None, output: pathlib.Path | None, against: pathlib.Path | None
) -> None:
    """Write the description of APP, an OpenAPI 3.1 document, as JSON.

    The same program makes the same document, byte for byte, so that it may be kept under version control.
    """
    from ponty.command.describing import changes_since, describe  # noqa: PLC0415

    text = _told(lambda: describe(app, title=title, version=version))
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
@click.option("--write/--check", default=False, help="Write the file, or compare with it; the latter by default.")
@click.option(
    "--lock",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=pathlib.Path),
    help="The file; openapi.lock.json beside APP by default, or in the working directory where APP is a module.",
)
@click.option("--accept-breaks", is_flag=True, help="With --write: write what breaks clients, too.")
def contract(app: str, *, write: bool, lock: pathlib.Path | None, accept_breaks: bool) -> None:
    """Hold APP to its contract, a description of it that is kept under version control.

    Where APP has changed since the file was written, the changes are told, and the exit status is 1. What breaks
    clients comes with the line of the file, and with what would break nobody; write what does not with --write.
    """
    from ponty.command import contract as contracts  # noqa: PLC0415

    path = lock or contracts.path_of(app)
    text = _told(lambda: contracts.contract(app))
    if write and not path.exists():
        _write(path, text)
        click.echo(f"{click.style('made', fg='green')} {path}")
        return
    verdict = contracts.compare(path, text)
    for finding in verdict.findings:
        click.echo(contracts.told(path, finding))
    if verdict.breaks and not (write and accept_breaks):
        count = f"{verdict.breaks} change{'s break' if verdict.breaks > 1 else ' breaks'} clients"
        click.echo(f"{count}. Where that is meant: ponty contract {app} --write --accept-breaks", err=True)
        sys.exit(1)
    if write:
        _write(path, text)
    elif verdict.is_stale:
        click.echo(f"{path} is not up to date, and no client breaks: ponty contract {app} --write", err=True)
        sys.exit(1)


@main.command()
@_APP
@click.option("--start/--no-start", default=True, help="Start and stop the providers too; so it is by default.")
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=60,
    show_default=True,
    help="How long the providers may take to start, and to stop.",
)
def check(app: str, *, start: bool, seconds: float) -> None:
    """Tell what is wrong with APP, or smells, without serving it.

    The exit status is 1 where something keeps it from starting, and 0 where it only smells.
    """
    from ponty.command.checking import check as look  # noqa: PLC0415

    findings = look(app, start=start, seconds=seconds)
    for finding in findings:
        colour = "red" if finding.is_fatal else "yellow"
        click.echo(f"{click.style('error' if finding.is_fatal else 'smell', fg=colour)}: {finding.text}")
    if not findings:
        click.echo(click.style(f"{app}: nothing found", fg="green"))
    sys.exit(any(finding.is_fatal for finding in findings))


@main.command()
@_APP
@click.option("--seconds", type=click.FloatRange(min=0), default=30, show_default=True, help="How long to go on.")
@click.option("--requests", type=click.IntRange(min=1), help="How many requests to make at most.")
@click.option("--seed", type=int, help="What the requests are made from; another one each time by default.")
@click.option("--header", multiple=True, metavar="'NAME: VALUE'", help="What each request has. May be given again.")
@click.option("--read-only", is_flag=True, help="Ask only what changes nothing: GET, HEAD and OPTIONS.")
@click.option("--yes", is_flag=True, help="Do not ask whether APP may be written to.")
@click.option(
    "--times",
    type=click.FloatRange(min=1),
    default=25,
    show_default=True,
    help="How many times as much as a good request another may cost.",
)
@click.option(
    "--hold",
    "hold_seconds",
    type=click.FloatRange(min=0),
    default=0.5,
    show_default=True,
    help="For how many seconds a good request may be held up.",
)
@click.option(
    "--measure",
    type=click.Choice(["cpu", "calls"]),
    default="cpu",
    show_default=True,
    help="What cost is measured in: CPU time, or calls of functions, which are the same on each machine.",
)
def attack(app: str, *, seed: int | None, header: tuple[str, ...], yes: bool, **options: Any) -> None:
    """Try to have APP break its promises, for a bounded time.

    APP is served in a process of its own, at a free port of 127.0.0.1 and with its own settings, and is sent whatever
    its description lets clients send, and worse. What it writes, it writes: give it a database to throw away. The exit
    status is 1 where a promise was broken.
    """
    if not yes and not options["read_only"]:
        words = f"{app} will be sent requests that write and delete, with the settings of this environment. Go on?"
        if not sys.stdin.isatty():
            raise click.UsageError("requests write and delete: say --yes, or ask with --read-only")
        click.confirm(words, abort=True, err=True)
    from ponty.command.attacking import attack as attack_now  # noqa: PLC0415

    sys.exit(attack_now(app, seed=seed, headers=header, **options))


@main.command()
@click.argument("name")
@click.option("--into", type=click.Path(path_type=pathlib.Path), help="The directory to make; NAME by default.")
def new(name: str, *, into: pathlib.Path | None) -> None:
    """Make a small project called NAME: a resource, a database, tests, a container file, CI."""
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


def _told(act: Callable[[], Any]) -> Any:
    """Do something with a program, and tell what it raises as Python would, without the command's own frames."""
    from ponty.command.programs import ProgramError, own_part  # noqa: PLC0415

    try:
        return act()
    except ProgramError as error:
        raise click.ClickException(str(error)) from None
    except Exception as error:  # noqa: BLE001 - it is shown, whatever a program raises
        click.echo("".join(traceback.format_exception(own_part(error))), err=True, nl=False)
        sys.exit(1)

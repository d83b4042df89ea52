"""`ponty attack`: a run, and what it tells."""

import asyncio
import random
from collections.abc import Sequence
from typing import Any

import click

from ponty.command.attack.report import told
from ponty.command.attack.run import Settings
from ponty.command.attack.run import attack as run
from ponty.command.attack.target import TargetError


def attack(program: str, *, seed: int | None, headers: Sequence[str], **options: Any) -> int:
    """Attack a program, and print what came of it; return the exit status.

    Args:
        program: The program.
        seed: What the requests are made from; None for another each time.
        headers: What each request has, as `Name: value`.
        **options: The other settings of the run.

    Raises:
        ClickException: The program does not serve, or a header is none.
    """
    if seed is None:
        seed = random.randrange(10**6)  # noqa: S311 - a seed is no secret
    settings = Settings(seed=seed, headers=[_pair(each) for each in headers], **options)

    def begun(count: int) -> None:
        words = f"{program}: {count} operations, for {settings.seconds:g} seconds, seed {seed}"
        click.echo(words, err=True)

    try:
        report = asyncio.run(run(program, settings, begun))
    except TargetError as error:
        raise click.ClickException(str(error)) from None
    click.echo(told(report, program, settings), nl=False)
    return 1 if report.findings else 0


def _pair(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise click.ClickException(f"{text!r} is no header: give it as 'Authorization: Bearer secret'")
    return name.strip(), value.strip()

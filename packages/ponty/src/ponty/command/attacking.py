"""`ponty attack`: make a run and print its report."""

import asyncio
import random
from collections.abc import Sequence
from typing import Any

import click

from ponty.command.attack.report import markdown
from ponty.command.attack.run import Settings
from ponty.command.attack.run import attack as run
from ponty.command.attack.target import TargetError


def attack(program: str, *, seed: int | None, headers: Sequence[str], **options: Any) -> int:
    """Attack a program, print the report, and return the exit status.

    Args:
        program: The program.
        seed: The random seed of the requests; None for another one in each run.
        headers: Headers to add to each request, as `Name: value`.
        **options: The other settings of the run.

    Raises:
        ClickException: The program does not serve, or a header has another form.
    """
    if seed is None:
        seed = random.randrange(10**6)  # noqa: S311 - a seed is not a secret
    settings = Settings(seed=seed, headers=[_pair(each) for each in headers], **options)

    def begun(count: int) -> None:
        words = f"{program}: {count} operations, for {settings.seconds:g} seconds, seed {seed}"
        click.echo(words, err=True)

    try:
        report = asyncio.run(run(program, settings, begun))
    except TargetError as error:
        raise click.ClickException(str(error)) from None
    click.echo(markdown(report, program, settings), nl=False)
    return 1 if report.findings else 0


def _pair(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise click.ClickException(f"{text!r} is not a header: write it as 'Authorization: Bearer secret'")
    return name.strip(), value.strip()

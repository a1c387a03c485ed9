"""The command line. Each command imports only what it needs."""

import asyncio
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from contracts.services import SERVICES

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Postroom, a help desk for customer email.",
)


def main() -> None:
    """`postroom`."""
    app()


@app.command()
def up(
    data: Annotated[Path, typer.Option(envvar="POSTROOM_DATA", help="Where everything is kept.")] = Path(
        "data"
    ),
) -> None:
    """Run all of Postroom on this machine, with an embedded PostgreSQL and NATS."""
    from postroom.up import CannotRun, run

    try:
        asyncio.run(run(data))
    except CannotRun as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


@app.command()
def migrate(
    database_url: Annotated[
        str, typer.Option(envvar="POSTROOM_DATABASE_URL", help="PostgreSQL, as its owner.")
    ],
    nats_url: Annotated[str, typer.Option(envvar="POSTROOM_NATS_URL", help="NATS.")],
    replicas: Annotated[
        int, typer.Option(envvar="POSTROOM_STREAM_REPLICAS", min=1, help="Of each stream.")
    ] = 1,
) -> None:
    """Bring schemas, streams, consumers and the first configuration up to date; safely repeatable."""
    from postroom.installation import furnish
    from postroom.migrate import migrate_database, migrate_streams

    async def all_of_it() -> None:
        for name in await migrate_database(database_url):
            typer.echo(f"ran {name}")
        await furnish(database_url)
        for change in await migrate_streams(nats_url, replicas):
            typer.echo(f"{change.what} {change.name}" + "".join(f"\n  {drift}" for drift in change.drift))

    asyncio.run(all_of_it())


@app.command()
def verify(
    database_url: Annotated[
        str, typer.Option(envvar="POSTROOM_DATABASE_URL", help="PostgreSQL, as its owner.")
    ],
) -> None:
    """Check the hash chains of all logs, and that the intake ledger balances with them."""
    from postroom.verify import verify as check

    problems = asyncio.run(check(database_url))
    for problem in problems:
        typer.echo(problem, err=True)
    if problems:
        raise typer.Exit(1)
    typer.echo("The chains hold and the ledger balances.")


@app.command()
def inspect(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Raw messages; - reads one from standard input.")
    ],
) -> None:
    """Print what intake makes of raw messages, a JSON line each. Needs no server."""
    from postroom.inspect import inspect_file

    failed = False
    for name in files:
        try:
            sys.stdout.buffer.write(inspect_file(name) + b"\n")
        except OSError as error:
            typer.echo(f"{name}: {error.strerror}", err=True)
            failed = True
    if failed:
        raise typer.Exit(1)


def _add_service(name: str) -> None:
    @app.command(name, help=f"Run the service {name} alone.")
    def service() -> None:
        import_module(f"services.{name}.app").main()


for _name in SERVICES:
    _add_service(_name)

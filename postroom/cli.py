"""The command line. Each command imports only what it needs."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TypeVar

import typer

from contracts.people import Role
from contracts.services import SERVICES

if TYPE_CHECKING:
    from chassis.database import Connection

T = TypeVar("T")

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Postroom, a help desk for customer email.",
)


DataFolder = Annotated[Path, typer.Option("--data", envvar="POSTROOM_DATA", help="Where everything is kept.")]
DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        envvar="POSTROOM_DATABASE_URL", help="PostgreSQL, as its owner; unset: the embedded one of --data."
    ),
]
Email = Annotated[str, typer.Argument(metavar="EMAIL")]
Password = Annotated[
    str | None, typer.Option(envvar="POSTROOM_PASSWORD", help="Unset: one is made and printed.")
]


def main() -> None:
    """`postroom`."""
    app()


def _fail(words: object) -> NoReturn:
    typer.echo(str(words), err=True)
    raise typer.Exit(1)


def _work(database_url: str | None, data: Path, work: Callable[[str], Awaitable[T]]) -> T:
    """Do something with the database; what commonly goes wrong is told in a sentence."""
    import asyncpg

    from chassis.database import Unreachable
    from postroom import where

    async def run() -> T:
        return await work(database_url or where.database_url(data))

    try:
        return asyncio.run(run())
    except (where.NotFound, Unreachable) as error:
        _fail(error)
    except (OSError, asyncpg.PostgresError) as error:
        _fail(f"PostgreSQL does not answer as it should: {error}. Is Postroom running?")


@app.command()
def up(data: DataFolder = Path("data")) -> None:
    """Run all of Postroom on this machine, with an embedded PostgreSQL and NATS."""
    from postroom.up import CannotRun, run

    try:
        asyncio.run(run(data))
    except CannotRun as error:
        _fail(error)


@app.command()
def migrate(
    database_url: Annotated[
        str, typer.Option(envvar="POSTROOM_DATABASE_URL", help="PostgreSQL, as its owner.")
    ],
    nats_url: Annotated[str, typer.Option(envvar="POSTROOM_NATS_URL", help="NATS.")],
    replicas: Annotated[
        int, typer.Option(envvar="POSTROOM_STREAM_REPLICAS", min=1, help="Of each stream.")
    ] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Say what was done as JSON.")] = False,
) -> None:
    """Bring schemas, streams, consumers and the first configuration up to date; safely repeatable."""
    from chassis.database import Unreachable
    from chassis.migrations import MayNotMakeRoles
    from postroom.migrate import migrate as bring_up_to_date
    from postroom.people import CannotAdd

    try:
        migrated = asyncio.run(bring_up_to_date(database_url, nats_url, replicas, os.environ))
    except CannotAdd as error:
        _fail(f"The first administrator cannot be made: {error}")
    except (MayNotMakeRoles, Unreachable) as error:
        _fail(error)
    typer.echo(migrated.model_dump_json() if as_json else "\n".join(migrated.lines()))


@app.command()
def verify(
    database_url: DatabaseUrl = None,
    data: DataFolder = Path("data"),
    deep: Annotated[bool, typer.Option("--deep", help="Read all stored bytes too.")] = False,
) -> None:
    """Check the hash chains of all logs, and that ledger, answers and stored bytes agree with them."""
    from postroom.progress import progress
    from postroom.verify import count_erased, steps
    from postroom.verify import verify as check

    async def work(url: str) -> list[str]:
        with progress("Verifying", await steps(url, deep=deep)) as advance:
            return await check(url, deep=deep, advance=advance)

    problems = _work(database_url, data, work)
    for problem in problems:
        typer.echo(problem, err=True)
    if problems:
        raise typer.Exit(1)
    erased = _work(database_url, data, count_erased)
    typer.echo(
        "The chains hold and the ledger balances."
        + (f" {erased:,} rows have lost a person's data by erasure." if erased else "")
    )


user = typer.Typer(no_args_is_help=True, help="People who work with Postroom.")
app.add_typer(user, name="user")


@user.command("add")
def add_user(
    email: Email,
    role: Annotated[Role, typer.Option(help="What the person may do.")] = Role.AGENT,
    name: Annotated[str, typer.Option(help="As customers see it; unset: the address's first part.")] = "",
    password: Password = None,
    database_url: DatabaseUrl = None,
    data: DataFolder = Path("data"),
) -> None:
    """Add a person and print how to sign in."""
    from postroom.people import CannotAdd, add_person

    try:
        account = _work(database_url, data, connected(lambda db: add_person(db, email, name, role, password)))
    except CannotAdd as error:
        _fail(error)
    typer.echo(f"{account.email} can sign in as {role}" + ("." if password else f" with: {account.password}"))


@user.command("password")
def change_password(
    email: Email,
    password: Password = None,
    database_url: DatabaseUrl = None,
    data: DataFolder = Path("data"),
) -> None:
    """Give someone who is on the desk a password, or another one; who came in by the last one is signed out."""
    from postroom.people import CannotAdd, change_password

    try:
        account = _work(database_url, data, connected(lambda db: change_password(db, email, password)))
    except CannotAdd as error:
        _fail(error)
    typer.echo(f"{account.email} can sign in" + ("." if password else f" with: {account.password}"))


@app.command()
def token(
    email: Email,
    revoke: Annotated[bool, typer.Option("--revoke", help="End all that the person has instead.")] = False,
    database_url: DatabaseUrl = None,
    data: DataFolder = Path("data"),
) -> None:
    """Make an API token that stands for a person, and print it."""
    from postroom.people import CannotAdd, make_token, revoke_tokens

    try:
        if revoke:
            ended = _work(database_url, data, connected(lambda db: revoke_tokens(db, email)))
            typer.echo(f"API tokens of {email} that work no longer: {ended}.")
        else:
            typer.echo(_work(database_url, data, connected(lambda db: make_token(db, email))))
    except CannotAdd as error:
        _fail(error)


desk = typer.Typer(no_args_is_help=True, help="The desk's configuration as a file.")
app.add_typer(desk, name="desk")


@desk.command("export")
def export_desk(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Unset: it is written to standard output.")
    ] = None,
    database_url: DatabaseUrl = None,
    data: DataFolder = Path("data"),
) -> None:
    """Write the whole configuration as YAML: the same desk gives the same file."""
    from postroom.desk.transfer import read_present
    from postroom.desk.writing import write

    present = _work(database_url, data, connected(read_present))
    text = write(present.things.values(), present.ruleset)
    if file is None:
        typer.echo(text, nl=False)
        return
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        _fail(f"{file} cannot be written: {error.strerror}.")


@desk.command("import")
def import_desk(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="- reads standard input.")],
    yes: Annotated[bool, typer.Option("--yes", help="Apply it without asking.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and stop.")] = False,
    prune: Annotated[
        bool,
        typer.Option("--prune", help="Remove what the file does not have, in the sections that it has."),
    ] = False,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why, as the new version of the rules keeps it.")
    ] = "From a file of the desk",
    database_url: DatabaseUrl = None,
    data: DataFolder = Path("data"),
) -> None:
    """Show what a file would change, and apply it: all of it, or nothing."""
    from uuid import uuid4

    from postroom.desk.plan import plan
    from postroom.desk.reading import BadFile, parse
    from postroom.desk.telling import lines_of
    from postroom.desk.transfer import CannotApply, apply, check, read_present

    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
        wanted = parse(text)
        present = _work(database_url, data, connected(read_present))
        planned = plan(wanted, present, uuid4(), uuid4, prune=prune, reason=reason)
    except (OSError, UnicodeDecodeError) as error:
        _fail(f"{file} cannot be read: {error}.")
    except BadFile as error:
        _fail("\n".join(f"{file}: {line}" for line in str(error).splitlines()))
    for line in lines_of(planned):
        typer.echo(line)
    if not planned.changes:
        return
    try:
        _work(database_url, data, connected(lambda db: check(db, planned)))
        if dry_run:
            return
        if not yes and not _agreed(file):
            _fail("Nothing was applied.")
        _work(database_url, data, connected(lambda db: apply(db, planned)))
    except CannotApply as error:
        _fail(f"Nothing was applied: {error}")
    typer.echo("Applied.")
    for email in planned.new_people:
        typer.echo(f"{email} has no password yet: postroom user password {email}")


def _agreed(file: Path) -> bool:
    """Ask a person; a program has to say --yes."""
    if str(file) == "-" or not sys.stdin.isatty():
        typer.echo("Say --yes to apply this where nobody can be asked.", err=True)
        return False
    return typer.confirm("Apply this?")


def connected(work: Callable[["Connection"], Awaitable[T]]) -> Callable[[str], Awaitable[T]]:
    """Work that needs one connection, as work that needs the address of the database."""
    from chassis.database import as_owner

    async def run(database_url: str) -> T:
        async with as_owner(database_url) as db:
            return await work(db)

    return run


@app.command()
def rebuild(
    projection: Annotated[str, typer.Argument(metavar="PROJECTION", help="inbox or facts")],
    database_url: DatabaseUrl = None,
    data: DataFolder = Path("data"),
) -> None:
    """Fill a projection again from the logs, beside the one in use, and switch over."""
    import time

    from chassis.rebuild import AlreadyRebuilding
    from chassis.rebuild import rebuild as fill_again
    from postroom.progress import progress
    from postroom.rebuild import PROJECTIONS, count_events

    found = PROJECTIONS.get(projection)
    if found is None:
        _fail(f"There is no projection “{projection}”. There are: {', '.join(PROJECTIONS)}.")

    async def work(url: str) -> int:
        with progress(f"Rebuilding {found.name}", await count_events(url, found)) as advance:
            return await fill_again(url, found, advance)

    began = time.monotonic()
    try:
        events = _work(database_url, data, work)
    except AlreadyRebuilding as error:
        _fail(error)
    seconds = time.monotonic() - began
    typer.echo(f"{found.name}: {events:,} events in {seconds:.1f} s, {events / seconds:,.0f} a second")


@app.command()
def load(
    tickets: Annotated[int, typer.Option(min=1, help="How many.")],
    days: Annotated[int, typer.Option(min=1, help="Spread over so many days up to now.")] = 90,
    seed: Annotated[int | None, typer.Option(help="The same seed loads the same tickets; only once.")] = None,
    waiting: Annotated[
        float, typer.Option(min=0, max=1, help="The share of tickets that are not solved yet.")
    ] = 0.1,
    database_url: DatabaseUrl = None,
    data: DataFolder = Path("data"),
) -> None:
    """Write lifelike historical tickets straight into the log, for benchmarks and demos.

    Agents, categories and service levels are added where the desk has none.
    """
    import time
    from datetime import UTC, datetime

    from postroom.load.desk import CannotLoad
    from postroom.load.writing import load as write
    from postroom.progress import progress

    number = int(time.time()) if seed is None else seed
    began = time.monotonic()
    try:
        with progress("Writing tickets", tickets) as advance:
            _work(
                database_url,
                data,
                lambda url: write(url, tickets, days, number, datetime.now(UTC), advance, waiting),
            )
    except CannotLoad as error:
        _fail(error)
    seconds = time.monotonic() - began
    typer.echo(f"{tickets:,} tickets in {seconds:.1f} s, {tickets / seconds:,.0f} a second")


@app.command()
def demo(
    smtp: Annotated[
        str, typer.Option(envvar="POSTROOM_SMTP_LISTEN", help="Where Postroom takes mail, as host:port.")
    ] = "127.0.0.1:2525",
    rate: Annotated[float, typer.Option(min=0, help="Messages a second; 0: as fast as it goes.")] = 10,
    seed: Annotated[int | None, typer.Option(help="Which day; unset: another one each time.")] = None,
) -> None:
    """Send a lifelike day of customer mail, by SMTP, into the running system."""
    import time
    from datetime import UTC, datetime

    import aiosmtplib

    from postroom.demo.day import day
    from postroom.demo.sending import NobodyListens, send
    from postroom.progress import progress

    host, _, port = smtp.rpartition(":")
    parcels = day(datetime.now(UTC), int(time.time()) if seed is None else seed)
    try:
        with progress("Sending mail", len(parcels)) as advance:
            asyncio.run(send(parcels, host, int(port), rate, advance))
    except (NobodyListens, aiosmtplib.SMTPException) as error:
        _fail(error)
    typer.echo(f"{len(parcels)} messages are in. Look at the tickets.")


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


erasures = typer.Typer(no_args_is_help=True, help="The erasure of people's data.")
app.add_typer(erasures, name="erasures")


@erasures.command("repeat")
def repeat_erasures(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The certificates, as GET /api/v1/erasures gave them.")
    ],
    database_url: DatabaseUrl = None,
    data: DataFolder = Path("data"),
) -> None:
    """After a restore: ask again for the erasures that the restored logs do not know."""
    from chassis.commands import Refusal
    from postroom.erasures import BadCertificates, read_certificates, repeat

    try:
        certificates = read_certificates(file.read_bytes())
    except (OSError, BadCertificates) as error:
        _fail(f"{file} cannot be read: {error}.")
    try:
        asked = _work(database_url, data, connected(lambda db: repeat(db, certificates)))
    except Refusal as refusal:
        _fail(f"Nothing is asked for again. {refusal}")
    typer.echo(f"{asked} of {len(certificates)} erasures are asked for again; the running services do them.")


def _add_service(name: str) -> None:
    @app.command(name, help=f"Run the service {name} alone.")
    def service() -> None:
        import_module(f"services.{name}.app").main()


for _name in SERVICES:
    _add_service(_name)

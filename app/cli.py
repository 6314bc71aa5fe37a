"""The command line of an installation: serve it, manage accounts, check, rebuild, back up and restore its data."""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from app.logs import configure_logs
from app.services.accounts import ROLES, Accounts
from app.services.attachments.house import storage_of
from app.services.attachments.saving import file_taker, stored_files, wrong_files
from app.services.clock import system_clock
from app.services.errors import ServiceError
from app.services.expiry import Expiry, Swept
from app.services.fanout import Fanout
from app.services.forms import old_rows
from app.services.forms.definitions import FormDefinitions
from app.services.moving.running import move, take_out
from app.services.secrets import SecretBox, installation_secret
from app.settings import ROOT, VERSION, InvalidSetting, Settings, settings_from
from app.store import audit
from app.store.db import Database
from app.store.errors import StoreError
from app.store.upkeep import verify as verification

T = TypeVar("T")


class Group(click.Group):
    """Tells expected refusals in one line and exits 1; anything else is a bug and shows its traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (ServiceError, StoreError, InvalidSetting) as error:
            raise click.ClickException(getattr(error, "message", str(error))) from error


@click.group(cls=Group)
@click.version_option(VERSION, prog_name="draftloom")
@click.pass_context
def main(context: click.Context) -> None:
    """Draftloom: a self-hosted, AI-assisted drafting editor."""
    context.obj = settings_from(os.environ)


@main.command()
@click.pass_obj
def serve(settings: Settings) -> None:
    """Serve the product in the foreground until interrupted."""
    from app.server import serve as run_server  # the other commands start faster without the server

    configure_logs(log_format=settings.log_format, log_level=settings.log_level)
    link = _with_accounts(settings, lambda accounts: accounts.administrator_link())
    greeting = [f"Draftloom {VERSION} is at {settings.url}"]
    if link is not None:
        greeting.append(f"Sign in as its administrator, once: {settings.url}/welcome/{link}")
    if not run_server(settings, greeting="\n".join(greeting)):
        sys.exit(1)


@main.group()
def user() -> None:
    """Manage accounts."""


@user.command("create")
@click.argument("email")
@click.option("--role", "roles", multiple=True, type=click.Choice(ROLES), default=("writer",), show_default=True)
@click.option("--name", default="", help="What others see; the e-mail's first part otherwise.")
@click.pass_obj
def create_user(settings: Settings, email: str, roles: tuple[str, ...], name: str) -> None:
    """Create an account and print the one-time link that lets its owner in."""

    async def create(accounts: Accounts) -> str:
        created = await accounts.create_user(email, name=name, roles=roles)
        return await accounts.make_link(created.id)

    link = _with_accounts(settings, create)
    click.echo(f"{settings.url}/welcome/{link}")


@user.command("link")
@click.argument("email")
@click.pass_obj
def make_link(settings: Settings, email: str) -> None:
    """Print a new one-time sign-in link, for somebody who lost the password."""

    async def make(accounts: Accounts) -> str:
        return await accounts.make_link((await accounts.find(email)).id)

    click.echo(f"{settings.url}/welcome/{_with_accounts(settings, make)}")


@user.command("unlink")
@click.argument("email")
@click.pass_obj
def unlink(settings: Settings, email: str) -> None:
    """Forget which account at the identity provider is this person's; the next sign-in there links anew."""

    async def forget(accounts: Accounts) -> int:
        return await accounts.unlink((await accounts.find(email)).id)

    click.echo("Unlinked." if _with_accounts(settings, forget) else "This account was not linked.")


@main.group()
def token() -> None:
    """Manage API tokens."""


@token.command("create")
@click.argument("email")
@click.option("--name", default="command line", show_default=True)
@click.pass_obj
def create_token(settings: Settings, email: str, name: str) -> None:
    """Create an API token for an account and print it; it is shown only here."""

    async def create(accounts: Accounts) -> str:
        found = await accounts.find(email)
        _, secret = await accounts.create_token(found.id, name)
        return secret

    click.echo(_with_accounts(settings, create))


@main.command()
@click.option("--files", is_flag=True, help="Also read every file of a message and compare its hash.")
@click.pass_obj
def verify(settings: Settings, files: bool) -> None:
    """Check that logs, drafts, versions, totals and files agree; exit 1 when something does not."""
    with _database(settings) as db:
        with db.transaction() as session:
            report = verification.verify(session)
        checked, wrong = asyncio.run(wrong_files(db, storage_of(settings), read=files))
    report.problems.extend(verification.Problem("file", id_, message) for id_, message in wrong)
    click.echo(
        f"Checked {report.drafts} drafts, {report.events} events, {report.versions} versions and {checked} files."
    )
    for problem in report.problems:
        click.echo(f"{problem.code} {problem.id}: {problem.message}", err=True)
    if report.problems:
        sys.exit(1)


@main.group()
def costs() -> None:
    """Prove what models cost."""


@costs.command("check")
@click.pass_obj
def check_costs(settings: Settings) -> None:
    """Check that every sum of the ledger is that of its rows and closed months are as they were; exit 1 otherwise."""
    with _database(settings) as db, db.transaction() as session:
        problems = verification.cost_problems(session)
    for problem in problems:
        click.echo(f"{problem.code} {problem.id}: {problem.message}", err=True)
    if problems:
        sys.exit(1)
    click.echo("All sums of the ledger are those of its rows; closed months are unchanged.")


@main.command()
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.pass_obj
def expire(settings: Settings, dry_run: bool) -> None:
    """Move drafts whose time is over into the trash, and erase what was in it for too long; a running service does the
    same by itself."""

    async def run() -> Swept:
        db = Database.open(settings.database)
        try:
            expiry = Expiry(db, system_clock, Fanout(), settings.expiry)
            return await (expiry.due() if dry_run else expiry.sweep())
        finally:
            await db.close()

    settings.data.mkdir(parents=True, exist_ok=True)
    swept = asyncio.run(run())
    would = "Would move" if dry_run else "Moved"
    click.echo(f"{would} {swept.expired} drafts into the trash and {'erase' if dry_run else 'erased'} {swept.erased}.")


@main.command()
@click.pass_obj
def rebuild(settings: Settings) -> None:
    """Replay every log and write the drafts anew from it."""
    with _database(settings) as db, db.transaction() as session:
        rebuilt = verification.rebuild(session)
        audit.record(session, at=system_clock(), action="drafts.rebuilt", details={"drafts": rebuilt})
    click.echo(f"Rebuilt {rebuilt} drafts from their logs.")


@main.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def backup(settings: Settings, file: Path) -> None:
    """Write a consistent copy of the data to FILE; the service may go on running."""
    from app.store.upkeep import backup as backups  # brings PostgreSQL's driver, 10 MB that a server on SQLite saves

    with stored_files(storage_of(settings)) as stored:
        backups.backup(settings.database, file, at=system_clock(), files=stored)
    _note(settings, "data.backed_up", file.name)
    click.echo(f"Backed up to {file}. Keep {settings.data / 'secret.key'} too: stored provider keys need it.")


@main.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.pass_obj
def restore(settings: Settings, file: Path) -> None:
    """Read a backup into an empty installation."""
    from app.store.upkeep import backup as backups  # brings PostgreSQL's driver, 10 MB that a server on SQLite saves

    settings.data.mkdir(parents=True, exist_ok=True)
    with file_taker(storage_of(settings)) as take:
        manifest = backups.restore(settings.database, file, take_file=take)
    _note(settings, "data.restored", file.name, made_at=manifest.made_at.isoformat())
    click.echo("Restored.")


@main.command("import-drafts")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--form", "form_name", default="", help="Which form the rows are of; the file's name says it otherwise.")
@click.option(
    "--people",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A CSV file with the columns user_id (the old id) and email.",
)
@click.option("--dry-run", is_flag=True, help="Say what would happen and change nothing.")
@click.pass_obj
def import_drafts(settings: Settings, file: Path, form_name: str, people: Path | None, dry_run: bool) -> None:
    """Move the drafts of an export (JSON or CSV) of gig_drafts or campaign_drafts; safe to repeat."""
    definitions = FormDefinitions.load(ROOT / "templates" / "forms", settings.data / "forms")
    form = definitions.get(form_name or file.name.partition("_")[0])
    rows = old_rows.read_rows(file)
    known = {row["user_id"]: row["email"] for row in old_rows.read_rows(people)} if people else {}
    with _database(settings) as db:
        report = old_rows.move_rows(
            db, form, rows, table=f"{form.name}_drafts", people=known, clock=system_clock, dry_run=dry_run
        )
    for number, why in report.problems:
        click.echo(f"row {number}: {why}", err=True)
    found = ", ".join(f"{count} {outcome}" for outcome, count in sorted(report.counts.items())) or "no rows"
    click.echo(f"{'Would be' if dry_run else 'Done'}: {found}.")
    if report.problems:
        sys.exit(1)


@main.command("migrate-goals")
@click.argument("source")
@click.option("--name", default="old", show_default=True, help="Under which the source is remembered.")
@click.option("--files", type=click.Path(path_type=Path, file_okay=False, exists=True), help="Folder of the old files.")
@click.option("--create-people", is_flag=True, help="Create accounts for people of the source that have none.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--undo", is_flag=True, help="Take out again what was moved in under this name.")
@click.pass_obj
def migrate_goals(
    settings: Settings,
    source: str,
    name: str,
    files: Path | None,
    create_people: bool,
    dry_run: bool,
    undo: bool,
) -> None:
    """Move daily notes, actions, responses and their drafts of the old tables into goal conversations.

    SOURCE is the address of a database, or a folder with an export of each table (CSV, JSON). Stop the service before.
    """
    with _database(settings) as db:
        if undo:
            undone = take_out(db, name)
            click.echo(f"Removed {undone.removed} messages.")
            for table, id_ in undone.kept:
                click.echo(f"kept {table} {id_}: it was changed or answered since", err=True)
            return
        report = asyncio.run(
            move(
                db,
                storage_of(settings),
                source,
                source=name,
                folder=files,
                create_people=create_people,
                dry_run=dry_run,
                at=system_clock(),
            )
        )
    for table, row in report.tables.items():
        click.echo(f"{table}: {row.read} read, {row.moved} moved, {row.already} there already, {row.bad} not moved")
    for bad in report.bad:
        click.echo(f"not moved: {bad.table} {bad.id}: {bad.reason}", err=True)
    for table, id_ in report.changed:
        click.echo(f"changed in the source since it was moved: {table} {id_}", err=True)
    click.echo(f"Checksum of the words, there: {report.checksum_there}, here: {report.checksum_here}")
    if not report.proven:
        raise click.ClickException("Counts or checksums differ; nothing was moved.")
    click.echo("Nothing was changed; this was a dry run." if dry_run else "Counts and checksums agree.")


def _note(settings: Settings, action: str, target: str, **details: Any) -> None:
    """What was done to the data as a whole goes into the audit log once it is done."""
    with _database(settings, migrate_schema=False) as db, db.transaction() as session:
        audit.record(session, at=system_clock(), action=action, target=target, details=details)


@contextmanager
def _database(settings: Settings, *, migrate_schema: bool = True) -> Iterator[Database]:
    """The installation's database, closed at the end."""
    settings.data.mkdir(parents=True, exist_ok=True)
    db = Database.open(settings.database, migrate_schema=migrate_schema)
    try:
        yield db
    finally:
        asyncio.run(db.close())


def _with_accounts(settings: Settings, use: Callable[[Accounts], Coroutine[Any, Any, T]]) -> T:
    async def run() -> T:
        db = Database.open(settings.database)
        secrets = SecretBox(installation_secret(settings.secret, settings.data))
        try:
            return await use(Accounts(db, system_clock, secrets, session_days=settings.session_days))
        finally:
            await db.close()

    settings.data.mkdir(parents=True, exist_ok=True)
    return asyncio.run(run())

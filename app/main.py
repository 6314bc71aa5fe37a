"""The only wiring: from settings to a running application."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from litestar import Litestar

from app.application import House, application
from app.metrics import Metrics
from app.routes import pages as page_routes
from app.routes.static import StaticFiles
from app.services.accounts import Accounts
from app.services.actions import Actions, BuiltinActions
from app.services.activity import Activity
from app.services.alternatives import Alternatives
from app.services.analytics import Analytics
from app.services.assistant.prompts import Prompts
from app.services.assistant.run_log import RunLogs
from app.services.attachments.house import attachment_house
from app.services.auditing import Auditing
from app.services.authorship import Authorship
from app.services.branches import Branches
from app.services.catalogue import Catalogue
from app.services.checkpoints import Checkpoints
from app.services.clock import Clock, system_clock
from app.services.comments import Comments
from app.services.conversations import Conversations
from app.services.costs import Costs
from app.services.deliveries import Deliveries
from app.services.draft_lists import DraftLists
from app.services.drafts import Drafts
from app.services.embedding import Embedding
from app.services.exchange import Exchange
from app.services.expiry import Expiry
from app.services.fanout import Fanout
from app.services.finance.budgets import Budgets
from app.services.finance.centres import Centres
from app.services.finance.groups import Groups
from app.services.finance.ledger_table import LedgerTable
from app.services.finance.measures import Measuring
from app.services.finance.months import Months
from app.services.finance.overview import Overview
from app.services.finance.prices import Prices
from app.services.finance.rates import Rates
from app.services.finance.reconciliations import Reconciliations
from app.services.finance.reports import Reports
from app.services.forms.definitions import FormDefinitions
from app.services.forms.filling import Filling, submission_check
from app.services.forms.moving import Moving
from app.services.forms.starting import FormStarts
from app.services.goals.goals import Goals
from app.services.goals.messages import Messages
from app.services.goals.reading import Reading
from app.services.goals.rooms import Rooms
from app.services.goals.selection import Selection
from app.services.goals.templates import ReplyTemplates
from app.services.locks import Locks
from app.services.loss_bounds import LossBounds
from app.services.maintenance import Maintenance
from app.services.merges import Merges
from app.services.proposals import Proposals
from app.services.references import References
from app.services.relay import Relay
from app.services.search import Search
from app.services.secrets import SecretBox, installation_secret
from app.services.share_links import ShareLinks
from app.services.sharing import Sharing
from app.services.single_sign_on import IdentityProvider, SingleSignOn
from app.services.submissions import Submissions, payload_of
from app.services.taking import Taking
from app.services.turns import Turns
from app.services.turns_abroad import TurnsAbroad
from app.services.versions import Versions
from app.services.webhooks import Webhooks
from app.services.writing_style import WritingStyle
from app.settings import ROOT, Settings
from app.store.db import Database
from providers.base import Provider
from providers.registry import Registry
from providers.tokens import TokenCounter

if TYPE_CHECKING:
    from app.services.trace_export import TraceExport

VOCABULARY = ROOT / "web" / "dist" / "vocabulary"


def create_app(settings: Settings) -> Litestar:
    """The application. When it starts it ends the turns a killed worker left behind."""
    return application(furnish(settings))


def furnish(
    settings: Settings,
    *,
    clock: Clock = system_clock,
    extra_providers: tuple[Provider, ...] = (),
    database: Database | None = None,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    price_check_seconds: float = 5.0,
    counter: TokenCounter | None = None,
) -> House:
    """Everything behind the routes, wired: opens the database and brings its schema up to date. See `create_app`."""
    settings.data.mkdir(parents=True, exist_ok=True)
    db = database or Database.open(settings.database)
    secrets = SecretBox(installation_secret(settings.secret, settings.data))
    metrics = Metrics()
    trace_export = _trace_export(settings, metrics)
    fanout = Fanout()
    relay = Relay(db)
    fanout = Fanout(relay)
    counter = counter or TokenCounter(VOCABULARY)
    registry = Registry.build(_provider_environment(settings), counter=counter, extra=extra_providers)
    accounts = Accounts(db, clock, secrets, session_days=settings.session_days, relay=relay)
    catalogue = Catalogue(db, clock, secrets, registry, relay)
    prices = Prices(db, clock, catalogue, relay, check_seconds=price_check_seconds)
    budgets = Budgets(db, clock)
    costs, reports, months, centres = Costs(db), Reports(db, clock), Months(db, clock), Centres(db, clock)
    groups, reconciliations, rates = Groups(db, clock), Reconciliations(db, clock), Rates(db, clock)
    abroad = TurnsAbroad(relay, db)
    run_logs = RunLogs(db, clock, told=abroad.tell)
    builtin_actions = BuiltinActions(ROOT / "prompts" / "actions")
    turns = Turns(
        db=db,
        clock=clock,
        catalogue=catalogue,
        run_logs=run_logs,
        prompts=Prompts(ROOT / "prompts"),
        actions=builtin_actions,
        counter=counter,
        metrics=metrics,
        fanout=fanout,
        relay=relay,
        abroad=abroad,
        budgets=budgets,
        history_tokens=settings.history_tokens,
        most_dropped=settings.most_dropped_percent / 100,
        pause=pause,
    )
    checkpoints = Checkpoints(db, clock, pause_seconds=settings.checkpoint_pause_seconds)
    static = StaticFiles(ROOT / "web" / "dist")
    single_sign_on = SingleSignOn(
        db, clock, secrets, accounts, settings=settings.single_sign_on, provider=_identity_provider(settings, clock)
    )
    page = page_routes.PageContext(accounts.sessions, static, provider=single_sign_on.label)
    deliveries = Deliveries(db, clock, secrets, partial(payload_of, settings.url))
    definitions = FormDefinitions.load(ROOT / "templates" / "forms", settings.data / "forms")
    expiry = Expiry(db, clock, fanout, settings.expiry)
    analytics = Analytics(db, clock, metrics)
    rooms = Rooms(fanout, relay)
    messages = Messages(db, clock, rooms)
    reading = Reading(db, clock, rooms)
    drafts = Drafts(
        db,
        clock,
        fanout,
        metrics,
        settings.expiry,
        {"form": submission_check(definitions)},
        followers={"message": messages.follow},
        begun={"message": messages.begun},
        submitted=deliveries.wake,
    )
    search = Search(db, clock)
    files = attachment_house(settings, db, clock, secrets, rooms)
    services: dict[str, Any] = {
        "settings": settings,
        "accounts": accounts,
        "single_sign_on": single_sign_on,
        "attachments": files.attachments,
        "uploads": files.uploads,
        "catalogue": catalogue,
        "drafts": drafts,
        "draft_lists": DraftLists(db, settings.expiry),
        "form_starts": FormStarts(db, clock, definitions, settings.expiry),
        "filling": Filling(db, clock, fanout, definitions, settings.expiry),
        "moving": Moving(db, clock, definitions, settings.expiry),
        "sharing": Sharing(db, clock),
        "share_links": ShareLinks(db, clock),
        "comments": Comments(db, clock, fanout),
        "expiry": expiry,
        "analytics": analytics,
        "auditing": Auditing(db, clock),
        "activity": Activity(db, clock, fanout),
        "exchange": Exchange(db, drafts),
        "goals": Goals(db, clock, rooms),
        "messages": messages,
        "reading": reading,
        "selection": Selection(db, clock, messages, reading),
        "reply_templates": ReplyTemplates(db, clock),
        "rooms": rooms,
        "search": search,
        "versions": Versions(db, clock, fanout),
        "branches": Branches(db, clock, fanout),
        "merges": Merges(db, clock, fanout),
        "authorship": Authorship(db),
        "turns": turns,
        "proposals": Proposals(db, clock, fanout, turns),
        "locks": Locks(db, clock, fanout),
        "alternatives": Alternatives(db, clock, turns),
        "taking": Taking(db, clock, fanout, most_dropped=settings.most_dropped_percent / 100),
        "conversations": Conversations(db, clock, catalogue, run_logs),
        "actions": Actions(db, clock, builtin_actions),
        "references": References(db, clock, catalogue, counter),
        "writing_style": WritingStyle(db, clock, counter),
        "loss_bounds": LossBounds(db, clock, installation_percent=settings.most_dropped_percent),
        "costs": costs,
        "reports": reports,
        "measuring": Measuring(db, reports),
        "ledger_rows": LedgerTable(db, clock, reports),
        "prices": prices,
        "budgets": budgets,
        "months": months,
        "centres": centres,
        "groups": groups,
        "reconciliations": reconciliations,
        "rates": rates,
        "overview": Overview(
            db,
            clock,
            reports=reports,
            budgets=budgets,
            prices=prices,
            months=months,
            centres=centres,
            groups=groups,
            reconciliations=reconciliations,
            rates=rates,
            costs=costs,
        ),
        "maintenance": Maintenance(db),
        "submissions": Submissions(db, clock),
        "webhooks": Webhooks(db, clock, secrets, owed=deliveries.wake),
        "embedding": Embedding(db, clock),
        "metrics": metrics,
        "fanout": fanout,
        "static": static,
        "page": page,
    }

    @asynccontextmanager
    async def running() -> AsyncIterator[None]:
        if trace_export is not None:
            trace_export.start()
        await relay.start()
        rooms.start()
        await catalogue.start()
        await prices.start()
        await run_logs.start()
        await turns.start_watch()
        checkpoints.start()
        expiry.start()
        analytics.start()
        search.start()
        deliveries.start()
        await files.checker.start()
        try:
            yield
        finally:
            await files.checker.stop()
            await deliveries.stop()
            await search.stop()
            await analytics.stop()
            await expiry.stop()
            await checkpoints.stop()
            await turns.stop_all()
            await run_logs.stop()
            await prices.stop()
            await catalogue.stop()
            await rooms.stop()
            await relay.stop()
            await db.close()
            if trace_export is not None:
                await trace_export.stop()

    return House(
        settings=settings,
        sessions=accounts.sessions,
        metrics=metrics,
        tracer=None if trace_export is None else trace_export.tracer(),
        static=static,
        services=services,
        state={
            "accounts": accounts,
            "catalogue": catalogue,
            "checkpoints": checkpoints,
            "deliveries": deliveries,
            "expiry": expiry,
            "attachment_checker": files.checker,
            "attachment_sweeper": files.sweeper,
            "turns": turns,
            "registry": registry,
            "page": page,
        },
        running=running,
    )


def _trace_export(settings: Settings, metrics: Metrics) -> "TraceExport | None":
    if settings.traces is None:
        return None
    from app.services.trace_export import TraceExport  # only where somebody collects traces

    return TraceExport(settings.traces, metrics)


def _identity_provider(settings: Settings, clock: Clock) -> IdentityProvider | None:
    if settings.single_sign_on is None:
        return None
    from app.services.identity_provider import OpenIdProvider  # brings 3 MB that most installations save

    return OpenIdProvider(settings.single_sign_on, clock, redirect_uri=f"{settings.url}/sign-in/oidc/callback")


def _provider_environment(settings: Settings) -> Mapping[str, str]:
    environment = dict(settings.environment)
    environment.setdefault("DRAFTLOOM_OFFLINE_WORDS_PER_SECOND", str(settings.offline_words_per_second))
    return environment

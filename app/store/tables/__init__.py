"""Every table of the database, and `metadata`, which the migrations are checked against. Rows are built in `store/` only."""

from sqlmodel import SQLModel

from app.store.tables.accounts import ApiToken, SignInLink, User, UserSession
from app.store.tables.branches import Branch
from app.store.tables.costs import (
    Budget,
    BudgetReservation,
    CostCentre,
    CostGroup,
    CostGroupMember,
    CostSum,
    ExchangeRate,
    MonthClosing,
    PriceOverride,
    Reconciliation,
)
from app.store.tables.drafts import Draft, DraftEvent, DraftSnapshot, DraftStream
from app.store.tables.instructions import DraftReference, WriterAction, WriterStyle
from app.store.tables.ledger import LedgerEntry
from app.store.tables.review import Lock, Proposal
from app.store.tables.settings import AuditEntry, ProviderSetting
from app.store.tables.turns import Alternatives, ChatMessage, ChatPlace, Conversation, Turn, TurnAttempt, TurnEvent
from app.store.tables.versions import Version

metadata = SQLModel.metadata

__all__ = [
    "Alternatives",
    "ApiToken",
    "AuditEntry",
    "Branch",
    "Budget",
    "BudgetReservation",
    "ChatMessage",
    "ChatPlace",
    "Conversation",
    "CostCentre",
    "CostGroup",
    "CostGroupMember",
    "CostSum",
    "Draft",
    "DraftEvent",
    "DraftReference",
    "DraftSnapshot",
    "DraftStream",
    "ExchangeRate",
    "LedgerEntry",
    "Lock",
    "MonthClosing",
    "PriceOverride",
    "Proposal",
    "ProviderSetting",
    "Reconciliation",
    "SignInLink",
    "Turn",
    "TurnAttempt",
    "TurnEvent",
    "User",
    "UserSession",
    "Version",
    "WriterAction",
    "WriterStyle",
    "metadata",
]

"""Every table of the database, and `metadata`, which the migrations are checked against. Rows are built in `store/` only."""

from sqlmodel import SQLModel

from app.store.tables.accounts import ApiToken, SignInLink, User, UserSession
from app.store.tables.costs import Budget, BudgetReservation, CostCentre, CostSum, MonthClosing, PriceOverride
from app.store.tables.drafts import Draft, DraftEvent, DraftSnapshot, DraftStream
from app.store.tables.ledger import LedgerEntry
from app.store.tables.settings import AuditEntry, ProviderSetting
from app.store.tables.turns import ChatMessage, Conversation, Turn, TurnAttempt, TurnEvent
from app.store.tables.versions import Version

metadata = SQLModel.metadata

__all__ = [
    "ApiToken",
    "AuditEntry",
    "Budget",
    "BudgetReservation",
    "ChatMessage",
    "Conversation",
    "CostCentre",
    "CostSum",
    "Draft",
    "DraftEvent",
    "DraftSnapshot",
    "DraftStream",
    "LedgerEntry",
    "MonthClosing",
    "PriceOverride",
    "ProviderSetting",
    "SignInLink",
    "Turn",
    "TurnAttempt",
    "TurnEvent",
    "User",
    "UserSession",
    "Version",
    "metadata",
]

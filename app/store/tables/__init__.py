"""Every table of the database, and `metadata`, which the migrations are checked against. Rows are built in `store/` only."""

from sqlmodel import SQLModel

from app.store.tables.accounts import ApiToken, SignInLink, User, UserIdentity, UserSession
from app.store.tables.analytics import UsageDay
from app.store.tables.attachments import AttachmentPart, AttachmentUpload, MovedRow, StoredLeftover
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
    VersionSum,
)
from app.store.tables.drafts import Draft, DraftEvent, DraftSnapshot, DraftStream
from app.store.tables.forms import DraftShare, FormDraft, FormTemplate, ModalDraft, Submission
from app.store.tables.goals import (
    ConversationMessage,
    Goal,
    GoalConversation,
    MessageAttachment,
    MessageRead,
    ReplyTemplate,
)
from app.store.tables.instructions import DraftReference, WriterAction, WriterLossBound, WriterStyle
from app.store.tables.ledger import LedgerEntry
from app.store.tables.review import Lock, Proposal
from app.store.tables.settings import AuditEntry, ProviderSetting
from app.store.tables.sharing import Comment, CommentThread, ShareLink
from app.store.tables.triage import SubmissionTicket
from app.store.tables.turns import Alternatives, ChatMessage, ChatPlace, Conversation, Turn, TurnAttempt, TurnEvent
from app.store.tables.versions import Version
from app.store.tables.webhooks import EmbedOrigin, Webhook, WebhookAttempt, WebhookDelivery

metadata = SQLModel.metadata

__all__ = [
    "Alternatives",
    "ApiToken",
    "AttachmentPart",
    "AttachmentUpload",
    "AuditEntry",
    "Branch",
    "Budget",
    "BudgetReservation",
    "ChatMessage",
    "ChatPlace",
    "Comment",
    "CommentThread",
    "Conversation",
    "ConversationMessage",
    "CostCentre",
    "CostGroup",
    "CostGroupMember",
    "CostSum",
    "Draft",
    "DraftEvent",
    "DraftReference",
    "DraftShare",
    "DraftSnapshot",
    "DraftStream",
    "EmbedOrigin",
    "ExchangeRate",
    "FormDraft",
    "FormTemplate",
    "Goal",
    "GoalConversation",
    "LedgerEntry",
    "Lock",
    "MessageAttachment",
    "MessageRead",
    "ModalDraft",
    "MonthClosing",
    "MovedRow",
    "PriceOverride",
    "Proposal",
    "ProviderSetting",
    "Reconciliation",
    "ReplyTemplate",
    "ShareLink",
    "SignInLink",
    "StoredLeftover",
    "Submission",
    "SubmissionTicket",
    "Turn",
    "TurnAttempt",
    "TurnEvent",
    "UsageDay",
    "User",
    "UserIdentity",
    "UserSession",
    "Version",
    "VersionSum",
    "Webhook",
    "WebhookAttempt",
    "WebhookDelivery",
    "WriterAction",
    "WriterLossBound",
    "WriterStyle",
    "metadata",
]

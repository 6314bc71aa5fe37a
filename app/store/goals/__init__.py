"""How goals and the conversations about them are kept: people, messages, receipts, templates."""

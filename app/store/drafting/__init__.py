"""How drafts of every kind are kept: log, heads, projections, lists."""

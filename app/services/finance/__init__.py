"""Use cases of finance: reports, prices, budgets, closing months."""

"""Sums over the ledger, prices, budgets and closed months."""

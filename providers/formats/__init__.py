"""What the three wire formats mean: JSON values in, `providers.base` events out. Pure; no network, no SDK."""

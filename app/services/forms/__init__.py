"""Multi-step forms: their definitions, starting and validating them, templates, the move from the old system."""

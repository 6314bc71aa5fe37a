"""Use cases of goals and the conversations about them."""

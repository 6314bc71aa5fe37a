"""The roles there are. What each may do is decided where it is done."""

ROLES = ("writer", "student", "instructor", "finance", "admin")

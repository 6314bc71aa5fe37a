"""What a reader of a format says of a file it does not take."""


class Refused(Exception):
    """The message is for people."""

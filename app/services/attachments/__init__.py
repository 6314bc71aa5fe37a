"""Files of messages: taken in, kept, checked, and given out again. Nothing leaves before it was found clean."""

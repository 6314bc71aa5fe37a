"""Texts as values: change sets, word differences, Markdown blocks, UTF-16 positions. Pure."""

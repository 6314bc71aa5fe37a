"""Files in and out: other formats become Markdown, Markdown becomes other formats."""

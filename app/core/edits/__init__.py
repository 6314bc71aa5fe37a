"""What a model may do to a document, and where it goes in the text. Pure."""

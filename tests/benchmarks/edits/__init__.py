"""How rightly the edits of a model are placed: scripted answers with what must become of each operation."""

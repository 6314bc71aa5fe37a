"""One turn of the assistant, from the request to its end."""

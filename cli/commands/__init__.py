"""One file is one command; it holds ``command`` and imports what it needs when it runs."""

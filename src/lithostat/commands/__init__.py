"""Commands of the command line that have a file of their own; each imports what it needs when it runs."""

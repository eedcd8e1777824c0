"""Reading: a lab's files to records."""

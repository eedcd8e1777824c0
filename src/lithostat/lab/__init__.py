"""Lab: a folder of files to analysed cells."""

"""`python -m lithostat` is `lithostat`."""

from lithostat.cli import main

main()

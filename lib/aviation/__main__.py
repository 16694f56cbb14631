"""`python -m aviation`, where the program `aviation` is not installed."""

from aviation.cli import main

main()

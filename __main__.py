"""`python -m vitc`."""

from .cli.main import main

main()

"""What each command does, as functions with typed arguments and results: nothing is parsed or printed here."""

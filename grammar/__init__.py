"""Texts and syntax trees, both ways: reading, recovery from mistakes, printing, formatting; and the small grammars
inside texts (patterns of axes, of names)."""

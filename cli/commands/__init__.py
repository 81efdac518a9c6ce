"""The commands, one file each: the signature that `--help` shows, the call into `application`, and what is printed.

Modules of vitc and libraries that take long to import are imported inside the functions that need them, so that `--help` and
`vitc check` start at once; an import at the top of a file here is a light one.
"""

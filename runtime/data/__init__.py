"""Pictures with labels, from a source of the section `data` to arrays and parts."""

"""How settings of sections and of plug-ins are declared, read from the text, and refused in plain words."""

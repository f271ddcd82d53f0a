"""The commands of `altseason`: one thin module each, the work is done elsewhere."""

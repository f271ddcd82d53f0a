"""The commands of the lab, one thin module each; the others are in `altseason.commands`."""

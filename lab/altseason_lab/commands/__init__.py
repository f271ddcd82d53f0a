"""The commands of the lab: one thin module each, beside those in `altseason.commands`."""

"""`python -m altseason`: the command line where nothing is installed, as in Freqtrade's image."""

import sys

try:
    from altseason.cli import main
except ImportError as error:
    if __package__ != "altseason":
        raise
    sys.exit(f"altseason: {error}")

# Freqtrade's recursive strategy search runs every .py file under the name of the file, which is
# "__main__" here as well; only Python's -m also sets the package.
if __package__ == "altseason":
    sys.exit(main())

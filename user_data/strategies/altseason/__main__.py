"""Run the command line by `python -m altseason`, where it is not installed as a script."""

import sys

try:
    from altseason.cli import main
except ImportError as error:
    if __package__ != "altseason":
        raise
    sys.exit(f"altseason: {error}")

# Freqtrade's recursive strategy search imports every .py file under its file name, which is
# "__main__" here, too. Only `python -m` also sets the package.
if __package__ == "altseason":
    sys.exit(main())

"""`python -m altseason`: the command line where nothing is installed, as in Freqtrade's image."""

import sys

from altseason.cli import main

# Freqtrade's recursive strategy search runs every .py file under the name of the file, which is
# "__main__" here as well; only Python's -m also sets the package.
if __package__ == "altseason":
    sys.exit(main())

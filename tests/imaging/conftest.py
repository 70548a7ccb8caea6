"""What every test of this folder needs."""

import os

from tintype.imaging import fonts

# Tests draw in their own process too; decoder children are told by the sandbox.
os.environ["FONTCONFIG_FILE"] = str(fonts.CONFIGURATION)

"""The decoder child processes: libvips never runs in the server process.

The server starts one zygote, which loads the libraries and forks a child for each place in the
pool. The server hands tasks to the children over sockets; pixels cross as files only.
"""

from tintype.imaging.sandbox.limits import Budget
from tintype.imaging.sandbox.pool import Sandbox
from tintype.imaging.sandbox.wire import Confinement

__all__ = ["Budget", "Confinement", "Sandbox"]

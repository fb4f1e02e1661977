"""All scenarios, for a library behind the door."""

import connections  # noqa: F401
import consuming  # noqa: F401
import declarations  # noqa: F401
import door
import publishing  # noqa: F401
import queues  # noqa: F401
import routing  # noqa: F401
from harness import Skip, main, scenarios


def run(library):
    """Runs the scenarios named on the command line with a library."""
    door.library = library
    for name, reason in library.skips.items():
        scenarios[name] = skipper(reason)
    main()


def skipper(reason):
    def skip():
        raise Skip(reason)
    return skip

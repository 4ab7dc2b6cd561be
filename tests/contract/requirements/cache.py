"""What operators and users can see of the prompt cache."""

from tests.contract.manifest import Requirement

__all__ = ["REQUIREMENTS"]

_OWN = "own decision"

REQUIREMENTS = (
    Requirement("cache.list", "/senryu/v1/cache lists what is kept, by model.", _OWN),
    Requirement("cache.clear", "Deleting /senryu/v1/cache drops it and tells how much.", _OWN),
    Requirement("cache.own", "A key sees and clears its own workspace's cache alone.", _OWN),
    Requirement("cache.version", "Senryu's own routes need no API version, only a key.", _OWN),
    Requirement("cache.cli", "senryu cache lists and clears on a running server.", _OWN),
    Requirement("cache.metrics", "Metrics and the log tell what the prompt cache saved.", _OWN),
    Requirement("cache.queue_time", "A histogram has the times until requests begin.", _OWN),
)

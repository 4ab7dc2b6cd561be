"""What images and documents by URL promise."""

from tests.contract.manifest import Requirement

__all__ = ["REQUIREMENTS"]

API = "API reference: vision, PDF support; URL sources"
OWN = "own decision"

REQUIREMENTS = (
    Requirement("urls.fetched", "Images, PDFs and texts are fetched from URLs.", API),
    Requirement("urls.counted", "Counting tokens reads the same files as a turn.", API),
    Requirement("urls.https", "Only HTTPS is spoken, with a certificate for the name.", API),
    Requirement(
        "urls.public", "Only public addresses, and listed networks, are connected to.", OWN
    ),
    Requirement("urls.redirects", "Redirects are few, and each is checked like a URL.", OWN),
    Requirement("urls.limits", "Whatever a server does, time and size have an end.", OWN),
    Requirement("urls.kept", "A conversation has the same file for some minutes.", OWN),
    Requirement("urls.off", "Fetching can be turned off, and requests are told so.", OWN),
)

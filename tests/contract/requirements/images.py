"""What images in requests promise."""

from tests.contract.manifest import Requirement

__all__ = ["REQUIREMENTS"]

API = "API reference: vision"
OWN = "own decision"

REQUIREMENTS = (
    Requirement(
        "images.read", "A model without eyes is told the text in an image, with its layout.", OWN
    ),
    Requirement(
        "images.languages",
        "97% of what is drawn in English, French, Spanish, Chinese or Japanese comes through.",
        OWN,
    ),
    Requirement(
        "images.scripts",
        "Korean, Arabic and Hindi are read where tesseract has them, and else passed over.",
        OWN,
    ),
    Requirement("images.native", "A model that sees is shown images, upright and scaled.", API),
    Requirement("images.checked", "An image is checked by decoding it, not by its name.", API),
    Requirement("images.limits", "Sides, sizes and counts have the API's limits.", API),
    Requirement("images.counted", "What is told of an image is counted as input.", API),
    Requirement("images.refused", "A model may be set to refuse images, and says so.", OWN),
    Requirement(
        "images.workspaces", "What was read for a workspace is remembered for it alone.", OWN
    ),
    Requirement(
        "images.hostile", "Whatever a file does, it is refused or read, in bounded memory.", OWN
    ),
)

"""What documents, search results and citations promise."""

from tests.contract.manifest import Requirement

__all__ = ["REQUIREMENTS"]

API = "API reference: PDF support"
CITATIONS = "API reference: citations"
OWN = "own decision"

REQUIREMENTS = (
    Requirement("documents.pdf", "The model is told the text of each page of a PDF.", API),
    Requirement("documents.shown", "A model that sees is told and shown each page.", API),
    Requirement("documents.text", "Texts, blocks and search results are told as they are.", API),
    Requirement("documents.files", "Uploaded files are images and documents.", API),
    Requirement("documents.office", "Word, Excel and PowerPoint files are told as Markdown.", OWN),
    Requirement("documents.html", "HTML pages are told as Markdown; nothing is fetched.", OWN),
    Requirement("documents.office.hostile", "No such file is a 500 or unbounded work.", OWN),
    Requirement("documents.limits", "Broken, encrypted and long PDFs are refused by name.", API),
    Requirement("documents.turns", "Few requests hold files at once; not too many wait.", OWN),
    Requirement("documents.fair", "No workspace waits for all the files of another.", OWN),
    Requirement("citations.told", "The model is told numbers of sentences and held to those.", OWN),
    Requirement("citations.parts", "The least that is cited is a sentence or a block.", CITATIONS),
    Requirement("citations.exact", "A citation is the very text at its place.", CITATIONS),
    Requirement("citations.blocks", "A cited sentence is a block; no reference shows.", CITATIONS),
    Requirement("citations.delta", "Streams have a citations_delta for each place.", CITATIONS),
    Requirement("citations.usage", "Cited text is not counted as output.", CITATIONS),
    Requirement("citations.rules", "All or none; not with an output format.", CITATIONS),
    Requirement("citations.history", "A cited reply comes back as the tokens it was made of.", OWN),
)

"""Images and documents by URL, over real HTTP; the scripted model repeats what it was told."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.test_images import refusal, told
from tests.contract.manifest import requirement
from tests.support.app import RunningApp, ask, running_app
from tests.support.drawings import pdf, picture, saved
from tests.support.site import Site, answer, running_site

PLACE = "messages.0.content.0.{}.source.url.url"
MB = 1024 * 1024


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture(scope="module")
def app(site: Site) -> Iterator[RunningApp]:
    with running_app(url_networks=["127.0.0.1/32"], resolve=site.resolve) as running:
        yield running


def by_url(kind: str, url: str, **fields: Any) -> dict[str, Any]:
    """A block whose content is elsewhere."""
    return {"type": kind, "source": {"type": "url", "url": url}} | fields


@requirement("urls.fetched", "urls.counted", "urls.kept")
def test_images_pdfs_and_texts_are_told_and_counted_alike(app: RunningApp, site: Site) -> None:
    site.pages |= {
        "/a": answer(saved(picture("A scanned letter.")), "application/octet-stream"),
        "/b": answer(pdf(["The first page."]), "application/octet-stream"),
        "/c": answer(b"\xef\xbb\xbfa,b\n1,2\n", "text/csv; charset=utf-8"),
    }
    shown = [by_url("image", site.url("/a")), by_url("image", site.url("/a"))]
    shown += [by_url("document", site.url(path)) for path in ("/b", "/c")]
    text = told(app, *shown)
    places = [text.index(part) for part in ("A scanned letter.", "[Page 1]", "a,b\n1,2\n")]
    assert places == sorted(places)
    body = ask(messages=[{"role": "user", "content": shown}])
    counted = {name: body[name] for name in ("model", "messages")}
    count = app.client.post("/v1/messages/count_tokens", json=counted).json()["input_tokens"]
    assert app.post(body).json()["usage"]["input_tokens"] == count
    assert sorted(head.split()[1] for head in site.heads) == ["/a", "/b", "/c"]


@requirement("urls.https", "urls.public", "urls.limits")
def test_what_cannot_be_had_is_refused_with_its_place(app: RunningApp, site: Site) -> None:
    site.pages |= {
        "/zip": answer(b"PK", "application/zip"),
        "/latin": answer(b"gr\xfc\xdfe", "text/plain; charset=latin-1"),
        "/words": answer(b"words", "image/png"),
        "/6": answer(bytes(6 * MB), "image/png"),
    }
    for kind, url, cause in [
        ("image", "http://files.test/a.png", "only HTTPS URLs are supported"),
        ("document", "https://10.0.0.1/", "its host has no address that this server may fetch"),
        ("document", site.url("/absent"), "its server answered with status 404"),
        ("document", site.url("/zip"), "a file of type application/zip cannot be a document"),
        ("document", site.url("/latin"), "the text is not in UTF-8"),
        ("image", site.url("/words"), "the image is broken, or not a JPEG"),
        ("image", site.url("/6"), "the file exceeds 5 MB"),
    ]:
        assert refusal(app, by_url(kind, url)).startswith(f"{PLACE.format(kind)}: {cause}")


@requirement("urls.limits")
def test_the_files_of_a_request_are_bounded_together(app: RunningApp, site: Site) -> None:
    site.pages |= {f"/{n}": answer(bytes([48 + n]) * 30 * MB) for n in range(3)}
    shown = [by_url("document", site.url(f"/{n}")) for n in range(3)]
    assert refusal(app, *shown).endswith("the request's files have more than 64 MB together")
    before = len(site.heads)
    many = [by_url("image", site.url(f"/many/{n}")) for n in range(101)]
    assert "101 URLs; at most 100 are fetched" in refusal(app, *many)
    assert len(site.heads) == before


@requirement("urls.off")
def test_fetching_can_be_turned_off(site: Site) -> None:
    before = site.num_connections
    with running_app(
        url_sources="off", url_networks=["127.0.0.1/32"], resolve=site.resolve
    ) as closed:
        said = refusal(closed, by_url("image", site.url("/a")))
    assert said.startswith(f"{PLACE.format('image')}: this server fetches no URLs (`url_sources`")
    assert site.num_connections == before

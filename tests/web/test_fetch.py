"""Files fetched over TLS from a site in this process, which does what sites may do."""

import asyncio
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis.strategies import text

from senryu.settings import Settings
from senryu.web.fetch import TooLargeError, Web, open_web
from senryu.web.kept import Download
from senryu.web.network import FetchError
from tests.contract.manifest import requirement
from tests.support.site import HOST, Page, Site, answer, redirect, running_site

pytestmark = pytest.mark.anyio
MAX_BYTES = 100_000
NO_ADDRESS = "its host has no address that this server may fetch from"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("site")) as running:
        yield running


def web(site: Site, *ranges: str, **options: Any) -> Web:
    """What fetches from public addresses and these."""
    chosen = Settings(url_networks=tuple(map(ip_network, ranges)))
    opened = open_web(chosen, resolve=site.resolve, **options)
    assert opened is not None
    return opened


async def fetch(opened: Web, url: str, *, workspace: str = "default") -> Download:
    counted: list[int] = []
    found = await opened.fetch(url, max_bytes=MAX_BYTES, count=counted.append, workspace=workspace)
    assert sum(counted) == len(found.data)
    return found


async def refusal(opened: Web, url: str) -> str:
    with pytest.raises(FetchError) as caught:
        await fetch(opened, url)
    return str(caught.value)


@requirement("urls.fetched")
async def test_a_file_is_fetched_and_asked_for_plainly(site: Site) -> None:
    site.pages["/a%20b?c=d"] = answer(b"words", "Text/Plain; charset=utf-8")
    found = await fetch(web(site, "127.0.0.1/32"), site.url("/a b?c=d#e"))
    assert found == Download("text/plain", b"words")
    head = site.heads[-1].lower()
    assert head.startswith("get /a%20b?c=d http/1.1\r\n")
    assert f"host: {HOST}:{site.port}\r\n" in head
    assert "accept-encoding: identity\r\n" in head
    assert "cookie" not in head
    assert "authorization" not in head


@requirement("urls.redirects")
async def test_redirects_are_followed_and_each_is_checked(site: Site) -> None:
    site.pages |= {
        "/1": redirect("/2"),
        "/2": redirect(site.url("/3")),
        "/3": redirect("4"),
        "/4": answer(b"there"),
        "/loop": redirect("/loop"),
    }
    opened = web(site, "127.0.0.1/32")
    assert (await fetch(opened, site.url("/1"))).data == b"there"
    assert "redirects more than 3 times" in await refusal(opened, site.url("/loop"))
    for url, cause in [
        (f"http://{HOST}/", "only HTTPS"),
        ("file:///etc/passwd", "only HTTPS"),
        (f"https://user:pass@{HOST}/", "no user name"),
        ("https://169.254.169.254/latest/meta-data", NO_ADDRESS),
        ("https://[::ffff:a00:1]/", NO_ADDRESS),
        (site.url("/4", host="127.0.0.2"), NO_ADDRESS),
        ("https://absent.test/", NO_ADDRESS),
        ("https://[::1", "not a URL"),
    ]:
        site.pages["/away"] = redirect(url)
        said = await refusal(opened, site.url("/away"))
        assert said.startswith("after a redirect, "), url
        assert cause in said


@requirement("urls.https")
@pytest.mark.parametrize(
    ("url", "cause"),
    [
        ("http://8.8.8.8/", "only HTTPS"),
        ("ftp://8.8.8.8/", "only HTTPS"),
        ("file:///etc/passwd", "only HTTPS"),
        ("data:text/plain,words", "only HTTPS"),
        ("//8.8.8.8/", "only HTTPS"),
        ("", "only HTTPS"),
        ("https://user@8.8.8.8/", "no user name"),
        ("https://:@8.8.8.8/", "no user name"),
        ("https:///words", "names no host"),
        ("https://8.8.8.8:99999/", "no port that there can be"),
        ("https://8.8.8.8/\n", "not a URL"),
        ("https://..xn--/", "not a URL"),
        ("https://443%xn--0../", "not a URL"),
        ("https://\ud83d@/", "not a URL"),
        ("https://8.8.8.8:8443/", NO_ADDRESS),
        ("https://8.8.8.8:22/", NO_ADDRESS),
    ],
)
async def test_only_https_urls_without_credentials_are_fetched(
    site: Site, url: str, cause: str
) -> None:
    assert cause in await refusal(web(site), url)


@requirement("urls.public")
async def test_addresses_inside_are_refused_however_they_are_written(site: Site) -> None:
    opened, before = web(site, "127.0.0.9/32"), site.num_connections
    site.names |= {
        "inside.test": [["127.0.0.1"]],
        "either.test": [["8.8.8.8", "127.0.0.1"]],
        "nowhere.test": [[]],
    }
    hosts = ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "127.1", "0", "10.0.0.1"]
    hosts += ["169.254.169.254", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]"]
    hosts += ["[fe80::1]", "[fd00:ec2::254]", "[2002:7f00:1::]"]
    hosts += ["inside.test", "either.test", "nowhere.test", "absent.test", "..", "a" * 64 + ".com"]
    for host in hosts:
        for url in (f"https://{host}/", site.url("/", host=host)):
            said = await refusal(opened, url)
            assert said.startswith(NO_ADDRESS) or "not a URL" in said, (url, said)
    assert site.num_connections == before


@requirement("urls.public")
async def test_a_name_is_looked_up_once_for_each_connection(site: Site) -> None:
    site.pages |= {"/a": answer(b"words"), "/again": redirect("/a")}
    rebinding = [["127.0.0.1"], ["127.0.0.2"]]
    site.names[HOST] = [*rebinding]
    opened = web(site, "127.0.0.1/32")
    assert (await fetch(opened, site.url("/a"))).data == b"words"
    assert site.names[HOST] == [["127.0.0.2"]], "the second answer was not asked for"
    site.names[HOST] = [*rebinding]
    assert NO_ADDRESS in await refusal(opened, site.url("/again"))
    site.names[HOST] = [["127.0.0.1"]]


@requirement("urls.https")
async def test_the_certificate_must_be_the_names(site: Site) -> None:
    site.names["other.test"] = [["127.0.0.1"]]
    before = len(site.heads)
    said = await refusal(web(site, "127.0.0.1/32"), site.url("/", host="other.test"))
    assert "a certificate for its name" in said
    assert len(site.heads) == before


async def flood(writer: asyncio.StreamWriter, data: bytes) -> None:
    while True:
        writer.write(data)
        await writer.drain()
        await asyncio.sleep(0)  # else it never learns that the other side has gone


async def endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    await flood(writer, bytes(65536))


async def interim(writer: asyncio.StreamWriter) -> None:
    await flood(writer, b"HTTP/1.1 102 \r\n\r\n" * 1000)


async def crumbs(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    await flood(writer, b"1\r\nx\r\n" * 1000)


async def silent(writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def stuck(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nwords")
    await silent(writer)


async def reset(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nwords")
    await writer.drain()
    writer.transport.abort()


@requirement("urls.limits")
@pytest.mark.parametrize(
    ("page", "cause"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 100001\r\n\r\n", None),
        (b"HTTP/1.1 200 OK\r\ncontent-length: " + b"9" * 19 + b"\r\n\r\n", None),
        (answer(bytes(MAX_BYTES + 1)), None),
        (endless, None),
        (crumbs, "too small pieces"),
        (interim, "too many headers"),
        (b"HTTP/1.1 200 OK\r\nx: " + b"x" * 40_000 + b"\r\n\r\n", "too many headers"),
        (silent, "longer than 0.3 seconds"),
        (stuck, "longer than 0.3 seconds"),
        (reset, "broke off"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nwords", "broke off"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab", "broke off"),
        (b"\0\1\2\3" * 100, "broke off"),
        (b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n\x1f\x8b", "compressed"),
        (b"HTTP/1.1 302 Found\r\ncontent-length: 0\r\n\r\n", "status 302"),
        (answer(b"words", status="404 Not Found"), "status 404"),
        (answer(b"words", status="206 Partial Content"), "status 206"),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", "broke off"),
    ],
)
async def test_whatever_a_server_does_has_an_end(site: Site, page: Page, cause: str | None) -> None:
    site.pages["/odd"] = page
    opened = web(site, "127.0.0.1/32", timeout_s=20 if cause != "longer than 0.3 seconds" else 0.3)
    if cause is None:
        with pytest.raises(TooLargeError):
            await fetch(opened, site.url("/odd"))
    else:
        assert cause in await refusal(opened, site.url("/odd"))


@requirement("urls.kept")
async def test_a_download_is_kept_for_its_workspace_and_its_time(site: Site) -> None:
    opened, url = web(site, "127.0.0.1/32"), site.url("/turns")
    site.pages["/turns"] = answer(b"first")
    assert (await fetch(opened, url)).data == b"first"
    site.pages["/turns"] = answer(b"second")
    assert (await fetch(opened, url)).data == b"first"
    assert (await fetch(opened, url, workspace="other")).data == b"second"
    brief = web(site, "127.0.0.1/32", kept_s=0)
    assert (await fetch(brief, url)).data == b"second"
    site.pages["/turns"] = answer(b"third")
    while (await fetch(brief, url)).data == b"second":
        await asyncio.sleep(0)
    assert (await fetch(brief, url)).data == b"third"


@requirement("urls.https")
@settings(max_examples=50)
@given(text(max_size=40))
def test_any_text_as_a_url_is_refused_in_words(rest: str) -> None:
    async def nowhere(host: str, port: int) -> list[str]:
        return []

    async def attempt() -> None:
        opened = open_web(Settings(), resolve=nowhere)
        assert opened is not None
        for url in (rest, f"https://{rest}"):
            assert await refusal(opened, url)

    asyncio.run(attempt())

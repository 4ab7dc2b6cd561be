"""Identifiers."""

import re

from senryu.wire.ids import new_message_id, new_request_id


def test_ids_have_the_prefixes_that_clients_know_and_differ() -> None:
    base58 = "[1-9A-HJ-NP-Za-km-z]"
    assert re.fullmatch(f"msg_01{base58}{{22}}", new_message_id())
    assert re.fullmatch(f"req_011C{base58}{{20}}", new_request_id())
    assert len({new_message_id() for _ in range(1000)}) == 1000

"""Text decoding, sampling and framing: the pure parts around the native ones."""

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from senryu.core import Job, Sampling
from senryu.engine.frames import Cancel, FrameBuffer, Generate, decode_to_worker, encode
from senryu.engine.llama.sampler import Sampler, greedy
from senryu.engine.llama.text import TextDecoder


@given(text=st.text(st.sampled_from("aé🎏👩‍🚀漢")), cuts=st.lists(st.integers(0, 40)))
def test_no_character_is_ever_broken(text: str, cuts: list[int]) -> None:
    data = text.encode()
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    decoder = TextDecoder()
    parts = [decoder.feed(data[one:two]) for one, two in zip(places, places[1:], strict=False)]
    assert "".join(parts) == text
    assert not any("�" in part for part in parts)


def test_half_a_character_at_the_end_is_not_text() -> None:
    assert TextDecoder().feed("ok 🎏".encode()[:-1]) == "ok "


@given(
    values=st.lists(st.floats(-20, 20, width=32), min_size=1, max_size=50),
    temperature=st.floats(0.01, 3),
    top_p=st.floats(0.01, 1),
    top_k=st.integers(0, 60),
)
def test_samples_come_from_the_nucleus(
    values: list[float], temperature: float, top_p: float, top_k: int
) -> None:
    logits = np.array(values, dtype=np.float32)
    token = Sampler(Sampling(temperature, top_p, top_k, seed=5)).sample(logits)
    weights = np.exp((logits - logits.max()).astype(np.float64) / temperature)
    above = weights[weights > weights[token] * (1 + 1e-3)]
    if top_k:
        assert len(above) < top_k
        weights = np.sort(weights)[-top_k:]
    assert above.sum() <= top_p * weights.sum() * (1 + 1e-3)


def test_samples_follow_the_distribution() -> None:
    logits = np.log(np.array([0.5, 0.3, 0.2], dtype=np.float32))
    sampler = Sampler(Sampling(1.0, seed=1))
    counts = np.bincount([sampler.sample(logits) for _ in range(4000)], minlength=3)
    assert np.allclose(counts / 4000, [0.5, 0.3, 0.2], atol=0.03)


def test_greedy_takes_the_first_of_equals() -> None:
    assert greedy(np.array([1, 3, 3], dtype=np.float32)) == 1


class Only:
    """Some tokens, and how often all of them were asked for."""

    def __init__(self, tokens: Iterable[int]) -> None:
        self.tokens = set(tokens)
        self.num_masks = 0

    def allows(self, token: int) -> bool:
        return token in self.tokens

    def mask(self) -> bytes:
        self.num_masks += 1
        return sum(1 << token for token in self.tokens).to_bytes(8, "little")


@given(
    values=st.lists(st.floats(-60, 60, width=32), min_size=1, max_size=60),
    picks=st.lists(st.integers(0, 59), min_size=1),
    temperature=st.floats(0, 3),
    top_p=st.floats(0.01, 1),
    top_k=st.integers(0, 60),
)
def test_only_what_is_allowed_is_chosen(
    values: list[float], picks: list[int], temperature: float, top_p: float, top_k: int
) -> None:
    logits = np.array(values, dtype=np.float32)
    allowed = Only(pick % len(values) for pick in picks)
    best = max(allowed.tokens, key=lambda token: (logits[token], -token))
    if temperature == 0:
        assert greedy(logits, allowed) == best
        return
    sampler = Sampler(Sampling(temperature, top_p, top_k, seed=3))
    assert sampler.sample(logits, allowed) in allowed.tokens
    nothing_else = Sampler(Sampling(temperature, 0.01, 1, seed=3))
    chosen = nothing_else.sample(logits, allowed)
    # logits that differ by less are equally likely in float32
    assert logits[best] - logits[chosen] <= 1e-7 * max(temperature, 1)


@pytest.mark.parametrize("shift", [0.0, 5.0, 12.0, 21.0, 40.0])
def test_what_is_allowed_keeps_its_distribution_however_unlikely_it_is(shift: float) -> None:
    shares = np.array([0.5, 0.3, 0.2, 0.9, 0.1], dtype=np.float32)
    logits = np.log(shares) + np.array([0, 0, 0, shift, shift], dtype=np.float32)
    sampler, allowed = Sampler(Sampling(1.0, seed=1)), Only([0, 1, 2])
    drawn = [sampler.sample(logits, allowed) for _ in range(4000)]
    counts = np.bincount(drawn, minlength=5)
    assert np.allclose(counts / 4000, [0.5, 0.3, 0.2, 0, 0], atol=0.03)


def test_tokens_far_less_likely_than_the_forbidden_one_keep_their_distribution() -> None:
    logits = np.array([30.0, 8.0, 5.0, 2.0], dtype=np.float32)
    sampler, allowed = Sampler(Sampling(1.0, seed=1)), Only([1, 2, 3])
    counts = np.bincount([sampler.sample(logits, allowed) for _ in range(8000)], minlength=4)
    expected = np.exp([8.0, 5.0, 2.0]) / np.exp([8.0, 5.0, 2.0]).sum()
    assert np.allclose(counts[1:] / 8000, expected, atol=0.01)
    assert counts[3] > 0


def test_not_all_tokens_are_looked_at_where_the_chosen_one_is_allowed() -> None:
    logits, allowed = np.array([1, 5, 2], dtype=np.float32), Only([0, 1])
    assert greedy(logits, allowed) == 1
    assert allowed.num_masks == 0


@given(size=st.integers(1, 50))
def test_frames_survive_any_split(size: int) -> None:
    frames = [Generate(Job("a", (1, 2), 3, Sampling(0.5, seed=2))), Cancel("a")]
    data = b"".join(encode(frame) for frame in frames)
    buffer = FrameBuffer()
    parts = [data[start : start + size] for start in range(0, len(data), size)]
    bodies = [body for part in parts for body in buffer.feed(part)]
    assert [decode_to_worker(body) for body in bodies] == frames

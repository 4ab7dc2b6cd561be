"""Text decoding, sampling and framing: the pure parts around the native ones."""

import numpy as np
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


@given(size=st.integers(1, 50))
def test_frames_survive_any_split(size: int) -> None:
    frames = [Generate(Job("a", (1, 2), 3, Sampling(0.5, seed=2))), Cancel("a")]
    data = b"".join(encode(frame) for frame in frames)
    buffer = FrameBuffer()
    parts = [data[start : start + size] for start in range(0, len(data), size)]
    bodies = [body for part in parts for body in buffer.feed(part)]
    assert [decode_to_worker(body) for body in bodies] == frames

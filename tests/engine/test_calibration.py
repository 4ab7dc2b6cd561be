"""What a calibration chooses, over a machine that is arithmetic, and how it is kept."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senryu.engine.llama.binding import Model
from senryu.engine.llama.calibration import (
    Calibration,
    Choices,
    Options,
    Timing,
    Unmeasurable,
    calibrate,
    describe,
    threads_to_try,
)
from senryu.engine.llama.calibration_store import (
    CalibrationMode,
    Key,
    find_calibration,
    load_calibration,
    make_key,
    save_calibration,
    stored_calibrations,
)
from senryu.engine.llama.measure import Measurement
from senryu.engine.llama.native_build import native_build
from senryu.engine.llama.native_log import quiet_logs
from senryu.engine.llama.speculate import TYPICAL_COSTS
from tests.engine.tiny_models import KINDS, Kind, write_tiny_model

CHOICES = Choices(threads=(8, 16, 4), micro_batches=(512, 128), kv_types=("f16",))
DEFAULTS = CHOICES.defaults
STEPS = ((1, 0.010), (2, 0.018), (8, 0.040))

Factor = Callable[[Options], float]


def one(_options: Options) -> float:
    return 1.0


@dataclass
class Machine:
    """Times are products of factors; the clock is what has been measured."""

    factor: Factor = one
    prefill: Factor = one
    noise: tuple[float, ...] = (1.0,)
    refuses: tuple[Options, ...] = ()
    seconds: float = 1.0
    measured: list[Options] = field(default_factory=list[Options])

    def __call__(self, options: Options) -> Timing:
        if options in self.refuses:
            raise Unmeasurable("not on this machine")
        self.measured.append(options)
        factor = self.factor(options) * self.noise[len(self.measured) % len(self.noise)]
        return Timing(
            prefill_tokens=256,
            prefill_s=0.002 * factor * self.prefill(options),
            crowd_s=0.045 * factor,
            steps=tuple((rows, seconds * factor) for rows, seconds in STEPS),
        )

    def clock(self) -> float:
        return len(self.measured) * self.seconds

    def choice(self, choices: Choices = CHOICES, budget_s: float = 1000.0) -> Options | None:
        calibration = calibrate(self, choices, budget_s=budget_s, clock=self.clock)
        return calibration and calibration.options


def faster(wanted: Options, factor: float) -> Factor:
    return lambda options: factor if options == wanted else 1.0


def test_the_default_stays_where_nothing_is_better() -> None:
    assert Machine().choice() == DEFAULTS


def test_what_is_clearly_faster_is_chosen_in_each_dimension() -> None:
    def factor(options: Options) -> float:
        return (
            (0.8 if options.threads == 16 else 1.0)
            * (0.8 if not options.flash_attention else 1.0)
            * (0.8 if options.micro_batch == 128 else 1.0)
        )

    assert Machine(factor).choice() == Options(16, 128, flash_attention=False)


@given(st.floats(0.955, 3.0))
def test_a_gain_within_the_noise_is_none(factor: float) -> None:
    assert Machine(faster(replace(DEFAULTS, threads=16), factor)).choice() == DEFAULTS


@given(st.floats(0.1, 0.94))
def test_a_gain_beyond_the_noise_is_taken(factor: float) -> None:
    wanted = replace(DEFAULTS, threads=16)
    assert Machine(faster(wanted, factor)).choice() == wanted


def test_the_noise_that_was_measured_raises_what_counts_as_a_gain() -> None:
    wanted = replace(DEFAULTS, threads=16)
    assert Machine(faster(wanted, 0.85), noise=(1.0, 1.1)).choice() == DEFAULTS
    assert Machine(faster(wanted, 0.85), noise=(1.0, 1.01)).choice() == wanted


def test_one_lucky_measurement_does_not_decide() -> None:
    lucky = iter([1.0, 1.0, 0.5])
    machine = Machine(lambda _options: next(lucky, 1.0))
    assert machine.choice() == DEFAULTS
    assert machine.measured.count(replace(DEFAULTS, threads=16)) == 3


def test_a_machine_that_is_busy_gives_no_calibration() -> None:
    assert Machine(noise=(1.0, 1.5)).choice() is None


def test_what_is_faster_on_the_whole_but_slower_in_one_part_is_not_taken() -> None:
    plain = replace(DEFAULTS, flash_attention=False)
    machine = Machine(faster(plain, 0.5), prefill=lambda options: 3.0 if options == plain else 1.0)
    assert machine.choice() == DEFAULTS


def test_options_that_are_refused_are_passed_over() -> None:
    plain = replace(DEFAULTS, flash_attention=False)
    wanted = replace(DEFAULTS, micro_batch=128)
    assert Machine(faster(wanted, 0.5), refuses=(plain,)).choice() == wanted


def test_defaults_that_are_refused_are_an_error() -> None:
    with pytest.raises(Unmeasurable):
        Machine(refuses=(DEFAULTS,)).choice()


def test_only_the_default_is_measured_beyond_the_budget() -> None:
    machine = Machine(faster(replace(DEFAULTS, threads=16), 0.5))
    assert machine.choice(budget_s=2.0) == DEFAULTS
    assert machine.measured == [DEFAULTS, DEFAULTS]


@given(st.floats(0.0, 30.0), st.floats(0.1, 1.0))
def test_the_budget_is_kept(budget_s: float, factor: float) -> None:
    machine = Machine(lambda options: 1.0 if options == DEFAULTS else factor)
    machine.choice(budget_s=budget_s)
    assert machine.clock() <= max(2.0, budget_s)


def test_micro_batches_that_hold_the_whole_prompt_are_not_compared() -> None:
    machine = Machine()
    machine.choice(replace(CHOICES, micro_batches=(512, 256)))
    assert {options.micro_batch for options in machine.measured} == {512}


def test_what_a_user_has_set_is_the_only_choice() -> None:
    machine = Machine(lambda options: 1.0 / options.threads)
    chosen = machine.choice(Choices(threads=(3,), micro_batches=(512,), flash_attention=(True,)))
    assert chosen == Options(3, 512)


def test_other_cache_formats_are_chosen_only_where_they_are_allowed() -> None:
    def factor(options: Options) -> float:
        return 0.5 if options.kv_type == "q8_0" else 1.0

    assert Machine(factor).choice() == DEFAULTS
    allowed = replace(CHOICES, kv_types=("f16", "q8_0"))
    assert Machine(factor).choice(allowed) == replace(DEFAULTS, kv_type="q8_0")


def test_threads_to_try_are_within_what_may_be_used() -> None:
    assert threads_to_try(8, physical=8, logical=16, usable=16) == (8, 16, 4)
    assert threads_to_try(64, physical=64, logical=128, usable=4) == (4,)
    assert threads_to_try(1, physical=1, logical=1, usable=1) == (1,)
    assert threads_to_try(2, physical=2, logical=2, usable=2) == (2, 1)


def test_step_costs_are_measured_and_never_fall() -> None:
    timing = Timing(64, 0.002, 0.04, ((1, 1.0), (2, 3.0), (4, 2.5), (8, 5.0)))
    costs = Calibration(DEFAULTS, timing).step_costs
    assert [costs.at(rows) for rows in (1, 2, 3, 4, 8)] == [1.0, 3.0, 3.0, 3.0, 5.0]
    assert Calibration(DEFAULTS).step_costs == TYPICAL_COSTS


@pytest.mark.parametrize(
    "steps", [(), ((1, 1.0),), ((2, 1.0), (4, 2.0)), ((1, 1.0), (1, 2.0)), ((1, 0.0), (2, 1.0))]
)
def test_impossible_timings_are_refused(steps: tuple[tuple[int, float], ...]) -> None:
    with pytest.raises(ValueError, match="steps|time"):
        Timing(64, 0.002, 0.04, steps)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SENRYU_CACHE_DIR", str(tmp_path))
    return tmp_path / "calibration"


@pytest.fixture
def key(folder: Path) -> Key:
    return Key("tiny.gguf", "abc", "a processor", "0.3", batch_invariant=False, choices=CHOICES)


def find(key: Key, machine: Machine, mode: CalibrationMode = "once") -> Calibration:
    return find_calibration(key, machine, mode, is_busy=lambda: False)


def measured(options: Options = DEFAULTS) -> Calibration:
    return Calibration(options, Machine()(options))


def test_a_calibration_is_measured_once(key: Key) -> None:
    machine = Machine()
    first = find(key, machine)
    count = len(machine.measured)
    assert first.timing is not None
    assert find(key, machine) == first == load_calibration(key)
    assert len(machine.measured) == count
    assert stored_calibrations() == [(key, first)]


def test_again_measures_what_is_stored_and_off_measures_nothing(key: Key) -> None:
    save_calibration(key, measured(replace(DEFAULTS, threads=4)))
    machine = Machine()
    assert find(key, machine, "off") == Calibration(DEFAULTS)
    assert machine.measured == []
    assert find(key, machine, "again").options == DEFAULTS
    assert find(key, machine).options == DEFAULTS


@pytest.mark.parametrize(
    "change",
    [
        {"fingerprint": "abd"},
        {"processor": "another"},
        {"library": "0.4"},
        {"batch_invariant": True},
        {"choices": replace(CHOICES, threads=(4,))},
    ],
)
def test_any_other_model_machine_or_setting_has_a_calibration_of_its_own(
    key: Key, change: dict[str, str]
) -> None:
    save_calibration(key, measured())
    other = replace(key, **change)
    assert load_calibration(other) is None
    other.file.write_bytes(key.file.read_bytes())
    assert load_calibration(other) is None


def test_files_are_replaced_as_a_whole(key: Key, folder: Path) -> None:
    for threads in (8, 16):
        save_calibration(key, measured(replace(DEFAULTS, threads=threads)))
    assert list(folder.iterdir()) == [key.file]


@given(data=st.binary(max_size=300), cut=st.integers(0, 1000))
def test_a_damaged_file_counts_as_none(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, cut: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SENRYU_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        key = Key("m", "abc", "a processor", "0.3", batch_invariant=False, choices=CHOICES)
        save_calibration(key, measured())
        whole = key.file.read_bytes()
        for damaged in (data, whole[: min(cut, len(whole) - 2)], whole[:cut] + b"\xff" + data):
            key.file.write_bytes(damaged)
            assert load_calibration(key) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"version": 1', b'"version": 2'),
        (b'"threads": 8', b'"threads": 5000'),
        (b'"prefill_s": 0.002', b'"prefill_s": -1.0'),
        (b'"attempts"', b'"unknown"'),
    ],
)
def test_values_that_make_no_sense_count_as_none_and_are_logged(
    key: Key, caplog: pytest.LogCaptureFixture, old: bytes, new: bytes
) -> None:
    save_calibration(key, measured())
    whole = key.file.read_bytes()
    assert old in whole
    key.file.write_bytes(whole.replace(old, new))
    with caplog.at_level(logging.WARNING):
        assert load_calibration(key) is None
    assert str(key.file) in caplog.text
    assert find(key, Machine()).timing is not None


def test_a_measurement_that_ended_the_process_is_tried_twice(key: Key) -> None:
    class Killed(BaseException):
        pass

    def kill(_options: Options) -> Timing:
        raise Killed

    for _ in range(2):
        with pytest.raises(Killed):
            find_calibration(key, kill, is_busy=lambda: False)
    machine = Machine()
    assert find(key, machine) == Calibration(DEFAULTS)
    assert machine.measured == []
    key.file.unlink()
    assert find(key, machine).timing is not None


@pytest.mark.parametrize("machine", [Machine(noise=(1.0, 1.5)), Machine(refuses=(DEFAULTS,))])
def test_what_cannot_be_measured_now_costs_the_calibration_only(key: Key, machine: Machine) -> None:
    assert find(key, machine) == Calibration(DEFAULTS)
    assert load_calibration(key) is None
    assert find(key, Machine()).timing is not None


def test_measuring_again_in_vain_keeps_what_was_known(key: Key) -> None:
    known = measured(replace(DEFAULTS, threads=16))
    save_calibration(key, known)
    assert find(key, Machine(noise=(1.0, 1.5)), "again") == known
    assert find_calibration(key, Machine(), "again", is_busy=lambda: True) == known
    assert load_calibration(key) == known


def test_a_busy_processor_is_not_measured(key: Key) -> None:
    machine = Machine()
    assert find_calibration(key, machine, is_busy=lambda: True) == Calibration(DEFAULTS)
    assert machine.measured == []


def test_a_folder_that_cannot_be_written_costs_the_calibration_only(key: Key, folder: Path) -> None:
    folder.write_text("not a folder")
    assert find(key, Machine()) == Calibration(DEFAULTS)
    assert stored_calibrations() == []


def test_a_description_tells_the_choice_and_the_rates() -> None:
    assert describe(measured()) == (
        "8 threads, micro-batch 512, flash attention, f16 cache: 500 tokens/s of prompt,"
        " 100 of reply"
    )
    plain = Calibration(replace(DEFAULTS, flash_attention=False))
    assert describe(plain) == "8 threads, micro-batch 512, plain attention, f16 cache"


@pytest.fixture(params=KINDS)
def model(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Path, Model]]:
    kind: Kind = request.param
    quiet_logs()
    path = write_tiny_model(tmp_path, kind)
    model = Model(path)
    yield path, model
    model.close()


def test_models_of_every_kind_of_memory_can_be_measured(model: tuple[Path, Model]) -> None:
    path, loaded = model
    choices = Choices(threads=(1,), micro_batches=(128,))
    timing = Measurement(loaded, batch_invariant=False)(choices.defaults)
    assert [rows for rows, _ in timing.steps] == [1, 2, 4, 8, 16]
    assert timing.prefill_tokens > 0
    build = native_build()
    key = make_key(path, choices, library=build, batch_invariant=False)
    assert key == make_key(path, choices, library=native_build(), batch_invariant=False)
    assert key.model == path.name
    other = make_key(path, choices, library=f"{build} CUDA : ", batch_invariant=False)
    assert other.file != key.file


def test_options_that_the_library_refuses_are_unmeasurable(tmp_path: Path) -> None:
    quiet_logs()
    model = Model(write_tiny_model(tmp_path, "plain"))
    refused = Options(1, 128, flash_attention=False, kv_type="q8_0")
    with pytest.raises(Unmeasurable):
        Measurement(model, batch_invariant=False)(refused)
    model.close()

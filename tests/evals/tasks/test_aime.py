"""AIME: the contest's file is read, and each of our own answers is found again by trying all."""

import json
import math
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from itertools import combinations, permutations, product
from pathlib import Path

import pytest

from senryu.evals.benchmark import load_benchmark
from senryu.evals.prompts import read_prompt
from senryu.evals.registry import data_folder
from senryu.evals.tasks.aime import read_problems
from tests.contract.manifest import requirement


def residues() -> int:
    return sum((n * n + n + 1) % 91 == 0 for n in range(1, 2001))


def octagon() -> int:
    colourings = product(range(3), repeat=8)
    return sum(
        len(set(each)) == 3 and all(each[i] != each[i - 1] for i in range(8)) for each in colourings
    )


def dice() -> int:
    products = [math.prod(rolls) for rolls in product(range(1, 7), repeat=4)]
    share = Fraction(sum(math.isqrt(each) ** 2 == each for each in products), len(products))
    return share.numerator + share.denominator


def ellipse() -> int:
    return sum(x * x + x * y + y * y <= 100 for x, y in product(range(-20, 21), range(-20, 21)))


def recurrence() -> int:
    terms = [1, 3]
    while len(terms) < 2025:
        terms.append((terms[-1] + 2 * terms[-2] + 1) % 1000)
    return terms[-1]


def neighbours() -> int:
    return sum(
        all(0 < abs(seat - person) <= 2 for person, seat in enumerate(each))
        for each in permutations(range(8))
    )


def heron() -> int:
    count = 0
    for a in range(1, 101):
        for b in range(a, 101 - a):
            for c in range(b, min(a + b, 101 - a - b)):
                whole = a + b + c
                product_of_four = whole * (whole - 2 * a) * (whole - 2 * b) * (whole - 2 * c)
                root = math.isqrt(product_of_four)  # 4 times the area, if it is whole
                count += root * root == product_of_four and root % 4 == 0
    return count


def nine_divisors() -> int:
    return sum(n for n in range(1, 400) if sum(n % d == 0 for d in range(1, n + 1)) == 9)


def falling_digits() -> int:
    n = next(
        n
        for n in range(47, 10**6, 47)
        if n >= 1000 and all(left > right for left, right in zip(str(n), str(n)[1:], strict=False))
    )
    return n % 1000


def grid() -> int:
    rows = [row for row in product((0, 1), repeat=4) if sum(row) == 2]
    return sum(
        all(sum(column) == 2 for column in zip(*each, strict=True))
        and sum(each[i][i] for i in range(4)) == 1
        for each in product(rows, repeat=4)
    )


def stones() -> int:
    wins = [False]  # for who moves, by what is on the heap
    for n in range(1, 901):
        wins.append(any(n >= taken and not wins[n - taken] for taken in (1, 3, 8)))
    return wins[1:].count(False)


def quadratics() -> int:
    def splits(p: int, q: int) -> bool:
        return any(x * x + p * x + q == 0 and (-p - x) * x == q for x in range(-62, 63))

    each = range(-30, 31)
    return sum(splits(a, b) and splits(b, a) for a, b in product(each, each))


def subsets() -> int:
    numbers = range(1, 13)
    return sum(sum(each) % 12 == 0 for size in range(13) for each in combinations(numbers, size))


def lattice_triangles() -> int:
    points = list(product(range(5), repeat=2))
    return sum(
        abs((bx - ax) * (cy - ay) - (cx - ax) * (by - ay)) == 4
        for (ax, ay), (bx, by), (cx, cy) in combinations(points, 3)
    )


def steps() -> int:
    @cache
    def ways(left: int, last: int) -> int:
        if left == 0:
            return 1
        return sum(ways(left - up, up) for up in (1, 2, 3, 4) if up <= left and up != last)

    return ways(15, 0)


SOLUTIONS: dict[str, Callable[[], int]] = {
    "residues": residues,
    "octagon": octagon,
    "dice": dice,
    "ellipse": ellipse,
    "recurrence": recurrence,
    "neighbours": neighbours,
    "heron": heron,
    "nine-divisors": nine_divisors,
    "falling-digits": falling_digits,
    "grid": grid,
    "stones": stones,
    "quadratics": quadratics,
    "subsets": subsets,
    "lattice-triangles": lattice_triangles,
    "steps": steps,
}


@requirement("evals.aime.own")
def test_every_answer_of_our_own_problems_is_right() -> None:
    items = load_benchmark("aime-own").load()
    answers = {item.question.id: item.sample.target for item in items}
    assert answers == {name: str(solve()) for name, solve in SOLUTIONS.items()}
    assert all(0 <= int(str(answer)) <= 999 for answer in answers.values())


@requirement("evals.aime")
@pytest.mark.parametrize("name", ["aime-2025", "aime-2025-python", "aime-own", "aime-own-python"])
def test_ten_runs_try_each_problem_sixteen_times(name: str) -> None:
    (arm,) = load_benchmark(name).arms
    assert (arm.num_runs, arm.num_trials) == (10, 16)
    assert arm.settings["thinking_tokens"] == 128_000
    assert bool(load_benchmark(name).sandboxes) == ("python" in name)


@requirement("evals.aime")
def test_the_contests_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "test.jsonl"
    rows = [{"problem": r"Find $\sqrt{49}$.", "answer": "7", "id": "0"}]
    file.write_text("\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")
    (item,) = read_problems(file, read_prompt("aime"))
    assert (item.question.id, item.sample.target) == ("0", "7")
    assert r"Find $\sqrt{49}$." in str(item.sample.input)
    assert r"\boxed{}" in str(item.sample.input)


def test_our_own_problems_say_where_they_are_from() -> None:
    assert "Apache-2.0" in (data_folder("aime-own") / "SOURCE.md").read_text(encoding="utf-8")

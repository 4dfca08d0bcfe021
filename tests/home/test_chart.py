"""The line of a fund's balances."""

import pytest

from fundsvc.home.chart import HEIGHT, WIDTH, line


def heights(points: str) -> list[float]:
    return [float(point.split(",")[1]) for point in points.split()]


def test_a_growing_fund_rises_from_left_to_right() -> None:
    drawn = line([100, 120, 140])
    assert heights(drawn.points) == sorted(heights(drawn.points), reverse=True)
    assert drawn.last_x <= WIDTH


def test_zero_is_in_view_when_a_fund_lost_more_than_half() -> None:
    assert line([100, 10]).zero_y is not None
    assert line([100, 90]).zero_y is None


def test_a_fund_that_does_not_move_is_a_level_line() -> None:
    assert heights(line([5, 5, 5]).points) == [HEIGHT / 2] * 3


@pytest.mark.parametrize("values", [[0], [-1, 1], [-7, -7], [10**15, -(10**15)]])
def test_every_point_is_inside_the_picture(values: list[int]) -> None:
    assert all(0 <= y <= HEIGHT for y in heights(line(values).points))

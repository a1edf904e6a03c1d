"""Postures that the mannequin's five named ones are not among: what try-on is trained on."""

from __future__ import annotations

import math

import numpy as np

from genrec.data.synthetic.figure import AXIS, POSES, Point, Pose

APART = 12.0
"""Body units by which the joints of a posture are, in the mean, from those of any named one."""


def random_pose(rng: np.random.Generator) -> Pose:
    """A posture at random that is none of `figure.POSES`, nor near one: those are kept for the measures."""
    while True:
        turn = float(rng.uniform(0.74, 1.0))
        pose = Pose(
            "random", (_arm(rng, -1, turn), _arm(rng, 1, turn)), (_leg(rng, -1, turn), _leg(rng, 1, turn)), turn
        )
        if min(_apart(pose, named) for named in POSES) > APART:
            return pose


def _arm(rng: np.random.Generator, side: int, turn: float) -> tuple[Point, Point, Point]:
    """Shoulder, elbow, wrist; most arms hang, some are lifted as far as above the head."""
    swing = rng.uniform(-5, 60) if rng.random() < 0.7 else rng.uniform(60, 150)
    bend = swing + rng.uniform(-70, 55)
    upper, lower = 72 * rng.uniform(0.93, 1.05), 66 * rng.uniform(0.9, 1.05)
    shoulder = (AXIS + side * 46 * turn, 118.0)
    return _limb(shoulder, side, swing, upper, bend, lower)


def _leg(rng: np.random.Generator, side: int, turn: float) -> tuple[Point, Point, Point]:
    swing = rng.uniform(-4, 16)
    hip = (AXIS + side * 20 * turn, 248.0)
    return _limb(hip, side, swing, 104.0, swing + rng.uniform(-8, 10), 104.0)


def _limb(start: Point, side: int, first: float, one: float, second: float, other: float) -> tuple[Point, Point, Point]:
    """Angles in degrees from straight down, outward; lengths in body units."""
    middle = _reach(start, side, first, one)
    return start, middle, _reach(middle, side, second, other)


def _reach(start: Point, side: int, angle: float, length: float) -> Point:
    turned = math.radians(angle)
    return start[0] + side * math.sin(turned) * length, start[1] + math.cos(turned) * length


def _apart(one: Pose, other: Pose) -> float:
    joints = [
        math.dist(a, b)
        for first, second in zip((*one.arms, *one.legs), (*other.arms, *other.legs), strict=True)
        for a, b in zip(first[1:], second[1:], strict=True)
    ]
    return sum(joints) / len(joints)

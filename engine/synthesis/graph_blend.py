"""Laying premultiplied layers over a picture, of 255, as a tensor graph: what ``blend`` does."""

from engine.runtime.tape import Tensor


def over(target: Tensor, colour: Tensor, alpha: Tensor) -> Tensor:
    """``blend.over``: colour + target · (1 − alpha), of 255."""
    rest = (target * ((255.0 - alpha) * (1 / 255))).unary("Round")
    return (rest + colour).least(255.0)


def times(colour: Tensor, alpha: Tensor) -> Tensor:
    """Premultiplied, of 255."""
    return (colour * (alpha * (1 / 255))).unary("Round")


def halved(plane: Tensor) -> Tensor:
    """At half size, each the mean of four, halves upward."""
    mean = plane.tape.op("AveragePool", plane, kernel_shape=[2, 2], strides=[2, 2])
    return (mean + 0.5).unary("Floor")


def darken(target: Tensor, light: Tensor, black: int) -> Tensor:
    """``blend.darken``."""
    shade = ((255.0 - light) * (black / 255)).unary("Round")
    return (times(target, light) + shade).least(255.0)

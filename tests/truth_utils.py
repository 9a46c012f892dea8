"""The rendered truth of the shipped persona, made once."""

from functools import cache

from engine.portrait.prior import Fit, fit, load_prior
from engine.train.refiner.inside import Style
from engine.train.refiner.make import Subject, truth
from engine.train.refiner.truth import Truth
from tests.portrait_utils import ada, landmarks, portrait


@cache
def subject() -> Subject:
    return Subject("ada", portrait(), landmarks(), ada())


@cache
def laid() -> Fit:
    return fit(load_prior(), landmarks())


@cache
def ada_truth() -> Truth:
    return truth(subject(), load_prior(), Style())

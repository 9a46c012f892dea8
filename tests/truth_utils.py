"""The rendered truth of the shipped persona, made once. It needs the extra ``train``."""

from functools import cache

from engine.portrait.prior import load_prior
from engine.train.refiner.inside import Style
from engine.train.refiner.make import Subject, truth
from engine.train.refiner.truth import Truth
from tests.portrait_utils import ada, landmarks, portrait


@cache
def subject() -> Subject:
    return Subject("ada", portrait(), landmarks(), ada())


@cache
def ada_truth() -> Truth:
    return truth(subject(), load_prior(), Style())

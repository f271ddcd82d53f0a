"""A study of which a process is ended from outside ends in one line."""

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor

import pytest

from altseason.errors import InputError
from altseason_lab.study.pool import _InProcesses


def test_process_that_is_ended_from_outside_ends_the_study_in_a_line():
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context, os._exit, (9,)) as executor:
        run = _InProcesses(executor)
        with pytest.raises(InputError, match="ended from outside, perhaps for want of memory"):
            run(["any cell"], lambda: None)

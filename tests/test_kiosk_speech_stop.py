from kiosk.speech.stop import StopSignal


def test_a_signal_calls_whoever_is_at_work() -> None:
    signal, calls = StopSignal(), list[str]()
    with signal.calling(lambda: calls.append("stopped")):
        signal.set()
    assert calls == ["stopped"]
    assert signal.is_set


def test_work_begun_too_late_is_stopped_at_once() -> None:
    signal, calls = StopSignal(), list[str]()
    signal.set()
    with signal.calling(lambda: calls.append("stopped")):
        assert calls == ["stopped"]


def test_work_that_is_done_is_left_alone() -> None:
    signal, calls = StopSignal(), list[str]()
    with signal.calling(lambda: calls.append("stopped")):
        pass
    signal.set()
    assert not calls

from kiosk.check import Check, trouble


def test_an_error_s_remedy_is_what_follows_its_last_colon() -> None:
    found = trouble("plans", "warn", "x.plan: cut short; build it: kiosk plan build")
    assert found == Check("plans", "warn", "x.plan: cut short; build it", "kiosk plan build")
    assert found.to_json()["remedy"] == "kiosk plan build"
    assert trouble("plans", "fail", "broken") == Check("plans", "fail", "broken", "broken")

from kiosk.speech.rules import apply, rule


def test_rules_follow_one_another() -> None:
    rules = [rule("a", "b"), rule("b+", lambda found: str(len(found[0])))]
    assert apply(rules, "abc") == "2c"

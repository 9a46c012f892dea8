"""Settings: three layers, bounds, and faults that name their source."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import ValidationError

from kiosk.config import FLAGS, PROJECT, ConfigError, Settings, find_file, load
from kiosk.speech.assets import default_voices_dir


def write(folder: Path, text: str) -> Path:
    path = folder / "kiosk.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(
    path: Path | None, overrides: Mapping[str, object] | None = None, **environment: str
) -> str:
    with pytest.raises(ConfigError) as caught:
        load(path, overrides, environment)
    return str(caught.value)


def test_shipped_file_is_valid_and_gives_the_defaults() -> None:
    shipped = load(PROJECT / "kiosk.toml", environment={})
    assert shipped.model_copy(update={"topics": ()}) == Settings()
    titles = [topic.title for topic in shipped.topics]
    assert len(titles) == len(set(titles)) == 16
    assert any(title.isascii() for title in titles)
    assert any(not title.isascii() for title in titles)


def test_shipped_file_names_every_key() -> None:
    text = (PROJECT / "kiosk.toml").read_text(encoding="utf-8")
    for section, field in Settings.model_fields.items():
        for key in getattr(field.annotation, "model_fields", {}):
            assert f"\n{key} = " in text.split(f"[{section}]", 1)[1], f"{section}.{key}"


def test_variables_beat_the_file_and_flags_beat_both(tmp_path: Path) -> None:
    path = write(tmp_path, "[server]\nport = 1\nconnect_timeout_s = 2\n[page]\ntitle = 'File'\n")
    environment = {"KIOSK_SERVER__PORT": "2", "KIOSK_PAGE__TITLE": "Variable"}
    settings = load(path, {"server.port": 3, "server.host": None}, environment)
    assert settings.server.port == 3
    assert settings.page.title == "Variable"
    assert settings.server.connect_timeout_s == 2.0
    assert settings.server.host == "127.0.0.1"


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError):
        Settings().server.port = 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[video]\nframe_rate_hz = 30", "kiosk.toml: video.frame_rate_hz = 30: allowed: 20 or 25"),
        ("[video]\nwidth = 513", "width = 513: allowed: an even whole number from 256 to 1280"),
        ("[video]\nportrait_height = 99", "portrait_height = 99: allowed: an even whole number"),
        ("[server]\nport = 0", "server.port = 0: allowed: a whole number from 1 to 65535"),
        ("[server]\nport = 'x'", 'server.port = "x": allowed: a whole number'),
        ("[avatar]\ndynamic_scale = 1.3", "dynamic_scale = 1.3: allowed: a number from 1.0 to 1.2"),
        ("[avatar]\nmotion_scale = 1.2", "motion_scale = 1.2: allowed: a number from 1.0 to 1.1"),
        ("[speech]\nrate = 0.4", "speech.rate = 0.4: allowed: a number from 0.5 to 2.0"),
        ("[speech]\nrate = nan", "speech.rate = NaN: allowed: a number from 0.5 to 2.0"),
        ("[speech]\nvoice_en = 'a b'", "allowed: a name of letters, digits"),
        ("[page]\nlanguage = 'fr'", 'page.language = "fr": allowed: "en" or "zh"'),
        ("[page]\ncaptions = 'perhaps'", "allowed: true or false"),
        ("[page]\ntitle = ' '", "allowed: text with letters or digits, 1 to 80 characters"),
        ("[log]\nlevel = 'loud'", '"debug" or "info" or "warning" or "error"'),
        ("[server]\nallowed_origins = ['*']", 'server.allowed_origins[1] = "*": allowed: a list'),
        ("[server]\nprot = 1", "kiosk.toml: server.prot: no such key: did you mean port?"),
        ("[sever]\nport = 1", "sever: no such section: did you mean server?"),
        ("server = 3", "server = 3: allowed: a section of keys and values"),
        ("[[topics]]\ntitle = 'A'", "topics[1].text: missing"),
        ("[[topics]]\ntitle = 'A'\ntext = '…'", 'topics[1].text = "…": allowed: text with letters'),
        ("[[topics]]\ntitle = 'A'\ntxt = 'b'\ntext = 'c'", "no such key: did you mean text?"),
        ("topics = 3", "topics = 3: allowed: a list of at most 48 tables"),
        ("[server]\ntls_key = 'k.pem'", "tls_certificate and server.tls_key: set both, or neither"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(tmp_path: Path, text: str, told: str) -> None:
    assert told in problems(write(tmp_path, text))


def test_all_faults_are_told_together_with_their_sources(tmp_path: Path) -> None:
    path = write(tmp_path, "[server]\nport = 0\n[page]\nlanguage = 'fr'\n")
    told = problems(path, {"speech.rate": 9}, KIOSK_STAGES__MAX_STAGES="many").splitlines()
    assert len(told) == 4
    assert {line.split(":")[0] for line in told} == {
        "kiosk.toml", "--rate", "KIOSK_STAGES__MAX_STAGES",
    }  # fmt: skip


def test_a_token_never_shows(tmp_path: Path) -> None:
    told = problems(write(tmp_path, "[server]\ntoken = 'very secret'\n"))
    assert "server.token = (hidden)" in told
    assert "secret" not in told
    assert "hush" not in repr(load(None, {"server.token": "hush"}, {}))


def test_a_host_beyond_this_machine_needs_token_and_tls(tmp_path: Path) -> None:
    certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
    told = problems(None, {"server.host": "0.0.0.0"})
    assert told.startswith("kiosk.toml, --host: ") and "set server.token" in told
    tls = {"server.tls_certificate": str(certificate), "server.tls_key": str(key)}
    open_host = {"server.host": "0.0.0.0", "server.token": "x" * 16} | tls
    assert "no such file" in problems(None, open_host)
    certificate.touch()
    key.touch()
    assert "at least 16 characters" in problems(None, open_host | {"server.token": "short"})
    server = load(None, open_host, {}).server
    assert server.tls and not server.loopback
    assert server.url == "https://localhost:8080"


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://localhost:8080"),
        ("localhost", "http://localhost:8080"),
        ("127.0.0.2", "http://127.0.0.2:8080"),
        ("[::1]", "http://[::1]:8080"),
    ],
)
def test_loopback_hosts_need_nothing(host: str, url: str) -> None:
    server = load(None, {"server.host": host}, {}).server
    assert server.loopback
    assert server.url == url


def test_relative_paths_count_from_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, "[speech]\nvoices_dir = 'my-voices'\n")
    assert load(path, environment={}).speech.voices_path == tmp_path / "my-voices"
    assert Settings().speech.voices_path == default_voices_dir()
    path = write(tmp_path, "[avatar]\ndir = 'faces'\n")
    assert load(path, environment={}).avatar.path == tmp_path / "faces"
    assert Settings().avatar.path == default_voices_dir().parent / "avatars"


def test_the_file_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named, asked = tmp_path / "named.toml", tmp_path / "asked.toml"
    monkeypatch.chdir(tmp_path)
    assert find_file(None, {}) == PROJECT / "kiosk.toml"
    assert find_file(None, {"KIOSK_CONFIG": str(named)}) == named
    assert find_file(asked, {"KIOSK_CONFIG": str(named)}) == asked
    here = write(tmp_path, "")
    assert find_file(None, {}) == Path(here.name)


def test_every_flag_overrides_a_key_that_is() -> None:
    for dotted in FLAGS:
        section, key = dotted.split(".")
        assert key in getattr(Settings.model_fields[section].annotation, "model_fields", {})

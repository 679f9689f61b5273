"""Settings: defaults, then `titian.toml`, then `TITIAN_*` in the environment."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from titian.kernel.errors import InvalidInput, Remedy, Unavailable
from titian.kernel.near import nearest

CONFIG_FILE = "titian.toml"
PREFIX = "TITIAN_"
NO_SETTING = "is no setting"
ANOTHER_VALUE = Remedy("Write another value there, or take it out: every setting has a default.")


def default_home() -> Path:
    """Give `TITIAN_HOME`, else `~/.titian`. Raises InvalidInput where nobody's home is known."""
    named = os.environ.get("TITIAN_HOME")
    try:
        return (Path(named) if named else Path("~/.titian")).expanduser().absolute()
    except RuntimeError:
        raise InvalidInput(
            "no home folder is known to keep anything in",
            "Set TITIAN_HOME to a folder you may write.",
        ) from None


def spoken_here() -> str:
    """Give the language (`zh` or `en`) of the environment that commands are typed in."""
    named = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return "zh" if next(filter(None, named), "").startswith("zh") else "en"


class Settings(BaseSettings):
    """Everything that can be set; every limit that is not a constant of its room."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="forbid", frozen=True, env_ignore_empty=True
    )

    home: Path = Field(default_factory=default_home)
    database_url: SecretStr | None = None
    lake_path: Path | None = None
    locale: str = Field(default="zh", pattern="^(zh|en)$")
    """The language of pages for browsers that ask for none."""
    lang: str = Field(default_factory=spoken_here, pattern="^(zh|en)$")
    """The language of names on the command line."""
    log_level: str = Field(default="WARNING", pattern="^(DEBUG|INFO|WARNING|ERROR)$")
    log_json: bool = False

    host: str = "127.0.0.1"
    port: int = Field(default=8800, ge=0, le=65535)
    secure_cookies: bool = False
    trusted_proxy: str = ""
    session_idle_minutes: int = Field(default=30, ge=1)
    session_hours: int = Field(default=10, ge=1)

    query_memory_mb: int = Field(default=512, ge=64)
    query_timeout_s: float = Field(default=30, gt=0)
    query_max_rows: int = Field(default=10_000, ge=1)
    query_workers: int = Field(default=2, ge=1, le=64)

    job_workers: int = Field(default_factory=lambda: os.cpu_count() or 2, ge=1, le=256)
    job_memory_mb: int = Field(default=1024, ge=64)
    job_timeout_s: float = Field(default=3600, gt=0)
    feed_max_bytes: int = Field(default=64 * 2**30, ge=1)
    feed_memory_mb: int = Field(default=512, ge=64)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources: arguments, environment, the file here, the file in the home."""
        del dotenv_settings, file_secret_settings
        home = Path(init_settings().get("home") or default_home())
        files = (_toml(settings_cls, file) for file in _files(home))
        return init_settings, env_settings, *files

    @field_validator("home", "lake_path")
    @classmethod
    def _whole_path(cls, path: Path | None) -> Path | None:
        return path and path.expanduser().absolute()

    @property
    def sqlalchemy_url(self) -> str:
        """The operational database: the one set, else SQLite in the home folder."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.home / 'titian.db'}"

    @property
    def lake(self) -> Path:
        """The folder that holds the lake."""
        return self.lake_path or self.home / "lake"

    @property
    def definitions(self) -> Path:
        """The folder of installed definitions."""
        return self.home / "definitions"


def _files(home: Path) -> list[Path]:
    try:
        return [file for file in (Path(CONFIG_FILE), home / CONFIG_FILE) if file.is_file()]
    except OSError as error:
        raise Unavailable(
            f"the home folder {home} cannot be read ({error.strerror})",
            "Give yourself the right to it, or set TITIAN_HOME to another folder.",
        ) from None


def _toml(settings_cls: type[BaseSettings], file: Path) -> TomlConfigSettingsSource:
    try:
        return TomlConfigSettingsSource(settings_cls, file)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidInput(
            f"{file.resolve()} cannot be read: {error}",
            "Write lines of `name = value`, as UTF-8 text.",
        ) from None


def load(**overrides: object) -> Settings:
    """Read the settings; overrides win. Raises InvalidInput naming each wrong key and its place."""
    home = Path(str(overrides.get("home") or default_home()))
    _refuse_unknown_variables()
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # pydantic checks at run time
    except ValidationError as error:
        raise _refusal(error, home) from None


def _refusal(error: ValidationError, home: Path) -> InvalidInput:
    words, remedy = [], ANOTHER_VALUE
    for item in error.errors(include_input=False):
        key = str(item["loc"][0])
        unknown = item["type"] == "extra_forbidden"
        words.append(
            f"{_place(key, home)}: {key} " + (NO_SETTING if unknown else f"is wrong: {item['msg']}")
        )
        remedy = nearest(key, Settings.model_fields) if unknown else remedy
    return InvalidInput(f"settings are wrong: {'; '.join(words)}", remedy)


def _refuse_unknown_variables() -> None:
    for name in sorted(os.environ):
        key = name.removeprefix(PREFIX).lower()
        if name.startswith(PREFIX) and key not in Settings.model_fields:
            raise InvalidInput(f"{name} {NO_SETTING}", nearest(key, Settings.model_fields))


def _place(key: str, home: Path) -> str:
    """Name the variable or the file that a setting was taken from."""
    if os.environ.get(f"{PREFIX}{key.upper()}"):
        return f"{PREFIX}{key.upper()}"
    for file in _files(home):
        if key in tomllib.loads(file.read_text(encoding="utf-8")):
            return str(file.absolute())
    return "the command line"


_current: Settings | None = None


def settings() -> Settings:
    """Give the settings in force."""
    return _current or configure(load())


def configure(new: Settings) -> Settings:
    """Put settings in force for this process."""
    global _current
    _current = new
    return new

"""Settings: defaults, then `titian.toml`, then `TITIAN_*` in the environment."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from titian.kernel.errors import InvalidInput

CONFIG_FILE = "titian.toml"


def default_home() -> Path:
    """Give `TITIAN_HOME`, else `~/.titian`."""
    return Path(os.environ.get("TITIAN_HOME") or Path.home() / ".titian")


class Settings(BaseSettings):
    """Everything that can be set; every limit that is not a constant of its room."""

    model_config = SettingsConfigDict(env_prefix="TITIAN_", extra="forbid", frozen=True)

    home: Path = Field(default_factory=default_home)
    database_url: SecretStr | None = None
    lake_path: Path | None = None
    locale: str = Field(default="zh", pattern="^(zh|en)$")
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
        files = [file for file in (Path(CONFIG_FILE), home / CONFIG_FILE) if file.is_file()]
        return init_settings, env_settings, *(_toml(settings_cls, file) for file in files)

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


def _toml(settings_cls: type[BaseSettings], file: Path) -> TomlConfigSettingsSource:
    try:
        return TomlConfigSettingsSource(settings_cls, file)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidInput(
            f"{file.resolve()} cannot be read: {error}", "Mend the file: lines of `name = value`."
        ) from None


def load(**overrides: object) -> Settings:
    """Read the settings; overrides win. Raises InvalidInput naming each wrong key."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # pydantic checks at run time
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}"
            for item in error.errors(include_input=False)
        )
        raise InvalidInput(
            f"settings are wrong: {wrong}", f"Mend {CONFIG_FILE} or the TITIAN_ variables."
        ) from None


_current: Settings | None = None


def settings() -> Settings:
    """Give the settings in force."""
    return _current or configure(load())


def configure(new: Settings) -> Settings:
    """Put settings in force for this process."""
    global _current
    _current = new
    return new

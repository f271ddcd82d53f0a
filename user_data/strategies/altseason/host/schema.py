"""Describe errors in Freqtrade's configuration without showing its values.

Freqtrade itself prints the refused value or the lines around it, which may be secret.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import rapidjson
from freqtrade.config_schema.config_schema import CONF_SCHEMA
from freqtrade.configuration.load_config import CONFIG_PARSE_MODE
from jsonschema import Draft4Validator
from jsonschema.exceptions import ValidationError

from altseason.errors import InputError

KINDS: dict[type, str] = {
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "a string",
    dict: "an object",
    list: "an array",
    type(None): "null",
}
WANTED = {
    "boolean": "a boolean",
    "integer": "a whole number",
    "number": "a number",
    "string": "a string",
    "object": "an object",
    "array": "an array",
    "null": "null",
}
LIMITS = {
    "minimum": "{} or more",
    "maximum": "{} or less",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "minLength": "{} characters or more",
    "maxLength": "{} characters or fewer",
    "minItems": "{} values or more",
    "maxItems": "{} values or fewer",
    "pattern": "a value like {}",
}
UNSET = "unset: "
LENGTHS = ("minLength", "maxLength", "minItems", "maxItems")


def find_hint(value: Any) -> str | None:
    """Return the hint of a setting that must come from an environment variable; None for others.

    In our overlays, such a setting is a list with one sentence, which Freqtrade refuses.
    """
    is_hint = isinstance(value, list) and len(value) == 1 and str(value[0]).startswith(UNSET)
    return str(value[0]) if is_hint else None


def refuse_invalid(config: Mapping[str, Any], required: Sequence[str] = ()) -> None:
    """Refuse a configuration that Freqtrade's schema refuses, before Freqtrade prints it.

    :param required: the settings that must be present.
    :raises InputError: in one line, without any value that may be secret.
    """
    schema = {**CONF_SCHEMA, "required": list(required)}
    # Not Freqtrade's own validator, which adds defaults, and fails if a section is no object.
    for error in Draft4Validator(schema).iter_errors(config):
        if not _is_filled_in(error):
            raise InputError(describe_schema_error(error))


def refuse_wrong_kinds(config: Mapping[str, Any]) -> None:
    """Refuse settings of a wrong kind by Freqtrade's schema; settings may be missing.

    Our commands need few settings; the others may be set only where the bot runs.

    :raises InputError: in one line, without any value that may be secret.
    """
    for error in Draft4Validator(CONF_SCHEMA).iter_errors(config):
        # A setting that must come from a variable is refused where it is needed.
        if error.validator in ("type", "enum") and find_hint(error.instance) is None:
            raise InputError(describe_schema_error(error))
    # The schema does not contain it.
    if not isinstance(folder := config.get("user_data_dir", ""), str):
        raise InputError(f"user_data_dir: expected a string, found {_kind(folder)}")


def _is_filled_in(error: ValidationError) -> bool:
    """Return whether only settings are missing for which Freqtrade has a default."""
    if error.validator != "required":
        return False
    known = error.schema.get("properties", {})
    return all(
        "default" in known.get(name, {})
        for name in error.validator_value
        if name not in error.instance
    )


def describe_schema_error(error: ValidationError) -> str:
    """Return which setting the schema refuses and what it expects, without the value."""
    path = ".".join(map(str, error.absolute_path)) or "configuration"
    wanted, found = error.validator_value, error.instance
    if error.validator == "required":
        missing = next(name for name in wanted if name not in found)
        return f"{path}: expected a setting '{missing}', found none"
    if hint := find_hint(found):
        return f"{path}: {hint}"
    if error.validator == "type":
        kinds = [wanted] if isinstance(wanted, str) else wanted
        return f"{path}: expected {_join(WANTED[kind] for kind in kinds)}, found {_kind(found)}"
    if error.validator == "enum":
        return f"{path}: expected one of {_join(map(str, wanted))}, found something else"
    if error.validator in LIMITS:
        limit = LIMITS[error.validator].format(wanted)
        length = f", found {len(found)}" if error.validator in LENGTHS else ", found another one"
        return f"{path}: expected {limit}{length}"
    return f"{path}: expected what Freqtrade's schema allows ({error.validator})"


def describe_json_error(files: Sequence[str], error: rapidjson.JSONDecodeError) -> str:
    """Return which line of which file is not valid JSON, without its text."""
    for name in files:
        try:
            text = Path(name).read_text(encoding="utf-8")
            rapidjson.loads(text, parse_mode=CONFIG_PARSE_MODE)
        except rapidjson.JSONDecodeError as found:
            where, _, reason = str(found).partition(": ")
            offset = int("0" + "".join(filter(str.isdigit, where)))
            line = text.encode()[:offset].count(b"\n") + 1
            return f"{name}, line {line}: expected JSON, found: {reason or where}"
        except OSError:
            continue
    # The error is in a file that one of these includes.
    return f"{', '.join(files)}: expected JSON in add_config_files, found: {error}"


def _kind(value: Any) -> str:
    return next((name for kind, name in KINDS.items() if isinstance(value, kind)), "another kind")


def _join(words: Iterable[str]) -> str:
    listed = list(words)
    return (" or " if len(listed) < 3 else ", ").join(listed)

"""digest.toml: strict, and every fault named with its key and a way out."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import get_type_hints

import pytest

from digest.config import Config, load_config, parse_config
from digest.errors import ConfigError

ROOT = Path(__file__).resolve().parent.parent
SMALL = '[newsletter]\nname = "The Ledger"\nfrom = "Ledger <ledger@example.org>"\n'


def test_two_keys_are_enough() -> None:
    config = parse_config(SMALL)
    assert str(config.newsletter.sender) == "Ledger <ledger@example.org>"
    assert config.reply_to == config.newsletter.sender
    assert config.list_id == "newsletter.example.org"


def test_a_language_without_a_shorter_code_has_three_letters() -> None:
    assert parse_config(SMALL + '[week]\nlanguages = ["fil", "gsw-CH"]\n').week.languages == ("fil", "gsw-CH")


def test_the_samples_configuration_loads() -> None:
    assert load_config(ROOT).newsletter.name == "The Weekly Ledger"


@pytest.mark.parametrize(
    ("text", "what", "hint"),
    [
        ("x", "is no valid TOML", "mend that line"),
        ("[send]\n", "the section [newsletter] is missing", "digest init"),
        ('[newsletter]\nname = "x"\n', "the key 'newsletter.from' is missing", "add it"),
        (SMALL + "[summary]\nsentance = 1\n", "unknown key 'summary.sentance'", "did you mean 'sentences'?"),
        (SMALL + "[sumary]\n", "unknown key 'sumary'", "did you mean 'summary'?"),
        (SMALL + 'day = "thursdy"\n', "'newsletter.day' is 'thursdy'", "did you mean 'thursday'?"),
        (SMALL + '[send]\nnot_later_than = "90s"\n', "send.not_later_than = '90s' is no time", '"30m"'),
        (SMALL + '[send]\nnot_later_than = "0h"\n', "send.not_later_than = '0h' is no time", '"" is never'),
        (SMALL + 'zone = "Mars"\n', "there is no time zone 'Mars'", "Europe/London"),
        (SMALL + "[week]\nlimit = true\n", "'week.limit' must be a whole number", "comments"),
        (SMALL + '[week]\nlimit = "ten"\n', "'week.limit' must be a whole number", "comments"),
        (SMALL + "[week]\nlimit = 0\n", "week.limit must lie between 1 and 50", "10 is usual"),
        (SMALL + '[week]\nlanguages = ["en", "german"]\n', "week.languages[2] = 'german' is no language tag", "de"),
        (SMALL + 'language = "en_GB"\n', "newsletter.language = 'en_GB' is no language tag", "en-GB"),
        (SMALL + 'language = "eng"\n', "newsletter.language = 'eng' is no language tag", "write 'en'"),
        (SMALL + '[week]\nlanguages = ["GER-AT"]\n', "languages[1] = 'GER-AT' is no language tag", "write 'de-AT'"),
        (SMALL + '[brief]\nblocked = [""]\n', "brief.blocked[1] is empty", "take it out"),
        (SMALL + "[brief.keywords]\nharbor = nan\n", "brief.keywords.harbor = nan is no weight", "1 is usual"),
        (SMALL + '[[sources]]\npath = "a"\nweight = inf\n', "sources number 1 (a): inf is no weight", "from 0 to 100"),
        (SMALL + '[[sources]]\npath = "a"\nweight = nan\n', "nan is no weight", "from 0 to 100"),
        (SMALL + '[[sources]]\npath = "a"\nweight = -1\n', "-1.0 is no weight", "from 0 to 100"),
        (SMALL + '[[sources]]\nurl = "https://"\n', "is no web address", "https://"),
        (SMALL + "[[sources]]\n", "needs one of url and path", "path ="),
        (SMALL + '[[sources]]\nurl = "ftp://x"\n', "is no web address", "https://"),
        (SMALL + '[summary]\nmethod = "luhnn"\n', "summary.method = 'luhnn' is no method", "luhn"),
        (SMALL + "[summary]\nsentences = 1000000\n", "summary.sentences must lie between", "3 is usual"),
        (SMALL + '[[sections]]\nname = "A"\nmax_seconds = 1\n', "A: max_seconds must be at least 6", "38 words"),
        (SMALL + '[site]\nurl = "http://x.org"\n', "site.url must start with https://", "by mail"),
        (SMALL + '[theme]\naccent = "red"\n', "is no color", "hex"),
        (SMALL + '[smtp]\nhost = "x.org"\nsecurity = "none"\n', "in the clear", "starttls"),
        (SMALL.replace("ledger@example.org", "ledger"), "'newsletter.from'", "me@example.org"),
        (SMALL.replace("The Ledger", "The\\nLedger"), "line break", "one line"),
    ],
)
def test_a_fault_is_named_with_its_key_and_a_way_out(text: str, what: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(text)
    assert what in str(caught.value)
    assert hint in caught.value.hint


def test_every_key_of_the_file_is_used_somewhere() -> None:
    """A setting nobody reads is a promise nobody keeps."""
    used = "".join(
        path.read_text("utf-8")
        for folder in ("digest", "templates")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".j2", ".html"} and path.name != "config.py"
    )
    used += (ROOT / "digest/config.py").read_text("utf-8").partition("def reply_to")[2]
    idle = []
    for section in get_type_hints(Config).values():
        for cls in (section, *getattr(section, "__args__", ())):
            if is_dataclass(cls):
                idle += [f"{cls.__name__}.{f.name}" for f in fields(cls) if f".{f.name}" not in used]
    assert not idle

"""How an older file becomes a newer one, one module a step.

A step is never edited once released; a change is a new step at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from digest.store.migrations.approvals import words_before_approval
from digest.store.migrations.corrections import corrections
from digest.store.migrations.editors import editors_by_link
from digest.store.migrations.first import first_tables
from digest.store.migrations.ledger import compact_ledger
from digest.store.migrations.letters import corrections_by_mail
from digest.store.migrations.notices import notices_to_readers
from digest.store.migrations.people import imports_and_files
from digest.store.migrations.pictures import copies_of_pictures
from digest.store.migrations.returns import returned_mail
from digest.store.migrations.shards import rows_come_back
from digest.store.migrations.sources import health_of_sources

MIGRATIONS: tuple[Callable[[Any], None], ...] = (
    first_tables,
    health_of_sources,
    compact_ledger,
    corrections,
    copies_of_pictures,
    returned_mail,
    imports_and_files,
    notices_to_readers,
    words_before_approval,
    editors_by_link,
    corrections_by_mail,
    rows_come_back,
)
"""In order; the file's user_version counts how many it has."""

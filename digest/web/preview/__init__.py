"""The draft beside its evidence, in the editor's browser, on this machine only.

Reading order: draft (the folder → what is shown, or what keeps it from being shown) · state (what the editor looks
at) · letter (what one reader gets) · frame (the mail, made inert) · week, overview, evidence, scores, inbox, findings
(the panels) · pages, api, changes, adding and assets (the addresses) · app (all of it behind one door).
"""

from digest.web.preview.app import create_preview
from digest.web.preview.draft import Workshop

__all__ = ["Workshop", "create_preview"]

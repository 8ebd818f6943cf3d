"""What a browser sees: the editor's preview, and the small site where a subscriber leaves.

preview/ shows a draft on this machine only, behind guard.py · site.py is `digest serve` · server.py runs either.
Flask and waitress are imported when an app is made, never before.
"""

from digest.web.server import serve
from digest.web.site import create_site

__all__ = ["create_site", "serve"]

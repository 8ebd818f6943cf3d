"""What a browser sees: the editor's preview, and the small site where a subscriber leaves.

preview.py shows a draft on this machine only · site.py is `digest serve` · server.py runs either. Flask and
waitress are imported when an app is made, never before.
"""

from digest.web.preview import Draft, create_preview
from digest.web.server import serve
from digest.web.site import create_site

__all__ = ["Draft", "create_preview", "create_site", "serve"]

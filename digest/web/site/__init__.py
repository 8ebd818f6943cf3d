"""The subscriber's pages, `digest serve`: sign up, confirm, choose, leave, read, ask what is held, be erased.

Writes nothing but lines in an inbox, on disk before the answer; `dispatch.errands` does what they ask. No script, no
cookie, no log of who came: the token in the address is all there is, and an unknown one gets the same answers as a
known one. Without cookies there is nothing another site could borrow: a forged form can do no more than its maker.

app.py makes the app · leaving, joining, choosing, asking, archive are its pages · people.py is all they may look up ·
forms.py and web/limits.py keep strangers in bounds · fetching.py hands a receiver's inbox to its newsletter.
"""

from digest.web.site.app import create_site

__all__ = ["create_site"]

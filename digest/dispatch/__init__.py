"""Carries a frozen issue out: leases rows, addresses letters, hands them to a transport, books every answer.

Read `ledger` (what is asked of the books), then `local` (one host, one database). `trial` mails a test; `keys` and
`locks` are what a newsletter's folder needs for it; `backup` and `doctor` look after the folder.
"""

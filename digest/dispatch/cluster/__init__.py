"""The same ledger, past one machine: workers elsewhere carry what a coordinator hands out.

Read in this order: `shards` (what travels, sealed), `claims` (bitmaps in Redis, without which no dot leaves),
`broker` (the queues of RabbitMQ, and Celery over them), `ledger` (subscribers.db under many owners), `coordinator` (one
run of `digest send --workers`), `carrying` and `worker` (the other side).

subscribers.db stays the only record. What is in the broker and in the claim store may vanish at any moment: whatever
was handed out by then, and not reported, is in doubt, and all the rest has provably not left.
"""

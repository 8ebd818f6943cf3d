"""From a letter to the receiver's answer, and from the answer to the ledger's next state.

`replies` and `states` are pure rules; `transports` carry bytes. Nobody here sees a template, SQL or a
subscriber.
"""

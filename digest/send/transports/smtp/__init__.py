"""Letters over SMTP: a pool of connections to one server (RFC 5321), one letter at a time on each.

Read `dialogue` first: the order that makes delivery accountable. Envelope and body go out, which is still safe to
abandon; then `journal.may_finish`; only then the final dot. What is lost before the dot was not delivered; what is
lost after it is Unknown, and said so. `pool` shares the letters out; `opening` gets in (EHLO, STARTTLS, AUTH);
`wire` is bytes and replies; `stuffing` makes a letter's bytes fit for DATA.
"""

from digest.send.transports.smtp.pool import Smtp
from digest.send.transports.smtp.settings import PASSWORD_VARIABLE, SmtpSettings, Timeouts

__all__ = ["PASSWORD_VARIABLE", "Smtp", "SmtpSettings", "Timeouts"]

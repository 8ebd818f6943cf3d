"""When the same refusal again and again is about the sender."""

from __future__ import annotations

from digest.model import Reply
from digest.send.refusals import Refusals

POLICY = Reply(554, "5.7.1", "Message rejected due to content, see ref 4F2A-11")
GONE = Reply(550, "5.1.1", "no such user")


def refuse(refusals: Refusals, number: int, domains: int, reply: Reply = POLICY, first: int = 0) -> tuple[int, ...]:
    found: tuple[int, ...] = ()
    for n in range(first, first + number):
        found += refusals.rejected(n, f"provider{n % domains}.example", reply)
    return found


def test_ten_readers_at_five_providers_are_enough() -> None:
    assert refuse(Refusals(), 9, 5) == ()
    assert refuse(Refusals(), 10, 5) == tuple(range(10))


def test_one_provider_alone_may_have_its_own_opinion() -> None:
    assert refuse(Refusals(), 100, 4) == ()


def test_different_refusals_are_different_matters() -> None:
    refusals = Refusals()
    assert refuse(refusals, 9, 5) == ()
    assert refuse(refusals, 9, 5, Reply(550, "5.7.0", "no"), first=20) == ()


def test_a_number_in_the_words_makes_no_other_refusal() -> None:
    refusals = Refusals()
    found = [refusals.rejected(n, f"p{n}.example", Reply(554, "5.7.1", f"rejected, see id {n}A7")) for n in range(10)]
    assert found[-1] == tuple(range(10))


def test_mailboxes_that_are_gone_are_their_readers_matter_while_others_are_taken() -> None:
    refusals = Refusals()
    for n in range(40):
        refusals.accepted(refusals.count)
        assert refusals.rejected(n, f"p{n}.example", GONE) == ()
    assert refuse(Refusals(), 10, 5, GONE), "but when nobody at all is known, it is the list or the relay"


def test_ten_mailboxes_gone_in_a_row_are_a_fault_however_many_were_taken_before() -> None:
    refusals = Refusals()
    assert refuse(refusals, 3, 3, GONE) == ()
    refusals.accepted(refusals.count)
    assert refuse(refusals, 10, 5, GONE, first=100) == tuple(range(100, 110)), "not those before somebody was taken"


def test_a_letter_nearly_through_when_the_fault_began_does_not_excuse_it() -> None:
    """Four letters are in hand; three are refused, and then the fourth one's dot is answered with 250."""
    refusals = Refusals()
    assert refuse(refusals, 3, 3, GONE) == ()
    refusals.accepted(0)
    assert refuse(refusals, 9, 5, GONE, first=100) == (), "though it begins the row anew"
    assert refuse(refusals, 1, 1, GONE, first=200) == (0, 1, 2, *range(100, 109), 200)


def test_what_is_refused_alike_after_that_is_about_us_too() -> None:
    for reply in (POLICY, GONE):
        refusals = Refusals()
        assert refuse(refusals, 19, 5, reply) == tuple(range(19))
        refusals.accepted(0)
        assert refuse(refusals, 1, 1, reply, first=50) == (50,)
        assert refuse(refusals, 1, 1, Reply(550, "5.2.1", "disabled"), first=60) == ()

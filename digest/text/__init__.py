"""Reading a text, pure: where sentences end, which words it has, who is who, what is not the report.

Reading order: sentences, words, language, leftovers and months, boilerplate, names.
"""

from digest.text.sentences import split_sentences

__all__ = ["split_sentences"]

"""The rules of the check, by what they look at. Read rules.py first: every rule on one page.

mail.py parses a variant once; the others each take it (or the issue, or the text part) and answer findings: sources,
inbox, leftovers, letter, links, pictures, contrast, structure, clients, plain. css.py reads style
sheets, cascade.py and values.py say what they do.
"""

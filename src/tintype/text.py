"""Text that comes from outside, made safe to show."""


def printable(text: str, *, keep: str = "") -> str:
    """The text with control and direction characters escaped, those of `keep` excepted.

    Python counts as printable what Unicode does not class as other or separator, the space
    excepted: what is left can forge neither a line nor a color nor a reading order.
    """
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() or each in keep else ascii(each)[1:-1] for each in text
    )

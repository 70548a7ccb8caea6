"""What tests ask of an answer."""

from tintype.pipeline.notifications import Note, Notice, Reason, parse


def only_note(body: object) -> Note:
    notice = parse(body)
    assert not notice.ignored
    assert not notice.confirmations
    (note,) = notice.notes
    return note


def reasons(notice: Notice) -> list[Reason]:
    return [each.reason for each in notice.ignored]


def check(notice: Notice) -> None:
    """See that there is an answer, and that it can be shown."""
    assert notice.notes or notice.ignored or notice.confirmations
    for each in notice.ignored:
        assert each.detail.isprintable()
        assert len(each.detail) <= 200
        assert each.message is None or each.message.isprintable()
    for note in notice.notes:
        note.key.encode()
        assert note.key
        texts = (note.bucket, note.name, note.version, note.etag, note.sequencer, note.message)
        assert all(text is None or (text.isprintable() and text) for text in texts)
        assert note.time is None or note.time.tzinfo

"""The bulletin."""

from tintype.pipeline.bulletin import Bulletin


def test_listeners_hear_of_their_image_only_and_only_while_they_listen() -> None:
    bulletin = Bulletin()
    heard: list[str] = []
    with bulletin.listening("img_a", lambda: heard.append("first")):
        with bulletin.listening("img_a", lambda: heard.append("second")):
            bulletin.post("img_a")
            bulletin.post("img_b")
        bulletin.post("img_a")
    bulletin.post("img_a")
    assert heard == ["first", "second", "first"]

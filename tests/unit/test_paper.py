"""The paper of a ticket: what stands on it, that hostile text stays text, and that its letters are the right ones."""

from decimal import Decimal
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from comanda.access.model import BrandId
from comanda.base import limits
from comanda.base.clock import Micros
from comanda.kitchen.model import Ticket, TicketLine, TicketModifier, TicketStatus
from comanda.printing.glyphs import SIZES, draw_row, read_row
from comanda.printing.lettering import clean, wrapped
from comanda.printing.paper import MARKS, paper_of
from comanda.printing.picture import picture_of, text_of
from comanda.printing.stream import Cut, Raster, Row, read_stream

ORDERED = Micros(1_790_000_000_000_000)
MINUTE = 60_000_000
COMMANDS = {b"\x1b@", b"\x1c.", b"\x1bt", b"\x1bE", b"\x1d!", b"\x1dB", b"\x1dv", b"\x1bd", b"\x1dV"}
AZERBAIJANI = "Ədviyyatsız düşbərə, göyərti və şirə; ƏĞIİÖŞÜÇ əğıiöşüç"
TURKISH = "Soğansız, acısız İskender; çok pişmiş ĞIİÖŞÜÇ ğıiöşüç"
RUSSIAN = "Без лука, острый соус отдельно: ЁЖ ёж съешь ещё"


def line(name="Soup", count="1", portion="1", note=None, modifiers=(), index=0) -> TicketLine:
    """A line of a ticket."""
    return TicketLine(
        line=index, product_id=1, name=name, count=Decimal(count), portion_size=Decimal(portion), note=note,
        modifiers=tuple(modifiers),
    )  # fmt: skip


def ticket(*lines: TicketLine, number="1045", sale_type="Delivery", comment=None, promised_at=None) -> Ticket:
    """A ticket with some lines."""
    return Ticket(
        brand_id=BrandId("b"), order_id=7, station_id=3, revision=1, venue_id=1, status=TicketStatus.NEW, open=True,
        order_number=number, sale_type=sale_type, comment=comment, promised_at=promised_at, lines=lines or (line(),),
        created_at=ORDERED,
    )  # fmt: skip


def printed(ticket: Ticket, kind="ticket", station="Grill", columns=48) -> bytes:
    """The paper of a ticket in Baku, a minute after its order."""
    return paper_of(
        ticket, kind, station=station, zone="Asia/Baku", printed_at=Micros(ORDERED + MINUTE), columns=columns
    )


def squeezed(paper: bytes) -> str:
    """The text on a paper without any space."""
    return "".join(text_of(paper).split())


def test_a_ticket_says_what_to_cook_for_whom_and_when():
    """Every part of a ticket, row by row."""
    cheese = TicketModifier("Extra cheese", 2, Decimal(1))
    half = TicketModifier("Dip", 1, Decimal("0.5"))
    paper = printed(
        ticket(
            line("Pizza", "2", modifiers=[cheese, half]),
            line("Plov", "0.350", portion="1.50", note="no salt"),
            comment="Ring twice",
            promised_at=Micros(ORDERED + 45 * MINUTE),
        )
    )
    assert [row.strip() for row in text_of(paper).split("\n") if row.strip(" -")] == [
        "Grill", "1045", "Delivery", "Ordered 21.09.2026 18:13", "FOR 18:58", "2 x Pizza", "+ 2 x Extra cheese",
        "+ Dip, portion 0.5", "0.35 x Plov", "portion 1.5", "no salt", "Ring twice",
        "1045 / Printed 21.09.2026 18:14:20 / 7-3-1",
    ]  # fmt: skip


def test_a_promise_for_another_day_says_which():
    """Tomorrow's order."""
    paper = printed(ticket(promised_at=Micros(ORDERED + 24 * 60 * MINUTE)))
    assert "FOR 22.09. 18:13" in text_of(paper)


@pytest.mark.parametrize("kind", MARKS)
@pytest.mark.parametrize("columns", [48, 42, 32])
def test_a_mark_stands_large_and_inverted_at_head_and_foot(kind, columns):
    """Every kind but an ordinary ticket, on every width."""
    parts = read_stream(printed(ticket(), kind, columns=columns)).parts
    runs = [part.runs[0] for part in parts if isinstance(part, Row) and part.runs]
    mark = [text.strip() for text, look in runs if look.inverted and look.bold and look.width >= 3 and text.strip()]
    assert " ".join(mark) == f"{MARKS[kind]} {MARKS[kind]}"
    assert runs[0][1].inverted
    assert runs[-1][1].inverted


def test_an_ordinary_ticket_has_no_mark():
    """Neither text nor black bars."""
    parts = read_stream(printed(ticket())).parts
    assert not any(look.inverted for part in parts if isinstance(part, Row) for _, look in part.runs)


def test_the_order_number_is_four_times_as_large_where_it_fits():
    """A short number fourfold, the longest still double."""
    for number, size in (("1045", 4), ("A" * 14, 3), ("A" * 20, 2)):
        rows = [part for part in read_stream(printed(ticket(number=number))).parts if isinstance(part, Row)]
        looks = [look for row in rows for text, look in row.runs if text.strip() == number]
        assert [(look.width, look.height, look.bold) for look in looks] == [(size, size, True)]


@pytest.mark.parametrize("text", [AZERBAIJANI, TURKISH, RUSSIAN, f"{AZERBAIJANI} {RUSSIAN}"])
@pytest.mark.parametrize("columns", [48, 42, 32])
def test_sentences_of_the_trade_are_on_the_paper_letter_by_letter(text, columns):
    """As a dish, a modifier, a note and a comment."""
    modifier = TicketModifier(text, 1, Decimal(1))
    paper = printed(ticket(line(text, note=text, modifiers=[modifier]), comment=text), columns=columns)
    assert squeezed(paper).count("".join(text.split())) == 4


def test_turkish_and_russian_go_as_text_and_azerbaijani_as_a_picture():
    """Only what no code page has is drawn."""
    for text, drawn in ((TURKISH, False), (RUSSIAN, False), ("Düşbərə", True)):
        parts = read_stream(printed(ticket(line(text)))).parts
        assert any(isinstance(part, Raster) for part in parts) is drawn


def test_the_bytes_of_letters_are_those_of_the_announced_code_page():
    """Slot 13 is code page 857, slot 17 is 866."""
    paper = printed(ticket(line("ığ"), line("щи")))
    assert b"\x1bt\x0d\x8d\xa7\n" in paper
    assert b"\x1bt\x11\xe9\xa8\n" in paper


def test_other_scripts_are_drawn_or_visibly_replaced():
    """Georgian and Greek stand on the paper; Chinese, Arabic and emoji are marked as missing."""
    paper = printed(ticket(line("ხაჭაპური"), line("Μουσακάς"), line("面 سلام 🌶")))
    text = text_of(paper)
    assert "1 x ხაჭაპური" in text
    assert "1 x Μουσακάς" in text
    assert "1 x \ufffd \ufffd\ufffd\ufffd\ufffd \ufffd" in text


@given(st.text(st.sampled_from("əĞışöüçABCabc сдежЩ0123,.!") | st.sampled_from(AZERBAIJANI + RUSSIAN), max_size=24))
@settings(max_examples=60, deadline=None)
def test_what_is_drawn_can_be_read_in_every_size(text):
    """Drawn and read back; letters that two alphabets share are compared by their dots."""
    for width, height in SIZES:
        for bold, inverted in ((True, False), (False, True)):
            picture = draw_row(text.ljust(24), width, height, bold=bold, inverted=inverted)
            read = read_row(picture)
            assert read is not None
            again = draw_row(read.ljust(24), width, height, bold=bold, inverted=inverted)
            assert again.tobytes() == picture.tobytes()


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60), st.sampled_from([48, 42, 32]))
@settings(max_examples=150, deadline=None)
def test_no_text_of_an_order_becomes_a_command(one, other, third, columns):
    """Any text anywhere: only our own commands are on the wire, one reset first and one cut last."""
    modifiers = [TicketModifier(other, 2, Decimal(1)), TicketModifier(third, 1, Decimal("0.5"))]
    hostile = ticket(
        line(one, note=other, modifiers=modifiers), number=third[:20], sale_type=other, comment=f"{third}{one}"
    )
    reading = read_stream(printed(hostile, "reprint", station=one, columns=columns))
    assert reading.unknown == ()
    assert set(reading.commands) <= COMMANDS
    assert reading.commands[0] == b"\x1b@"
    assert reading.commands.count(b"\x1b@") == reading.commands.count(b"\x1dV") == 1
    assert reading.commands[-1] == b"\x1dV"
    assert isinstance(reading.parts[-1], Cut)


INVISIBLE = [chr(code) for code in (*range(0x20), 0x7F, *range(0x80, 0xA0)) if chr(code) not in "\t\n\v\f\r\x85"]
INVISIBLE += ["\u200b", "\u200d", "\u200e", "\u202e", "\u2066", "\u2069", "\ufeff", "\ufe0f", "\U000e0041"]


@given(st.text(st.sampled_from(INVISIBLE), max_size=6))
@settings(max_examples=150, deadline=None)
def test_control_characters_change_no_byte(noise):
    """The paper of a text with anything invisible within is the paper of the text."""

    def paper(text: str) -> bytes:
        return printed(ticket(line(text, note=text, modifiers=[TicketModifier(text, 2, Decimal(1))]), comment=text))

    assert paper(f"{noise}Bo{noise}r{noise}shch{noise}") == paper("Borshch")


@pytest.mark.parametrize("separator", ["\n", "\r\n", "\t", "\x85", "\u2028", "\u2029", "\u00a0", "\u3000"])
def test_separators_become_one_space(separator):
    """A note of several lines stays apart."""
    assert clean(f"no{separator}onion") == "no onion"


def test_a_printer_command_typed_into_a_note_is_not_sent():
    """Opening the drawer, cutting, resetting, asking for a status."""
    attack = "a\x1bp\x00\x19\xfa\x1dV\x00\x1b@\x10\x04\x01b"
    assert clean(attack) == "apúV@b"
    assert read_stream(printed(ticket(line("x", note=attack)))).commands.count(b"\x1bp") == 0


@given(
    st.text(st.characters(categories=["Lu", "Ll", "Nd", "Po", "Zs"]), max_size=300), st.sampled_from([12, 16, 24, 48])
)
def test_long_names_wrap_and_lose_nothing(text, columns):
    """Every row fits; all characters but spaces are there in their order."""
    shown = clean(text)
    rows = wrapped(shown, columns, first="1 x ", indent="    ")
    assert all(len(row) <= columns for row in rows)
    assert "".join("".join(rows).split()) == "1x" + "".join(shown.split())


def test_names_wrap_at_words():
    """Under the name, not under its quantity."""
    text = text_of(printed(ticket(line("Borshch with garlic buns and dill", "3"))))
    assert "3 x Borshch with garlic\n    buns and dill\n" in text


def test_an_endless_order_says_what_is_missing():
    """A paper has an end, and sends the cook to the screen for the rest."""
    modifiers = [TicketModifier("ə" * 255, 1, Decimal(1))] * 100
    paper = printed(ticket(*[line("Soup", modifiers=modifiers)] * 12))
    assert "10 MORE LINES: SEE THE SCREEN" in text_of(paper)
    assert len(paper) < limits.MAX_PAPER_BYTES


def test_a_picture_shows_the_paper():
    """As wide as the paper with its margins, black and white, and not empty."""
    image = Image.open(BytesIO(picture_of(printed(ticket(line(AZERBAIJANI)), "reprint"))))
    assert image.format == "PNG"
    assert image.width == 48 * 12 + 48
    assert image.height > 800
    assert 0.05 < image.histogram()[0] / (image.width * image.height) < 0.6


@given(st.binary(max_size=400))
@settings(max_examples=150, deadline=None)
def test_any_bytes_have_a_text_and_a_picture(noise):
    """A reader of papers takes whatever comes, also pictures that claim to be enormous."""
    for paper in (noise, b"\x1dv0\x00\xff\xff\xff\xff" + noise, b"\x1d!\x77" + noise):
        assert isinstance(text_of(paper), str)
        assert picture_of(paper).startswith(b"\x89PNG")


def test_a_picture_has_an_end():
    """Feeding without end makes no endless picture."""
    image = Image.open(BytesIO(picture_of(b"\x1bd\xff" * 1_000)))
    assert image.height == limits.MAX_PICTURE_DOTS + 48


def test_only_known_widths_are_written():
    """Neither too narrow nor invented."""
    with pytest.raises(ValueError, match="32, 42 or 48"):
        printed(ticket(), columns=40)

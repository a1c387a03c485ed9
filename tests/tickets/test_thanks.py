"""Thanks after solving open nothing again; whoever says more than thanks is heard."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from contracts.mail import Address, LetterHead
from services.ingest.reading.read import read
from services.tickets.courtesies import COURTESIES
from services.tickets.thanks import LONGEST, only_thanks

ANNA = Address(name="Anna Weiß (Support)", address="support@example.com")


def letter(text: str, name: str = "Kim Customer", attachments: int = 0) -> LetterHead:
    return LetterHead(
        message_id=uuid4(),
        internet_message_id=None,
        received_at=datetime(2026, 3, 2, 12, tzinfo=UTC),
        from_=Address(name=name, address="kim.c@customers.example"),
        excerpt=" ".join(text.split()),
        attachments=attachments,
    )


def thanks(text: str, name: str = "Kim Customer") -> bool:
    return only_thanks(letter(text, name), [ANNA])


THANKS = {
    "en": """
        Thank you!
        thanks
        Thx :-)
        Thanks a lot 👍🏽
        THANK YOU SO MUCH!!!
        Thank you very much for your quick reply and your help.
        Many thanks, much appreciated. Have a nice day!
        Great, thanks again!
        Ok, thank you.
        Cheers, Kim
        Hi Anna, thanks for everything. Best regards, Kim Customer
        Dear Ms Weiß, I wanted to say thank you. That was very kind of you. Sincerely yours, K. Customer
        Hello team, that’s very kind of you, thank you! All the best – Kim
        Thanks Anna, you're the best. Have a lovely weekend!
        I really appreciate your help. Kind regards Kim
        """,
    "de": """
        Danke!
        Danke schön
        Vielen Dank für die schnelle Hilfe! Viele Grüße Kim
        Herzlichen Dank und ein schönes Wochenende :)
        Hallo Frau Weiß, besten Dank für Ihre prompte Antwort. Mit freundlichen Grüßen Kim Customer
        Super, danke euch! LG
        Perfekt, vielen lieben Dank. MfG K. Customer
        Ganz herzlichen Dank für Ihre Mühe und die Informationen. Liebe Grüße
        Ich danke Ihnen sehr. Das war sehr nett von Ihnen.
        Merci vielmal
        Sehr geehrte Damen und Herren, vielen Dank. Hochachtungsvoll Kim Customer
        Tausend Dank, toller Service!
        """,
    "fr": """
        Merci !
        Merci beaucoup pour votre aide. Bonne journée
        Bonjour, je vous remercie pour votre réponse rapide. Cordialement, Kim
        Un grand merci à toute l’équipe, c'est très gentil de votre part.
        Parfait, merci encore. Bien à vous
        """,
    "es": """
        ¡Muchas gracias!
        Gracias por su ayuda y su paciencia. Saludos cordiales
        Perfecto, mil gracias. Que tenga un buen día
        Hola, gracias de nuevo por todo. Un abrazo
        """,
    "it": """
        Grazie mille!
        Buongiorno, la ringrazio molto per la rapida risposta. Cordiali saluti, Kim
        Perfetto, grazie dell'aiuto. Buona giornata
        """,
    "pt": """
        Muito obrigado!
        Obrigada pela ajuda. Bom dia
        Olá, muito obrigado pela resposta rápida e pela atenção. Cumprimentos
        """,
    "nl": """
        Bedankt!
        Hartelijk dank voor de snelle reactie. Met vriendelijke groet, Kim
        Dank je wel, fijne dag nog
        Dank u
        """,
    "sv": """
        Tack!
        Tack så mycket för hjälpen! Vänliga hälsningar Kim
        Hej, tusen tack för snabbt svar. Ha en trevlig helg
        """,
    "da": """
        Mange tak!
        Tak for hjælpen. Venlig hilsen Kim
        Hej, tusind tak for det hurtige svar. God weekend
        Tak skal du have
        """,
    "nb": """
        Takk!
        Tusen takk for hjelpen. Vennlig hilsen Kim
        Hei, takk for raskt svar! Ha en fin dag
        """,
    "fi": """
        Kiitos!
        Hei, kiitos paljon nopeasta vastauksesta. Hyvää viikonloppua
        Suuret kiitokset avusta. Ystävällisin terveisin Kim
        """,
    "pl": """
        Dziękuję!
        Dzięki
        Dzień dobry, bardzo dziękuję za szybką odpowiedź. Pozdrawiam serdecznie, Kim
        Super, dziękuję bardzo za pomoc i miłego dnia
        """,
    "cs": """
        Děkuji!
        Dobrý den, moc děkuji za rychlou odpověď. S pozdravem Kim
        Díky, hezký den
        """,
    "sk": """
        Ďakujem!
        Dobrý deň, veľmi pekne ďakujem za pomoc. S pozdravom Kim
        """,
    "hu": """
        Köszönöm!
        Kedves Anna, nagyon szépen köszönöm a gyors választ. Üdvözlettel, Kim
        Köszi, szép napot!
        """,
    "ro": """
        Mulțumesc!
        Bună ziua, vă mulțumesc mult pentru ajutor. Cu stimă, Kim
        Multumesc frumos, o zi bună
        """,
    "hr": """
        Hvala!
        Hvala vam na brzom odgovoru. Lijep pozdrav, Kim
        Najlepša hvala za pomoč. Lep dan
        Puno hvala na svemu
        """,
    "sr": """
        Хвала!
        Хвала вам пуно на помоћи. Поздрав
        """,
    "bg": """
        Благодаря!
        Здравейте, много благодаря за бързия отговор. Поздрави, Kim
        Благодаря Ви, приятен ден
        """,
    "ru": """
        Спасибо!
        Здравствуйте! Большое спасибо за быстрый ответ. С уважением, Kim
        Благодарю вас за помощь, хорошего дня
        """,
    "uk": """
        Дякую!
        Доброго дня! Щиро дякую за допомогу. З повагою, Kim
        """,
    "el": """
        Ευχαριστώ!
        ΕΥΧΑΡΙΣΤΩ ΠΟΛΥ
        Καλημέρα σας, ευχαριστώ πολύ για την άμεση απάντηση. Με εκτίμηση
        """,
    "tr": """
        Teşekkürler!
        Merhaba, çok teşekkür ederim. İyi günler dilerim
        Hızlı dönüşünüz için teşekkürler. Saygılarımla Kim
        """,
    "id": """
        Terima kasih!
        Baik, terima kasih banyak atas bantuannya. Salam hangat
        """,
    "vi": """
        Cảm ơn!
        Xin chào, rất cảm ơn bạn đã hỗ trợ nhanh chóng. Trân trọng
        """,
    "ja": """
        ありがとうございます。
        お世話になっております。迅速なご対応をいただき、誠にありがとうございました。よろしくお願いいたします。
        どうもありがとう！
        """,
    "zh": """
        谢谢
        好的，谢谢您的帮助！祝好
        謝謝你們！
        非常感谢。
        """,
    "ko": """
        감사합니다!
        안녕하세요. 빠른 답변 감사합니다. 좋은 하루 되세요
        도와주셔서 정말 고맙습니다
        """,
    "ar": """
        شكرا
        شكرًا جزيلًا لكم على المساعدة. مع التحية
        السلام عليكم، شكرا لك
        """,
    "he": """
        תודה!
        שלום, תודה רבה על העזרה. יום טוב
        """,
    "hi": """
        धन्यवाद!
        नमस्ते, आपका बहुत बहुत धन्यवाद। सादर
        """,
}

MORE = {
    "en": """
        There is a mistake in the invoice.
        Please take it back.
        It broke once more, please take a look
        Contact me about my commercial account
        Thanks, it stopped working this morning.
        Thank you. It is broken again.
        Thanks for nothing.
        Thanks. Help!
        Thanks. Urgent
        Thanks, Waiting
        Hello. Refund. Thanks
        Thank you, please call me.
        Thanks in advance
        No thanks
        Yes, thanks.
        Thanks?
        Thank you for your reply; it is wrong
        Thanks, my number is 4711
        Thanks, see https://example.com/lamp
        Thanks, but the second lamp is missing.
        Thanks for your slow reply
        Thank you for your answer. Help
        Many thanks, and the invoice
        I would thank you to refund me
        Thanks 😡
        Thanks :-(
        All the best
        Great support
        Best regards, Kim
        Kim
        """,
    "de": """
        Danke, die Lampe ist wieder kaputt.
        Danke, Lampe Kaputt
        Danke. Rechnung fehlt.
        Gedanken zur Rechnung
        Vielen Dank im Voraus
        Danke, bitte stornieren
        Ja, danke
        Vielen Dank. Wann kommt sie an?
        Danke für gar nichts
        Danke für Ihre Antwort, sie hilft mir wenig
        Undankbar
        """,
    "fr": """
        Merci de me rappeler.
        Merci, la lampe est cassée.
        Merci d'avance
        Non merci
        Commerciaux
        """,
    "es": """
        Gracias, la lámpara llegó rota.
        Desgracias con el pedido
        Gracias de antemano
        Sí, gracias
        """,
    "it": """
        Grazie, la lampada è rotta.
        Disgrazie
        Grazie in anticipo
        """,
    "pt": "Obrigado, mas a lâmpada chegou partida.",
    "nl": "Bedankt, de lamp is kapot.\nAlvast bedankt",
    "sv": "Tack, lampan är trasig igen.\nTack på förhand\nTaket läcker",
    "da": "Tak, lampen er gået i stykker igen.\nTakket være jer",
    "nb": "Takk, lampen er ødelagt.",
    "fi": "Kiitos, lamppu hajosi taas.",
    "pl": "Tak.\nHej, tak\nTak, pozdrawiam\nDziękuję, lampa się zepsuła.\nZ góry dziękuję",
    "cs": "Děkuji, lampa je rozbitá.\nTak kdy to bude",
    "sk": "Ďakujem, lampa nesvieti.",
    "hu": "Köszönöm, a lámpa eltört.\nElőre is köszönöm",
    "ro": "Mulțumesc, lampa s-a stricat.\nMulțumesc anticipat",
    "hr": "Hvala, lampa je pokvarena.\nHvala unaprijed",
    "sr": "Хвала, лампа не ради.",
    "bg": "Благодаря, лампата пак се счупи.\nНеблагодарни",
    "ru": "Спасибо, лампа сломалась.\nСпасибо, верните деньги\nДа, спасибо\nПожалуйста",
    "uk": "Дякую, лампа знову зламалася.",
    "el": "Ευχαριστώ, η λάμπα χάλασε.\nΕυχαριστώ;",
    "tr": "Teşekkürler, lamba yine bozuldu.",
    "id": "Terima kasih, lampunya rusak lagi.",
    "vi": "Cảm ơn, đèn lại hỏng rồi.",
    "ja": "ありがとうございます。ランプが壊れました。\nありがとうございます。返金をお願いします。",
    "zh": "谢谢，灯又坏了。\n谢谢，请退款\n不用谢",
    "ko": "감사합니다. 램프가 또 고장났어요.\n감사팀에 연락해 주세요",
    "ar": "شكرا، المصباح معطل\nشكرا؟",
    "he": "תודה, המנורה שבורה",
    "hi": "धन्यवाद, लैंप टूट गया है।",
}


def lines(by_language: dict[str, str]) -> list[str]:
    return [line.strip() for text in by_language.values() for line in text.strip().splitlines()]


@pytest.mark.parametrize("text", lines(THANKS))
def test_a_short_letter_that_says_nothing_but_thank_you_is_thanks(text: str) -> None:
    assert thanks(text)


@pytest.mark.parametrize("text", lines(MORE))
def test_whatever_else_is_said_with_thanks_or_looks_like_them_is_more(text: str) -> None:
    assert not thanks(text)


def test_every_language_has_its_thanks_and_its_complaints_here() -> None:
    assert set(THANKS) == set(MORE) == {one.code for one in COURTESIES}


@pytest.mark.parametrize("text", [text for text in lines(THANKS) if len(text) < 100])
@pytest.mark.parametrize("more", ["lamp", "Kaputt", "???", "2 lamps", "no", "не", "再", "not"])
def test_one_word_more_is_more_than_thanks(text: str, more: str) -> None:
    assert not thanks(f"{more} {text}")
    assert not thanks(f"{text.rstrip('.!')}. {more.lower()}")


@pytest.mark.parametrize(
    "below",
    [
        "-- \nKim Customer\nLamps & more Ltd, 12 High Street\n",
        "On Mon, 2 Mar 2026 at 12:00, Anna <support@example.com> wrote:\n> Is the lamp on its way?\n> Tell us.\n",
        "Sent from my iPhone\n",
    ],
)
def test_a_signature_and_a_quotation_say_nothing(below: str) -> None:
    letter_with = f"From: kim@customers.example\nSubject: Re: Lamp\n\nThank you very much!\n\n{below}"
    assert thanks(read(letter_with.replace("\n", "\r\n").encode()).reply)


def test_who_writes_and_who_answered_may_be_named_and_a_stranger_only_behind_a_title() -> None:
    assert thanks("Thanks, Kim")
    assert thanks("Thank you Anna Weiß")
    assert thanks("Thanks! Customer Kim", name="Customer, Kim")
    assert not thanks("Thanks, Refund")
    assert not only_thanks(
        letter("Thank you. Returns"), [Address(name="Anna (Returns)", address="returns@example.com")]
    )
    assert thanks("Thank you, Dr Ferreira. Regards, Kim B. Customer")
    assert not thanks("Thank you, Mr lamp")
    assert not thanks("Thank you. Regards Refund Please")
    assert not thanks("Danke und LG Bitte Rückruf")


def test_a_file_or_a_long_letter_or_an_empty_one_is_more_than_thanks() -> None:
    assert not only_thanks(letter("Thank you!", attachments=1), [ANNA])
    assert not thanks("")
    assert not thanks("Thank you! " * (LONGEST // 10))
    assert thanks("Thank you! " * (LONGEST // 11))


def test_a_letter_without_a_readable_sender_can_say_thanks_too() -> None:
    assert only_thanks(letter("Thank you!").model_copy(update={"from_": None}), [])


@for_all(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=LONGEST))
def test_anything_at_all_can_be_asked(text: str) -> None:
    assert thanks(text) in {True, False}

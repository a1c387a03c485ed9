"""Answers of machines: vacation notes, acknowledgements, requests to confirm (RFC 3834)."""

import re
from collections.abc import Mapping

from services.ingest.reading.bounces.recognition import ANSWERED
from services.ingest.reading.bounces.wording import folded, says

ANSWERING_HEADERS = (
    "x-autoreply",
    "x-autoreply-from",
    "x-auto-reply",
    "x-auto-reply-from",
    "x-autoreply-domain",
    "x-autorespond",
    "x-autoresponder",
    "x-auto-response-from",
    "x-mail-autoreply",
    "x-autoanswer",
    "x-vacation",
    "x-boxtrapper",
)
"""Only a machine that answers sets them."""

SUBJECTS = (
    # Exchange and Outlook, which write them before the subject that they answer
    "automatic reply:",
    "automatic response:",
    "auto reply:",
    "auto-reply:",
    "autoreply:",
    "auto response:",
    "auto-response:",
    "autoresponse:",
    "auto:",
    "out of office autoreply:",
    "out of office reply:",
    "out-of-office reply:",
    "out of office:",
    "out of the office:",
    "[auto-reply]",
    "[autoreply]",
    "vacation reply:",
    "away from my mail",
    "yahoo! auto response",
    "automatische antwort:",
    "automatische antwort auf",
    "abwesenheitsnotiz",
    "abwesenheitsbenachrichtigung",
    "abwesenheit:",
    "autoantwort:",
    "automatische rückantwort",
    "automatische empfangsbestätigung",
    "réponse automatique",
    "absence du bureau",
    "message d'absence",
    "en mon absence",
    "respuesta automática",
    "respuesta automatica",
    "fuera de la oficina:",
    "risposta automatica",
    "fuori sede:",
    "fuori ufficio:",
    "resposta automática",
    "resposta automatica",
    "fora do escritório:",
    "automatisch antwoord",
    "afwezigheidsbericht",
    "niet aanwezig:",
    "autosvar",
    "automatiskt svar",
    "automatisk svar",
    "frånvaro:",
    "fraværsmeddelelse",
    "ikke til stede:",
    "automaattinen vastaus",
    "poissaoloilmoitus",
    "odpowiedź automatyczna",
    "automatyczna odpowiedź",
    "automatická odpověď",
    "automatická odpoveď",
    "automatikus válasz",
    "răspuns automat",
    "automatski odgovor",
    "samodejni odgovor",
    "automatinis atsakymas",
    "automātiskā atbilde",
    "automaatvastus",
    "автоматический ответ",
    "автоответ",
    "автоматична відповідь",
    "автоматичен отговор",
    "αυτόματη απάντηση",
    "otomatik yanıt",
    "תשובה אוטומטית",
    "رد تلقائي",
    "自動応答",
    "自動返信",
    "【自動返信】",
    "[自動返信]",
    "不在通知",
    "自动答复",
    "自动回复",
    "自動回覆",
    "자동 회신",
    "자동 응답",
    "부재 중",
    "trả lời tự động",
)
"""How the subject of such an answer begins."""

ACKNOWLEDGING_SUBJECTS = (
    "autoreply",
    "auto-reply",
    "automatic reply",
    "out of office",
    "out of the office",
    "request received",
    "ticket received",
    "ticket created",
    "case created",
    "we received your",
    "we have received your",
    "we've received your",
    "your request has been received",
    "your message has been received",
    "your ticket has been",
    "thank you for contacting",
    "thanks for contacting",
    "awaits moderator approval",
    "confirm your message",
    "requires verification",
    "eingangsbestätigung",
    "wir haben ihre nachricht erhalten",
    "ihre anfrage ist eingegangen",
    "accusé de réception",
    "acuse de recibo",
    "abwesen",
    "自動返信",
)
"""What such an answer may be called anywhere in its subject; people write such words too."""

NOTES = (
    # away
    "out of the office",
    "out of office",
    "away from the office",
    "away from my mail",
    "away from my desk",
    "not be reading my mail",
    "on vacation",
    "on holiday",
    "on annual leave",
    "on leave",
    "maternity leave",
    "parental leave",
    "limited access to",
    "no access to my e",
    "no access to e",
    "will not return until",
    "be back on",
    "nicht im büro",
    "nicht im hause",
    "außer haus",
    "im urlaub",
    "abwesend",
    "absent",
    "en congé",
    "en vacances",
    "de vacaciones",
    "fuera de la oficina",
    "in ferie",
    "assente",
    "fuori ufficio",
    "de férias",
    "afwezig",
    "met vakantie",
    "op vakantie",
    "semester",
    "på ferie",
    "lomalla",
    "na urlopie",
    "nieobecn",
    "na dovolené",
    "szabadság",
    "concediu",
    "в отпуске",
    "izinde",
    "不在",
    "休暇",
    "休假",
    "휴가",
    "부재",
    # received
    "this is an automatic",
    "this is an automated",
    "automatically generated",
    "automated response",
    "automated reply",
    "automatic reply",
    "automatic response",
    "auto-generated",
    "we have received your",
    "we've received your",
    "we got your request",
    "we received your",
    "your message has been received",
    "has been received and",
    "do not reply to this",
    "diese e-mail wurde automatisch",
    "diese nachricht wurde automatisch",
    "automatisch generiert",
    "automatisch erzeugt",
    "ceci est une réponse automatique",
    "message automatique",
    "este es un mensaje automático",
    "messaggio automatico",
    "mensagem automática",
    "automatisch gegenereerd",
    "wiadomość została wygenerowana automatycznie",
    "автоматически",
    "自動返信",
    "自動送信",
    "自动回复",
    # confirm
    "being held until the list moderator",
    "complete the verification process",
    "verify that you are",
    "requires that you verify",
    "confirm that you are",
    "created automatically by mail delivery software",
    "to prove that you are human",
    "protecting myself from receiving junk",
    "challenge",
)
"""What such an answer says."""

_BEGINNING = 4_000


def is_auto_reply(headers: Mapping[str, str], text: str) -> bool:
    """Whether a machine answers; `headers` are by name in lower case.

    One header that only answering machines set is enough. Others are set on the mail of people too (Exchange marks
    everything, contact forms are generated), so they count together with a subject or a text of such answers.
    """
    submitted = headers.get("auto-submitted", "")[:200].split(";")[0].split("(")[0].strip().lower()
    if submitted.startswith("auto-replied") or any(name in headers for name in ANSWERING_HEADERS):
        return True
    precedences = {folded(headers.get(name, "")[:100]) for name in ("precedence", "x-precedence", "preference")}
    if precedences & {"auto_reply", "auto-reply", "autoreply"}:
        return True
    subject = folded(headers.get("subject", "")[:1000])
    if ANSWERED.match(subject):
        return False
    begins = subject.startswith(SUBJECTS)
    called = begins or says(subject, ACKNOWLEDGING_SUBJECTS)
    marked = _marked(headers, submitted, precedences)
    if called and marked:
        return True
    noted = (begins or marked) and says(folded(text[:_BEGINNING]), NOTES)
    return noted and (begins or _answering(headers, submitted))


def _marked(headers: Mapping[str, str], submitted: str, precedences: set[str]) -> bool:
    """A sign of a machine that does not say that it answers."""
    return (
        submitted.startswith("auto-")
        or bool(precedences & {"bulk", "junk"})
        or headers.get("return-path", "-").strip() in {"<>", ""}
        or "x-auto-response-suppress" in headers
        or "x-ms-exchange-inbox-rules-loop" in headers
    )


def _answering(headers: Mapping[str, str], submitted: str) -> bool:
    return submitted.startswith("auto-") or headers.get("return-path", "-").strip() in {"<>", ""}

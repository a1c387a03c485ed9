"""What forms say, in the languages of those who write."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Texts:
    """One language; words in braces are filled in."""

    language: str
    title: str
    name: str
    email: str
    subject: str
    message: str
    files: str
    files_hint: str
    optional: str
    send: str
    trap: str
    problems: str
    missing_email: str
    missing_subject: str
    missing_message: str
    wrong_email: str
    too_long: str
    too_many: str
    too_large: str
    files_again: str
    too_fast: str
    expired: str
    limited: str
    unavailable: str
    body_too_large: str
    thanks: str
    arrived: str
    reference: str
    another: str
    closed: str
    closed_hint: str

    def mistake(self, field: str, mistake: str, most: int) -> str:
        """What is to be mended in a field; `most` characters, files or megabytes fit in it."""
        words: str = getattr(self, mistake if mistake.startswith("too_") else f"{mistake}_{field}")
        return words.format(most=most)


ENGLISH = Texts(
    language="en",
    title="Write to {box}",
    name="Your name",
    email="Your e-mail address",
    subject="Subject",
    message="Message",
    files="Files",
    files_hint="At most {number} files, {megabytes} MB together.",
    optional="optional",
    send="Send",
    trap="Leave this field empty",
    problems="Please check:",
    missing_email="Enter your e-mail address, so that we can answer.",
    missing_subject="Enter a subject.",
    missing_message="Write your message.",
    wrong_email="Enter an e-mail address such as name@example.com.",
    too_long="At most {most} characters fit here.",
    too_many="Choose at most {most} files.",
    too_large="The files are larger than {most} MB together. Choose fewer or smaller ones.",
    files_again="Choose your files again, please: the browser does not keep them.",
    too_fast="That was quick. Please look over your message once more, then press “Send” again.",
    expired="This page was open for a long time. Nothing is lost: please press “Send” again.",
    limited="Too much is being sent at the moment. Your message is still here: please wait {seconds} seconds, then press “Send” again.",
    unavailable="Your message could not be taken just now. It is still here: please press “Send” again in a moment.",
    body_too_large="The files are too large to be sent. Please go back and choose fewer or smaller ones.",
    thanks="Thank you",
    arrived="Your message has arrived. We will answer to {email}.",
    reference="Your reference",
    another="Write another message",
    closed="There is no form here",
    closed_hint="Please look for another way to write to us on the page that sent you here.",
)

GERMAN = Texts(
    language="de",
    title="Nachricht an {box}",
    name="Ihr Name",
    email="Ihre E-Mail-Adresse",
    subject="Betreff",
    message="Nachricht",
    files="Dateien",
    files_hint="Höchstens {number} Dateien, zusammen {megabytes} MB.",
    optional="optional",
    send="Senden",
    trap="Lassen Sie dieses Feld leer",
    problems="Bitte prüfen Sie:",
    missing_email="Geben Sie Ihre E-Mail-Adresse an, damit wir antworten können.",
    missing_subject="Geben Sie einen Betreff an.",
    missing_message="Schreiben Sie Ihre Nachricht.",
    wrong_email="Geben Sie eine E-Mail-Adresse an wie name@example.com.",
    too_long="Hier passen höchstens {most} Zeichen hinein.",
    too_many="Wählen Sie höchstens {most} Dateien.",
    too_large="Die Dateien sind zusammen größer als {most} MB. Wählen Sie weniger oder kleinere.",
    files_again="Bitte wählen Sie Ihre Dateien noch einmal: Der Browser behält sie nicht.",
    too_fast="Das ging schnell. Bitte sehen Sie Ihre Nachricht noch einmal durch und drücken Sie dann auf „Senden“.",
    expired="Diese Seite war lange offen. Es ist nichts verloren: Bitte drücken Sie noch einmal auf „Senden“.",
    limited="Zurzeit wird zu viel gesendet. Ihre Nachricht ist noch da: Bitte warten Sie {seconds} Sekunden und drücken Sie dann auf „Senden“.",
    unavailable="Ihre Nachricht konnte eben nicht angenommen werden. Sie ist noch da: Bitte drücken Sie gleich noch einmal auf „Senden“.",
    body_too_large="Die Dateien sind zu groß. Bitte gehen Sie zurück und wählen Sie weniger oder kleinere.",
    thanks="Vielen Dank",
    arrived="Ihre Nachricht ist angekommen. Wir antworten an {email}.",
    reference="Ihr Zeichen",
    another="Noch eine Nachricht schreiben",
    closed="Hier ist kein Formular",
    closed_hint="Bitte suchen Sie auf der Seite, von der Sie kommen, einen anderen Weg, uns zu schreiben.",
)

FRENCH = Texts(
    language="fr",
    title="Écrire à {box}",
    name="Votre nom",
    email="Votre adresse e-mail",
    subject="Objet",
    message="Message",
    files="Fichiers",
    files_hint="{number} fichiers au plus, {megabytes} Mo en tout.",
    optional="facultatif",
    send="Envoyer",
    trap="Laissez ce champ vide",
    problems="Veuillez vérifier :",
    missing_email="Indiquez votre adresse e-mail pour que nous puissions vous répondre.",
    missing_subject="Indiquez un objet.",
    missing_message="Écrivez votre message.",
    wrong_email="Indiquez une adresse e-mail comme nom@example.com.",
    too_long="{most} caractères au plus tiennent ici.",
    too_many="Choisissez {most} fichiers au plus.",
    too_large="Les fichiers dépassent {most} Mo en tout. Choisissez-en moins ou de plus petits.",
    files_again="Veuillez choisir vos fichiers à nouveau : le navigateur ne les garde pas.",
    too_fast="C’était rapide. Veuillez relire votre message, puis appuyez de nouveau sur « Envoyer ».",
    expired="Cette page est restée longtemps ouverte. Rien n’est perdu : appuyez de nouveau sur « Envoyer ».",
    limited="Il y a trop d’envois en ce moment. Votre message est toujours là : attendez {seconds} secondes, puis appuyez de nouveau sur « Envoyer ».",
    unavailable="Votre message n’a pas pu être reçu à l’instant. Il est toujours là : appuyez de nouveau sur « Envoyer » dans un moment.",
    body_too_large="Les fichiers sont trop volumineux. Revenez en arrière et choisissez-en moins ou de plus petits.",
    thanks="Merci",
    arrived="Votre message est bien arrivé. Nous répondrons à {email}.",
    reference="Votre référence",
    another="Écrire un autre message",
    closed="Il n’y a pas de formulaire ici",
    closed_hint="Cherchez une autre façon de nous écrire sur la page d’où vous venez.",
)

SPANISH = Texts(
    language="es",
    title="Escribir a {box}",
    name="Su nombre",
    email="Su correo electrónico",
    subject="Asunto",
    message="Mensaje",
    files="Archivos",
    files_hint="Como máximo {number} archivos, {megabytes} MB en total.",
    optional="opcional",
    send="Enviar",
    trap="Deje este campo vacío",
    problems="Revise, por favor:",
    missing_email="Indique su correo electrónico para que podamos responderle.",
    missing_subject="Indique un asunto.",
    missing_message="Escriba su mensaje.",
    wrong_email="Indique un correo electrónico como nombre@example.com.",
    too_long="Aquí caben como máximo {most} caracteres.",
    too_many="Elija como máximo {most} archivos.",
    too_large="Los archivos superan {most} MB en total. Elija menos o más pequeños.",
    files_again="Vuelva a elegir sus archivos, por favor: el navegador no los conserva.",
    too_fast="Ha sido muy rápido. Revise su mensaje y pulse «Enviar» otra vez.",
    expired="Esta página llevaba mucho tiempo abierta. No se ha perdido nada: pulse «Enviar» otra vez.",
    limited="En este momento se envía demasiado. Su mensaje sigue aquí: espere {seconds} segundos y pulse «Enviar» otra vez.",
    unavailable="Su mensaje no se ha podido recibir ahora. Sigue aquí: pulse «Enviar» otra vez dentro de un momento.",
    body_too_large="Los archivos son demasiado grandes. Vuelva atrás y elija menos o más pequeños.",
    thanks="Gracias",
    arrived="Su mensaje ha llegado. Responderemos a {email}.",
    reference="Su referencia",
    another="Escribir otro mensaje",
    closed="Aquí no hay ningún formulario",
    closed_hint="Busque otra manera de escribirnos en la página de la que viene.",
)

LANGUAGES = {texts.language: texts for texts in (ENGLISH, GERMAN, FRENCH, SPANISH)}
_RANGE = re.compile(r"([A-Za-z]{1,8})(?:-[A-Za-z0-9-]*)?(?:;\s*q=([01](?:\.\d{0,3})?))?")
_MOST_RANGES = 20


def texts_for(accept_language: str, wanted: str | None) -> Texts:
    """The language that the embedding page wants, or else the one that the reader likes best (RFC 9110 §12.5.4)."""
    if wanted in LANGUAGES:
        return LANGUAGES[wanted]
    liked = [
        (float(match[2] or 1), LANGUAGES[language])
        for part in accept_language.split(",")[:_MOST_RANGES]
        if (match := _RANGE.fullmatch(part.strip())) and (language := match[1].lower()) in LANGUAGES
    ]
    best, texts = max(liked, key=lambda one: one[0], default=(0.0, ENGLISH))
    return texts if best > 0 else ENGLISH

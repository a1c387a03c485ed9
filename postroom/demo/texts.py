"""What customers of a small shop for lamps and furniture write, by language."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Matter:
    """Why someone writes. `{order}`, `{product}`, `{lamp}` and `{town}` are filled in; `again` is what they write later."""

    subject: str
    body: str
    again: str


@dataclass(frozen=True, slots=True)
class Language:
    """A language as customers use it."""

    code: str
    charset: str
    """What an ordinary mail program there writes in."""
    greeting: str
    farewell: str
    quoted: str
    """The line above a quotation; `{name}` wrote it."""
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    towns: tuple[str, ...]
    products: tuple[str, ...]
    lamps: tuple[str, ...]
    matters: tuple[Matter, ...]


ENGLISH = Language(
    code="en",
    charset="utf-8",
    greeting="Hello,",
    farewell="Kind regards",
    quoted="On Monday, {name} wrote:",
    first_names=("Olivia", "Harry", "Amelia", "George", "Isla", "Arthur", "Grace", "Leo", "Priya", "Callum"),
    last_names=(
        "Whitfield",
        "Okafor",
        "Marsh",
        "Pemberton",
        "Shah",
        "Doyle",
        "Ainsworth",
        "Kerr",
        "Lindqvist",
    ),
    towns=("Leeds", "Bristol", "Cork", "Dundee", "Norwich"),
    products=(
        "desk lamp Lumo",
        "oak side table",
        "wall light Arc",
        "reading chair",
        "pendant Halo",
        "bookcase Nord",
    ),
    lamps=("desk lamp Lumo", "wall light Arc", "pendant Halo", "floor lamp Reed"),
    matters=(
        Matter(
            "Where is my order {order}?",
            "I ordered the {product} nearly two weeks ago (order {order}) and the tracking page still says that the "
            "label was printed. Could you find out where it is? I am at home all week.",
            "It came this morning, thank you. The box was a little crushed but everything inside is fine.",
        ),
        Matter(
            "{product} arrived broken",
            "The courier handed over the parcel with one corner pushed in, and the {product} inside is cracked. I have "
            "taken photographs. I would prefer a replacement to a refund, because it has to match one that I own.",
            "Here is the photograph that you asked for. You can see the crack near the base.",
        ),
        Matter(
            "Which bulb do I need?",
            "I am thinking about the {lamp} for my daughter's room. Is the bulb included, and would a warm white one "
            "of 5 watts be bright enough to read by? Your page only says E14.",
            "One more thing: can it be used with a dimmer?",
        ),
        Matter(
            "Invoice for {order} made out to the wrong company",
            "Our accounts department needs the invoice for order {order} in the name of the practice, not in mine. The "
            "address is the same. Please send a corrected one before the end of the month.",
            "Any news about the invoice? The month ends on Friday.",
        ),
        Matter(
            "I would like to return the {product}",
            "Unfortunately the {product} is larger than I had pictured and does not fit beside the sofa. It has not been "
            "used. How do I send it back to you from {town}, and who pays for the carriage?",
            "The label did not print properly, the bar code is cut off. Could you send it again as a PDF?",
        ),
        Matter(
            "Charged twice?",
            "My bank shows two payments to you on the same day for order {order}. I am fairly sure that I pressed the "
            "button only once. Please check, and return one of them if I am right.",
            "The second amount has disappeared from my account. I suppose it was only reserved. Sorry for the trouble!",
        ),
        Matter(
            "Just wanted to say thank you",
            "The {product} is lovely, and the woman who answered the telephone could not have been kinder about my "
            "change of address. It is rare enough that I thought I would write it down.",
            "And please pass it on to whoever packed it, too.",
        ),
        Matter(
            "Please change the delivery address",
            "I am moving house this weekend, so order {order} should go to my new address in {town}: 14 Canal Street. If "
            "it has already left, can it be held at the depot?",
            "The depot says that it needs a number from you before it hands the parcel over.",
        ),
        Matter(
            "A screw is missing",
            "I put the {product} together last night and there is one long screw too few, the kind marked C in the "
            "leaflet. It stands, but I do not trust it. Could you post one to me?",
            "I have counted again: two are missing, not one.",
        ),
        Matter(
            "Do you have it in green?",
            "A friend has the {lamp} in a dark green that I cannot find in your shop. Was that an old colour, and is "
            "there any chance that one is still in a warehouse somewhere?",
            "Grey would be my second choice.",
        ),
    ),
)

GERMAN = Language(
    code="de",
    charset="iso-8859-1",
    greeting="Guten Tag,",
    farewell="Mit freundlichen Grüßen",
    quoted="Am Montag schrieb {name}:",
    first_names=("Jürgen", "Änne", "Katrin", "Björn", "Sabine", "Matthias", "Zoë", "Uwe", "Hülya", "Stefan"),
    last_names=("Müller", "Großmann", "Schäfer", "Köhler", "Yildiz", "Weiß", "Brandt", "Lübke"),
    towns=("Göttingen", "Münster", "Graz", "Zürich", "Görlitz"),
    products=(
        "Schreibtischlampe Lumo",
        "Beistelltisch Eiche",
        "Wandleuchte Bogen",
        "Lesesessel",
        "Regal Nord",
    ),
    lamps=("Schreibtischlampe Lumo", "Wandleuchte Bogen", "Stehlampe Ried"),
    matters=(
        Matter(
            "Bestellung {order} noch nicht da",
            "vor zehn Tagen habe ich bei Ihnen die {lamp} bestellt (Nr. {order}). Seither höre ich nichts mehr, und die "
            "Sendungsnummer führt ins Leere. Können Sie bitte nachsehen, woran es liegt?",
            "Vielen Dank für die schnelle Auskunft. Dann warte ich noch bis Donnerstag.",
        ),
        Matter(
            "Beschädigt angekommen: {lamp}",
            "das Paket sah von außen unversehrt aus, aber innen ist der Fuß verbogen. So kann ich die Ware nicht "
            "gebrauchen. Ich bitte um Ersatz und darum, dass Sie das beschädigte Stück abholen lassen.",
            "Morgen zwischen 9 und 12 Uhr wäre jemand zu Hause.",
        ),
        Matter(
            "Rechnung mit Umsatzsteuer",
            "für die Bestellung {order} brauche ich eine Rechnung mit ausgewiesener Umsatzsteuer und unserer "
            "Kostenstelle 4711-Ü. Im Kundenkonto finde ich nur einen Lieferschein.",
            "Die Rechnung ist angekommen, allerdings ohne die Kostenstelle.",
        ),
        Matter(
            "Widerruf der Bestellung {order}",
            "hiermit widerrufe ich meine Bestellung {order} vom vergangenen Samstag. Bitte bestätigen Sie den Eingang "
            "und teilen Sie mir mit, wohin ich die Ware schicken soll.",
            "Ich habe das Paket gestern in {town} aufgegeben.",
        ),
        Matter(
            "Frage vor dem Kauf",
            "passt in die {lamp} auch eine LED mit E27, und wie lang ist das Kabel? Auf dem Bild sieht es recht kurz "
            "aus, und die nächste Steckdose ist gut zwei Meter entfernt.",
            "Gibt es das Kabel auch in Schwarz?",
        ),
        Matter(
            "Liefertermin verschieben",
            "leider bin ich in der angekündigten Woche verreist. Könnten Sie die Lieferung der {lamp} um vierzehn Tage "
            "verschieben? Nachbarn, die sie annehmen könnten, gibt es nicht.",
            "Der neue Termin passt, danke.",
        ),
        Matter(
            "Ärger mit dem Spediteur",
            "der Fahrer hat das Regal einfach vor der Haustür abgestellt und ist gefahren, obwohl die Lieferung bis in "
            "die Wohnung bezahlt war. Ich wohne im vierten Stock. Was tun wir jetzt?",
            "Bis heute hat sich niemand gemeldet. Ich finde das nicht in Ordnung.",
        ),
        Matter(
            "Ein großes Lob",
            "nach drei Jahren täglichem Gebrauch sieht der Sessel noch aus wie neu. Weil man meistens nur schreibt, wenn "
            "etwas nicht klappt, schreibe ich heute, weil alles klappt.",
            "Gern dürfen Sie das auf Ihrer Seite zeigen.",
        ),
    ),
)

FRENCH = Language(
    code="fr",
    charset="windows-1252",
    greeting="Bonjour,",
    farewell="Bien cordialement",
    quoted="Lundi, {name} a écrit :",
    first_names=("Chloé", "Mathieu", "Élodie", "François", "Inès", "Benoît", "Noémie", "Théo"),
    last_names=("Lefèvre", "Garçon", "Dubois", "Hébert", "Moreau", "Côté", "Perrin"),
    towns=("Orléans", "Besançon", "Liège", "Nîmes"),
    products=("lampe de bureau Lumo", "table d’appoint en chêne", "suspension Halo", "liseuse Arc"),
    lamps=("lampe de bureau Lumo", "suspension Halo", "liseuse Arc"),
    matters=(
        Matter(
            "Commande {order} : aucune nouvelle",
            "J’ai passé la commande {order} il y a douze jours et je n’ai reçu qu’un accusé de réception. Pourriez-vous me "
            "dire quand la {lamp} sera expédiée ? C’est un cadeau pour le 12.",
            "Le colis est arrivé à temps, merci beaucoup !",
        ),
        Matter(
            "Pièce manquante",
            "En déballant la {lamp}, je n’ai pas trouvé la bague qui tient l’abat-jour. Tout le reste est là. "
            "Pouvez-vous me l’envoyer sans que j’aie à tout renvoyer ?",
            "Je l’ai retrouvée au fond du carton, collée au ruban adhésif. Toutes mes excuses.",
        ),
        Matter(
            "Remboursement toujours attendu",
            "Vous m’aviez annoncé le remboursement de 89,90 € sous dix jours ; nous en sommes à vingt. La référence est "
            "{order}. Merci de vérifier où il en est.",
            "Toujours rien sur mon compte ce matin.",
        ),
        Matter(
            "Renseignement avant achat",
            "La {lamp} convient-elle à une salle de bains ? Je cherche un indice de protection au moins égal à IP44 et "
            "je ne le vois pas dans la fiche.",
            "Et existe-t-elle en laiton ?",
        ),
        Matter(
            "Erreur d’adresse",
            "J’ai écrit le mauvais numéro de rue : c’est le 8, et non le 80, à {town}. La commande {order} est-elle déjà "
            "partie ?",
            "Le livreur est passé au 80, évidemment…",
        ),
    ),
)

SPANISH = Language(
    code="es",
    charset="utf-8",
    greeting="Buenos días:",
    farewell="Un saludo",
    quoted="El lunes, {name} escribió:",
    first_names=("Lucía", "Íñigo", "María José", "Andrés", "Begoña", "Joaquín"),
    last_names=("Muñoz", "Ibáñez", "Peña", "Rodríguez", "Núñez", "Gálvez"),
    towns=("León", "Cádiz", "Valparaíso", "Logroño"),
    products=("lámpara Lumo", "mesita de roble", "aplique Arco", "sillón de lectura"),
    lamps=("lámpara de mesa Lumo", "lámpara de pie Arco"),
    matters=(
        Matter(
            "¿Dónde está mi pedido {order}?",
            "Hice el pedido {order} hace ya quince días y sigue «en preparación». ¿Hay algún problema con la {lamp}? "
            "Si no queda, prefiero que me lo digan y elijo otra cosa.",
            "Perfecto, entonces espero hasta el lunes.",
        ),
        Matter(
            "La {lamp} no enciende",
            "Acabo de montarla y no enciende. He probado otra bombilla y otro enchufe. ¿Tengo que devolverla entera o "
            "basta con el transformador?",
            "Con el transformador nuevo funciona. ¡Gracias por la rapidez!",
        ),
        Matter(
            "Factura a nombre de la asociación",
            "Necesitamos la factura del pedido {order} a nombre de la asociación de vecinos, con su NIF. ¿Me indican a qué "
            "dirección les mando los datos?",
            "Adjunto los datos. Muchas gracias.",
        ),
        Matter(
            "Cambio de color",
            "Me he equivocado al elegir: quería la {lamp} en blanco roto y he pedido la blanca. ¿Estamos a tiempo de "
            "cambiarla antes de que salga para {town}?",
            "Estupendo, así da gusto.",
        ),
    ),
)

ITALIAN = Language(
    code="it",
    charset="utf-8",
    greeting="Buongiorno,",
    farewell="Cordiali saluti",
    quoted="Lunedì {name} ha scritto:",
    first_names=("Niccolò", "Giulia", "Desirée", "Paolo", "Ottavia"),
    last_names=("Forlì", "Bianchi", "De Santis", "Cantù", "Ferraro"),
    towns=("Cefalù", "Forlì", "Lugano"),
    products=("lampada Lumo", "tavolino in rovere", "applique Arco"),
    lamps=("lampada Lumo", "lampada da terra Arco"),
    matters=(
        Matter(
            "Ordine {order} incompleto",
            "Ho ricevuto soltanto uno dei due pacchi dell’ordine {order}. Manca proprio la {lamp}. È in viaggio oppure "
            "è andata persa?",
            "Il secondo pacco è arrivato oggi, tutto a posto.",
        ),
        Matter(
            "Richiesta di sostituzione",
            "La {lamp} ha un graffio ben visibile sul lato. Non è grave, ma a prezzo pieno non mi pare giusto. "
            "Preferirei uno sconto, se è possibile, piuttosto che rispedire tutto.",
            "Il dieci per cento va benissimo, grazie.",
        ),
        Matter(
            "Montaggio a {town}",
            "Fate anche il montaggio a domicilio nella zona di {town}? Abito al terzo piano senza ascensore e da sola non "
            "ce la faccio.",
            "E il sabato sarebbe possibile?",
        ),
    ),
)

POLISH = Language(
    code="pl",
    charset="iso-8859-2",
    greeting="Dzień dobry,",
    farewell="Z poważaniem",
    quoted="W poniedziałek {name} napisał(a):",
    first_names=("Łukasz", "Małgorzata", "Paweł", "Żaneta", "Grażyna"),
    last_names=("Wójcik", "Kamiński", "Dąbrowska", "Zięba", "Piątek"),
    towns=("Łódź", "Poznań", "Gdańsk"),
    products=("lampka Lumo", "stolik dębowy", "kinkiet Arc"),
    lamps=("lampka Lumo", "lampa stojąca Arc"),
    matters=(
        Matter(
            "Opóźnienie zamówienia {order}",
            "Zamówienie {order} miało dotrzeć we wtorek, a kurier nadal go nie ma. Proszę o informację, czy {lamp} w "
            "ogóle została wysłana.",
            "Dziękuję, paczka już jest.",
        ),
        Matter(
            "Reklamacja",
            "Po tygodniu używania {lamp} zaczęła migotać. Zmiana żarówki nie pomaga. Chciałabym skorzystać z "
            "gwarancji i proszę o dalsze wskazówki.",
            "Zdjęcie tabliczki znamionowej w załączniku.",
        ),
        Matter(
            "Pytanie o dostawę",
            "Czy wysyłają Państwo także do {town} z dostawą w sobotę? W dni robocze nikogo nie ma w domu do późna.",
            "W takim razie poproszę o paczkomat.",
        ),
    ),
)

CZECH = Language(
    code="cs",
    charset="windows-1250",
    greeting="Dobrý den,",
    farewell="S pozdravem",
    quoted="V pondělí {name} napsal(a):",
    first_names=("Jiří", "Anežka", "Ondřej", "Šárka"),
    last_names=("Dvořák", "Němcová", "Žižka", "Růžička"),
    towns=("Třebíč", "Plzeň", "Děčín"),
    products=("dubový stolek", "houpací stolek"),
    lamps=("lampa Lumo", "lampa Oblouk"),
    matters=(
        Matter(
            "Objednávka {order}",
            "před čtrnácti dny jsem u vás objednal zboží pod číslem {order} a dosud nepřišlo. Můžete mi prosím říct, kdy "
            "{product} dorazí?",
            "Děkuji, už je to doma.",
        ),
        Matter(
            "Vrácení zboží",
            "{product} se mi bohužel nehodí k ostatnímu nábytku. Na jakou adresu ho mám poslat a potřebujete k tomu "
            "původní krabici?",
            "Krabici jsem našel ve sklepě, takže posílám v ní.",
        ),
    ),
)

JAPANESE = Language(
    code="ja",
    charset="iso-2022-jp",
    greeting="お世話になっております。",
    farewell="よろしくお願いいたします。",
    quoted="月曜日に {name} さんは書きました:",
    first_names=("花子", "健太", "美咲", "翔"),
    last_names=("佐藤", "高橋", "伊藤", "渡辺"),
    towns=("金沢", "札幌"),
    products=("デスクランプ", "サイドテーブル"),
    lamps=("デスクランプ", "フロアランプ"),
    matters=(
        Matter(
            "注文番号 {order} の配送について",
            "先週注文した{lamp}がまだ届いておりません。注文番号は {order} です。発送の状況を教えていただけますか。",
            "本日無事に受け取りました。ありがとうございました。",
        ),
        Matter(
            "{lamp}の電球について",
            "{lamp}の購入を考えています。電球は付属していますか。日本の電圧で使えるかどうかも知りたいです。",
            "ご回答ありがとうございます。注文することにしました。",
        ),
    ),
)

LANGUAGES = (ENGLISH, GERMAN, FRENCH, SPANISH, ITALIAN, POLISH, CZECH, JAPANESE)
CUSTOMERS = {"en": 40, "de": 30, "fr": 16, "es": 12, "it": 8, "pl": 6, "cs": 4, "ja": 4}
"""How many customers write in each; 120 in all."""

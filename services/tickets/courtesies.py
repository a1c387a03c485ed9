"""How people thank, and what they say with it, by language: what of a letter needs no answer.

Only what cannot be meant otherwise is here. No “yes”, no “please”, no thanks in advance: they answer or ask something.
Words that are thanks in one language and something else in another (Danish “tak” is Polish for “yes”) stand with others.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Courtesies:
    """Regular expressions; case does not matter, and words are parted by single blanks, without punctuation."""

    code: str
    thanks: str
    """Thanks themselves."""
    polite: str
    """Greetings, praise and good wishes."""
    closings: str
    """How letters end."""
    titles: str = ""
    """Behind which anybody may be named."""
    reason: str = ""
    """What stands between thanks and what they are for ("for"); empty: `thanks` knows that itself."""
    its: str = ""
    """Words around what they are for: "your", "quick"."""
    what: str = ""
    """What they are for; several are parted by `and_`."""
    and_: str = ""


_DANISH_WHAT = (
    r"(?:(?:den|det|din|dit|jeres|deres|al|hurtige?|hurtigt|gode|fine|venlige) )*"
    r"(?:det|alt|hjælp(?:en)?|svar(?:et)?|støtten?|information(?:en)?|indsats(?:en)?|tilbagemelding(?:en)?|besked(?:en)?"
    r"|service(?:n)?|tid)"
)
"""What thanks are for, apart, since “tak” is thanks only with more."""

ENGLISH = Courtesies(
    code="en",
    thanks=r"(?:(?:and|many|a big|big|huge|a huge|sincere|lots of|with) )*"
    r"(?:thanks|thank (?:you|u)|thankyou|thx|thnx|tnx|thanx|ty|tysm|tyvm|cheers)"
    r"(?: (?:so much|so very much|very much|a lot|a million|a bunch|again|once again|once more|indeed|everyone|all"
    r"|everybody|both|guys|folks|team|support|sir|madam))*"
    r"|(?:i|we) (?:just )?(?:want|wanted|would like|'d like) to (?:say (?:thanks|thank you)|thank you)(?: (?:so|very) much)?"
    r"|(?:i|we) thank you(?: (?:so|very) much)?"
    r"|(?:(?:it|that|this|all)(?: is|'s| was)? )?(?:(?:very|really|so|greatly|truly) )?(?:much )?appreciated"
    r"|(?:i|we) (?:(?:really|very much|truly|greatly) )?appreciate (?:it|that|this|(?:your|all your|all the)"
    r"(?: (?:quick|prompt|kind|great))* (?:help|support|assistance|efforts?|reply|response|service|work))"
    r"|(?:i am|i'm|we are|we're) (?:(?:very|so|really) )?(?:grateful|thankful)",
    reason=r"for(?: all)?(?: of)?",
    its=r"your|the|this|that|such|a|an|very|really|so|quick|fast|prompt|swift|speedy|rapid|kind|great|good|nice"
    r"|excellent|friendly|helpful|amazing|fantastic|wonderful|professional|detailed|immediate|super|continued",
    what=r"everything|it|help|support|assistance|reply|response|answer|service|customer service|time|efforts?"
    r"|patience|understanding|info|information|advice|explanation|solution|hard work|work|job|cooperation|update"
    r"|feedback|attention|kindness|e ?mail|message|clarification|consideration|delivery"
    r"|helping(?: me| us)?(?: out)?|answering|getting back to (?:me|us)|letting (?:me|us) know"
    r"|(?:sorting|clearing|clarifying) (?:this|that|it)(?: out| up)?|taking the time",
    and_="and",
    polite=r"hi|hiya|hello|hey|hi there|hello there|greetings|good (?:morning|afternoon|evening|day)|dear|sirs?|madam|or"
    r"|all|everyone|everybody|folks|guys|customer (?:service|support|care)"
    r"|(?:you are|you're) (?:very kind|the best|great|awesome|amazing|very welcome|welcome|too kind)"
    r"|that(?:'s| is| was) (?:(?:very|so|really) )?(?:kind|nice|great|perfect|helpful|lovely|wonderful|fast|quick)(?: of you)?"
    r"|(?:very|how|so) kind(?: of you)?|very helpful|great|excellent|awesome|wonderful|lovely|brilliant|fantastic|amazing"
    r"|(?:great|excellent|amazing|fantastic|good|super|outstanding|wonderful|perfect) (?:customer )?"
    r"(?:service|job|work|support|help|team)|well done|keep up the (?:good|great) work|wow|cool|nice|good|oh"
    r"|(?:i wish you |and |wishing you )?(?:have )?an? (?:(?:very|really) )?(?:nice|great|good|lovely|wonderful|pleasant|fantastic)"
    r" (?:day|weekend|week|evening|one|afternoon|holiday)(?: ahead)?|happy (?:new year|easter|holidays|weekend|friday)"
    r"|merry christmas|you too|same to you|god bless(?: you)?|take care|stay safe|team|support|bravo|x{1,3}"
    r"|ok(?:ay|e|é)?|super|top|perfect|hallo",
    titles=r"mr|mrs|ms|miss|mx|dr|prof",
    closings=r"(?:(?:and|with|my|our|kind|kindest|best|warm|warmest|friendly|many) )*(?:regards|wishes)|rgds|(?:and )?all the best"
    r"|(?:yours )?(?:sincerely|truly|faithfully|respectfully|cordially)|sincerely yours|yours|best|br|(?:bye )?bye|goodbye"
    r"|see you|love|take care",
)
"""Said everywhere, and so are some words of other languages in it."""

COURTESIES = (
    ENGLISH,
    Courtesies(
        code="de",
        thanks=r"(?:(?:und|ganz|sehr|recht|herzlichen|herzlichsten|vielen|besten|lieben|schönen|tausend|1000|großen"
        r"|allerbesten|mit|mein|unser|ich sage|wir sagen|nochmals|nochmal) )*(?:dank|danke|dankeschön|dankeschoen|dankesehr)"
        r"(?: (?:schön|sehr|euch|ihnen|dir|an sie|an euch|an alle|allen|ans team|vielmals|nochmals?|noch mal|noch einmal))*"
        r"|(?:und )?(?:ich|wir) danken? (?:ihnen|euch|dir)(?: (?:sehr|vielmals|herzlich|ganz herzlich|nochmals))*"
        r"|(?:ich|wir) (?:bedanken?|möchten? (?:mich|uns))(?: (?:mich|uns|ganz|sehr|recht|herzlich|bei ihnen|bedanken))*"
        r"|herzlich bedankt|merci(?: vielmals?)?",
        reason=r"für",
        its=r"die|der|den|das|diese|ihre[nrm]?|ihr|eure[nr]?|euer|deine[nr]?|dein|all|die ganze|so|sehr|super|wirklich"
        r"|(?:schnell|prompt|rasch|nett|freundlich|toll|gut|kompetent|lieb|zügig|umgehend|hervorragend|ausführlich|kulant"
        r"|unkompliziert|groß|großartig|perfekt|ausgezeichnet|hilfreich|rasant|flott)e[nr]?",
        what=r"alles|hilfe|antwort|rückmeldung|rückantwort|unterstützung|auskunft|infos?|information|informationen|mühe|mühen"
        r"|bemühungen|bemühung|bearbeitung|erledigung|e ?mail|mail|nachricht|service|kundenservice|support|geduld|verständnis"
        r"|hinweis|hinweise|tipps?|lösung|zeit|reaktion|kulanz|einsatz|beratung|erklärung|klärung|abwicklung|betreuung"
        r"|hilfestellung|lieferung|arbeit|zusammenarbeit|freundlichkeit",
        and_="und",
        polite=r"moin(?: moin)?|servus|grüezi|gr[üu](?:ß|ss) (?:gott|dich|euch)|guten (?:tag|morgen|abend)|liebe[rs]?|sehr geehrte[rs]?"
        r"|damen und herren|zusammen|ihr lieben|alle|kundenservice"
        r"|prima|toll|klasse|perfekt|wunderbar|ausgezeichnet|spitze|hervorragend|sehr gut|genial|bestens|alles (?:klar|bestens)"
        r"|(?:das (?:ist|war) )?(?:(?:sehr|wirklich|super|echt) )?(?:nett|lieb|freundlich|hilfreich)(?: von (?:ihnen|euch|dir))?"
        r"|das (?:ist|war) (?:(?:sehr|wirklich|echt) )?(?:toll|super|klasse|prima|perfekt)"
        r"|(?:toller|super|klasse|perfekter|guter|spitzen) (?:service|support|kundenservice)|gern geschehen|gerne"
        r"|(?:und )?(?:(?:ich|wir) wünschen? )?(?:(?:ihnen|euch|dir|allen|noch|auch|ebenfalls) )*"
        r"(?:einen?|ein)? ?(?:schönen?|schönes|guten?|angenehmen?|angenehmes|erholsames|erfolgreichen?) "
        r"(?:tag|abend|wochenende|woche|feierabend|nachmittag|vormittag|rest der woche)(?: noch)?|(?:ihnen|euch|dir|gleichfalls) auch"
        r"|gleichfalls|frohe (?:weihnachten|ostern|feiertage)|bleib(?:en sie|t)? gesund|alles gute|weiter so",
        titles=r"herrn?|frau|dr|prof",
        closings=r"(?:(?:und|mit|den|dem|viele|vielen|liebe|lieben|liebem|beste|besten|schöne|schönen|freundliche"
        r"|freundlichen|freundlichem|herzliche|herzlichen|herzlichem|sonnige|sonnigen|nette|netten|ganz) )*"
        r"(?:gr(?:ü|ue)(?:ß|ss)(?:en|e)|gru(?:ß|ss))|mfg|vg|lg|bg|hg|glg|herzlichst|herzlich|hochachtungsvoll|tschüss|ciao|bis bald",
    ),
    Courtesies(
        code="fr",
        thanks=r"(?:(?:et|un|grand|très grand|mille|encore|encore une fois|avec|tous|mes|nos|sincères|vifs|chaleureux) )*"
        r"(?:merci|mercis|remerciements)(?: (?:beaucoup|bien|infiniment|encore|mille fois|vraiment|à (?:vous|toi|tous)"
        r"|à toute l'équipe|tout le monde|madame|monsieur))*"
        r"|(?:je|nous) (?:vous|te) remerci(?:e|ons)(?: (?:beaucoup|infiniment|sincèrement|vivement|encore|chaleureusement))*"
        r"|en vous remerciant",
        reason=r"pour|de|d'avoir",
        its=r"votre|ta|ton|vos|tes|la|le|les|l'|cette|ce|toute|tout|si|très|rapide|rapides|prompte|précieuse|aimable|excellente?"
        r"|bonne|bon|super|grande|efficace|clair|claire|complète",
        what=r"tout|(?:l')?aide|réponse|retour|soutien|(?:l')?assistance|réactivité|rapidité|efficacité|gentillesse|patience"
        r"|compréhension|travail|service|temps|(?:l')?informations?|infos?|message|mail|précisions?|explications?|(?:l')?intervention"
        r"|confiance|attention|disponibilité|professionnalisme|conseils?|accueil|m'avoir (?:aidée?|répondu)|répondu",
        and_="et",
        polite=r"bonjour|bonsoir|salut|coucou|chers?|chères?|mesdames|messieurs|(?:à )?toute l'équipe|l'équipe|à tous|service client"
        r"|parfait|génial|excellent|formidable|d'accord|très bien|impeccable|nickel"
        r"|c'est (?:(?:très|vraiment|super) )?(?:gentil|parfait|aimable|sympa|super|noté)(?: à vous| de votre part)?"
        r"|(?:(?:et|je vous souhaite|nous vous souhaitons|passez|une|un|très) )*(?:bonne|excellente|agréable|belle)"
        r" (?:journée|soirée|continuation|semaine|année|fin de (?:journée|semaine))|(?:(?:et|un) )*bon (?:week ?end|après midi)"
        r"|à vous aussi|de même|joyeux noël|de rien|avec plaisir",
        titles=r"madame|monsieur|mme|mlle",
        closings=r"(?:(?:bien|très) )?(?:cordialement|amicalement|sincèrement|respectueusement)"
        r"(?: vôtre| à vous)?|cdlt|cdt|bien à (?:vous|toi)|(?:(?:avec|mes|nos|meilleures|sincères|cordiales) )*salutations"
        r"(?: distinguées| les meilleures| cordiales)?|à bientôt|au revoir|bises|bisous|amitiés",
    ),
    Courtesies(
        code="es",
        thanks=r"(?:(?:y|muchas|muchísimas|mil|un millón de|de nuevo|infinitas) )*gracias(?: (?:a (?:ti|usted|ustedes|vosotros|todos|vos)"
        r"|de nuevo|otra vez|nuevamente|de verdad|de corazón|mil|totales))*"
        r"|(?:(?:te|le|les|os) )?(?:(?:lo|se lo) )?agradezco(?: mucho| muchísimo)?|(?:(?:muy|eternamente) )?agradecid[oa]s?",
        reason=r"por",
        its=r"su|tu|sus|tus|vuestra|vuestro|la|el|los|las|toda|todo|tan|muy|rápida|rápido|pronta|amable|excelente|gran|inmediata"
        r"|buena?|valiosa|oportuna",
        what=r"todo|ayuda|respuesta|atención|apoyo|rapidez|tiempo|paciencia|servicio|información|info|amabilidad|colaboración|gestión"
        r"|trabajo|soporte|comprensión|interés|solución|esfuerzo|responder|contestar|ayudarme|ayudarnos",
        and_="y",
        polite=r"hola|buenos días|buenas(?: tardes| noches)?|estimad[oa]s?|querid[oa]s?|apreciad[oa]s?|señores|equipo|a todos"
        r"|perfecto|genial|excelente|estupendo|fantástico|vale|muy bien|muy amables?|de acuerdo|igualmente|de nada|bendiciones"
        r"|(?:que )?(?:(?:tenga|tengas|tengan|pase|pases|un|una) )*(?:buen|buena|feliz|lindo|bonito|excelente|gran)"
        r" (?:día|tarde|noche|fin de semana|semana|finde|navidad|año)|feliz año nuevo",
        titles=r"señora?|señorita|sr|sra|srta|don|doña",
        closings=r"(?:(?:un|muchos|cordial|cordiales|afectuoso|fuerte|gran|atentos?) )*"
        r"(?:saludos?|abrazos?)(?: cordiales| cordial| a todos)?|atentamente|cordialmente|atte|hasta (?:luego|pronto)|adiós|besos",
    ),
    Courtesies(
        code="it",
        thanks=r"(?:(?:e|mille|tante|molte|infinite|ancora|un grande|grandi) )*grazie(?: (?:mille|tante|infinite|ancora|di cuore|molte"
        r"|a (?:voi|te|lei|tutti)|di tutto|davvero|dell'(?:aiuto|assistenza)))*"
        r"|(?:(?:vi|la|ti|le) )?ringrazi(?:o|amo)(?: (?:molto|infinitamente|tanto|ancora|di cuore))*|ringraziandovi",
        reason=r"per|d(?:i|el|ella|ei)",
        its=r"la|il|lo|i|le|l'|vostra|vostro|sua|suo|tua|tuo|tutto|così|molto|rapida|rapido|veloce|pronta|preziosa?|prezioso|cortese"
        r"|ottimo|ottima|gentile|celere|tempestiva|tempestivo",
        what=r"tutto|(?:l')?(?:aiuto|assistenza|attenzione|informazione)|supporto|risposta|disponibilità|gentilezza"
        r"|velocità|rapidità|tempo|pazienza|servizio|informazioni|collaborazione|riscontro|cortesia|lavoro|professionalità",
        and_="e",
        polite=r"ciao|salve|buon ?giorno|buona ?sera|gentil[ei]|gentilissim[aoie]|car[aoie]|egregi[o]?|spett le|a tutti"
        r"|perfetto|ottimo|benissimo|fantastico|va bene|molto gentil[ei]|altrettanto|prego|complimenti"
        r"|(?:siete|sei|è) (?:stat[oaie] )?(?:gentilissim[oaie]|fantastic[oaie]|molto gentil[ei])"
        r"|(?:(?:e|una|un|vi auguro) )*(?:buon|buona) (?:giornata|serata|domenica|settimana|fine settimana|weekend|lavoro|pomeriggio"
        r"|natale|anno)",
        titles=r"signora|signore?|sig|sig ra|dott|dottoressa",
        closings=r"(?:(?:un|con|cordial[ei]|distinti|caro|cari|tanti) )*salut[oi](?: cordiali)?"
        r"|cordialmente|cordialità|distintamente|a presto|arrivederci|un abbraccio",
    ),
    Courtesies(
        code="pt",
        thanks=r"(?:(?:e|muito|muitíssimo|mais uma vez) )*obrigad(?:[ao]s?|inh[ao]|ão)"
        r"(?: (?:mesmo|mais uma vez|de novo|novamente|a (?:todos|vocês|si|você)))*"
        r"|agradeço(?: (?:muito|imenso))*(?: a (?:ajuda|atenção|resposta|colaboração))?|(?:muito )?(?:agradecid|grat)[oa]s?|valeu",
        reason=r"pel[ao]s?|por",
        its=r"a|o|sua|seu|vossa|vosso|tua|teu|toda|todo|tão|rápid[ao]|pront[ao]|excelente|ótim[ao]|gentil|grande|boa|bom",
        what=r"tudo|ajuda|resposta|apoio|atenção|suporte|tempo|paciência|informação|informações|rapidez|atendimento|serviço|retorno"
        r"|colaboração|disponibilidade|compreensão|esclarecimentos?|gentileza|simpatia",
        and_="e|e pel[ao]s?",
        polite=r"olá|oi|bom dia|boa tarde|boa noite|car[oa]s?|prezad[oa]s?|estimad[oa]s?|senhor(?:es|as)|equip[ea]|exm[oa]s?|a todos"
        r"|perfeito|ótimo|excelente|maravilha|muito bem|fantástico|igualmente|de nada|muito gentil"
        r"|(?:(?:e|tenham?|um|uma) )*(?:bom|boa|ótim[oa]|excelente) (?:dia|tarde|noite|semana|fim de semana|fds|trabalho|natal|ano)",
        titles=r"senhora?|sra?|dra?",
        closings=r"(?:(?:com|os|melhores|meus) )*cumprimentos(?: cordiais)?|atenciosamente|atentamente|att"
        r"|cordialmente|(?:um )?abraços?|abs|saudações|até (?:logo|breve|já)|beijos?|bjs",
    ),
    Courtesies(
        code="nl",
        thanks=r"(?:(?:en|heel|hartelijk|hartelijke|veel|ontzettend|super|nogmaals|erg|enorm|zeer|ik wil (?:u|jullie|je)|alle) )*"
        r"(?:bedankt|dank (?:je|u|jullie)(?: wel)?|dankjewel|dankuwel|dankje|dank)(?: (?:hoor|nogmaals|allemaal|aan allen))*"
        r"|bedankjes|(?:ik|wij) danken? (?:u|jullie|je)(?: hartelijk)?",
        reason=r"voor",
        its=r"de|het|je|jouw|uw|jullie|al|alle|zo|erg|heel|snelle?|goede?|fijne?|prettige|vlotte|vriendelijke|geweldige|duidelijke|super",
        what=r"alles|hulp|antwoord|reactie|snelheid|ondersteuning|informatie|info|moeite|service|tijd|geduld|bericht|mail|inzet|uitleg"
        r"|begrip|medewerking|feedback|terugkoppeling|oplossing|afhandeling|support",
        and_="en",
        polite=r"hoi|dag|goede?n? ?(?:morgen|middag|avond|dag)|beste|geachte|lieve|allemaal|klantenservice"
        r"|prima|geweldig|fijn|mooi|helemaal goed|(?:heel|erg) (?:aardig|vriendelijk|fijn)|graag gedaan|insgelijks|toppie"
        r"|(?:(?:en|nog|een) )*(?:prettige?|fijne?|goede?|mooie) (?:dag|avond|weekend|week|middag)(?: verder| nog)?",
        titles=r"heer|mevrouw|meneer|mevr|dhr",
        closings=r"(?:(?:en|met|vriendelijke|hartelijke|hartelijk|beste|veel|lieve|warme) )*groet(?:en|jes|)"
        r"|mvg|gr|hoogachtend|tot ziens|doei",
    ),
    Courtesies(
        code="sv",
        thanks=r"(?:(?:och|stort|varmt|hjärtligt|jättestort|många|tusen) )*(?:tack|tackar)"
        r"(?: (?:så (?:mycket|jättemycket|hemskt mycket)|snälla|själv|igen|till er|allihopa))*",
        reason=r"för",
        its=r"all|den|det|din|ditt|er|ert|era|snabb|snabba|snabbt|goda|gott|fina|fint|trevligt|utmärkt|suverän|hjälpsamt",
        what=r"allt|hjälp(?:en)?|svar(?:et)?|support(?:en)?|service(?:n)?|information(?:en)?|stödet|tiden|bemötandet|bemötande"
        r"|återkoppling(?:en)?|besked(?:et)?",
        and_="och",
        polite=r"hej(?: hej)?|hejsan|hallå|tjena|kära|bästa|god (?:morgon|kväll|dag)|alla"
        r"|toppen|perfekt|jättebra|bra|kanon|utmärkt|okej|fantastiskt|vad (?:bra|snällt)|det var (?:snällt|så lite)|detsamma"
        r"|(?:(?:och|ha|en|fortsatt) )*(?:trevlig|fin|bra|skön) (?:dag|helg|kväll|vecka)",
        closings=r"(?:(?:och|med|vänlig|vänliga|bästa|många|varma) )*hälsning(?:ar)?|mvh|vh|kram|ha det(?: bra)?|hej då|vi ses",
    ),
    Courtesies(
        code="da",
        thanks=r"(?:(?:og|mange|tusind|1000|hjertelig|stor|så mange) )+tak"
        rf"(?: (?:skal (?:du|i|de) have|igen|til jer|for {_DANISH_WHAT}))*"
        rf"|tak (?:skal (?:du|i|de) have|så (?:meget|mange gange)|igen|for {_DANISH_WHAT})(?: (?:og|for) {_DANISH_WHAT})*",
        polite=r"hej(?: hej)?|goddag|kære|god (?:morgen|dag|aften)|alle|perfekt|fint|fantastisk|flot|det var (?:så lidt|flinkt)|i lige måde"
        r"|(?:(?:og|ha|hav|en|fortsat|rigtig) )*(?:god|dejlig) (?:dag|weekend|aften|uge)",
        closings=r"(?:(?:og|med|venlige?|bedste|mange|hjertelige?|varme|kærlige?) )*(?:hilsen|hilsener|hilsner)|mvh|vh|dbh|kh|knus|farvel",
    ),
    Courtesies(
        code="nb",
        thanks=r"(?:(?:og|tusen|mange|hjertelig|stor) )*takk(?: (?:skal (?:du|dere) ha|så (?:mye|meget)|igjen|til dere))*",
        reason=r"for",
        its=r"all|den|det|din|ditt|deres|rask|raske?|raskt|gode?|godt|fine?|kjapp|kjapt|hyggelig",
        what=r"alt|hjelp(?:en)?|svar(?:et)?|støtten?|informasjon(?:en)?|tilbakemelding(?:en)?|service(?:n)?|tiden|innsatsen",
        and_="og",
        polite=r"hei(?: hei)?|kjære|god (?:morgen|dag|kveld)|alle|perfekt|flott|bra|fint|fantastisk|kjempebra|det (?:var|er) (?:snilt|hyggelig)"
        r"|i like måte|(?:(?:og|ha|en|fortsatt|riktig) )*(?:god|fin) (?:dag|helg|kveld|uke)(?: videre)?",
        closings=r"(?:(?:og|med|vennlige?|beste|mange|hjertelige?|varme) )*(?:hilsen|hilsener)|mvh|vh|klem|ha det(?: bra)?",
    ),
    Courtesies(
        code="fi",
        thanks=r"(?:(?:ja|suuri|suuret|paljon|monet|tuhannet|iso|lämmin|lämpimät|sydämellinen) )*(?:kiitos|kiitokset|kiitoksia|kiitti|kiitän)"
        r"(?: (?:paljon|kovasti|oikein paljon|todella paljon|vielä kerran|teille|sinulle|kaikesta"
        r"|(?:(?:nopeasta|hyvästä|ystävällisestä|kaikesta) )*(?:avusta|vastauksesta|palvelusta|tuesta|tiedosta|ajasta)(?:nne|si)?))*",
        polite=r"hei(?: hei)?|moi(?: moi)?|terve|huomenta|päivää|hyvää (?:huomenta|päivää|iltaa)|hyvä asiakaspalvelu"
        r"|hienoa|mahtavaa|loistavaa|selvä|mukava juttu|samoin"
        r"|(?:hyvää|mukavaa) (?:päivää|viikonloppua|iltaa|päivänjatkoa|viikkoa|jatkoa|kesää|joulua)",
        closings=r"(?:(?:ystävällisin|parhain|lämpimin) )?terveisin|terveisiä|terv|kunnioittavasti|ystävällisesti|heippa",
    ),
    Courtesies(
        code="pl",
        thanks=r"(?:(?:i|bardzo|serdecznie|ślicznie|pięknie|jeszcze raz|wielkie|stokrotne|raz jeszcze) )*"
        r"(?:dziękuję|dziękuje|dziękujemy|dzięki|dzięks|podziękowania|dziekuje|dziekuję|dzieki)"
        r"(?: (?:bardzo|serdecznie|ślicznie|pięknie|wielkie|jeszcze raz|raz jeszcze|panu|pani|państwu|ci|wam|wszystkim))*",
        reason=r"za",
        its=r"szybką|szybkie|szybki|sprawną|miłą|błyskawiczną|twoją|państwa|pana|pani|waszą|okazaną|całą|profesjonalną|tak",
        what=r"wszystko|pomoc|odpowiedź|odpowiedz|informacj[ęe]|wsparcie|obsługę|reakcję|kontakt|czas|cierpliwość|zrozumienie"
        r"|wyjaśnieni[ea]|zaangażowanie",
        and_="i|oraz",
        polite=r"cześć|hej|witam|witaj|dzień dobry|dobry wieczór|szanown[aiy]|państwo|panie|pani|drog[ai]|super|świetnie|doskonale|wspaniale"
        r"|rewelacja|wzajemnie|nie ma za co|wszystkiego dobrego"
        r"|(?:(?:i|życzę|życzymy) )*(?:miłego|udanego|dobrego|spokojnego) (?:dnia|weekendu|wieczoru|popołudnia|tygodnia)",
        titles=r"panie|pani",
        closings=r"z poważaniem|z wyrazami szacunku|(?:(?:serdecznie|gorąco) )?pozdrawiam(?:y)?(?: serdecznie| ciepło| gorąco)?"
        r"|pozdrowienia|pozdr|do (?:widzenia|usłyszenia)",
    ),
    Courtesies(
        code="cs",
        thanks=r"(?:(?:a|moc|mockrát|velice|velmi|mnohokrát|srdečně|ještě jednou) )*(?:děkuji|děkuju|děkujeme|díky|dík|dekuji|dekuju|dekujeme|diky)"
        r"(?: (?:moc|mockrát|velice|vám|ti|ještě jednou|všem|pěkně))*",
        reason=r"za",
        its=r"rychlou|rychlé|rychlý|vaši|vaší|vaše|váš|tvou|tvoji|skvělou|milou|ochotnou|veškerou",
        what=r"všechno|vše|pomoc|odpověď|podporu|ochotu|informac[ie]|vyřízení|jednání|čas|trpělivost|spolupráci|službu|reakci",
        and_="a",
        polite=r"dobrý (?:den|večer)|dobré (?:ráno|odpoledne)|ahoj|čau|zdravím|vážen[ýáí]|mil[ýáí]|skvělé|výborně|paráda|není zač"
        r"|(?:(?:a|přeji|mějte|vám) )*(?:hezký|pěkný|krásný) (?:den|víkend|večer)|hezkého dne",
        titles=r"paní|pane|pan",
        closings=r"s (?:pozdravem|srdečným pozdravem|přátelským pozdravem|úctou)|srdečně|na shledanou|nashledanou",
    ),
    Courtesies(
        code="sk",
        thanks=r"(?:(?:a|veľmi|pekne|srdečne|ešte raz|krásne) )*(?:ďakujem|ďakujeme|ďakuje|vďaka|dakujem|dakujeme)"
        r"(?: (?:pekne|veľmi|krásne|vám|ti|ešte raz|veľmi pekne|všetkým))*",
        reason=r"za",
        its=r"rýchlu|rýchle|rýchlo|vašu|vaše|váš|tvoju|skvelú|milú|všetku",
        what=r"všetko|pomoc|odpoveď|podporu|ochotu|informáci[ue]|vybavenie|čas|trpezlivosť|spoluprácu|službu|reakciu",
        and_="a",
        polite=r"dobrý (?:deň|večer)|dobré ráno|ahoj|čau|zdravím|vážen[ýáí]|mil[ýáí]|skvelé|výborne|paráda|nie je za čo"
        r"|(?:(?:a|prajem|majte|vám) )*(?:pekný|krásny) (?:deň|víkend|večer)|pekného dňa",
        titles=r"pani|pán|pane",
        closings=r"s (?:pozdravom|srdečným pozdravom|úctou)|srdečne|dovidenia",
    ),
    Courtesies(
        code="hu",
        thanks=r"(?:(?:és|nagyon|szépen|hálásan|ezer|még egyszer) )*(?:köszönöm|köszönjük|köszi|kösz|köszönet|köszönettel)"
        r"(?: (?:szépen|nagyon|mindent|még egyszer|önöknek|neked|(?:az?|gyors|segítőkész|kedves)"
        r"|segítség(?:et|ét|üket)|válasz(?:t|át|ukat)|támogatást|információt|tájékoztatást|türelmet|ügyintézést|fáradozás(?:t|át)))*",
        polite=r"szia|sziasztok|helló|üdvözlöm|jó (?:napot|reggelt|estét)(?: kívánok)?|tisztelt|kedves|hölgyem|uram|ügyfélszolgálat|címzett"
        r"|szuper|rendben|tökéletes|remek|kiváló|nagyszerű|minden jót|nincs mit"
        r"|(?:további )?(?:szép|jó) (?:napot|estét|hétvégét)(?: kívánok)?",
        closings=r"(?:(?:szívélyes|baráti) )?üdvözlettel|tisztelettel|üdv|viszlát|viszontlátásra",
    ),
    Courtesies(
        code="ro",
        thanks=r"(?:(?:și|vă|va|îți|iti|mii de|încă o dată) )*(?:mul[țţt]umesc|mul[țţt]umim|mul[țţt]umiri|mersi)"
        r"(?: (?:mult|foarte mult|frumos|din suflet|încă o dată|inca o data|tuturor))*",
        reason=r"pentru",
        its=r"tot|rapid|prompt|rapidă|promptă|acordat|dumneavoastră|dumneavoastra|dvs|vostru|tău|frumoasă",
        what=r"tot|ajutor(?:ul)?|r[ăa]spuns(?:ul)?|sprijin(?:ul)?|informați[aei]i?(?:le)?|informatii|promptitudinea?|r[ăa]bdare[a]?"
        r"|timp(?:ul)?|înțelegerea?|colaborarea?|suport(?:ul)?|amabilitatea?",
        and_="și|si",
        polite=r"bun[ăa](?: ziua| seara| diminea[țt]a)?|salut|salutare|stimat[ăe]?|dragă|excelent|minunat|cu plăcere|toate cele bune|numai bine"
        r"|(?:vă doresc )?o (?:zi|seară|săptămână) (?:bună|frumoasă|plăcută|minunată)|weekend plăcut",
        titles=r"domnul|doamna|domnule|doamnă|dl|dna",
        closings=r"cu (?:stimă|stima|respect|drag|considerație|deosebită stimă)|la revedere",
    ),
    Courtesies(
        code="hr",
        thanks=r"(?:(?:i|in|puno|mnogo|najljepša|najlepša|lijepa|lepa|velika|veliko|još jednom|še enkrat|iskrena) )*"
        r"(?:hvala|zahvaljujem|zahvaljujemo)(?: (?:vam|ti|lijepo|lijepa|lepo|lepa|puno|mnogo|najljepša|najlepša|još jednom|svima|i vama))*",
        reason=r"na|za",
        its=r"brzom|brzoj|brz|brzi|brzu|hiter|hitro|vašoj|vašem|vašo|vaš|vašu|svoj|svu|ljubaznoj|ljubaznosti i",
        what=r"svemu|sve|vse|pomoći|pomoć|pomoč|odgovoru|odgovor|podršci|podršku|podporo|trudu|trud|informacijama|informacij[ei]"
        r"|strpljenju|strpljenje|usluzi|uslugu|ljubaznosti|razumevanju|razumijevanju",
        and_="i|in",
        polite=r"bok|pozdravljeni|zdravo|živjo|(?:dobar|dober) dan|dobro (?:jutro|veče)|(?:dobra|dober) večer|poštovan[iae]|spoštovan[iae]|drag[iae]"
        r"|odlično|savršeno|sjajno|u redu|v redu|nema na čemu|sve najbolje|vse dobro|(?:i )?(?:ugodan|prijatan|prijeten|lep|lijep) (?:dan|vikend)",
        titles=r"gospodine?|gospođo|gospa",
        closings=r"(?:(?:i|in|lijepi?|lepi?|lepe|srdačan|srdačni|prijazen|puno) )*pozdrav[ei]?|lp"
        r"|s? ?(?:poštovanjem|spoštovanjem)|srdačno|doviđenja|nasvidenje",
    ),
    Courtesies(
        code="sr",
        thanks=r"(?:(?:пуно|много|велико|најлепше|још једном) )*(?:хвала|захваљујем|захваљујемо)"
        r"(?: (?:вам|ти|пуно|много|лепо|лепа|најлепше|још једном|свима))*",
        reason=r"на|за",
        its=r"брзом|брз|вашој|вашем",
        what=r"свему|све|помоћи|помоћ|одговору|одговор|подршци|подршку|стрпљењу",
        and_="и",
        polite=r"здраво|добар дан|добро (?:јутро|вече)|поштовани|одлично|у реду|све најбоље|пријатан дан",
        closings=r"(?:(?:срдачан|леп) )?поздрав|с поштовањем|довиђења",
    ),
    Courtesies(
        code="bg",
        thanks=r"(?:(?:и|много|сърдечно|искрено|отново|още веднъж) )*(?:благодаря|благодарим|благодарности|мерси)"
        r"(?: (?:ви|ти|много|отново|още веднъж|на всички))*",
        reason=r"за",
        its=r"бърз(?:ия|ата|ото)?|ваш(?:ата|ия|ето)|ценната|оказан(?:ата|ото)|навременн(?:ата|ия)|любезн(?:ия|ото)|цялата",
        what=r"всичко|помощта|помощ|отговора|отговор|съдействието|съдействие|информацията|информация|подкрепата|обслужването"
        r"|отзивчивостта|времето|търпението|разбирането",
        and_="и",
        polite=r"здравейте|здравей|здрасти|добър (?:ден|вечер)|добро утро|уважаем[иа]|скъпи|супер|чудесно|отлично|страхотно|добре|няма защо"
        r"|всичко (?:най )?(?:добро|хубаво)|(?:и )?(?:приятен|хубав|успешен|лек) (?:ден|уикенд)|(?:приятна|хубава) (?:вечер|седмица)",
        titles=r"господин|госпожо|г н|г жо",
        closings=r"(?:с|със) (?:уважение|поздрави?|почит)|поздрави|довиждане",
    ),
    Courtesies(
        code="ru",
        thanks=r"(?:(?:и|большое|огромное|вам|тебе|ещё раз|еще раз) )*(?:спасибо|спс|благодарю|благодарим|благодарен|благодарна)"
        r"(?: (?:вам|тебе|вас|тебя|большое|огромное|всем|ещё раз|еще раз|от души))*",
        reason=r"за",
        its=r"быстрый|быструю|оперативный|оперативную|ваш|вашу|ваше|подробный|оказанную|скорый|такой|такую|всю",
        what=r"вс[её]|помощь|ответ|поддержку|информацию|оперативность|содействие|работу|внимание|понимание|терпение|время"
        r"|обслуживание|разъяснени[ея]|консультацию|отзывчивость",
        and_="и",
        polite=r"привет|здравствуйте?|добрый (?:день|вечер)|доброе утро|доброго дня|уважаем(?:ая|ый|ые)|дорог(?:ая|ой|ие)|коллеги"
        r"|отлично|супер|прекрасно|замечательно|ок|здорово|удачи|не за что|и вам(?: того же)?"
        r"|(?:(?:и|вам|желаю) )*(?:хорошего|доброго|приятного|удачного) (?:дня|вечера)|(?:хороших|приятных) выходных"
        r"|всего (?:доброго|хорошего|наилучшего)",
        closings=r"(?:(?:с|со) )?(?:уважением|наилучшими пожеланиями|благодарностью)|до свидания",
    ),
    Courtesies(
        code="uk",
        thanks=r"(?:(?:і|й|та|дуже|щиро|сердечно|ще раз|велике|вам|красно) )*(?:дякую|дякуємо|спасибі|вдячний|вдячна|вдячні)"
        r"(?: (?:вам|тобі|дуже|щиро|ще раз|всім))*",
        reason=r"за",
        its=r"швидк(?:у|ий)|вашу|ваш|оперативн(?:у|ий)|таку|всю",
        what=r"все|допомогу|відповідь|підтримку|інформацію|оперативність|роботу|увагу|розуміння|час|обслуговування|терпіння",
        and_="і|й|та",
        polite=r"привіт|вітаю|доброго (?:дня|ранку|вечора)|добрий (?:день|вечір)|шановн(?:і|а|ий)|чудово|супер|відмінно|нема за що|ок"
        r"|гарного (?:дня|вечора)|гарних вихідних|всього (?:найкращого|доброго)|на все добре",
        titles=r"пане|пані",
        closings=r"(?:з|із) (?:повагою|найкращими побажаннями|вдячністю)|до побачення",
    ),
    Courtesies(
        code="el",
        thanks=r"(?:(?:και|σας|σε|πολλές|θερμές|πολύ) )*(?:ευχαριστώ|ευχαριστω|ευχαριστούμε|ευχαριστίες)"
        r"(?: (?:πολύ|πολυ|πάρα πολύ|παρα πολυ|θερμά|και πάλι|όλους))*",
        reason=r"για",
        its=r"τη|την|το|τις|τον|άμεση|γρήγορη|πολύτιμη|σας|σου|όλη",
        what=r"όλα|βοήθεια|απάντηση|υποστήριξη|εξυπηρέτηση|ενημέρωση|πληροφορίες|χρόνο|υπομονή|κατανόηση",
        and_="και",
        polite=r"γεια(?: σας| σου)?|καλημέρα(?: σας)?|καλησπέρα(?: σας)?|χαίρετε|αγαπητ(?:έ|ή|οί)|τέλεια|υπέροχα|μπράβο|ωραία"
        r"|να (?:είστε|είσαι) καλά|να 'στε καλά|παρακαλώ πολύ|(?:καλή|καλό) (?:μέρα|συνέχεια|βράδυ|σαββατοκύριακο|απόγευμα|εβδομάδα)",
        titles=r"κύριε|κυρία",
        closings=r"με (?:εκτίμηση|φιλικούς χαιρετισμούς)|φιλικά|χαιρετισμούς",
    ),
    Courtesies(
        code="tr",
        thanks=r"(?:(?:ve|çok|tekrar|tekrardan|gerçekten|yardımınız|yardımlarınız|yardımın|desteğiniz|desteğin|ilginiz|cevabınız|yanıtınız|hızlı"
        r"|geri dönüşünüz|dönüşünüz|bilgilendirmeniz|her şey|ve|için) )*"
        r"(?:teşekkürler|teşekkür (?:ederim|ederiz)|tesekkurler|tesekkur ederim|sağ ?ol(?:un|unuz)?|eyvallah)(?: (?:çok|tekrar))*",
        polite=r"merhaba(?:lar)?|selam(?:lar)?|günaydın|sayın|değerli|bey|hanım|yetkili|harika|süper|mükemmel|kolay gelsin|ellerinize sağlık"
        r"|elinize sağlık|rica ederim|(?:iyi|güzel|hayırlı) (?:günler|akşamlar|çalışmalar|hafta ?sonları|geceler|işler)(?: dilerim| dileriz)?",
        closings=r"saygılarım(?:la|ızla)|saygılar|sevgiler(?:imle)?|hoşça ?kalın|görüşmek üzere",
    ),
    Courtesies(
        code="id",
        thanks=r"(?:(?:baik|dan|banyak) )*(?:terima ?kasih|trims|makasih|trimakasih)"
        r"(?: (?:banyak|sekali|ya|lagi|kak|pak|bu|mas|mbak|min|semua|semuanya))*",
        reason=r"atas|untuk|buat",
        its=r"segala|cepat|yang cepat|anda|kamu|nya|kerja",
        what=r"semuanya|(?:bantuan|jawaban|respon|respons|informasi|info|balasan|perhatian|dukungan|pelayanan|kerjasama|penjelasan)(?:nya)?",
        and_="dan",
        polite=r"halo|hai|selamat (?:pagi|siang|sore|malam|petang|tengah hari|bekerja|berakhir pekan)|yth|dengan hormat|mantap|bagus|sempurna"
        r"|sama sama|sukses selalu",
        titles=r"bapak|ibu|pak|bu|kak|mas|mbak|tuan|puan|encik|cik",
        closings=r"salam(?: hangat| hormat| sejahtera)?|hormat (?:saya|kami)|sekian|wassalam",
    ),
    Courtesies(
        code="vi",
        thanks=r"(?:(?:dạ|và|xin|rất|chân thành|thành thật|mình|em|tôi|chúng tôi) )*(?:cảm|cám) ơn(?: (?:bạn|anh|chị|em|quý công ty|các bạn|mọi người"
        r"|shop|nhiều|rất nhiều|lắm|nhé|ạ|đã|vì|về|sự|hỗ trợ|giúp đỡ|giúp|phản hồi|trả lời|nhanh chóng|nhiệt tình|tất cả))*",
        polite=r"(?:xin )?chào(?: (?:bạn|anh|chị|em|shop|mọi người|quý công ty|các bạn))*|kính gửi|thân gửi|tốt|tuyệt vời|tuyệt"
        r"|chúc(?: (?:bạn|anh|chị|quý công ty|các bạn|mọi người|một))* (?:ngày|cuối tuần) (?:mới )?(?:tốt lành|vui vẻ)|thân ái|tạm biệt",
        closings=r"trân trọng|thân mến|thân|kính thư",
    ),
    Courtesies(
        code="ja",
        thanks=r"(?:誠に|まことに|本当に|どうも|大変|いつも|この度は|早速の|早々の|迅速な|丁寧な|素早い|ご丁寧に|ご親切に|色々と?|いろいろと?"
        r"|ご?(?:対応|返信|連絡|回答|返事|協力|教示|案内|支援|説明|サポート)|いただき|頂き|くださり|下さり|して|を|に|も)*"
        r"(?:ありがとう|有難う|有り難う|ありがと)(?:ございます|ございました|御座います|御座いました)?"
        r"|(?:心より|心から|深く|大変)*(?:感謝|お?礼)(?:を)?(?:いたします|致します|しております|申し上げます|します|です)|(?:大変|本当に)?助かりました",
        polite=r"お世話になって(?:おり|い)ます|お世話様です|こんにちは|こんばんは|おはようございます|皆様|(?:ご)?担当者?様|お疲れ(?:様|さま)(?:です|でした)?"
        r"|素晴らしい(?:です)?|(?:今後とも|引き続き|これからも)?(?:どうぞ)?(?:よろしく|宜しく)(?:お願い(?:します|いたします|致します|申し上げます))"
        r"|失礼(?:します|いたします|致します)|それでは|では|敬具|草々",
        closings=r"拝啓",
    ),
    Courtesies(
        code="zh",
        thanks=r"(?:好的?|非常|十分|万分|衷心|很|再次|真的|太|真诚|還|还)*"
        r"(?:谢谢|感谢|多谢|谢了|謝謝|感謝|多謝)(?:你们|您们|你們|您們|你|您|妳|大家|各位|啦|啊|了|哦)*"
        r"(?:的?(?:及时|及時|快速|耐心|热情|熱情|大力|迅速|细心)*的?(?:帮助|幫助|帮忙|幫忙|回复|回覆|回復|答复|支持|解答|服务|服務|协助|協助|配合|理解))?",
        polite=r"你好|您好|大家好|尊敬的|亲爱的|親愛的|客服|早上好|下午好|晚上好|嗨|好的?|很好|太好了|非常好|太棒了|辛苦(?:了|您了|你了|你们了)"
        r"|祝(?:您|你|你们|大家)?(?:好|生活愉快|工作顺利|工作順利|一切顺利|一切順利|身体健康|周末愉快|週末愉快)|此致|敬礼|敬禮|再见|再見|顺祝商祺|顺颂商祺",
        closings=r"敬上|谨启|謹啟",
    ),
    Courtesies(
        code="ko",
        thanks=r"(?:정말로?|너무|대단히|진심으로|매우|많이|빠른|친절한|신속한|빠르게|친절하게|답변|처리|대응|회신|안내|상담|설명|도움|도움을|답변을|도와주셔서"
        r"|주셔서|해|주신|덕분에| )*"
        r"(?:감사합니다|감사해요|감사드립니다|감사드려요|감사했습니다|감사|고맙습니다|고마워요|고마워|땡큐)",
        polite=r"안녕하세요|안녕하십니까|안녕히 계세요|안녕|담당자님|고객센터|여러분|수고(?:하세요|하셨습니다|많으십니다|하십시오)|최고(?:예요|입니다)"
        r"|(?:좋은|즐거운|행복한) (?:하루|주말|저녁)(?: 되세요| 보내세요)?",
        closings=r"드림|올림",
    ),
    Courtesies(
        code="ar",
        thanks=r"(?:(?:و|ألف|الف|جزيل|كل|مع|خالص) )*(?:شكرا|الشكر|مشكور|مشكورين|متشكر|تسلم|ممنون|أشكركم?|اشكركم?|أشكرك|نشكركم)"
        r"(?: (?:جزيلا|جدا|لك|لكم|كثيرا|جميعا|الجزيل|مرة أخرى|والتقدير))*|جزاك(?:م)? الله خيرا?|بارك الله فيك(?:م)?|لكم? الشكر|لك الشكر",
        reason=r"على|ل",
        its=r"سرعة|حسن|كل|السريع|السريعة|هذه?",
        what=r"شيء|المساعدة|مساعدتك|مساعدتكم|الرد|ردكم|ردك|تعاونكم|الدعم|دعمكم|اهتمامكم|جهودكم|الاستجابة|لسرعة الرد",
        and_="و",
        polite=r"مرحبا|أهلا|اهلا|السلام عليكم(?: ورحمة الله(?: وبركاته)?)?|صباح الخير|مساء الخير|تحية طيبة(?: وبعد)?|السادة|ممتاز|رائع|تمام"
        r"|يعطيكم? العافية|يعطيك العافية|عفوا|(?:يوم|يومك) سعيد",
        titles=r"عزيزي|عزيزتي|الأستاذة?|السيدة?",
        closings=r"(?:مع )?(?:(?:خالص|أطيب|أفضل) )?(?:التحية|تحياتي|تحياتنا|التحيات|التقدير)|مع السلامة|والسلام",
    ),
    Courtesies(
        code="he",
        thanks=r"(?:(?:המון|הרבה|רוב) )*(?:תודה|תודות|אני מודה|אנחנו מודים)(?: (?:רבה|מאוד|לך|לכם|ענקית|שוב|מקרב לב|מכל הלב))*",
        reason=r"על",
        its=r"המהיר|המהירה|המעולה|שלכם|שלך|כל",
        what=r"הכל|העזרה|התשובה|המענה|הטיפול|השירות|תשובתכם|עזרתכם|הסבלנות|ההסבר",
        polite=r"שלום(?: רב| לכם| לך)?|היי|הי|בוקר טוב|צהריים טובים|ערב טוב|לכבוד|מעולה|מצוין|נהדר|אחלה|יופי|כל הכבוד|שבת שלום"
        r"|(?:המשך )?(?:יום|שבוע) (?:טוב|נעים|נפלא)|סוף שבוע (?:נעים|טוב)",
        titles=r"גברת|מר",
        closings=r"בברכה|בתודה|בכבוד רב|להתראות|כל טוב|ביי",
    ),
    Courtesies(
        code="hi",
        thanks=r"(?:(?:बहुत|आपका|आपकी|आप सभी का|सहायता|मदद|सब कुछ|उत्तर|जवाब|त्वरित|के लिए|हार्दिक|और) )*(?:धन्यवाद|शुक्रिया|आभार)"
        r"(?: (?:आपका|जी|सर|मैडम))*",
        polite=r"नमस्ते|नमस्कार|हैलो|महोदय|महोदया|बढ़िया|बहुत अच्छा|शुभ दिन|आपका दिन शुभ हो|सर|जी",
        titles=r"प्रिय|श्रीमती|श्री",
        closings=r"सादर|शुभकामनाओं सहित|भवदीय",
    ),
)

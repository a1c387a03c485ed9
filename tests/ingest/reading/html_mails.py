"""HTML as mail programs write it: what it is, the document, and what is new in it."""

GMAIL_ATTRIBUTION = (
    '<div dir="ltr" class="gmail_attr">On Mon, Mar 2, 2026 at 1:05 PM Lamps Support '
    '&lt;<a href="mailto:support@lamps.example">support@lamps.example</a>&gt; wrote:<br></div>'
)
GMAIL_QUOTE = (
    '<blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);'
    'padding-left:1ex">{}</blockquote>'
)
OUTLOOK_HEADER = (
    "<b>{0}:</b> Lamps Support &lt;support@lamps.example&gt;<br><b>{1}:</b> Monday, March 2, 2026 1:05 PM<br>"
    "<b>{2}:</b> Harry Okafor &lt;harry@customer.example&gt;<br><b>{3}:</b> RE: Order 20114"
)
ENGLISH = ("From", "Sent", "To", "Subject")
UNLISTED = ("Ó", "Seolta", "Chuig", "Ábhar")

MAILS = {
    "Gmail, answered above": (
        '<div dir="ltr">It came this morning, thank you.</div><br><div class="gmail_quote gmail_quote_container">'
        + GMAIL_ATTRIBUTION
        + GMAIL_QUOTE.format('<div dir="ltr">Did it come?</div>')
        + "</div>",
        "It came this morning, thank you.",
    ),
    "Gmail in a language that nobody listed": (
        '<div dir="ltr">Go raibh maith agat.</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">'
        "Dé Luain, scríobh Lamps an méid seo a leanas<br></div>"
        + GMAIL_QUOTE.format("<div>Ar tháinig sé?</div>")
        + "</div>",
        "Go raibh maith agat.",
    ),
    "Outlook on the desktop": (
        '<html><head><style>p.MsoNormal{margin:0}</style></head><body><div class="WordSection1">'
        '<p class="MsoNormal">Both, please.<o:p></o:p></p><p class="MsoNormal">Harry<o:p></o:p></p>'
        '<div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal">'
        + OUTLOOK_HEADER.format(*ENGLISH)
        + '<o:p></o:p></p></div></div><p class="MsoNormal">One lamp or two?<o:p></o:p></p></div></body></html>',
        "Both, please.\nHarry",
    ),
    "Outlook on the desktop in a language that nobody listed": (
        '<div class="WordSection1"><p class="MsoNormal">An dá cheann.<o:p></o:p></p>'
        '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal">'
        + OUTLOOK_HEADER.format(*UNLISTED)
        + '<o:p></o:p></p></div><p class="MsoNormal">Ceann amháin?<o:p></o:p></p></div>',
        "An dá cheann.",
    ),
    "Outlook on the web": (
        '<html><body dir="ltr"><div class="elementToProof">Both, please.</div><div id="appendonsend"></div>'
        '<hr style="display:inline-block;width:98%"><div id="divRplyFwdMsg"><font>'
        + OUTLOOK_HEADER.format(*ENGLISH)
        + "</font><div>&nbsp;</div></div><div>One lamp or two?</div></body></html>",
        "Both, please.",
    ),
    "Hotmail of old": (
        (
            '<div dir="ltr">An dá cheann.<br><br><div><hr id="stopSpelling">Date: Mon, 2 Mar 2026 13:05:11 +0000<br>'
            "Ó: support@lamps.example<br>Chuig: harry@customer.example<br><br>Ceann amháin?</div></div>"
        ),
        "An dá cheann.",
    ),
    "Apple Mail, answered above": (
        (
            '<html><body style="overflow-wrap: break-word;">The 60 W one.<br><div><br><blockquote type="cite">'
            "<div>On 2 Mar 2026, at 13:05, Lamps Support &lt;support@lamps.example&gt; wrote:</div>"
            '<br class="Apple-interchange-newline"><div>Which bulb?</div></blockquote></div><br></body></html>'
        ),
        "The 60 W one.",
    ),
    "Yahoo": (
        (
            '<div class="ydp1a2b3cyahoo-style-wrap"><div dir="ltr">An sonrasc mícheart.</div></div>'
            '<div id="ydp9f8yahoo_quoted_5512" class="ydp9f8yahoo_quoted"><div><div>Dé Luain, scríobh Lamps:</div>'
            "<div><br></div><div>Tá an sonrasc leis seo.</div></div></div>"
        ),
        "An sonrasc mícheart.",
    ),
    "Thunderbird, answered above": (
        (
            '<p>Not yet.</p><div class="moz-cite-prefix">On 02/03/2026 13:05, Lamps Support wrote:<br></div>'
            '<blockquote type="cite" cite="mid:1@lamps.example"><p>Has it come?</p></blockquote>'
        ),
        "Not yet.",
    ),
    "Proton": (
        (
            "<div>Níl fós.</div><div><br></div>"
            '<div class="protonmail_quote">Dé Luain scríobh Lamps:<br>'
            '<blockquote class="protonmail_quote" type="cite"><p>Ar tháinig sé?</p></blockquote></div>'
        ),
        "Níl fós.",
    ),
    "Zoho": (
        (
            '<div>Níl fós.</div><div class="zmail_extra"><div id="Zm-_Id_-Sgn1">Dé Luain</div>'
            '<blockquote id="blockquote_zmail"><div>Ar tháinig sé?</div></blockquote></div>'
        ),
        "Níl fós.",
    ),
    "GMX": (
        (
            '<div>Die Rechnung fehlt.</div><div>&nbsp;<div name="quote" style="margin:10px 5px 5px 10px; '
            'border-left:2px solid #C3D9E5; word-wrap: break-word;"><div style="margin:0 0 10px 0;"><b>Gesendet:</b>'
            '&nbsp;Montag, 02. März 2026 um 13:05 Uhr<br/><b>Von:</b>&nbsp;"Lampen" &lt;support@lampen.example&gt;<br/>'
            "<b>An:</b>&nbsp;weiss@kunde.example<br/><b>Betreff:</b>&nbsp;Re: Bestellung</div>"
            '<div name="quoted-content">Können wir helfen?</div></div></div>'
        ),
        "Die Rechnung fehlt.",
    ),
    "Roundcube": (
        (
            '<p>Níl fós.</p><p id="reply-intro">Dé Luain, scríobh Lamps:</p>'
            '<blockquote type="cite" style="padding: 0 0.4em; border-left: #1010ff 2px solid">Ar tháinig?</blockquote>'
        ),
        "Níl fós.",
    ),
    "Zimbra": (
        (
            '<div>The left side.</div><br><hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__">'
            '<b>Ó: </b>"Lamps" &lt;support@lamps.example&gt;</div><div data-marker="__QUOTED_TEXT__">Where is it?</div>'
        ),
        "The left side.",
    ),
    "QQ": (
        (
            '<div>白色的。</div><div><br></div><div style="font-size: 12px;">------------------&nbsp;原始邮件'
            '&nbsp;------------------</div><div style="background:#efefef;padding:8px;"><div><b>发件人:</b>&nbsp;'
            '"客服"&lt;support@lamps.example&gt;;</div><div><b>发送时间:</b>&nbsp;2026年3月2日(星期一) 下午1:05</div>'
            '<div><b>收件人:</b>&nbsp;"王芳"&lt;fang@kehu.example&gt;;</div><div><b>主题:</b>&nbsp;送货</div></div>'
            "<div>要什么颜色？</div>"
        ),
        "白色的。",
    ),
    "A letter of its own, a part of it indented": (
        (
            '<div>I would like:</div><blockquote style="margin:0 0 0 40px;border:none;padding:0px"><div>3 lamps</div>'
            "</blockquote><div>When can you deliver?</div>"
        ),
        "I would like:\n3 lamps\nWhen can you deliver?",
    ),
    "A letter of its own, the end of it indented": (
        (
            "<div>I would like:</div><div>when you can deliver</div>"
            '<blockquote style="margin:0 0 0 40px;border:none;padding:0px"><div>3 lamps</div></blockquote>'
        ),
        "I would like:\nwhen you can deliver\n3 lamps",
    ),
}
"""Nothing is new below the quotation, if there is one."""

ANSWERED_BELOW = {
    "Gmail, answered between": (
        '<div dir="ltr"><div class="gmail_quote">'
        + GMAIL_ATTRIBUTION
        + GMAIL_QUOTE.format("Which lamp?")
        + "<div>The Lumo.</div>"
        + GMAIL_QUOTE.format("Which colour?")
        + "<div>White.</div></div></div>",
        ("The Lumo.", "White."),
    ),
    "Gmail, answered above and between": (
        '<div dir="ltr">See below.<br><br><div class="gmail_quote">'
        + GMAIL_ATTRIBUTION
        + GMAIL_QUOTE.format("Which lamp?")
        + "<div>The Lumo.</div>"
        + GMAIL_QUOTE.format("Which colour?")
        + "<div>White.</div></div></div>",
        ("See below.", "The Lumo.", "White."),
    ),
    "Apple Mail, answered above and between": (
        (
            '<body>See below.<div><br><blockquote type="cite"><div>On 2 Mar 2026, at 13:05, Lamps Support '
            "&lt;support@lamps.example&gt; wrote:</div><div>Which bulb?</div></blockquote><div>The 60 W one.</div>"
            '<blockquote type="cite"><div>Is it new?</div></blockquote><div>No, old.</div></div></body>'
        ),
        ("See below.", "The 60 W one.", "No, old."),
    ),
    "Thunderbird, answered below": (
        (
            '<div class="moz-cite-prefix">On 02/03/2026 13:05, Lamps Support wrote:<br></div>'
            '<blockquote type="cite" cite="mid:1@lamps.example"><p>Has it come?</p></blockquote><p>Not yet.</p>'
        ),
        ("Not yet.",),
    ),
    "Thunderbird, answered above and below": (
        (
            '<p>Hello,</p><div class="moz-cite-prefix">On 02/03/2026 13:05, Lamps Support wrote:<br></div>'
            '<blockquote type="cite" cite="mid:1@lamps.example"><p>Has it come?</p></blockquote><p>Not yet.</p>'
        ),
        ("Hello,", "Not yet."),
    ),
    "Outlook.com, answered above, and a postscript of the author below the quotation": (
        '<div>Not yet.</div><div class="gmail_quote">'
        + GMAIL_ATTRIBUTION
        + GMAIL_QUOTE.format("Has it come?")
        + "</div><div>PS: And the bulb?</div>",
        ("Not yet.", "PS: And the bulb?"),
    ),
}
"""The author wrote these below or between quotations: they must not be hidden."""

"""A customer's HTML, made harmless: what it may hold, and under which policy it is shown."""

from collections.abc import Mapping

import nh3

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'; base-uri 'none'; "
    "form-action 'none'; sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"
)
"""For the page inside the frame: no script and no request to anyone else, whatever the cleaning let through."""

_TAGS = nh3.ALLOWED_TAGS | {"font", "center", "address", "section", "article", "header", "footer", "figure"}
_TAGS -= {"math", "svg"}
_ATTRIBUTES = {
    **{tag: set(names) for tag, names in nh3.ALLOWED_ATTRIBUTES.items()},
    "*": {
        "align",
        "valign",
        "bgcolor",
        "width",
        "height",
        "dir",
        "lang",
        "title",
        "style",
        "border",
        "cellpadding",
    },
    "font": {"color", "face", "size"},
}
_STYLES = {
    "background-color",
    "border",
    "border-collapse",
    "border-left",
    "color",
    "direction",
    "font-family",
    "font-size",
    "font-style",
    "font-weight",
    "line-height",
    "margin",
    "margin-left",
    "max-width",
    "padding",
    "padding-left",
    "text-align",
    "text-decoration",
    "vertical-align",
    "white-space",
    "width",
}
"""Nothing that can fetch (`background`), and nothing that can lie over the rest (`position`)."""

_PAGE = """<!doctype html>
<html><head><meta charset="utf-8"><title>Letter</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 12px; overflow-wrap: anywhere; }}
body {{ color: #1b1b1b; background: #fff; }}
img {{ max-width: 100%; height: auto; }}
table {{ max-width: 100%; }}
</style></head><body>{body}</body></html>
"""


def page(html: str, images: Mapping[str, str] | None) -> str:
    """A whole page to be framed. `images` says where the files of the letter are, by content id.

    Remote images are left out: they tell the sender that the letter is read. Of a letter that was stopped (`images`
    is None) nobody should follow a link either, or see any image.
    """

    def filtered(tag: str, attribute: str, value: str) -> str | None:
        if images is None:
            return None if attribute in {"href", "src"} else value
        if (tag, attribute) != ("img", "src"):
            return value
        if value.lower().startswith("cid:"):
            return images.get(value[4:].strip("<>"))
        return value if value.lower().startswith("data:image/") else None

    body = nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=filtered,
        url_schemes={"http", "https", "mailto", "tel", "cid", "data"},
        link_rel="noopener noreferrer",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        filter_style_properties=_STYLES,
    )
    return _PAGE.format(body=body)

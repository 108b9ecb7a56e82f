"""Narrative: the XHTML that a resource may carry (hl7.org/fhir/R4/narrative.html, txt-1 and txt-2)."""

import re
from html.parser import HTMLParser
from xml.parsers import expat

_NAMESPACE = "http://www.w3.org/1999/xhtml"
_ALLOWED = frozenset(
    "a abbr acronym b big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 h5 h6 hr i "
    "img kbd li ol p pre q s samp small span strike strong sub sup table tbody td tfoot th thead tr tt u ul var".split()
)
_ENTITIES = {"amp", "lt", "gt", "quot", "apos"}
_NAMED = re.compile(r"&([A-Za-z][A-Za-z0-9]*);")
_ACTIVE = re.compile(r"\s*(?:javascript|vbscript|data\s*:\s*text/html)", re.IGNORECASE)


class _Scan(HTMLParser):
    """Finds active content even in what only a browser would repair into markup."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.complaint = ""
        self.content = False

    def handle_starttag(self, tag, attrs):
        if tag.rpartition(":")[2] not in _ALLOWED:
            self.complaint = "has an element that a narrative may not have"
        if tag == "img":
            self.content = True
        for name, value in attrs:
            if name.startswith("on"):
                self.complaint = "has a script"
            elif name in ("href", "src", "style", "background") and value and _ACTIVE.match(value):
                self.complaint = "has an active link"

    handle_startendtag = handle_starttag

    def handle_data(self, data):
        self.content = self.content or bool(data.strip())


def check(text) -> str | None:
    """The complaint about a ``Narrative.div``, or ``None``."""
    if type(text) is not str or not text.strip():
        return "must be XHTML in a <div>"
    if "<!" in text.replace("<!--", "") or "<?" in text:
        return "may have no declaration and no processing instruction"
    root: list[str] = []

    def start(name, attributes):
        if not root:
            root.append(name if attributes.get("xmlns", _NAMESPACE) == _NAMESPACE else "?")

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    try:
        # Named entities of HTML are common in real narratives; XML alone does not know them.
        parser.Parse(_NAMED.sub(lambda match: match[0] if match[1] in _ENTITIES else "&#160;", text), True)
    except (expat.ExpatError, ValueError):
        return "is not well-formed XHTML"
    if root[0].rpartition(":")[2] != "div":
        return "must have a <div> as its root"
    scan = _Scan()
    scan.feed(text)
    scan.close()
    if scan.complaint:
        return scan.complaint
    return None if scan.content else "has no content"

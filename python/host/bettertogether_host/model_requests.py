"""Which HTTP requests ask a model, whatever package makes them: by method and path, as the services name them."""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import urlsplit

Asked = Literal['an LM', 'embeddings']

# src/host/node/modelRequests.ts has the same; test/goldens/modelRequests.json holds both to it.
_LM = re.compile(
    r'(/completions?|/responses|/v\d+/(messages|complete|chat|generate)|/api/(chat|generate)|/generate(_stream)?'
    r'|/text/(chat|generation)(_stream)?|/invocations|/model/[^/]+/(converse|invoke)(-[a-z-]+)?'
    r'|:(generateContent|streamGenerateContent|predict|rawPredict|streamRawPredict))/?$'
)
_EMBEDDINGS = re.compile(r'(/embeddings?|/embed|/feature-extraction|:(embedContent|batchEmbedContents))/?$')


def asked_by(method: str, url: str) -> Asked | None:
    """What a request asks a model for; `None` for any other request (a download, a search server, a log).

    Args:
        url: the whole address, or from its path on.
    """
    if method.upper() != 'POST':
        return None
    path = urlsplit(url).path
    if _EMBEDDINGS.search(path):
        return 'embeddings'
    return 'an LM' if _LM.search(path) else None

"""XML of others, read with expat itself, which fetches nothing."""

from __future__ import annotations

from collections.abc import Callable
from xml.parsers import expat


def parser(refuse: Callable[..., int]) -> expat.XMLParserType:
    """
    Names come as ``namespace name``. A document type, and with it every entity, is for ``refuse``,
    which raises.
    """
    made = expat.ParserCreate(namespace_separator=" ")
    made.StartDoctypeDeclHandler = refuse
    made.EntityDeclHandler = refuse
    made.ExternalEntityRefHandler = refuse
    made.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    made.buffer_text = True
    return made

"""An S/4HANA Cloud tenant that holds nothing: SOAP journal entries, OData 2, ``/_control/``."""

from connectors.systems.sap.sandbox.app import PASSWORD, USER, build, for_connection

__all__ = ["PASSWORD", "USER", "build", "for_connection"]

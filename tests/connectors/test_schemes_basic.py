from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.contract import SignatureInvalid
from connectors.schemes import sign_basic, verify_basic

AT = datetime(2026, 10, 20, 12, tzinfo=UTC)
# RFC 7617, section 2.
LOGIN = "Aladdin:open sesame"
HEADER = "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="


class TestBasicAuthentication:
    def test_is_that_of_the_rfc(self) -> None:
        assert sign_basic(body=b"", secret=LOGIN, at=AT) == HEADER
        verify_basic(header=HEADER, secrets=[LOGIN])
        verify_basic(
            header=HEADER.replace("Basic", "basic"), secrets=["other:password-long", LOGIN]
        )

    @pytest.mark.parametrize(
        "header",
        ["", "Basic", "Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Basic !", "Basic \udcff", LOGIN,
         "Basic QWxhZGRpbjpvcGVu"],
    )  # fmt: skip
    def test_refuses_what_is_not_it(self, header: str) -> None:
        with pytest.raises(SignatureInvalid):
            verify_basic(header=header, secrets=[LOGIN])

    def test_refuses_a_login_that_could_be_guessed(self) -> None:
        with pytest.raises(SignatureInvalid):
            verify_basic(header=sign_basic(body=b"", secret="a:b", at=AT), secrets=["a:b"])

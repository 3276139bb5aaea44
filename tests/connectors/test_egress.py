from __future__ import annotations

import ipaddress

import pytest

from connectors.egress import LOOPBACK, Egress, Refused

PUBLIC = Egress(("api.stripe.com", "{account}.suitetalk.api.netsuite.com"))
ANYWHERE = Egress(("*",))
DEVELOPMENT = Egress(("api.stripe.com",), LOOPBACK)
COMPANY = Egress(("*",), (ipaddress.ip_network("10.20.0.0/16"),))


class TestBaseUrl:
    @pytest.mark.parametrize(
        ("url", "origin", "path"),
        [
            ("https://api.stripe.com", "https://api.stripe.com", ""),
            ("https://API.Stripe.com/", "https://api.stripe.com", ""),
            ("https://api.stripe.com:443/Base/v1", "https://api.stripe.com:443", "/Base/v1"),
            (
                "https://12345-sb1.suitetalk.api.netsuite.com",
                "https://12345-sb1.suitetalk.api.netsuite.com",
                "",
            ),
        ],
    )
    def test_accepts_the_hosts_of_the_manifest(self, url: str, origin: str, path: str) -> None:
        target = PUBLIC.target(url)
        assert (target.origin, target.path, target.inside_only) == (origin, path, False)

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "api.stripe.com",
            "ftp://api.stripe.com",
            "http://api.stripe.com",
            "https://api.stripe.com:8443",
            "https://user@api.stripe.com",
            "https://user:pass@api.stripe.com",
            "https://api.stripe.com@evil.example",
            "https://evil.example/api.stripe.com",
            "https://evil.example#api.stripe.com",
            "https://evil.example\\@api.stripe.com",
            "https://api.stripe.com.evil.example",
            "https://evilapi.stripe.com",
            "https://a.b.suitetalk.api.netsuite.com",
            "https://.suitetalk.api.netsuite.com",
            "https://api.stripe.com/../x y",
            "https://api.stripe.com?x=1",
            "https://api.stripe.com\n.evil.example",
            "https://аpi.stripe.com",
            "https://127.0.0.1",
            "https://localhost",
        ],
    )
    def test_i10_refuses_every_other_address(self, url: str) -> None:
        with pytest.raises(Refused):
            PUBLIC.target(url)

    @pytest.mark.parametrize(
        "host",
        [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f.1",
            "0x7f000001",
            "0177.0.0.1",
            "1.2.3.4.5",
            "localhost",
            "10.0.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.88.99.1",
            "224.0.0.1",
            "255.255.255.255",
            "0.0.0.0",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[64:ff9b:1::1]",
            "[2002:7f00:1::]",
            "[2001:0:53aa:64c::1]",
            "[fe80::1]",
            "[fd00::1]",
            "[ff02::1]",
        ],
    )
    def test_i10_refuses_numbers_and_private_addresses_where_any_host_is_allowed(
        self, host: str
    ) -> None:
        with pytest.raises(Refused):
            ANYWHERE.target(f"https://{host}")

    def test_accepts_public_literals_where_any_host_is_allowed(self) -> None:
        assert ANYWHERE.target("https://8.8.8.8").host == "8.8.8.8"
        assert ANYWHERE.target("https://[2606:4700::1111]").host == "2606:4700::1111"

    def test_allows_plain_http_and_other_ports_only_inside(self) -> None:
        assert DEVELOPMENT.target("http://127.0.0.1:8431").inside_only
        assert DEVELOPMENT.target("http://localhost:8431").inside_only
        assert COMPANY.target("http://erp.corp.example:8000/prod").inside_only
        with pytest.raises(Refused):
            DEVELOPMENT.target("http://10.0.0.5:8431")
        with pytest.raises(Refused):
            ANYWHERE.target("http://erp.example.com")


class TestAddress:
    def test_a_plain_address_may_only_lead_inside(self) -> None:
        public, inside = ipaddress.ip_address("8.8.8.8"), ipaddress.ip_address("10.20.1.1")
        COMPANY.check(inside, inside_only=True)
        COMPANY.check(public)
        with pytest.raises(Refused, match="trusted networks"):
            COMPANY.check(public, inside_only=True)

    def test_trusts_no_network_but_its_own(self) -> None:
        with pytest.raises(Refused, match="not a public address"):
            COMPANY.check(ipaddress.ip_address("10.21.0.1"))
        with pytest.raises(Refused, match="not a public address"):
            DEVELOPMENT.check(ipaddress.ip_address("10.20.0.1"))


class TestDatabases:
    """A warehouse's address is held to the same rules as any other."""

    def test_are_called_at_their_ports(self) -> None:
        target = Egress(hosts=["*"]).target("postgresql://db.example.com:6432")
        assert (target.scheme, target.port, target.inside_only) == ("postgresql", 6432, False)
        assert Egress(hosts=["*"]).target("postgresql://db.example.com").port == 5432

    @pytest.mark.parametrize(
        "address",
        [
            "postgresql://127.0.0.1:5432", "postgresql://localhost", "postgresql://10.0.0.5",
            "postgresql://db.example.com:22", "postgresql://2130706433",
            "postgresql://user:word@db.example.com", "postgresql://db.example.com/?host=/tmp",
        ],
    )  # fmt: skip
    def test_are_refused_elsewhere(self, address: str) -> None:
        with pytest.raises(Refused):
            Egress(hosts=["*"]).target(address)

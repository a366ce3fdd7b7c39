"""Certificates for servers on this machine, made by the ``openssl`` command."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

_CA_CONFIG = """\
[ca]
default_ca = own
[own]
database = {folder}/index.txt
serial = {folder}/serial
new_certs_dir = {folder}
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
"""


class Certificates:
    """An authority of its own, and servers' certificates that it signed or did not."""

    def __init__(self, folder: Path) -> None:
        """Skip the test where there is no ``openssl``."""
        if shutil.which("openssl") is None:
            pytest.skip("requires openssl")
        self._folder = folder
        (folder / "index.txt").touch()
        (folder / "serial").write_text("01")
        (folder / "ca.cnf").write_text(_CA_CONFIG.format(folder=folder))
        self.authority = folder / "authority.pem"
        """The file that a user names in SSL_CERT_FILE."""
        self._openssl(
            *("req", "-x509", "-days", "2", "-subj", "/CN=test authority"),
            *("-keyout", "authority.key", "-out", "authority.pem", *_NEW_KEY),
        )

    def server(
        self,
        name: str = "IP:127.0.0.1",
        *,
        until: str = "21000101000000Z",
        self_signed: bool = False,
    ) -> ssl.SSLContext:
        """Return the context of a server whose certificate is for ``name``."""
        self._openssl(
            *("req", "-subj", "/CN=server", "-addext", f"subjectAltName={name}"),
            *("-keyout", "server.key", "-out", "server.csr", *_NEW_KEY),
        )
        signer = ["-cert", "authority.pem", "-keyfile", "authority.key"]
        if self_signed:
            signer = ["-selfsign", "-keyfile", "server.key"]
        self._openssl(
            *("ca", "-batch", "-notext", "-config", "ca.cnf", "-in", "server.csr"),
            *("-out", "server.pem", "-startdate", "20200101000000Z", "-enddate", until, *signer),
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._folder / "server.pem", self._folder / "server.key")
        return context

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(
            ["openssl", *arguments],  # found above
            cwd=self._folder,
            check=True,
            capture_output=True,
        )


_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")

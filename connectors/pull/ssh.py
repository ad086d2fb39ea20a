"""A login at an SFTP server whose host key the site knows.

Belongs here: connecting, host keys, private keys.
Lives elsewhere: secrets (`secrets.py`), fetching a file (`sftp.py`), leaving one (`connectors/send/sftp.py`).
"""

from __future__ import annotations

import logging

import paramiko

from connectors.errors import Unreadable
from connectors.pull.asking import Line
from connectors.pull.budget import Again
from connectors.pull.secrets import referred_file, reveal

SILENCE = 30.0  # seconds without a byte
LATER = "请确认网络与 site.toml 里的 address；平台恢复后会在下一夜再取"
_CONNECT = 15.0


def connect(line: Line) -> paramiko.SSHClient:
    """A connection to the server we know, logged in.

    Raises:
        Unreadable: an unknown or changed host key, a refused login. Again: it cannot be reached.
    """
    connection = line.connection
    host, port = connection.parts.hostname or "", connection.parts.port or 22
    secret = reveal(connection.secret, line.root)
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(_Refuse())
    try:
        if line.known_hosts.exists():
            client.load_host_keys(str(line.known_hosts))
        client.connect(
            host,
            port,
            username=connection.user,
            password=None if connection.private_key else secret,
            pkey=_private_key(line, secret),
            timeout=line.budget.patience(_CONNECT),
            banner_timeout=line.budget.patience(_CONNECT),
            auth_timeout=line.budget.patience(_CONNECT),
            allow_agent=False,
            look_for_keys=False,
        )
    except paramiko.BadHostKeyException as error:
        raise Unreadable(
            f"服务器 {host} 的主机密钥变了（现为 {_fingerprint(error.key)}），未登录",
            "可能有人冒充服务器。请先向平台方核实新指纹，属实后再改站点的 known_hosts 中这一行",
        ) from None
    except _UnknownHost as unknown:
        raise Unreadable(
            f"站点的 known_hosts 里没有服务器 {host} 的主机密钥（它出示 {unknown}），未登录",
            f"请向平台方核实指纹，再把 ssh-keyscan -p {port} {host} 的输出加进 {line.known_hosts}",
        ) from None
    except paramiko.AuthenticationException:
        reference = connection.private_key or connection.secret or "secret（没有写）"
        raise Unreadable(
            "平台不接受登录",
            f"请检查 site.toml 中 {connection.place} 的 user，以及 {reference} 里的密码或密钥是否仍有效",
        ) from None
    except (OSError, EOFError, paramiko.SSHException):
        client.close()
        raise Again("连不上服务器", LATER) from None
    return client


class _UnknownHost(Exception):
    """A server that the site does not know; its text is the fingerprint."""


class _Refuse(paramiko.MissingHostKeyPolicy):
    """A host we do not know is never trusted by itself."""

    def missing_host_key(self, _client: object, _hostname: object, key: paramiko.PKey) -> None:
        raise _UnknownHost(_fingerprint(key))


def _fingerprint(key: paramiko.PKey) -> str:
    return f"{key.get_name()} {key.fingerprint}"


def _private_key(line: Line, passphrase: str) -> paramiko.PKey | None:
    reference = line.connection.private_key
    if not reference:
        return None
    try:
        path = referred_file(reference, line.root)
        # The published types say str, the library itself wants bytes.
        return paramiko.PKey.from_path(path, passphrase.encode() or None)  # type: ignore[arg-type]
    except (ValueError, TypeError, paramiko.SSHException):
        raise Unreadable(
            f"{reference} 不是可用的私钥，或口令不对", "请检查这个文件，以及 secret 所指的口令"
        ) from None

"""The newest file of a folder on an SFTP server whose host key the site knows.

Belongs here: connecting, choosing the file, fetching it whole.
Lives elsewhere: secrets (`secrets.py`), what is in the file (`connectors/read`).
"""

from __future__ import annotations

import logging
import stat
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

import paramiko

from connectors.errors import Unreadable
from connectors.platform_pull import SftpPull
from connectors.pull.asking import Ask, Fetched, NothingThere, Sink
from connectors.pull.budget import Again
from connectors.pull.secrets import referred_file, reveal

_SILENCE = 30.0  # seconds without a byte
_CONNECT = 15.0
_CHUNK = 256 << 10
_LATER = "请确认网络与 site.toml 里的 address；平台恢复后会在下一夜再取"


def fetch(ask: Ask, pull: SftpPull) -> Fetched:
    """Fetch the newest file that fits.

    Raises:
        NothingThere: there is none. Unreadable: with what is wrong and what to do.
    """
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)
    return ask.budget.persist(_fetch, ask, pull)


def _fetch(ask: Ask, pull: SftpPull) -> Fetched:
    try:
        with _connect(ask) as client, client.open_sftp() as sftp:
            channel = sftp.get_channel()
            assert channel is not None
            channel.settimeout(ask.budget.patience(_SILENCE))
            found = _newest(sftp, pull)
            path = str(PurePosixPath(pull.folder) / found.filename)
            with Sink(ask, "", PurePosixPath(found.filename).name) as sink:
                _copy(sftp, path, sink)
                _expect_whole(found, sftp.stat(path), sink.size)
            return sink.fetched()
    except FileNotFoundError as error:
        raise Unreadable(f"服务器上没有文件夹 {pull.folder}", "请核对平台文件里的 pull.folder") from error
    except PermissionError as error:
        raise Unreadable(f"没有读取 {pull.folder} 的权限", "请平台方为这个账号开通读取权限") from error
    except (OSError, EOFError, paramiko.SSHException):
        raise Again("取文件时连接断了", _LATER) from None


def _connect(ask: Ask) -> paramiko.SSHClient:
    """A connection to the server we know, logged in.

    Raises:
        Unreadable: an unknown or changed host key, a refused login. Again: it cannot be reached.
    """
    connection, slug = ask.connection, ask.platform.slug
    host, port = connection.parts.hostname or "", connection.parts.port or 22
    secret = reveal(connection.secret, ask.root)
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(_Refuse())
    try:
        if ask.known_hosts.exists():
            client.load_host_keys(str(ask.known_hosts))
        client.connect(
            host,
            port,
            username=connection.user,
            password=None if connection.private_key else secret,
            pkey=_private_key(ask, secret),
            timeout=ask.budget.patience(_CONNECT),
            banner_timeout=ask.budget.patience(_CONNECT),
            auth_timeout=ask.budget.patience(_CONNECT),
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
            f"请向平台方核实指纹，再把 ssh-keyscan -p {port} {host} 的输出加进 {ask.known_hosts}",
        ) from None
    except paramiko.AuthenticationException:
        reference = connection.private_key or connection.secret or "secret（没有写）"
        raise Unreadable(
            "平台不接受登录",
            f"请检查 site.toml 中 [connections.{slug}] 的 user，以及 {reference} 里的密码或密钥是否仍有效",
        ) from None
    except (OSError, EOFError, paramiko.SSHException):
        client.close()
        raise Again("连不上服务器", _LATER) from None
    return client


class _UnknownHost(Exception):
    """A server that the site does not know; its text is the fingerprint."""


class _Refuse(paramiko.MissingHostKeyPolicy):
    """A host we do not know is never trusted by itself."""

    def missing_host_key(self, _client: object, _hostname: object, key: paramiko.PKey) -> None:
        raise _UnknownHost(_fingerprint(key))


def _fingerprint(key: paramiko.PKey) -> str:
    return f"{key.get_name()} {key.fingerprint}"


def _private_key(ask: Ask, passphrase: str) -> paramiko.PKey | None:
    reference = ask.connection.private_key
    if not reference:
        return None
    try:
        path = referred_file(reference, ask.root)
        # The published types say str, the library itself wants bytes.
        return paramiko.PKey.from_path(path, passphrase.encode() or None)  # type: ignore[arg-type]
    except (ValueError, TypeError, paramiko.SSHException):
        raise Unreadable(
            f"{reference} 不是可用的私钥，或口令不对", "请检查这个文件，以及 secret 所指的口令"
        ) from None


def _newest(sftp: paramiko.SFTPClient, pull: SftpPull) -> paramiko.SFTPAttributes:
    """The file changed last; of two at the same second the one whose name sorts last."""
    fitting = [
        found
        for found in sftp.listdir_attr(pull.folder)
        if fnmatchcase(found.filename, pull.file)
        and "/" not in found.filename
        and not found.filename.startswith(".")
        and stat.S_ISREG(found.st_mode or 0)
    ]
    if not fitting:
        raise NothingThere(f"{pull.folder} 里没有符合 {pull.file} 的文件", "平台导出后会在下一夜取到")
    return max(fitting, key=lambda found: (found.st_mtime or 0, found.filename))


def _copy(sftp: paramiko.SFTPClient, path: str, sink: Sink) -> None:
    with sftp.open(path, "rb") as remote:
        remote.prefetch(max_concurrent_requests=64)
        while chunk := remote.read(_CHUNK):
            sink.write(chunk)


def _expect_whole(before: paramiko.SFTPAttributes, after: paramiko.SFTPAttributes, received: int) -> None:
    """A file that is still being written is not taken."""
    if not before.st_size == after.st_size == received or before.st_mtime != after.st_mtime:
        raise Unreadable("文件在取的时候还在变", "平台写完后会在下一夜取到；也可稍后再运行一次")

"""The newest file of a folder on an SFTP server whose host key the site knows.

Belongs here: choosing the file, fetching it whole.
Lives elsewhere: connecting (`ssh.py`), what is in the file (`connectors/read`).
"""

from __future__ import annotations

import stat
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

import paramiko

from connectors.errors import Unreadable
from connectors.platform_pull import SftpPull
from connectors.pull.asking import Ask, Fetched, NothingThere, Sink
from connectors.pull.budget import Again
from connectors.pull.ssh import LATER, SILENCE, connect

_CHUNK = 256 << 10


def fetch(ask: Ask, pull: SftpPull) -> Fetched:
    """Fetch the newest file that fits.

    Raises:
        NothingThere: there is none. Unreadable: with what is wrong and what to do.
    """
    return ask.budget.persist(_fetch, ask, pull)


def _fetch(ask: Ask, pull: SftpPull) -> Fetched:
    try:
        with connect(ask) as client, client.open_sftp() as sftp:
            channel = sftp.get_channel()
            assert channel is not None
            channel.settimeout(ask.budget.patience(SILENCE))
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
        raise Again("取文件时连接断了", LATER) from None


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

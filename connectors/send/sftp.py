"""Leaving a batch in a folder of an SFTP server: whole under its name, or not at all.

Belongs here: writing it aside, renaming it, and finding out whether it is there.
Lives elsewhere: connecting (`connectors/pull/ssh.py`), the file (`connectors/write`).

The file is called after the batch, so that whoever looks for it later knows: under that name with the same bytes it was
sent; with `.tmp` behind it, it was not; gone altogether, only a platform that says where files go can be believed.
"""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath

import paramiko

from connectors.errors import Unreadable
from connectors.platform_send import SftpSend
from connectors.pull.budget import Again
from connectors.pull.ssh import SILENCE, connect
from connectors.send.parcel import Fate, Heard, Tell, all_of
from warehouse.batches import is_named

_CHUNK = 256 << 10
_LATER = "请确认网络与 site.toml 里的 address；平台恢复后会在下一夜再送"
_IN_DOUBT = "请到平台上查看这个文件是否已被取走，再由人定夺；平台下一次导出也会说明"


def tell(line: Tell, send: SftpSend) -> Heard:
    """Leave a batch, or find out what became of one that may have been left."""
    rows, drop = len(line.contents.rows), _Drop(line, send)
    try:
        fate = line.budget.persist(drop.found if line.again else drop.leave)
    except Unreadable as error:
        next_move = _LATER if isinstance(error, Again) else error.next_move
        return all_of(rows, "doubtful" if drop.perhaps else "missed", error.problem, next_move)
    if fate == "doubtful":
        return all_of(rows, fate, f"{send.folder} 里已没有这一批的文件，是否送到不明", _IN_DOUBT)
    return all_of(rows, fate)


def knock(line: Tell, send: SftpSend) -> None:
    """Log in and look into the folders; nothing is left there.

    Raises:
        Unreadable: with what is wrong and what to do.
    """
    line.budget.persist(_Drop(line, send).look)


class _Drop:
    """One file for one folder. `perhaps`: it may be there already."""

    def __init__(self, line: Tell, send: SftpSend) -> None:
        name = f"{line.batch}{line.contents.template.suffix}"
        self._line, self._send = line, send
        self._final = str(PurePosixPath(send.folder) / name)
        self._part = f"{self._final}.tmp"
        self.perhaps = line.again

    def leave(self) -> Fate:
        """Put the file there; what an earlier attempt may have done is looked at first."""
        with _Session(self._line, self._send.folder) as sftp:
            before = self._fate(sftp)
            if before == "took" or (self.perhaps and before == "doubtful"):
                return before
            self._write(sftp)
            self.perhaps = True
            sftp.rename(self._part, self._final)  # which refuses to replace what is there
            return "took"

    def found(self) -> Fate:
        """What the server says of a file that may have been left."""
        with _Session(self._line, self._send.folder) as sftp:
            return self._fate(sftp)

    def look(self) -> None:
        """Look into every folder that is named."""
        with _Session(self._line, self._send.folder) as sftp:
            for folder in filter(None, (self._send.folder, self._send.taken)):
                sftp.listdir(folder)

    def _fate(self, sftp: paramiko.SFTPClient) -> Fate:
        """In this order: a file that is taken meanwhile goes from the first place to the last."""
        if self._there(sftp, self._final):
            if self._digest(sftp) == self._line.contents.template_sha256:
                return "took"
            raise Unreadable(
                f"{self._final} 已存在而内容不同，没有覆盖", "请平台方查明这个文件，移走后再运行"
            )
        if self._there(sftp, self._part):
            return "missed"
        if self._send.taken and any(
            is_named(self._line.batch, name) for name in sftp.listdir(self._send.taken)
        ):
            return "took"
        return "missed" if self._send.stays or self._send.taken else "doubtful"

    def _write(self, sftp: paramiko.SFTPClient) -> None:
        data = self._line.contents.template.read_bytes()
        with sftp.open(self._part, "wb") as remote:
            remote.set_pipelined(True)
            for at in range(0, len(data), _CHUNK):
                self._line.budget.check()
                remote.write(data[at : at + _CHUNK])
        if sftp.stat(self._part).st_size != len(data):
            raise Again("文件没有写完整", _LATER)

    def _digest(self, sftp: paramiko.SFTPClient) -> str:
        digest = hashlib.sha256()
        with sftp.open(self._final, "rb") as remote:
            remote.prefetch(max_concurrent_requests=64)
            while chunk := remote.read(_CHUNK):
                self._line.budget.check()
                digest.update(chunk)
        return digest.hexdigest()

    @staticmethod
    def _there(sftp: paramiko.SFTPClient, path: str) -> bool:
        try:
            sftp.stat(path)
        except FileNotFoundError:
            return False
        return True


class _Session:
    """A session in a `with` block, and what its faults mean."""

    def __init__(self, line: Tell, folder: str) -> None:
        self._line, self._folder = line, folder

    def __enter__(self) -> paramiko.SFTPClient:
        self._client = connect(self._line)
        try:
            sftp = self._client.open_sftp()
            channel = sftp.get_channel()
            assert channel is not None
            channel.settimeout(self._line.budget.patience(SILENCE))
        except (OSError, EOFError, paramiko.SSHException):
            self._client.close()
            raise Again("连不上服务器", _LATER) from None
        return sftp

    def __exit__(self, _kind: object, fault: BaseException | None, _trace: object) -> None:
        self._client.close()
        match fault:
            case FileNotFoundError():
                raise Unreadable(
                    f"服务器上没有文件夹 {self._folder}，或平台文件里写的另一个", "请核对平台文件里的 [send]"
                ) from None
            case PermissionError():
                raise Unreadable(
                    f"没有写入 {self._folder} 的权限", "请平台方为这个账号开通写入和改名的权限"
                ) from None
            case OSError() | EOFError() | paramiko.SSHException():
                raise Again("送文件时连接断了", _LATER) from None

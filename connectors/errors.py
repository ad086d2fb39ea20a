"""What may go wrong with an export, said so that a clerk can act on it.

Belongs here: the two errors of reading and staging, and the one sentence both become.
Lives elsewhere: an unusable platform file (`platform.py`), single rows that cannot be used (`stage/quarantine.py`).

Neither error ever carries a value from a cell: only names of files, sheets, columns, and numbers of rows.
"""

from __future__ import annotations


class Unreadable(Exception):
    """A file that cannot be read as what it should be. The reader does not know whose file it is."""

    def __init__(self, problem: str, next_move: str, *, sheet: str = "", place: str = "") -> None:
        super().__init__(problem, next_move, sheet, place)
        self.problem = problem
        self.next_move = next_move
        self.sheet = sheet
        self.place = place

    def of(self, platform: str, file: str) -> ExportRefused:
        """The same, with the platform and the file it came in."""
        return ExportRefused(platform, file, self.sheet, self.place, self.problem, self.next_move)


class ExportRefused(Exception):
    """An export that is not taken in: which platform, which file, where in it, why, and what to do next."""

    def __init__(
        self, platform: str, file: str, sheet: str, place: str, problem: str, next_move: str
    ) -> None:
        super().__init__(platform, file, sheet, place, problem, next_move)
        self.platform = platform
        self.file = file
        self.sheet = sheet
        self.place = place
        self.problem = problem
        self.next_move = next_move

    def __str__(self) -> str:
        """One line.

        >>> str(ExportRefused("grid", "a.xlsx", "人员", "第 1 行", "没有找到表头", "请重新导出"))
        'grid：文件 a.xlsx，工作表「人员」，第 1 行：没有找到表头。请重新导出'
        """
        sheet = f"工作表「{self.sheet}」" if self.sheet else ""
        where = "，".join(part for part in (f"文件 {self.file}", sheet, self.place) if part)
        return f"{self.platform}：{where}：{self.problem}。{self.next_move}"

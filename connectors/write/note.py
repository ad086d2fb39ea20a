"""What a clerk reads before importing a file: how many rows, which columns change, and what a blank means.

Belongs here: the words beside the file, without a personal value.
Lives elsewhere: the file (`outbox.py`), the same facts for programs (`manifest.py`).
"""

from __future__ import annotations

from collections import Counter

from connectors.platform import Platform
from connectors.write.manifest import Manifest

NOTE = "填写说明.txt"


def note(platform: Platform, manifest: Manifest) -> str:
    """The note that lies beside the file."""
    key = platform.export.key or "编号"
    reasons = Counter(left.reason for left in manifest.left_out)
    lines = [
        f"{platform.title} 回填说明（{manifest.night}）",
        "",
        "本文件没有发送给任何平台（影子模式），仅供核对。"
        if manifest.mode == "shadow"
        else f"批次：{manifest.batch}",
    ]
    if manifest.file:
        lines += [f"文件：{manifest.file}，共 {manifest.rows} 行、{manifest.cells} 格有变化。"]
        lines += _by_hand(key) if platform.receive.returns == "copy_sheet" else _by_import(key)
        lines += _newcomers(key, manifest.newcomers)
        lines += [
            "有变化的列：",
            *(f"  {platform.fields[field].column}：{cells} 格" for field, cells in manifest.fields.items()),
            "哪一行改了哪几列、是补空还是更正，见 manifest.json 的 records（按记录编号，不含个人信息）。",
        ]
    else:
        lines.append("今晚没有可以写出的内容。")
    if reasons:
        lines += [
            "",
            f"另有 {sum(reasons.values())} 格没有写出：",
            *(f"  {times} 格：{reason}" for reason, times in reasons.most_common()),
        ]
    lines += ["", f"用途：{manifest.purpose}", f"依据：{manifest.basis}", ""]
    return "\n".join(lines)


def _by_import(key: str) -> list[str]:
    return [
        f"每一行按「{key}」对应平台里已有的一条记录；「{key}」、姓名和必填列照平台原样带出，用来认人，不必改。",
        "没有变化的空格表示“不改”，导入时请选择“空值不覆盖”；平台没有这个选项的，请逐条核对后再导入。",
    ]


def _newcomers(key: str, rows: int) -> list[str]:
    if not rows:
        return []
    return [
        f"其中 {rows} 行是平台还没有的人：「{key}」留空，由平台编号。新增前请按证件号码查一遍，平台已有此人的不要再建，"
        "告诉社区即可。"
    ]


def _by_hand(key: str) -> list[str]:
    return [
        f"这个平台不收文件：请打印后按「{key}」找到本人，逐格录入，录一格勾一格。",
        "录完不必回报：平台下一次导出里有了这些值，就算完成。打印件含个人信息，用后请销毁。",
    ]

export const en = {
  "ui.cancel": "Cancel",
  "ui.close": "Close",
  "ui.confirm": "Confirm",
  "ui.delete": "Delete",
  "ui.undo": "Undo",
  "ui.save": "Save",
  "ui.retry": "Try again",
  "ui.loading": "Loading",
  "ui.more": "More",
  "ui.chooseFile": "Choose a file",
  "ui.notifications": "Notifications",
};

export const zh: Record<keyof typeof en, string> = {
  "ui.cancel": "取消",
  "ui.close": "关闭",
  "ui.confirm": "确定",
  "ui.delete": "删除",
  "ui.undo": "撤销",
  "ui.save": "保存",
  "ui.retry": "重试",
  "ui.loading": "加载中",
  "ui.more": "更多",
  "ui.chooseFile": "选择文件",
  "ui.notifications": "通知",
};

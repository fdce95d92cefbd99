import { expect, test } from "vitest";
import { fill, type Translate } from "../src/i18n/language";
import { en, zh } from "../src/i18n/texts";
import { repeatText } from "../src/reminders/repeat";

const english: Translate = (key, values) => fill(en[key], values);
const chinese: Translate = (key, values) => fill(zh[key], values);

test("repetitions are told as people say them", () => {
  const told = (repeat: Parameters<typeof repeatText>[0]) => [
    repeatText(repeat, english, "en"),
    repeatText(repeat, chinese, "zh"),
  ];
  expect(told({ days: [0, 1, 2, 3, 4, 5, 6], time: "08:00" })).toEqual([
    "Every day, 08:00",
    "每天 08:00",
  ]);
  expect(told({ days: [4, 3, 2, 1, 0], time: "07:30" })).toEqual([
    "Monday to Friday, 07:30",
    "周一至周五 07:30",
  ]);
  expect(told({ days: [0, 4], time: "07:30" })).toEqual([
    "Monday and Friday, 07:30",
    "星期一和星期五 07:30",
  ]);
  expect(told({ month_day: 5, time: "09:00" })[0]).toBe("Every month on day 5, 09:00");
  expect(told({ month: 2, month_day: 29, time: "09:00" })[0]).toBe(
    "Every year on February 29, 09:00",
  );
  expect(told({ every_minutes: 30 })).toEqual(["Every 30 minutes", "每 30 分钟"]);
  expect(told({ every_minutes: 120 })[0]).toBe("Every 2 hours");
});

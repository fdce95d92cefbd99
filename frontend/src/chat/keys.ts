import type { KeyboardEvent } from "react";

/** Some browsers report the Enter that ends a composition after it, under this code only. */
const COMPOSING = 229;

/**
 * Does this key send what is written? Enter, with Ctrl or Cmd as well; Shift+Enter begins a new
 * line, and an Enter that picks Chinese characters from an input method belongs to the method.
 */
export function sends(event: KeyboardEvent): boolean {
  if (event.key !== "Enter" || event.shiftKey || event.altKey) return false;
  return !event.nativeEvent.isComposing && event.keyCode !== COMPOSING;
}

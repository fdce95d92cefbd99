/**
 * Who has the focus, to give it back to when a window closes. Of a menu, which is about to close, it is the
 * button that opened it.
 */
export function opener(): HTMLElement | null {
  const active = document.activeElement;
  if (!(active instanceof HTMLElement) || active === document.body) return null;
  const menu = active.closest("[role=menu]");
  return menu ? document.getElementById(menu.getAttribute("aria-labelledby") ?? "") : active;
}

/** Back to it; where it is gone, to the page, so that the next Tab doesn't begin at the top. */
export function giveBack(focus: HTMLElement | null): void {
  const page = document.getElementById("content");
  (focus?.isConnected ? focus : page)?.focus({ preventScroll: true });
}

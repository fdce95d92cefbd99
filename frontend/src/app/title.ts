import { useEffect } from "react";

const NAME = "Kaikou 开口";
let page = "";
let call = "";

function show(): void {
  document.title = call || (page ? `${page} · ${NAME}` : NAME);
}

/** The window's title while a page is shown; empty for the product's name alone. */
export function usePageTitle(title: string): void {
  useEffect(() => {
    page = title;
    show();
  }, [title]);
}

/** The window's title while a call goes on, whatever page is shown; empty while there is none. */
export function useCallTitle(title: string): void {
  useEffect(() => {
    call = title;
    show();
  }, [title]);
}

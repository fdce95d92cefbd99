import { createContext } from "react";

/** Where the text of an answer that is still being written ends just now; null once it is whole. */
export const Growing = createContext<{ end: number | null }>({ end: null });

import type { RootContent } from "hast";
import { common, createLowlight } from "lowlight";

const lowlight = createLowlight(common);

/** Code as a tree of named spans; null for a language that is not known. */
export function highlight(code: string, language: string): RootContent[] | null {
  return lowlight.registered(language) ? lowlight.highlight(language, code).children : null;
}

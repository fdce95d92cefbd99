/** A JSON schema as tools describe their arguments with; what the form does not know is written as JSON. */
export interface Schema {
  type?: string | string[];
  title?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  items?: Schema;
  minimum?: number;
  maximum?: number;
  properties?: Record<string, Schema>;
  required?: string[];
}

export type ArgumentKind = "text" | "number" | "flag" | "choice" | "list" | "json";

/** One argument as a control in a form. */
export interface Argument {
  name: string;
  hint: string;
  kind: ArgumentKind;
  required: boolean;
  /** Of `choice`: what can be chosen, as JSON. */
  choices: string[];
  minimum?: number;
  maximum?: number;
  whole: boolean;
  /** What the control shows at first. */
  initial: string;
}

export type Wrong = "required" | "number" | "range" | "json";

export function argumentsOf(schema: Schema): Argument[] {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).map(([name, whole]) => {
    const one = pick(whole);
    const kind = kindOf(one);
    return {
      name,
      hint: whole.description ?? one.description ?? "",
      kind,
      required: required.has(name),
      choices: (one.enum ?? []).map((choice) => JSON.stringify(choice)),
      ...(one.minimum === undefined ? {} : { minimum: one.minimum }),
      ...(one.maximum === undefined ? {} : { maximum: one.maximum }),
      whole: typeOf(one) === "integer",
      initial: shown(kind, whole.default ?? one.default),
    };
  });
}

/**
 * What was written as arguments of a call; what was left empty and isn't required is left out.
 * `wrong` says by name what can't be taken.
 */
export function valuesOf(
  all: Argument[],
  written: Record<string, string>,
): { values: Record<string, unknown>; wrong: Record<string, Wrong> } {
  const values: Record<string, unknown> = {};
  const wrong: Record<string, Wrong> = {};
  for (const one of all) {
    const text = written[one.name] ?? one.initial;
    if (text.trim() === "") {
      // A required text may be empty on purpose only where the form could say so: it can't.
      if (one.required) wrong[one.name] = "required";
      continue;
    }
    const read = readAs(one, text);
    if ("wrong" in read) wrong[one.name] = read.wrong;
    else values[one.name] = read.value;
  }
  return { values, wrong };
}

function readAs(one: Argument, text: string): { value: unknown } | { wrong: Wrong } {
  switch (one.kind) {
    case "text":
      return { value: text };
    case "flag":
      return { value: text === "true" };
    case "list":
      return {
        value: text
          .split("\n")
          .map((line) => line.trim())
          .filter(Boolean),
      };
    case "number": {
      const value = Number(text);
      if (!Number.isFinite(value) || (one.whole && !Number.isInteger(value))) {
        return { wrong: "number" };
      }
      const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = one;
      return value < minimum || value > maximum ? { wrong: "range" } : { value };
    }
    default:
      try {
        return { value: JSON.parse(text) };
      } catch {
        return { wrong: "json" };
      }
  }
}

/** Of "this or null": this. */
function pick(schema: Schema): Schema {
  const others = (schema.anyOf ?? []).filter((one) => typeOf(one) !== "null");
  return others.length === 1 && others[0] ? others[0] : schema;
}

function typeOf({ type }: Schema): string | undefined {
  const types = (Array.isArray(type) ? type : [type]).filter((one) => one !== "null");
  return types.length === 1 ? types[0] : type === "null" ? "null" : undefined;
}

function kindOf(schema: Schema): ArgumentKind {
  if (schema.enum) return "choice";
  switch (typeOf(schema)) {
    case "string":
      return "text";
    case "integer":
    case "number":
      return "number";
    case "boolean":
      return "flag";
    case "array":
      return schema.items && typeOf(schema.items) === "string" ? "list" : "json";
    default:
      return "json";
  }
}

function shown(kind: ArgumentKind, value: unknown): string {
  if (value === undefined || value === null) return "";
  if (kind === "text") return String(value);
  if (kind === "list" && Array.isArray(value)) return value.join("\n");
  return JSON.stringify(value);
}

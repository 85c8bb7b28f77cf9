// Writes src/api/generated.ts: a type for each schema of src/api/openapi.json.
// The usual generators need the JavaScript API of TypeScript 5; ours is a page long.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const KEYWORDS = { string: "string", integer: "number", number: "number", boolean: "boolean", null: "null" };

function typeOf(schema) {
  if (schema.$ref) return schema.$ref.split("/").at(-1);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices) return [...new Set(choices.map(typeOf))].join(" | ");
  if (Array.isArray(schema.type)) return schema.type.map((type) => typeOf({ ...schema, type })).join(" | ");
  if (schema.type === "array") return schema.items ? `readonly (${typeOf(schema.items)})[]` : "readonly unknown[]";
  if (schema.type === "object" && !schema.properties) {
    const { additionalProperties: values } = schema;
    return `{ readonly [key: string]: ${values && Object.keys(values).length > 0 ? typeOf(values) : "unknown"} }`;
  }
  if (schema.type === "object") return bodyOf(schema);
  const keyword = KEYWORDS[schema.type];
  if (!keyword) return "unknown";
  return keyword;
}

function bodyOf(schema) {
  const required = new Set(schema.required ?? []);
  const fields = Object.entries(schema.properties).map(([name, property]) => {
    const comment = property.description ? `  /** ${property.description} */\n` : "";
    return `${comment}  readonly ${name}${required.has(name) ? "" : "?"}: ${typeOf(property)};`;
  });
  return `{\n${fields.join("\n")}\n}`;
}

/** The text of generated.ts for an OpenAPI description. */
export function generate(openapi) {
  const schemas = Object.entries(openapi.components.schemas).toSorted(([left], [right]) => (left < right ? -1 : 1));
  const types = schemas.map(([name, schema]) => `export type ${name} = ${typeOf(schema)};`);
  const paths = Object.keys(openapi.paths).toSorted().map((path) => `  | ${JSON.stringify(path)}`);
  return [
    "// Made from openapi.json by `npm run generate`; do not edit.",
    `export type Path =\n${paths.join("\n")};`,
    ...types,
    "",
  ].join("\n\n").replace(/\n\n$/, "\n");
}

if (process.argv[1]?.endsWith("generate.mjs")) {
  const folder = join(dirname(process.argv[1]), "..", "src", "api");
  writeFileSync(join(folder, "generated.ts"), generate(JSON.parse(readFileSync(join(folder, "openapi.json"), "utf8"))));
}

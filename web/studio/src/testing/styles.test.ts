import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** Parts of Mantine that have styles of more than their own name. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  Autocomplete: ["Combobox", "Input"],
  Modal: ["ModalBase", "Modal"],
  MultiSelect: ["Combobox", "Input", "Pill", "PillsInput"],
  NativeSelect: ["Input"],
  NumberInput: ["Input", "NumberInput"],
  PasswordInput: ["Input", "PasswordInput"],
  Select: ["Combobox", "Input"],
  TagsInput: ["Combobox", "Input", "Pill", "PillsInput"],
  TextInput: ["Input"],
  Textarea: ["Input"],
};

const imported = (text: string) => new Set([...text.matchAll(/@mantine\/core\/styles\/(\w+)\.css/g)].map(([, name]) => name));
const sources = () => readdirSync("src", { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".tsx") && !file.endsWith(".test.tsx"));

test("what a file shows has its styles, from the start or from that file", () => {
  const styles = new Set(readdirSync("node_modules/@mantine/core/styles").map((file) => file.replace(/\.css$/, "")));
  const always = imported(readFileSync("src/main.tsx", "utf8"));
  const missing = sources().flatMap((file) => {
    const text = readFileSync(`src/${file}`, "utf8");
    const own = imported(text);
    const names = [...text.matchAll(/import \{([^}]*)\} from "@mantine\/core"/g)].flatMap(([, list]) => (list ?? "").split(",").map((name) => name.trim()));
    const needed = names.flatMap((name) => PARTS[name] ?? [name]).filter((name) => styles.has(name));
    return needed.filter((name) => !always.has(name) && !own.has(name)).map((name) => `${file}: ${name}.css`);
  });
  expect(missing).toEqual([]);
});

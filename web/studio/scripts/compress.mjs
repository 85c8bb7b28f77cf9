// Writes a .br and a .gz beside each built file that gets smaller by it; the server sends what a browser takes.
// The last step of `npm run build`. The page itself is left out: every answer has another nonce in it.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const FOLDER = join(dirname(process.argv[1]), "..", "..", "..", "src", "footfall", "studio", "static");
const TYPES = new Set([".js", ".css", ".svg", ".json", ".txt"]);

function brotli(content) {
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT, BROTLI_MAX_QUALITY } = constants;
  const params = { [BROTLI_PARAM_QUALITY]: BROTLI_MAX_QUALITY, [BROTLI_PARAM_SIZE_HINT]: content.length };
  return brotliCompressSync(content, { params });
}

const ENCODINGS = { br: brotli, gz: (content) => gzipSync(content, { level: 9 }) };

for (const name of readdirSync(FOLDER, { recursive: true }).map(String)) {
  if (!TYPES.has(extname(name))) continue;
  const content = readFileSync(join(FOLDER, name));
  for (const [ending, encode] of Object.entries(ENCODINGS)) {
    const encoded = encode(content);
    if (encoded.length < content.length) writeFileSync(join(FOLDER, `${name}.${ending}`), encoded);
  }
}

// Runs a module that needs nothing of its host; a trap ends this with an error.
import { readFile } from "node:fs/promises";

const module = await WebAssembly.compile(await readFile(process.argv[2]));
const imports = WebAssembly.Module.imports(module);
if (imports.length > 0) throw new Error(`it asks its host for ${JSON.stringify(imports)}`);
const { exports } = await WebAssembly.instantiate(module, {});
exports.main(0, 0);

// Gives a WebAssembly program the three system calls of program.c.
import { readFileSync, readSync, writeSync } from "node:fs";

const bytes = (address, count) => new Uint8Array(instance.exports.memory.buffer, address, count);
const env = {
  read: (file, address, count) => readSync(file, bytes(address, count)),
  write: (file, address, count) => writeSync(file, bytes(address, count)),
  exit: (code) => process.exit(code),
};
const { instance } = await WebAssembly.instantiate(readFileSync(process.argv[2]), { env });
instance.exports.program();

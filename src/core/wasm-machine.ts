import { type FunctionDef, wasmModule } from './wasm-module.ts';

interface WasmMemory {
  readonly buffer: ArrayBuffer;
}
declare const WebAssembly: {
  Memory: new (descriptor: { initial: number; maximum: number }) => WasmMemory;
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { exports: Record<string, unknown> };
};

export interface WasmMachine {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly functions: Readonly<Record<string, unknown>>;
}

/** The functions with a fixed memory of `pages` times 64 KiB; null where WebAssembly has no 128-bit operations. */
export function instantiate(pages: number, functions: readonly FunctionDef[]): WasmMachine | null {
  try {
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const instance = new WebAssembly.Instance(new WebAssembly.Module(wasmModule(pages, functions)), { env: { memory } });
    return { bytes: new Uint8Array(memory.buffer), view: new DataView(memory.buffer), functions: instance.exports };
  } catch {
    return null;
  }
}

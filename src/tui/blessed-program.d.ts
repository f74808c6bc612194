/** The part of blessed that is used, which @types/blessed does not tell. */
declare module 'blessed/lib/program.js' {
  import type { EventEmitter } from 'node:events';

  interface ProgramOptions {
    readonly input: NodeJS.ReadStream;
    readonly output: NodeJS.WriteStream;
    /** false: no terminfo is read. */
    readonly tput: boolean;
    readonly terminal: string;
  }

  export interface Program extends EventEmitter {
    destroy(): void;
  }

  export default function program(options: ProgramOptions): Program;
}

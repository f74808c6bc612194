import type { SpoolWriter } from '../core/stream.ts';
import type { FragmentCollector } from './layer.ts';

export class Fragments implements FragmentCollector {
  incomplete = 0;
  protected readonly spool: SpoolWriter;

  constructor(spool: SpoolWriter) {
    this.spool = spool;
  }

  add(): void {
    this.incomplete++;
  }

  finish(): void {}
}

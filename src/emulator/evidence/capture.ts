/** Writes the run as a pcapng file with its TLS secrets inside, so that any reader can decrypt it. */
import { fileHeader, packetBlock, secretsBlock } from '../../capture/pcapng-writer.ts';
import { type Endpoint, SegmentWriter } from '../../capture/segment-writer.ts';
import { UserError } from '../../core/errors.ts';
import { EvidenceFile } from './file.ts';

/** What a tapped connection tells. Direction 0 = client to server. */
export interface ConnectionTap {
  data(dir: 0 | 1, bytes: Uint8Array): void;
  /** A line of NSS key log text. */
  secret(line: Uint8Array): void;
  end(dir: 0 | 1): void;
  reset(): void;
}

/**
 * Packets wait so long before they are written, secrets do not: OpenSSL tells the client's traffic secret only after the
 * packet that it decrypts has come, and readers that go through a file once want it before.
 */
const HOLD_MS = 100;
const MAX_HELD = 4 * 1024 * 1024;

export class CaptureWriter {
  private readonly out: EvidenceFile;
  private held: Uint8Array[] = [];
  private heldBytes = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private connections = 0;

  /** Throws `UserError` when the file cannot be written. */
  constructor(path: string) {
    try {
      this.out = new EvidenceFile(path);
    } catch (error) {
      throw new UserError('emulator.capture', `Cannot write the capture ${path}: ${(error as NodeJS.ErrnoException).code}.`);
    }
    this.out.write(fileHeader('apns-inspect emulator'));
  }

  /** Begins a connection: its TCP handshake is written now. */
  connection(client: Endpoint, server: Endpoint): ConnectionTap {
    // Initial sequence numbers need only differ from connection to connection; small ones are easy to read.
    const n = ++this.connections;
    const segments = new SegmentWriter(client, server, [n * 1000, n * 1000 + 500], (packet) => this.packet(packet));
    segments.open();
    const ended = [false, false];
    return {
      data: (dir, bytes) => {
        if (!ended[dir]) segments.data(dir, bytes);
      },
      secret: (line) => this.put(secretsBlock(line)),
      end: (dir) => {
        if (ended[dir]) return;
        ended[dir] = true;
        segments.fin(dir);
      },
      reset: () => {
        if (ended[0] && ended[1]) return;
        ended.fill(true);
        segments.reset(1);
      },
    };
  }

  /** Writes what is left; throws when the disk failed on the way. */
  close(): void {
    this.release();
    this.out.close();
  }

  private packet(packet: Uint8Array): void {
    const block = packetBlock(wallNanoseconds(), packet);
    this.held.push(block);
    this.heldBytes += block.length;
    if (this.heldBytes > MAX_HELD) this.release();
    else this.timer ??= setTimeout(() => this.release(), HOLD_MS);
  }

  private release(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    for (const block of this.held) this.put(block);
    this.held = [];
    this.heldBytes = 0;
  }

  private put(bytes: Uint8Array): void {
    this.out.write(bytes);
  }
}

const EPOCH = BigInt(Math.round(performance.timeOrigin * 1000)) * 1000n;

/** Real time with the resolution of the monotonic clock, never going back. */
function wallNanoseconds(): bigint {
  return EPOCH + BigInt(Math.round(performance.now() * 1e6));
}

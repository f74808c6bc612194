/** The clients of bench/load.ts: what comes in at the emulator's ports, good and bad. */
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { gateway } from '../src/codec/gateway.ts';
import { fromHex } from '../src/core/bytes.ts';
import { connectDevice, type DeviceConnection, type DeviceDialect } from '../src/emulator/device/connection.ts';
import { Lab, signProviderToken } from '../src/emulator/index.ts';
import type { Ready } from './load-server.ts';

const TOPIC = 'com.example.app';
const DEVICES = 60;
const DIALECTS: readonly DeviceDialect[] = ['tlv', 'packed', 'tlv', 'packed', 'tlv', 'ios4'];
/** Devices that leave and come back each second. */
const CHURN = 2;
/** Seconds after which providers connect anew. */
const SESSION_SECONDS = 20;
const BAD_TOKEN = 'bad0'.repeat(16);

export class LoadClients {
  static readonly header = 'pushed    gateway   control   d2d       received  refused   reconnects';
  private readonly ready: Ready;
  private readonly lab: Lab;
  private readonly bearer: string;
  private readonly certificate: { readonly certificate: string; readonly key: string };
  private readonly devices: (DeviceConnection | undefined)[] = [];
  /** The provider's connections, made anew when they have gone. */
  private http2: ClientHttp2Session | undefined;
  private gateway: TLSSocket | undefined;
  private readonly counts = { pushed: 0, gateway: 0, control: 0, d2d: 0, received: 0, refused: 0, reconnects: 0 };

  private constructor(ready: Ready, lab: Lab, bearer: string, certificate: { certificate: string; key: string }) {
    this.ready = ready;
    this.lab = lab;
    this.bearer = bearer;
    this.certificate = certificate;
  }

  static async start(ready: Ready): Promise<LoadClients> {
    const lab = await Lab.open(ready.directory);
    const key = await lab.signingKey();
    const bearer = signProviderToken(key.key, key.keyId, key.teamId, Math.floor(Date.now() / 1000));
    const clients = new LoadClients(ready, lab, bearer, await lab.provider({ bundle: TOPIC, environment: 'development' }));
    for (let n = 0; n < DEVICES; n++) await clients.connect(n);
    return clients;
  }

  /** What happens in one second. */
  second(second: number, rate: number): void {
    if (second % SESSION_SECONDS === 0) {
      this.http2?.close();
      this.http2 = undefined;
      this.gateway?.end();
      this.gateway = undefined;
    }
    for (let n = 0; n < rate; n++) {
      const at = second * rate + n;
      const token = this.token(at);
      if (token === undefined) continue;
      if (at % 2 === 0) this.push(at % 40 === 0 ? BAD_TOKEN : token, at);
      else if (at % 4 === 1) this.pushBinary(at % 100 === 1 ? BAD_TOKEN : token, at);
      else if (at % 8 === 3) this.write(at, token);
      else this.control('POST', '/inject', { to: token, topic: TOPIC, payload: { aps: { alert: `injected ${at}` } } });
    }
    for (let n = 0; n < CHURN; n++) this.bounce((second * CHURN + n) % DEVICES, (second + n) % 3 === 0);
    this.disturb(second);
    if (second % 10 === 5) {
      this.control('GET', '/received?command=push&limit=100');
      this.control('PUT', `/tokens/${this.token(second) ?? BAD_TOKEN}`, { state: 'active' });
      connectTls({ port: this.ready.ports.feedback, ca: this.lab.authority.certificate, servername: 'localhost' })
        .on('error', () => {})
        .resume();
    }
  }

  line(): string {
    return Object.values(this.counts)
      .map((count) => String(count).padEnd(9))
      .join(' ');
  }

  stop(): void {
    this.http2?.destroy();
    this.gateway?.destroy();
    for (const device of this.devices) device?.destroy();
  }

  private token(n: number): string | undefined {
    return this.devices[n % DEVICES]?.peer.token;
  }

  private async connect(n: number): Promise<void> {
    const { ready, lab, counts } = this;
    const token = this.devices[n]?.peer.token;
    this.devices[n] = await connectDevice({
      port: ready.ports.courier,
      ca: lab.authority.certificate,
      dialect: DIALECTS[n % DIALECTS.length],
      topics: [TOPIC],
      token,
      identity: await lab.device(`load-${n}`),
      protocolVersion: 12,
      keepAlive: 5,
      onEvent: (event) => {
        if (event.kind === 'message') counts.received++;
      },
    });
    counts.reconnects++;
  }

  private bounce(n: number, politely: boolean): void {
    const device = this.devices[n];
    if (politely) device?.close();
    else device?.destroy();
    this.connect(n).catch(() => {});
  }

  private push(token: string, n: number): void {
    const session = this.session();
    if (session.closed || session.destroyed) return;
    const request = session.request({
      ':method': 'POST',
      ':path': `/3/device/${token}`,
      authorization: `bearer ${this.bearer}`,
      'apns-topic': TOPIC,
      'apns-push-type': 'alert',
      'apns-expiration': String(Math.floor(Date.now() / 1000) + 60),
    });
    request.on('error', () => {});
    request.on('response', (headers) => {
      if (headers[':status'] === 200) this.counts.pushed++;
      else this.counts.refused++;
    });
    request.resume();
    request.end(JSON.stringify({ aps: { alert: `push ${n}`, badge: n % 100 }, text: 'x'.repeat((n % 7) * 100) }));
  }

  private pushBinary(token: string, n: number): void {
    const socket = this.gatewaySocket();
    if (!socket.writable) return;
    const fields = { token: fromHex(token), payload: Buffer.from(`{"aps":{"alert":"binary ${n}"}}`), identifier: n >>> 0 };
    socket.write(gateway.encode('notification', fields, 0));
    this.counts.gateway++;
  }

  private session(): ClientHttp2Session {
    if (this.http2 !== undefined) return this.http2;
    const made = connectHttp2(`https://localhost:${this.ready.ports.http2}`, { ca: this.lab.authority.certificate });
    this.http2 = made;
    made.on('error', () => {});
    made.once('close', () => {
      if (this.http2 === made) this.http2 = undefined;
    });
    return made;
  }

  private gatewaySocket(): TLSSocket {
    if (this.gateway !== undefined) return this.gateway;
    const { certificate: cert, key } = this.certificate;
    const made = connectTls({ port: this.ready.ports.gateway, ca: this.lab.authority.certificate, servername: 'localhost', cert, key });
    this.gateway = made;
    made.on('error', () => {});
    made.on('data', () => this.counts.refused++);
    made.once('close', () => {
      if (this.gateway === made) this.gateway = undefined;
    });
    return made;
  }

  private write(n: number, to: string): void {
    this.devices[(n + 7) % DEVICES]?.peer.send(TOPIC, Buffer.from(`{"aps":{"alert":"from device ${n}"}}`), to);
    this.counts.d2d++;
  }

  private control(method: string, path: string, body?: unknown): void {
    this.counts.control++;
    fetch(`${this.ready.control.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.ready.control.token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
      .then((response) => response.arrayBuffer())
      .catch(() => {});
  }

  /** A client that talks nonsense, before or behind TLS, says nothing, or goes in the middle. */
  private disturb(second: number): void {
    const ports = Object.values(this.ready.ports);
    const port = ports[second % ports.length];
    const garbage = Buffer.alloc(64, second & 0xff);
    const raw = connectTcp({ port }).on('error', () => {});
    raw.resume();
    if (second % 3 === 0) raw.end(garbage);
    else if (second % 3 === 1) setTimeout(() => raw.destroy(), 15_000);
    else raw.once('connect', () => raw.resetAndDestroy());
    const secure = connectTls({ port, ca: this.lab.authority.certificate, servername: 'localhost', ALPNProtocols: [] });
    secure.on('error', () => {});
    secure.resume();
    secure.once('secureConnect', () => {
      secure.write(garbage);
      setTimeout(() => secure.destroy(), second % 2 === 0 ? 100 : 40_000);
    });
  }
}

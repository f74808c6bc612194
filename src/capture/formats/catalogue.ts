import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { StreamInfo } from '../../core/input.ts';
import type { DirectoryFormat, Format } from '../format.ts';
import { CArraysReader, isCArrays } from './c-arrays.ts';
import { followKind } from './follow-banner.ts';
import { FollowHexReader, isHexDump } from './follow-hex.ts';
import { FollowRawReader } from './follow-raw.ts';
import { FollowYamlReader, isFollowYaml } from './follow-yaml.ts';
import { isMitmproxy, MitmproxyInput } from './mitmproxy.ts';
import { MixedInput } from './mixed.ts';
import { refuseFollow, refuseSocatText } from './refusals.ts';
import { SocatReader, socatKind } from './socat.ts';
import { isSslsplitName, openSslsplitDirectory } from './sslsplit-directory.ts';
import { isSslsplitLog, SslsplitLogInput } from './sslsplit-log.ts';
import { isTcpflowName, openTcpflow } from './tcpflow.ts';
import { type LineReader, type TextContext, TextInput } from './text-input.ts';

/** How an HTTP/2 client begins (RFC 9113, section 3.4): the one stream of ours that says what it is. */
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

/** A format of text that is read line by line. */
function text(name: string, sniff: Format['sniff'], make: (context: TextContext) => LineReader): Format {
  return { name, sniff, open: (source, store) => new TextInput(name, source, store.spool, make) };
}

const follow = (format: string) => (head: Uint8Array) => {
  const kind = followKind(head);
  return kind !== undefined && kind.format === format;
};

/**
 * Ready-made streams in single files. Those that are known by their first bytes or their name come first: what they hold
 * may look like any of the later ones, whose marks are looked for further in, as other output may stand before them.
 */
export const STREAM_FORMATS: readonly Format[] = [
  { name: 'sslsplit -L', sniff: isSslsplitLog, open: (source) => new SslsplitLogInput(source) },
  { name: 'mitmproxy flows', sniff: isMitmproxy, open: (source) => new MitmproxyInput(source) },
  {
    name: 'tcpflow',
    sniff: (_head, name) => isTcpflowName(basename(name)) && existsSync(name),
    open: (source, store) => openTcpflow(source.name, store.spool),
  },
  {
    name: 'sslsplit -S',
    sniff: (_head, name) => isSslsplitName(basename(name)) && existsSync(name),
    open: (source, store, options) => openSslsplitDirectory(source.name, store.spool, options.split),
  },
  text('follow yaml', isFollowYaml, (context) => new FollowYamlReader(context)),
  text('hex dump', isHexDump, (context) => new FollowHexReader(context)),
  {
    name: 'headerless stream',
    sniff: (head, _name, options) => startsWith(head, PREFACE) || options.guessDirection?.(head) !== undefined,
    open: (source, _store, options) => new MixedInput('headerless stream', source, headerless(source.name), options.split),
  },
  text('C arrays', isCArrays, (context) => new CArraysReader(context)),
  text(
    'follow raw',
    (head, name) => refuseFollow(head, name) ?? follow('raw')(head),
    (context) => new FollowRawReader(context),
  ),
  text('follow hex', follow('hex'), (context) => new FollowHexReader(context)),
  text(
    'socat -x',
    (head, name) => {
      const kind = socatKind(head);
      return kind === 'text' ? refuseSocatText(name) : kind === 'hex';
    },
    (context) => new SocatReader(context),
  ),
];

/** Directories that are one input. */
export const DIRECTORY_STREAM_FORMATS: readonly DirectoryFormat[] = [
  {
    name: 'sslsplit -S',
    sniff: (names) => names.some(isSslsplitName),
    open: (path, store, options) => openSslsplitDirectory(path, store.spool, options.split),
  },
  { name: 'tcpflow', sniff: (names) => names.some(isTcpflowName), open: (path, store) => openTcpflow(path, store.spool) },
];

function headerless(name: string): StreamInfo {
  return { client: '', server: '', rolesKnown: false, timed: false, ordered: true, decrypted: false, label: `headerless bytes, ${name}` };
}

function startsWith(head: Uint8Array, mark: string): boolean {
  if (head.length < mark.length) return false;
  for (let i = 0; i < mark.length; i++) if (head[i] !== mark.charCodeAt(i)) return false;
  return true;
}

import type { FieldDoc } from './field-doc.ts';

const row = (filter: string, label: string, type: string, doc: string, more: Partial<FieldDoc> = {}): FieldDoc => ({
  filter,
  label,
  type,
  doc,
  source: 'reading',
  confidence: 'A',
  dialects: ['any'],
  ...more,
});

/** Filter fields that come from the capture and from the analysis, not from a message; Wireshark's names where it has them. */
export const FRAME_FIELDS: readonly FieldDoc[] = [
  row('frame.number', 'Packet', 'number', 'Number of the packet that completed the message.'),
  row('frame.time', 'Time', 'time', 'When that packet was captured.', { unit: 'ns' }),
  row('frame.time_epoch', 'Epoch time', 'time', 'The same, as seconds since 1970.', { unit: 's' }),
  row('frame.time_relative', 'Time since the first message', 'duration', 'Time since the first message of the capture.'),
  row('ip.addr', 'Address', 'address', 'Address of either side.', { privacy: 'address' }),
  row('ip.src', 'Source address', 'address', 'Address of the sender.', { privacy: 'address' }),
  row('ip.dst', 'Destination address', 'address', 'Address of the receiver.', { privacy: 'address' }),
  row('ipv6.addr', 'IPv6 address', 'address', 'As ip.addr.', { privacy: 'address' }),
  row('ipv6.src', 'IPv6 source', 'address', 'As ip.src.', { privacy: 'address' }),
  row('ipv6.dst', 'IPv6 destination', 'address', 'As ip.dst.', { privacy: 'address' }),
  row('tcp.port', 'Port', 'number', 'TCP port of either side.'),
  row('tcp.srcport', 'Source port', 'number', 'TCP port of the sender.'),
  row('tcp.dstport', 'Destination port', 'number', 'TCP port of the receiver.'),
  row('tcp.stream', 'Stream', 'number', 'Number of the TCP connection, from 0.'),
  row('apns.number', 'Message number', 'number', 'Number of the message in the list, from 1.'),
  row('apns.message', 'Message', 'text', 'Name of the message; the same as apns.command.'),
  row('apns.direction', 'Direction', 'text', 'c2s (client to server) or s2c.', { names: { 0: 'c2s', 1: 's2c' } }),
  row('apns.size', 'Size', 'number, bytes', 'Bytes of the message on the wire.'),
  row('apns.info', 'Info', 'text', 'The info column of the list.'),
  row('apns.note', 'Note', 'text', 'Code of a note or finding, such as field.width; or its severity.'),
  row('apns.severity', 'Severity', 'number', 'Severity of the worst note.', { names: { 0: 'info', 1: 'note', 2: 'warn', 3: 'error' } }),
  row('apns.process', 'Process', 'text', 'Process that owned the socket, where the capture says so.'),
  row('apns.pair', 'Pair', 'number', 'Number of the message that this one answers, or that answers it.'),
  row('apns.rtt', 'Response time', 'duration', 'Time between question and answer.'),
];

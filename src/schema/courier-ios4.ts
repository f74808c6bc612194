// biome-ignore-all format: one row a line
import { bytes, type CommandTable, PAYLOAD, TEXT, TOKEN, TOPIC, uint } from './definition.ts';

/**
 * The courier protocol of iOS 3 and 4: commands 00 to 06 without a common length. The one public description (pushproxy’s)
 * states its own guesses, so every row has confidence C; that iOS 3 is the same is a guess. Names and filter names are
 * those of the later protocol where the meaning is the same. Ids are our own numbers: the wire has none.
 */
export const COURIER_IOS4 = {
  connect: {
    id: 0x00,
    label: 'Connect',
    direction: 'c2s',
    doc: 'The device says who it is. The description gives the length four bytes in words and two in its example; whichever tiles is taken.',
    source: 'PP',
    confidence: 'C',
    summary: ['token {token}'],
    layouts: [[{ field: 'token', prefix: 2 }], [{ field: 'token', prefix: 4 }]],
    fields: {
      token: { id: 1, type: TOKEN, label: 'Token', doc: 'The device’s push token.', source: 'PP', confidence: 'C', role: 'token', alias: 'token', privacy: 'token' },
    },
  },
  connect_response: {
    id: 0x01,
    label: 'ConnectResponse',
    direction: 's2c',
    doc: 'The description has four unknown zero bytes and a length of one byte; status u8 and length u32 are the same bytes and favoured here.',
    source: 'PP',
    confidence: 'C',
    summary: ['{status}'],
    layouts: [[{ field: 'status', take: 1 }, { field: 'token', prefix: 4 }]],
    fields: {
      status: { id: 1, type: uint(1), label: 'Status', doc: 'Zero in the description; that it is a status is our reading.', source: 'PP', confidence: 'C', names: { 0: 'ok' }, role: 'status', alias: 'status' },
      token: { id: 2, type: TOKEN, label: 'Token', doc: 'A new token, or nothing.', source: 'PP', confidence: 'C', role: 'token', alias: 'token', privacy: 'token' },
    },
  },
  filter: {
    id: 0x02,
    label: 'Filter',
    direction: 'c2s',
    doc: 'Two lists of topics, each u32 count, u32 item size, items. That the second holds disabled topics is a guess.',
    source: 'PP',
    confidence: 'C',
    summary: ['{enabled#} enabled ({enabled*})', '{ignored#} ignored'],
    layouts: [[
      { field: 'enabled_count', take: 4 }, { field: 'enabled_size', take: 4 }, { field: 'enabled', times: 'enabled_count', size: 'enabled_size' },
      { field: 'ignored_count', take: 4 }, { field: 'ignored_size', take: 4 }, { field: 'ignored', times: 'ignored_count', size: 'ignored_size' },
    ]],
    fields: {
      enabled_count: { id: 1, type: uint(4), label: 'Enabled topics', doc: 'Number of topics in the first list.', source: 'PP', confidence: 'C' },
      enabled_size: { id: 2, type: uint(4, 'bytes'), label: 'Size of an enabled topic', doc: '20 in the description.', source: 'PP', confidence: 'C' },
      enabled: { id: 3, type: TOPIC, label: 'Enabled topic', doc: 'SHA-1 of a topic that the device wants.', source: 'PP', confidence: 'C', repeated: true, alias: 'topic' },
      ignored_count: { id: 4, type: uint(4), label: 'Disabled topics', doc: 'Number of topics in the second list.', source: 'PP', confidence: 'C' },
      ignored_size: { id: 5, type: uint(4, 'bytes'), label: 'Size of a disabled topic', doc: '20 in the description.', source: 'PP', confidence: 'C' },
      ignored: { id: 6, type: TOPIC, label: 'Disabled topic', doc: 'SHA-1 of a topic of the second list.', source: 'PP', confidence: 'C', repeated: true, alias: 'topic' },
    },
  },
  message: {
    id: 0x03,
    label: 'Message',
    direction: 's2c',
    doc: 'One push to the device. Neither token nor id can be seen in it.',
    source: 'PP',
    confidence: 'C',
    summary: ['{topic}'],
    layouts: [[{ field: 'topic', prefix: 4 }, { field: 'payload', prefix: 4 }]],
    fields: {
      topic: { id: 1, type: TOPIC, label: 'Topic', doc: 'SHA-1 of the topic’s name.', source: 'PP', confidence: 'C', role: 'topic', alias: 'topic' },
      payload: { id: 2, type: PAYLOAD, label: 'Payload', doc: 'JSON.', source: 'PP', confidence: 'C', alias: 'payload', privacy: 'content' },
    },
  },
  message_ack: {
    id: 0x04,
    label: 'MessageAck',
    direction: 'c2s',
    doc: 'Answer to a push: 04 and three zero bytes were seen.',
    source: 'PP',
    confidence: 'C',
    layouts: [[{ field: 'unknown1', take: 3 }]],
    fields: {
      unknown1: { id: 1, type: bytes(3), label: 'Unknown 1', doc: 'Zero; whether it is a status or an id is not known.', source: 'PP', confidence: 'C' },
    },
  },
  keep_alive: {
    id: 0x05,
    label: 'KeepAlive',
    direction: 'c2s',
    doc: 'The device is still there: u32 length and a text such as “WiFi 4.3.3 8J2 iPhone2,1 17”.',
    source: 'PP',
    confidence: 'C',
    summary: ['{text}'],
    layouts: [[{ field: 'text', prefix: 4 }]],
    fields: {
      text: { id: 1, type: TEXT, label: 'Text', doc: 'Network, system version, build, model, and an interval in minutes.', source: 'PP', confidence: 'C' },
    },
  },
  keep_alive_response: { id: 0x06, label: 'KeepAliveResponse', direction: 's2c', doc: 'Answer to a keep-alive: one byte.', source: 'PP', confidence: 'C', layouts: [[]], fields: {} },
} as const satisfies CommandTable;

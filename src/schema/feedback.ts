// biome-ignore-all format: one row a line
import { type CommandTable, time } from './definition.ts';

/** The feedback service (2009 to 2021): the server speaks at once, lists tokens that no longer work, and closes. */
export const FEEDBACK = {
  feedback: {
    id: 0,
    label: 'Feedback',
    direction: 's2c',
    doc: 'One token on which the app is gone: u32 time, u16 token length, token. Reading the list clears it; an empty list is a connection without bytes.',
    source: 'Apple, clients',
    confidence: 'A',
    summary: ['token {token}', 'gone since {timestamp}'],
    layouts: [[{ field: 'timestamp', take: 4 }, { field: 'token', prefix: 2 }]],
    fields: {
      timestamp: { id: 1, type: time(4, 's'), label: 'Timestamp', doc: 'When the service found that the app is gone.', source: 'Apple', confidence: 'A', alias: 'timestamp' },
      token: { id: 2, type: { kind: 'token' }, label: 'Device token', doc: '32 bytes in practice; readers must follow the length.', source: 'Apple, clients', confidence: 'A', role: 'token', alias: 'token', privacy: 'token' },
    },
  },
} as const satisfies CommandTable;

// biome-ignore-all format: one row a line
import type { Privacy } from '../core/message.ts';

/** What a key inside a payload means. */
export interface PayloadKey {
  readonly label: string;
  readonly doc: string;
  readonly source: string;
  /** Names of known values. */
  readonly names?: Readonly<Record<number, string>>;
  /** The number is a Unix time in this unit. */
  readonly time?: 's' | 'ns';
  readonly privacy?: Privacy;
}

const APPLE = 'Apple, Generating a remote notification';
const LIVE = 'Apple, Starting and updating Live Activities with ActivityKit push notifications';

/** Keys of user notifications, by path. */
const APS_KEYS: Readonly<Record<string, PayloadKey>> = {
  'aps': { label: 'Apple keys', doc: 'What the system acts on; all other keys are the app’s.', source: APPLE },
  'aps.alert': { label: 'Alert', doc: 'What is shown: a text, or its parts.', source: APPLE },
  'aps.alert.title': { label: 'Title', doc: 'First line of the alert.', source: APPLE },
  'aps.alert.subtitle': { label: 'Subtitle', doc: 'Line below the title.', source: APPLE },
  'aps.alert.body': { label: 'Body', doc: 'Text of the alert.', source: APPLE },
  'aps.alert.launch-image': { label: 'Launch image', doc: 'Image or storyboard shown while the app starts.', source: APPLE },
  'aps.alert.title-loc-key': { label: 'Title, localized', doc: 'Key of the title in the app’s Localizable.strings.', source: APPLE },
  'aps.alert.title-loc-args': { label: 'Title arguments', doc: 'Texts that replace the variables of the localized title.', source: APPLE },
  'aps.alert.subtitle-loc-key': { label: 'Subtitle, localized', doc: 'Key of the subtitle in the app’s Localizable.strings.', source: APPLE },
  'aps.alert.subtitle-loc-args': { label: 'Subtitle arguments', doc: 'Texts that replace the variables of the localized subtitle.', source: APPLE },
  'aps.alert.loc-key': { label: 'Body, localized', doc: 'Key of the body in the app’s Localizable.strings.', source: APPLE },
  'aps.alert.loc-args': { label: 'Body arguments', doc: 'Texts that replace the variables of the localized body.', source: APPLE },
  'aps.alert.action-loc-key': { label: 'Action, localized', doc: 'Key of the action button’s text; from the first version of the format.', source: APPLE },
  'aps.alert.action': { label: 'Action', doc: 'Label of the action button of a Safari push.', source: 'Apple, Safari push notifications' },
  'aps.badge': { label: 'Badge', doc: 'Number on the app’s icon; 0 removes it.', source: APPLE },
  'aps.sound': { label: 'Sound', doc: 'Name of a sound file or “default”; an object for critical alerts.', source: APPLE },
  'aps.sound.critical': { label: 'Critical', doc: '1: a critical alert, which sounds even when muted.', source: APPLE },
  'aps.sound.name': { label: 'Sound name', doc: 'Name of the sound file or “default”.', source: APPLE },
  'aps.sound.volume': { label: 'Volume', doc: '0 (silent) to 1 (full).', source: APPLE },
  'aps.thread-id': { label: 'Thread', doc: 'Groups notifications.', source: APPLE },
  'aps.category': { label: 'Category', doc: 'Notification type; decides the actions offered.', source: APPLE },
  'aps.content-available': { label: 'Background update', doc: '1: wakes the app silently. Needs push type background and priority 5.', source: APPLE, names: { 1: 'yes' } },
  'aps.mutable-content': { label: 'Mutable', doc: '1: the app’s service extension may change it before it is shown.', source: APPLE, names: { 1: 'yes' } },
  'aps.content-changed': { label: 'Content changed', doc: 'True: widgets of the app are reloaded.', source: 'Apple, WidgetKit push notifications' },
  'aps.target-content-id': { label: 'Target content', doc: 'Window that is brought forward.', source: APPLE },
  'aps.interruption-level': { label: 'Interruption level', doc: 'passive, active, time-sensitive or critical.', source: APPLE },
  'aps.relevance-score': { label: 'Relevance', doc: '0 to 1 for the notification summary, any number for Live Activities.', source: APPLE },
  'aps.filter-criteria': { label: 'Filter criteria', doc: 'Compared with the app’s Focus filter.', source: APPLE },
  'aps.stale-date': { label: 'Stale from', doc: 'From then on a Live Activity is out of date.', source: LIVE, time: 's' },
  'aps.timestamp': { label: 'Timestamp', doc: 'When the content of the Live Activity was made; older ones are ignored.', source: LIVE, time: 's' },
  'aps.event': { label: 'Event', doc: 'start, update or end of a Live Activity.', source: LIVE },
  'aps.dismissal-date': { label: 'Dismissal', doc: 'When an ended Live Activity leaves the lock screen.', source: LIVE, time: 's' },
  'aps.content-state': { label: 'Content state', doc: 'Dynamic content of the Live Activity.', source: LIVE },
  'aps.attributes-type': { label: 'Attributes type', doc: 'Name of the type that describes the Live Activity.', source: LIVE },
  'aps.attributes': { label: 'Attributes', doc: 'Static content of the Live Activity.', source: LIVE },
  'aps.input-push-token': { label: 'Asks for a push token', doc: '1: the started Live Activity asks for a token of its own.', source: LIVE },
  'aps.input-push-channel': { label: 'Channel', doc: 'Broadcast channel that updates the Live Activity.', source: LIVE },
  'aps.url-args': { label: 'URL arguments', doc: 'Values for the URL template of a Safari push.', source: 'Apple, Safari push notifications' },
};

/** What the value of `c` says in an IDS message. */
export const IDS_COMMANDS: Readonly<Record<number, string>> = {
  96: 'HTTP over push', 97: 'HTTP over push', 100: 'iMessage: text, reaction or typing', 101: 'delivered', 102: 'read', 103: 'unschedule', 109: 'seen, meaning not confirmed',
  111: 'mark unread', 113: 'notify anyway', 118: 'edit or unsend', 120: 'error report', 122: 'extension update', 130: 'peer cache invalid',
  131: 'share profile', 138: 'transcript background', 140: 'SMS relay: text, with sender', 141: 'SMS relay: attachment, with sender',
  143: 'SMS relay: text', 144: 'SMS relay: attachment', 145: 'enable SMS relay', 147: 'read on device', 150: 'attachment request',
  151: 'attachment request', 160: 'seen, meaning not confirmed', 180: 'profile', 181: 'delete chat', 182: 'recover chat', 190: 'group name, members or icon', 200: 'seen, meaning not confirmed', 207: 'FaceTime',
  208: 'FaceTime', 209: 'FaceTime', 227: 'StatusKit', 242: 'FaceTime or Find My', 244: 'FaceTime or Find My', 255: 'acknowledgement',
};

/** Keys of IDS and iMessage messages, wherever they stand in the list. */
const IDS_KEYS: Readonly<Record<string, PayloadKey>> = {
  c: { label: 'IDS command', doc: 'Kind of message.', source: 'RP', names: IDS_COMMANDS },
  e: { label: 'Time', doc: 'When it was sent.', source: 'RP', time: 'ns' },
  oe: { label: 'Original time', doc: 'When the original was sent.', source: 'RP', time: 'ns' },
  U: { label: 'Message UUID', doc: 'Names the message, 16 bytes.', source: 'PP, RP' },
  i: { label: 'Message id', doc: 'Id within the connection.', source: 'PP, RP' },
  sP: { label: 'Sender', doc: 'Handle of the sender, mailto: or tel:.', source: 'PP, RP', privacy: 'identity' },
  tP: { label: 'Target', doc: 'Handle of the recipient.', source: 'PP, RP', privacy: 'identity' },
  t: { label: 'Push token', doc: 'Token of the sending or receiving device.', source: 'PP, RP', privacy: 'token' },
  sT: { label: 'Session token', doc: 'Names the session with the recipient.', source: 'RP', privacy: 'token' },
  v: { label: 'Version', doc: 'Version of the message format.', source: 'RP' },
  ua: { label: 'User agent', doc: 'System, version, build and model of the sender.', source: 'PP, RP' },
  P: { label: 'Encrypted payload', doc: 'Content, encrypted for the recipient; not decrypted here.', source: 'PP, RP', privacy: 'content' },
  p: { label: 'Plain payload', doc: 'Content that is not encrypted.', source: 'RP', privacy: 'content' },
  E: { label: 'Encryption', doc: 'Kind of encryption: pair, pair-ec …', source: 'PP, RP' },
  D: { label: 'Wants delivery report', doc: 'The sender asks for a report of delivery.', source: 'RP' },
  nr: { label: 'No reply', doc: 'No answer is wanted.', source: 'RP' },
  s: { label: 'Status', doc: 'Outcome; 0 is success.', source: 'RP' },
  rc: { label: 'Retry count', doc: 'How often this was sent again.', source: 'RP' },
  fU: { label: 'Failed message', doc: 'UUID of the message that the report is about.', source: 'RP' },
  fR: { label: 'Failure status', doc: 'Number of the failure.', source: 'RP' },
  fRM: { label: 'Failure text', doc: 'The failure in words.', source: 'RP' },
  fM: { label: 'Failed item', doc: 'Names what failed, as text.', source: 'RP' },
  cdv: { label: 'Certified delivery version', doc: 'Version of certified delivery.', source: 'RP' },
  cdr: { label: 'Certified delivery receipt', doc: 'Receipt of certified delivery.', source: 'RP' },
  dtl: { label: 'Devices', doc: 'One entry for each device of the recipient.', source: 'RP' },
  fcn: { label: 'Batch number', doc: 'Number of the batch of recipients.', source: 'RP' },
  eX: { label: 'Typing indicator', doc: 'Present in typing indicators, as one implementation reads it.', source: 'RP' },
  cT: { label: 'Content type', doc: 'Content type of the tunnelled request.', source: 'RP' },
  u: { label: 'URL', doc: 'URL of the tunnelled request.', source: 'RP' },
  h: { label: 'Headers', doc: 'Headers of the tunnelled request or answer.', source: 'RP' },
  b: { label: 'Body', doc: 'Body of the tunnelled request or answer, gzip.', source: 'RP', privacy: 'content' },
  hs: { label: 'HTTP status', doc: 'Status of the tunnelled answer.', source: 'RP' },
  sv: { label: 'Server version', doc: 'Meaning rests on one source.', source: 'RP' },
  dmt: { label: 'Delivery', doc: 'Meaning rests on one source.', source: 'RP' },
  qI: { label: 'Queue', doc: 'Meaning rests on one source.', source: 'RP' },
};

/** Any other short key that begins with q. */
const IDS_QUEUE_KEY: PayloadKey = { label: 'Queue or relay', doc: 'Keys that begin with q concern the queue; their meaning rests on one source.', source: 'RP' };
const QUEUE_KEY = /^q[A-Za-z]{0,2}$/;

/** A field of a protocol buffer message that is known. */
export interface ProtobufField {
  readonly name: string;
  readonly label: string;
  readonly type: 'int' | 'time-ns' | 'bytes' | 'text' | 'message';
  /** The fields inside, of a `message`. */
  readonly fields?: Readonly<Record<number, ProtobufField>>;
}

const CHANNEL: Readonly<Record<number, ProtobufField>> = {
  1: { name: 'id', label: 'Channel id', type: 'bytes' },
  2: { name: 'last_message', label: 'Last message', type: 'time-ns' },
};

/** Messages inside courier fields, by the field's filter name. Source: RP's statuskit.proto; the field numbers also in apsd. */
export const PROTOBUF_FIELDS: Readonly<Record<string, Readonly<Record<number, ProtobufField>>>> = {
  'apns.message.pub_sub_info': CHANNEL,
  'apns.pub_sub_channel_list.payload': {
    1: { name: 'number', label: 'Number', type: 'int' },
    2: {
      name: 'topic', label: 'Topic', type: 'message',
      fields: {
        1: { name: 'name', label: 'Topic name', type: 'text' },
        2: { name: 'channel', label: 'Channel', type: 'message', fields: CHANNEL },
        3: { name: 'drop', label: 'Channel to drop', type: 'message', fields: CHANNEL },
      },
    },
    3: { name: 'replace', label: 'Replace', type: 'int' },
  },
};

/** Which rows label the keys of a payload. */
export type PayloadFamily = 'aps' | 'ids' | 'none';

const APS_ROWS = new Map(Object.entries(APS_KEYS));
const IDS_ROWS = new Map(Object.entries(IDS_KEYS));

/** The row of a key, by its path from the top with dots (user notifications) or by the key alone (IDS), or undefined. */
export function payloadKey(family: PayloadFamily, path: string, name: string): PayloadKey | undefined {
  return family === 'aps' ? APS_ROWS.get(path) : family === 'ids' ? (IDS_ROWS.get(name) ?? (QUEUE_KEY.test(name) ? IDS_QUEUE_KEY : undefined)) : undefined;
}

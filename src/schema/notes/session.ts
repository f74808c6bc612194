import type { NoteDef } from './definition.ts';

/**
 * Findings of rules over several messages, or over a message and its time. Sources: courier.md 3 to 4 and 8,
 * provider.md 1.3 and 2 of the protocol notes, by way of docs/protocol.md.
 */
export const SESSION_NOTES = {
  'session.refused': {
    severity: 'error',
    sentence: 'The gateway refused this notification.',
    advice: 'The status says why. The gateway closed the connection: everything that was written after it must be sent again.',
  },
  'session.discarded': {
    severity: 'error',
    sentence: 'The gateway discarded this notification: it was written after one that ended the connection.',
    advice: 'It was not delivered and no message says so. Send it again on a new connection; nothing shows that this was done.',
  },
  'session.discarded-resent': {
    severity: 'note',
    sentence: 'The gateway discarded this notification, and it was sent again.',
    advice: 'This is what a client must do after an error packet.',
  },
  'session.shutdown': {
    severity: 'note',
    sentence: 'The gateway shuts the connection down; the identifier is that of the last notification that went through.',
    advice: 'Nothing was wrong with that one. Connect again and send everything that followed it once more.',
  },
  'session.error-unmatched': {
    severity: 'warn',
    sentence: 'The error packet names a notification that is not in this capture.',
    advice: 'It came before the capture began, or had no identifier (command 0). Which later ones were discarded cannot be told.',
  },
  'session.idle-write': {
    severity: 'note',
    sentence: 'The provider wrote to a gateway connection that was idle for more than an hour.',
    advice: 'Idle connections die silently in NATs; the first writes then vanish. Connect again after an hour without traffic.',
  },
  'session.feedback-ignored': {
    severity: 'warn',
    sentence: 'A push to a token that the feedback service had listed before.',
    advice: 'The app is gone from that device; remove the token unless it was registered again after the time of the feedback.',
  },
  'session.rejected-again': {
    severity: 'warn',
    sentence: 'A push to a token that was refused before, for a reason that does not go away.',
    advice: 'Remove the token. APNs slows down and ends connections that keep sending to such tokens.',
  },
  'session.bad-token-burst': {
    severity: 'warn',
    sentence: 'Many device tokens were refused within a short time.',
    advice: 'Check the environment (sandbox tokens against production, or the reverse) and the token store before sending on.',
  },
  'session.unacknowledged': {
    severity: 'warn',
    sentence: 'This message was not acknowledged.',
    advice: 'Look for a broken connection after it. The server sends unacknowledged messages again on the next connection.',
  },
  'session.message-repeated': {
    severity: 'note',
    sentence: 'A message with this id was sent before and is not acknowledged yet.',
    advice: 'The sender repeats what was not acknowledged, or chose the same id twice.',
  },
  'session.ack-order': {
    severity: 'note',
    sentence: 'The server acknowledges messages out of order.',
    advice: 'Apple’s client does not read the id and takes acknowledgements in order: it would assign this one to another message.',
  },
  'session.message-refused': {
    severity: 'warn',
    sentence: 'The receiver did not take the message.',
    advice: 'The status says why, as far as it is known.',
  },
  'session.unanswered': {
    severity: 'warn',
    sentence: 'This question got no answer.',
    advice: 'Look for the end of the connection, a hole in the capture, or a server that hangs.',
  },
  'session.answer-unasked': {
    severity: 'note',
    sentence: 'An answer to nothing that was asked on this connection.',
    advice: 'The question may have been lost by the capture, or was answered twice.',
  },
  'session.answer-slow': {
    severity: 'note',
    sentence: 'The answer took more than five seconds.',
    advice: 'Compare with other answers on the connection and with retransmissions around it.',
  },
  'session.questions-dropped': {
    severity: 'note',
    sentence: 'More questions are open on this connection than are remembered; the oldest were dropped.',
    advice: 'Answers to those are not paired. No correct peer leaves that many open.',
  },
  'session.expired-before-delivery': {
    severity: 'warn',
    sentence: 'The push was sent after its expiry.',
    advice: 'It has lost its use; compare the clocks of provider, server and capturing machine.',
  },
  'session.message-large': {
    severity: 'warn',
    sentence: 'The message is larger than the server said it takes.',
    advice: 'The limit stands in ConnectResponse. Such messages are rejected (status 3) or end the connection.',
  },
  'session.payload-large': {
    severity: 'warn',
    sentence: 'The payload is larger than the gateway takes.',
    advice: 'The binary interface takes 2,048 bytes (256 until 2014, 4,096 for VoIP) and answers status 7.',
  },
  'session.background-priority': {
    severity: 'warn',
    sentence: 'A background push (content-available without alert, badge or sound) with priority 10.',
    advice: 'Apple calls this an error: send priority 5, or the push may be dropped or slowed down.',
  },
  'session.connect-refused': {
    severity: 'error',
    sentence: 'The server refused the connection.',
    advice: 'Status 2 stands for an invalid token or certificate; the client tries again without its token.',
  },
  'session.bad-nonce': {
    severity: 'warn',
    sentence: 'The server gives its time because the nonce of the Connect was not acceptable.',
    advice: 'The device’s clock is off, or the nonce was used before; the client connects again with the server’s time.',
  },
  'session.clock-skew': {
    severity: 'note',
    sentence: 'The server’s clock and that of the capture differ by more than a minute.',
    advice: 'Findings that compare times of messages with times of the capture may be off by as much.',
  },
  'session.token-assigned': {
    severity: 'info',
    sentence: 'The server assigned a token to a device that had none.',
    advice: 'First connect, or after the device forgot its token. Apps register again with it.',
  },
  'session.token-reassigned': {
    severity: 'note',
    sentence: 'The server gave the device another token than the one it came with.',
    advice: 'The old token is void from here on; providers must learn the new one from the app.',
  },
  'session.before-accepted': {
    severity: 'note',
    sentence: 'Sent before the server accepted the connection.',
    advice: 'Known clients wait for ConnectResponse; the server may drop this.',
  },
  'session.after-refused': {
    severity: 'warn',
    sentence: 'Sent although the server had refused the connection.',
    advice: 'The server does not read it.',
  },
  'session.after-disconnect': {
    severity: 'note',
    sentence: 'Traffic after the device announced that it is leaving.',
    advice: 'It may have crossed the announcement on the way.',
  },
  'session.no-filter': {
    severity: 'warn',
    sentence: 'The device connected and never sent a filter.',
    advice: 'Without a filter no topic is on; the server drops such connections within seconds.',
  },
  'session.topic-not-wanted': {
    severity: 'note',
    sentence: 'A push on a topic that the device’s filter does not hold, ignores or has paused.',
    advice: 'The filter may have changed while the push was under way. The device drops it.',
  },
  'session.keep-alive-unanswered': {
    severity: 'warn',
    sentence: 'The keep-alive got no answer.',
    advice: 'The connection is dead or the server hangs; the device connects again.',
  },
  'session.keep-alive-late': {
    severity: 'note',
    sentence: 'The keep-alive came much later than the device’s own interval.',
    advice: 'The device slept, or lost its radio; pushes in the meantime were late too.',
  },
  'session.keep-alive-interval': {
    severity: 'note',
    sentence: 'The device’s keep-alive interval is outside what the server allows.',
    advice: 'The limits stand in ConnectResponse; that they count minutes is likely, not certain.',
  },
  'session.duplicate-connection': {
    severity: 'note',
    sentence: 'The token is still connected on another stream.',
    advice: 'What the server does with two is not documented; usually the old connection is dead and the server does not know yet.',
  },
  'session.reconnect-storm': {
    severity: 'warn',
    sentence: 'The client opens many connections in a short time.',
    advice: 'APNs takes this for a denial of service. Keep connections open, and wait longer after each failure.',
  },
  'session.token-renewed-early': {
    severity: 'warn',
    sentence: 'A new provider token less than 20 minutes after the last one.',
    advice: 'APNs answers TooManyProviderTokenUpdates. Make one token, share it, and renew it every 20 to 60 minutes.',
  },
  'session.token-key-changed': {
    severity: 'warn',
    sentence: 'The connection uses another signing key or team than its first push.',
    advice:
      'APNs binds a connection to its first push and answers UnrelatedKeyIdInToken or InvalidProviderToken. Use one connection a key.',
  },
  'session.broadcast-not-stored': {
    severity: 'warn',
    sentence: 'The broadcast has an expiration, but its channel keeps no messages.',
    advice: 'APNs answers BadExpirationDate. Send 0, or make a channel with storage policy 1.',
  },
  'session.stream-limit-reached': {
    severity: 'note',
    sentence: 'As many requests are open as the server allows; the client must wait with the next one.',
    advice: 'Throughput ends here. Open further connections, or look why answers are slow.',
  },
  'session.stream-limit-exceeded': {
    severity: 'warn',
    sentence: 'More requests are open than the server’s MAX_CONCURRENT_STREAMS.',
    advice: 'The server refuses the stream (REFUSED_STREAM). With tokens the limit is 1 until the first good one: wait for its answer.',
  },
  'session.not-processed': {
    severity: 'warn',
    sentence: 'The server did not process this request: GOAWAY named an earlier one as the last.',
    advice: 'It is safe to send it again on a new connection.',
  },
  'session.request-after-goaway': {
    severity: 'warn',
    sentence: 'A request on a connection that the server is closing.',
    advice: 'It is not answered. Open a new connection as soon as GOAWAY comes.',
  },
  'session.delivered': {
    severity: 'info',
    sentence: 'This push is seen on both sides: from the provider, and to the device.',
    advice: 'The time between the two is the end-to-end latency as far as this capture sees it.',
  },
  'session.not-delivered': {
    severity: 'note',
    sentence: 'The push was accepted, its device is connected in this capture, and it did not arrive.',
    advice: 'Look at the device’s filter, at the expiry and at collapse ids; power saving may hold it back.',
  },
  'session.certificate-expired': {
    severity: 'warn',
    sentence: 'A certificate of this handshake was not valid at the time.',
    advice: 'Renew it; peers refuse the connection.',
  },
  'session.certificate-expiring': {
    severity: 'note',
    sentence: 'A certificate of this handshake is about to expire.',
    advice: 'Renew it in time: push certificates live for a year.',
  },
  'session.findings-dropped': {
    severity: 'note',
    sentence: 'There are more findings than are kept; later ones are not shown.',
    advice: 'Look at a part of the capture with a filter or a smaller file.',
  },
} as const satisfies Record<string, NoteDef>;

export type SessionNoteCode = keyof typeof SESSION_NOTES;

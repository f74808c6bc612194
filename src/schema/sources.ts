/** Where the facts come from: the short names that the rows cite, in our own words. */
export const SOURCES: Readonly<Record<string, string>> = {
  all: 'every source of the courier protocol agrees',
  A26: 'apsd of iOS 26.1, the client’s published decompilation: names, ids, widths and order of what the client writes and reads',
  T18: 'apsd of tvOS 18.2.1, the client’s published decompilation',
  PP: 'mfrister/pushproxy (2011–2015): its parser and its protocol notes for iOS 4 and iOS 5',
  PY: 'JJTech0130/pypush: its push client',
  RP: 'OpenBubbles/rustpush: its push client',
  KT: 'a public Kotlin client for iMessage: its courier codec',
  CB: 'Auties00/Cobalt: its tags of courier fields',
  FF: 'a macOS secure-tunnel client of 2021, protocol version 8',
  PK: 'Cypheriel/PommeKit',
  IW: 'The iPhone Wiki, “Apple Push Service Protocol”',
  AW: 'The Apple Wiki, “Apple Push Notification Service”',
  Apple: 'Apple’s published documentation of the provider’s binary interface (withdrawn 2021) and of the HTTP/2 provider API',
  clients: 'source code and live runs of public provider clients (npm apn, PyAPNs, apnagent, java-apns)',
  TLS: 'RFC 8446, 5246, 6066 and 5280, and the IANA registries of TLS parameters',
  reading: 'our reading of the sources above; nobody states it',
};

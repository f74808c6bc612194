const PAYLOADS = 512;

export const TOPICS = ['com.apple.madrid', 'com.example.news', 'com.example.chat', 'com.apple.private.alloy.sms', 'com.example.mail'];

/** Payloads of 200 to 1500 bytes of JSON, drawn with `next`. */
export function makePayloads(next: () => number): Uint8Array[] {
  const encoder = new TextEncoder();
  const words = 'breaking news from the server today your order has been shipped and will arrive tomorrow morning'.split(' ');
  const payloads: Uint8Array[] = [];
  for (let i = 0; i < PAYLOADS; i++) {
    const size = 200 + Math.floor(next() ** 1.6 * 1300);
    let body = '';
    while (body.length < size - 90) body += `${words[(next() * words.length) | 0]} `;
    const json = JSON.stringify({
      aps: { alert: { title: `Message ${i}`, body: body.slice(0, size - 90) }, badge: i % 10, sound: 'default' },
      n: i,
    });
    payloads.push(encoder.encode(json));
  }
  return payloads;
}

/** Twenty bytes for each topic, in place of its hash. */
export function makeTopics(): Uint8Array[] {
  return TOPICS.map((name) => {
    const topic = new Uint8Array(20);
    for (let k = 0; k < 20; k++) topic[k] = (name.charCodeAt(k % name.length) * 31 + k * 7) & 255;
    return topic;
  });
}

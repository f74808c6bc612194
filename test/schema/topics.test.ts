import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { PUBLISHED_TOPICS, publishedTopics, TopicNames } from '../../src/schema/topics.ts';
import { hex } from '../support/bytes.ts';

describe('topics', () => {
  it.each([
    ['5a5fc3a1fea1dfe3770aab71bc46d0aa8a4dad41', 'com.me.ubiquity'],
    ['79afbbadc8f8142d144202ed12106d5cd3f88f1a', 'com.apple.mobileme.fmip'],
    ['e4e6d952954168d0a5db02dbaf27cc35fc18d159', 'com.apple.madrid'],
    ['e85619abd42029c7481a7ac19092bb4690cbee76', 'com.apple.ess'],
    ['45d4a8f8d83fdc7ba96233018fe1aa475fbccd6e', 'com.apple.mediastream.subscription.push'],
  ])('knows %s as %s', (hash, name) => {
    expect(PUBLISHED_TOPICS.name(hex(hash))).toBe(name);
    expect(PUBLISHED_TOPICS.hexOfName(name)).toBe(hash);
  });

  it('holds the SHA-1 of each of its names', () => {
    const topics = publishedTopics();
    expect(topics).toHaveLength(242);
    for (const [name, hash] of topics) expect(createHash('sha1').update(name).digest('hex')).toBe(hash);
  });

  it('keeps what one instance learned to itself', () => {
    const mine = new TopicNames();
    mine.learn('com.example.app', '00'.repeat(20));
    expect(mine.name(new Uint8Array(20))).toBe('com.example.app');
    expect(mine.hexOfName('com.example.app')).toBe('00'.repeat(20));
    expect(new TopicNames().name(new Uint8Array(20))).toBeUndefined();
  });

  it('looks up a range of a longer buffer', () => {
    expect(PUBLISHED_TOPICS.name(hex('ffe4e6d952954168d0a5db02dbaf27cc35fc18d159ff'), 1, 21)).toBe('com.apple.madrid');
  });
});

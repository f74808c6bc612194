import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { countTurn, resume, TURN_BYTES } from '../../../src/emulator/sockets/turn.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('a stream is paused when the turn has brought its share of bytes, whoever brought them, and goes on in the next turn', async () => {
  await turn();
  const [first, second] = [new PassThrough().resume(), new PassThrough().resume()];
  countTurn(first, TURN_BYTES, resume);
  expect(first.isPaused()).toBe(false);
  countTurn(second, 1, resume);
  expect([first.isPaused(), second.isPaused()]).toEqual([false, true]);
  await turn();
  expect(second.isPaused()).toBe(false);
  countTurn(second, TURN_BYTES, resume);
  expect(second.isPaused()).toBe(false);
});

it('a stream that must stay paused for another reason stays so', async () => {
  await turn();
  const stream = new PassThrough().resume();
  countTurn(stream, TURN_BYTES + 1, () => {});
  await turn();
  expect(stream.isPaused()).toBe(true);
});

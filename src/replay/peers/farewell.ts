import type { Socket } from 'node:net';

/** Milliseconds that the target has to end its side as well. */
const PATIENCE = 500;

/** Ends a connection and waits until both sides have: only then it does not count as open at the target any more. */
export function farewell(socket: Socket | undefined): Promise<void> {
  if (socket === undefined || socket.closed) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => socket.destroy(), PATIENCE);
    socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.end();
  });
}

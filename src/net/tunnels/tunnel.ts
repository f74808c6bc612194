import type { UnwrapTunnel } from '../layer.ts';

export const unwrapTunnel: UnwrapTunnel = () => false;

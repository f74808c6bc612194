/**
 * The control API as a table: method, path, what it does. A path part `:name` is a parameter. Bodies and answers are JSON;
 * bytes are base64. The manual and the `GET /` answer are made from this table.
 */
import { UserError } from '../../core/errors.ts';
import type { Controls } from '../controls.ts';
import { durationOf, type Goaway, type Rule, readRule } from '../faults/rule.ts';
import type { TokenState } from '../registry.ts';
import { clockJson, deviceJson, pushJson, receivedJson, tokenJson } from './answers.ts';
import { bad, count, notificationOf, numberIn, queryOf, record, server, text, texts, time } from './arguments.ts';
import { ControlFailure } from './failure.ts';

export interface ControlRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The body as JSON; undefined when there was none. */
  readonly body: unknown;
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly doc: string;
  readonly run: (controls: Controls, request: ControlRequest) => unknown;
}

const STATES: readonly string[] = ['active', 'unregistered', 'expired'];
/** Longest time that a request may wait for a message. */
const MAX_WAIT_MS = 600_000;

export const ROUTES: readonly Route[] = [
  { method: 'GET', path: '/', doc: 'This list.', run: () => ROUTES.map(({ method, path, doc }) => ({ method, path, doc })) },
  { method: 'GET', path: '/status', doc: 'Time, counts, connections, ports.', run: (controls) => controls.status() },
  { method: 'POST', path: '/reset', doc: 'Back to the state of the start.', run: (controls) => controls.reset() },

  { method: 'GET', path: '/devices', doc: 'All devices.', run: (controls) => controls.devices().map(deviceJson) },
  {
    method: 'POST',
    path: '/devices',
    doc: 'Registers a device: `{"token"?, "name"?, "topics"?}`.',
    run: (controls, { body }) => {
      const { token, name, topics } = record(body);
      return deviceJson(
        controls.addDevice({
          ...text('token', token),
          ...text('name', name),
          ...(topics === undefined ? {} : { topics: texts('topics', topics) }),
        }),
      );
    },
  },
  {
    method: 'DELETE',
    path: '/devices/:token',
    doc: 'Forgets a device and its tokens.',
    run: (controls, { params }) => controls.removeDevice(params['token']),
  },
  {
    method: 'POST',
    path: '/devices/:token/reassign',
    doc: 'Gives the device a new token at its next connect.',
    run: (controls, { params }) => controls.reassign(params['token']),
  },
  {
    method: 'POST',
    path: '/devices/:token/disconnect',
    doc: 'Closes the device’s courier connection.',
    run: (controls, { params }) => controls.disconnect(params['token']),
  },
  {
    method: 'POST',
    path: '/devices/:token/flush',
    doc: 'Sends a flush: `{"size": 256}`.',
    run: (controls, { params, body }) => controls.flush(count(record(body)['size'] ?? 256, 'size'), params['token']),
  },
  {
    method: 'POST',
    path: '/devices/:token/redirect',
    doc: 'Redirects the device: `{"reason"?}`.',
    run: (controls, { params, body }) => controls.redirect(String(record(body)['reason'] ?? 'test'), params['token']),
  },
  { method: 'GET', path: '/tokens/:token', doc: 'State of a token.', run: (controls, { params }) => tokenJson(controls, params['token']) },
  {
    method: 'PUT',
    path: '/tokens/:token',
    doc: 'Declares a token dead or alive: `{"state": "unregistered"|"expired"|"active", "since"?}` (milliseconds or ISO time).',
    run: (controls, { params, body }) => {
      const { state, since } = record(body);
      if (!STATES.includes(state as string)) throw bad(`"state" must be one of ${STATES.join(', ')}.`);
      controls.setTokenState(params['token'], state as TokenState, since === undefined ? undefined : time(since, 'since'));
      return tokenJson(controls, params['token']);
    },
  },

  {
    method: 'GET',
    path: '/received',
    doc: 'What clients sent, and what was injected; query: server, command, token (prefix), topic, id, status, reason, state, after, limit.',
    run: (controls, { query }) => controls.received(queryOf(query)).map(receivedJson),
  },
  {
    method: 'GET',
    path: '/received/wait',
    doc: 'The same, as soon as `count` (1) records match; 408 after `timeout` ("5s").',
    run: async (controls, { query }) => {
      const wait = durationOf(query.get('timeout') ?? '5s');
      if (wait === undefined || wait < 0 || wait > MAX_WAIT_MS) throw bad('"timeout" must be a time up to 10m, such as "5s".');
      const found = await controls.waitFor(queryOf(query), numberIn(query, 'count') ?? 1, wait);
      if (found === undefined) throw new ControlFailure(408, 'Not received in time.');
      return found.map(receivedJson);
    },
  },
  {
    method: 'POST',
    path: '/received/assert',
    doc: 'Fails with 409 and a sentence unless as many records match: `{"query"?: {…}, "count"?, "min"?, "max"?}`.',
    run: (controls, { body }) => {
      const { query, ...expected } = record(body);
      const numbers = Object.fromEntries(Object.entries(expected).map(([key, value]) => [key, count(value, key)]));
      try {
        controls.assertReceived(
          queryOf(new URLSearchParams(Object.entries(record(query)).map(([key, value]): [string, string] => [key, String(value)]))),
          numbers.count === undefined && numbers.min === undefined && numbers.max === undefined ? { min: 1 } : numbers,
        );
      } catch (error) {
        throw error instanceof UserError && error.code === 'emulator.assert' ? new ControlFailure(409, error.message) : error;
      }
      return { ok: true };
    },
  },
  {
    method: 'GET',
    path: '/feedback',
    doc: 'What the feedback service would say, without clearing it.',
    run: (controls) => controls.feedback(),
  },

  {
    method: 'POST',
    path: '/inject',
    doc: 'Sends a notification to devices: `{"to": token | [tokens] | "all", "topic", "payload" | "payloadBase64", "expiry"?, "priority"?, "pushType"?, "collapseId"?}`.',
    run: (controls, { body }) => controls.inject(notificationOf(record(body))).map(pushJson),
  },

  { method: 'GET', path: '/rules', doc: 'The rules with how often they matched and acted.', run: (controls) => controls.rules() },
  {
    method: 'POST',
    path: '/rules',
    doc: 'Adds a rule, or a list of them.',
    run: (controls, { body }) => [body].flat().map((rule, i) => ({ id: controls.addRule(readRule(rule, `rule ${i + 1}`)) })),
  },
  {
    method: 'PUT',
    path: '/rules',
    doc: 'Replaces all rules.',
    run: (controls, { body }) => {
      if (!Array.isArray(body)) throw bad('Give a list of rules.');
      const rules: Rule[] = body.map((rule, i) => readRule(rule, `rule ${i + 1}`));
      controls.clearRules();
      return rules.map((rule) => ({ id: controls.addRule(rule) }));
    },
  },
  { method: 'DELETE', path: '/rules', doc: 'Removes all rules.', run: (controls) => controls.clearRules() },
  {
    method: 'DELETE',
    path: '/rules/:id',
    doc: 'Removes one rule.',
    run: (controls, { params }) => {
      if (!controls.removeRule(Number(params['id']))) throw new ControlFailure(404, `There is no rule ${params['id']}.`);
    },
  },

  {
    method: 'POST',
    path: '/faults/goaway',
    doc: 'GOAWAY to HTTP/2 clients: `{"reason"?, "code"?, "lastStream"?, "twice"?, "connection"?}`.',
    run: (controls, { body }) => {
      const { connection, ...how } = record(body);
      controls.goaway(
        readRule({ do: { goaway: how } }, 'goaway').do.goaway as Goaway,
        connection === undefined ? undefined : count(connection, 'connection'),
      );
    },
  },
  { method: 'POST', path: '/faults/shutdown', doc: 'Status 10 to gateway clients.', run: (controls) => controls.shutdownGateway() },
  {
    method: 'POST',
    path: '/faults/reset/:server',
    doc: 'Cuts the connections of a server.',
    run: (controls, { params }) => controls.resetConnections(server(params['server'])),
  },
  {
    method: 'POST',
    path: '/faults/down/:server',
    doc: 'Connections to the server are refused from now on.',
    run: (controls, { params }) => controls.down(server(params['server'])),
  },
  {
    method: 'POST',
    path: '/faults/up/:server',
    doc: 'The server listens again.',
    run: (controls, { params }) => controls.up(server(params['server'])),
  },

  { method: 'GET', path: '/clock', doc: 'The emulator’s time.', run: (controls) => clockJson(controls) },
  {
    method: 'POST',
    path: '/clock',
    doc: 'Moves time: `{"advance": "1h"}`, `{"set": "2026-11-21T12:00:00Z"}`, `{"freeze": true|false}`, `{"reset": true}`.',
    run: (controls, { body }) => {
      const { advance, set, freeze, reset } = record(body);
      if (reset === true) controls.clock.reset();
      if (freeze === true) controls.clock.freeze();
      if (set !== undefined) controls.clock.set(time(set, 'set'));
      if (advance !== undefined) {
        const ms = durationOf(advance);
        if (ms === undefined) throw bad('"advance" must be a time such as "90s" or "-1h".');
        controls.clock.advance(ms);
      }
      if (freeze === false) controls.clock.resume();
      return clockJson(controls);
    },
  },
];

/** The route of a request and its parameters; `methods` when only the method is wrong. */
export function findRoute(
  method: string,
  path: string,
): { readonly route: Route; readonly params: Record<string, string> } | { readonly methods: readonly string[] } {
  const parts = path.split('/');
  const methods: string[] = [];
  for (const route of ROUTES) {
    const params = matchPath(route.path.split('/'), parts);
    if (params === undefined) continue;
    if (route.method === method) return { route, params };
    methods.push(route.method);
  }
  return { methods };
}

function matchPath(pattern: readonly string[], parts: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== parts.length) return undefined;
  const params: Record<string, string> = {};
  for (let i = 0; i < pattern.length; i++) {
    if (pattern[i].startsWith(':')) params[pattern[i].slice(1)] = parts[i];
    else if (pattern[i] !== parts[i]) return undefined;
  }
  return params;
}
